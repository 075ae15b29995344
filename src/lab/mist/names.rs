//! What the names of fields say about their values.

use super::world::{self, World};

/// Where an object is, and what the request said of it.
pub(super) struct Place<'a> {
    pub(super) world: &'a World,
    /// Seconds since the epoch.
    pub(super) now: f64,
    pub(super) org: &'a str,
    pub(super) site: &'a str,
    /// Whether it is about clients: their MAC addresses are others than those of devices.
    pub(super) clients: bool,
    /// Parameters of path and query.
    pub(super) asked: &'a [(String, String)],
}

impl Place<'_> {
    /// What the request said of this field.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        let found = self.asked.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A device of the site, or of the organisation where the site has none.
    fn device(&self, kind: &str, n: usize) -> Option<&world::Device> {
        let fits = |device: &&world::Device| device.org() == self.org && (kind.is_empty() || device.kind() == kind);
        let here = || {
            self.world
                .devices
                .iter()
                .filter(fits)
                .filter(|device| device.site() == self.site)
        };
        let count = here().count();
        if count > 0 {
            return here().nth(n % count);
        }
        let count = self.world.devices.iter().filter(fits).count();
        self.world.devices.iter().filter(fits).nth(n.checked_rem(count)?)
    }
}

/// The value of a text field by its name and format; none where they say nothing.
pub(super) fn text(place: &Place, name: &str, format: &str, n: usize) -> Option<String> {
    if let Some(asked) = place.asked(name).filter(|_| n == 0 || name.ends_with("_id")) {
        return Some(asked.to_owned());
    }
    let fixed = match name {
        "org_id" => Some(place.org.to_owned()),
        "site_id" => Some(place.site.to_owned()),
        "msp_id" => Some(place.world.msp.id.clone()),
        "device_id" => place.device("", n).map(|device| device.id.clone()),
        "ap_id" => place.device("ap", n).map(|device| device.id.clone()),
        "ap" | "ap_mac" | "last_ap" => place.device("ap", n).map(|device| device.mac().to_owned()),
        "switch_mac" | "chassis_mac" => place.device("switch", n).map(|device| device.mac().to_owned()),
        "gateway_mac" | "router_mac" => place.device("gateway", n).map(|device| device.mac().to_owned()),
        "ap_name" => place.device("ap", n).map(|device| device.name.clone()),
        "switch_name" => place.device("switch", n).map(|device| device.name.clone()),
        "gateway_name" | "router_name" => place.device("gateway", n).map(|device| device.name.clone()),
        "mxedge_mac" => Some(world::mac("mxedge", n)),
        "bssid" | "rogue_bssid" | "wifi_mac" => Some(world::mac("rogue", n)),
        "client_mac" | "wireless_mac" | "guest_mac" => Some(world::mac("wireless", n)),
        _ if is_mac(name) => mac(place, n),
        _ => None,
    };
    fixed
        .or_else(|| by_format(name, format, n))
        .or_else(|| by_name(place, name, n))
}

fn is_mac(name: &str) -> bool {
    name == "mac" || name.ends_with("_mac")
}

fn mac(place: &Place, n: usize) -> Option<String> {
    if place.clients {
        return Some(world::mac("wireless", n));
    }
    place.device("", n).map(|device| device.mac().to_owned())
}

fn by_format(name: &str, format: &str, n: usize) -> Option<String> {
    match format {
        "uuid" => Some(world::uuid(name.strip_suffix("_id").unwrap_or(name), n)),
        "ipv4" => Some(ip(n)),
        "ipv6" => Some(format!("2001:db8::{:x}", n + 1)),
        "email" => Some(format!("user{n}@example.com")),
        "uri" | "url" => Some(format!("https://example.com/{name}")),
        "password" => Some("example-secret".to_owned()),
        _ => None,
    }
}

fn ip(n: usize) -> String {
    format!("192.0.2.{}", 10 + n % 200)
}

fn by_name(place: &Place, name: &str, n: usize) -> Option<String> {
    let value = match name {
        "id" => return Some(world::uuid("object", n)),
        "name" => return Some(format!("example-{}", n + 1)),
        "hostname" | "host" | "device_name" | "system_name" => {
            return place.device("", n).map(|device| device.name.clone());
        }
        "model" => return place.device("", n).map(|device| device.model().to_owned()),
        "version" | "firmware" => return place.device("", n).map(|device| device.version().to_owned()),
        "serial" => return place.device("", n).map(|device| device.serial().to_owned()),
        "ssid" => *["Corp", "Guest", "IoT"].get(n % 3).unwrap_or(&"Corp"),
        "country_code" => "US",
        "timezone" => "America/Denver",
        "port_id" | "port" | "interface" => return Some(format!("ge-0/0/{}", n % 24)),
        "netmask" => "255.255.255.0",
        "subnet" | "prefix" => "192.0.2.0/24",
        "ip6" | "gateway6" | "subnet6" => "2001:db8::1",
        "phone" | "number" => "+15550100",
        "text" | "message" | "reason" | "description" | "detail" => "made by the lab",
        "when" | "date" => "2026-01-02 03:04:05",
        "duration" => "1d",
        "band" => "5",
        "os" => "iOS",
        "mfg" | "manufacture" | "vendor" => "Example Devices",
        "unit" | "units" => "count",
        "status" | "state" => "up",
        "proto" | "protocol" => "tcp",
        "annotation" | "comment" | "next" => "",
        _ => return by_ending(name, n),
    };
    Some(value.to_owned())
}

fn by_ending(name: &str, n: usize) -> Option<String> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&["_id"]) {
        return Some(world::uuid(name.strip_suffix("_id").unwrap_or(name), n));
    }
    if ends(&["_ip", "_ips", "gateway"]) || name == "ip" {
        return Some(ip(n));
    }
    if ends(&["email"]) {
        return Some(format!("user{n}@example.com"));
    }
    if ends(&["url"]) {
        return Some(format!("https://example.com/{name}"));
    }
    if ends(&["password", "secret", "token", "psk", "passphrase"]) {
        return Some("example-secret".to_owned());
    }
    if ends(&["_name"]) {
        return Some(format!("{}-{}", name.trim_end_matches("_name"), n + 1));
    }
    if ends(&["vlan", "vlan_id"]) {
        return Some("10".to_owned());
    }
    None
}

/// The value of a number by its name; none where it says nothing.
pub(super) fn number(name: &str, n: usize) -> Option<i64> {
    let turn = |values: &[i64]| n.checked_rem(values.len()).and_then(|at| values.get(at).copied());
    match name {
        "channel" | "pre_channel" => turn(&[36, 52, 100]),
        "bandwidth" | "pre_bandwidth" => turn(&[20, 40, 80]),
        "power" | "pre_power" => turn(&[14, 11, 17]),
        "noise" | "noise_floor" => Some(-92),
        "snr" => turn(&[31, 24, 38]),
        "vlan" | "vlan_id" => Some(10),
        "port" => Some(443),
        "lat" => Some(39),
        "lng" => Some(-104),
        _ if name.contains("rssi") => turn(&[-61, -70, -55]),
        _ => None,
    }
}

/// Whether a number of this name is a time since the epoch.
pub(super) fn is_time(name: &str) -> bool {
    name == "timestamp"
        || name == "when"
        || name == "since"
        || name == "last_seen"
        || name == "start"
        || name == "end"
        || name.ends_with("_timestamp")
        || (name.ends_with("_time") && !matches!(name, "idle_time" | "dead_time" | "hold_time" | "lease_time"))
}

/// The name of one of many.
pub(super) fn singular(name: &str) -> &str {
    match name {
        "macs" | "aps" | "switches" | "gateways" | "bssids" => "mac",
        "results" | "data" => "",
        "ips" => "ip",
        _ => name.strip_suffix("_ids").map_or_else(
            || name.strip_suffix('s').unwrap_or(name),
            |_| name.trim_end_matches('s'),
        ),
    }
}

/// The name of an entry of a map.
pub(super) fn key(name: &str, n: usize) -> String {
    match name {
        "port_config" | "port_stat" | "if_stat" | "ports" => format!("ge-0/0/{n}"),
        "networks" | "ip_configs" | "tenants" => "corp".to_owned(),
        _ => format!("example-{}", n + 1),
    }
}
