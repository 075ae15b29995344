//! Interfaces: the ports of the hardware with what the configuration makes of them.

use serde_json::{Value, json};

use super::{names, node, only_child};
use crate::lab::operational::network::Prefix;

/// A physical interface.
pub(super) struct Interface {
    pub(super) name: String,
    hardware: Value,
    description: Option<String>,
    disabled: bool,
    link: bool,
    pub(super) units: Vec<Unit>,
}

/// A logical interface.
pub(super) struct Unit {
    pub(super) name: String,
    number: String,
    description: Option<String>,
    vlan: Option<String>,
    disabled: bool,
    pub(super) families: Vec<Family>,
}

/// A protocol family on a logical interface.
pub(super) struct Family {
    pub(super) name: String,
    pub(super) addresses: Vec<Prefix>,
    bundle: Option<String>,
}

/// Interfaces that exist as soon as they are configured.
const VIRTUAL: [&str; 9] = ["ae", "reth", "irb", "st0", "vlan", "lo0", "gr-", "fab", "vme"];

/// All interfaces: those of the hardware first, then the configured virtual ones.
pub(super) fn all(hardware: &Value, configuration: &Value) -> Vec<Interface> {
    let ports = hardware
        .get("interfaces")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let configured = names(configuration, &["interfaces"]);
    let known = |name: &str| {
        ports
            .iter()
            .any(|p| p.get("name").and_then(Value::as_str) == Some(name))
    };
    let extra = configured
        .iter()
        .filter(|name| !known(name) && VIRTUAL.iter().any(|v| name.starts_with(v)));
    let extra: Vec<Value> = extra
        .enumerate()
        .map(|(i, name)| json!({"name": name, "link": "up", "index": 190 + i, "snmp": 590 + i}))
        .collect();
    let mut all: Vec<Interface> = ports
        .iter()
        .chain(&extra)
        .filter_map(|port| Interface::of(port, configuration))
        .collect();
    bundles(&mut all, configuration);
    all
}

/// Gives the statements of each `interface-range` to its members.
pub(super) fn apply_ranges(configuration: &mut Value) {
    for range in names(configuration, &["interfaces", "interface-range"]) {
        let own = node(configuration, &["interfaces", "interface-range", &range])
            .cloned()
            .unwrap_or_default();
        let mut members = names(&own, &["member"]);
        for from in names(&own, &["member-range"]) {
            let to = only_child(&own, &["member-range", &from, "to"]).unwrap_or_default();
            members.extend(ports_between(&from, &to));
        }
        let Some(mut content) = own.as_object().cloned() else {
            continue;
        };
        content.retain(|name, _| name != "member" && name != "member-range");
        let Some(all) = configuration.get_mut("interfaces").and_then(Value::as_object_mut) else {
            return;
        };
        for member in members {
            let entry = all.entry(member).or_insert_with(|| json!({}));
            if let Some(object) = entry.as_object_mut() {
                content.iter().for_each(|(name, value)| {
                    object.entry(name.clone()).or_insert_with(|| value.clone());
                });
            }
        }
    }
    if let Some(all) = configuration.get_mut("interfaces").and_then(Value::as_object_mut) {
        all.shift_remove("interface-range");
    }
}

/// `ge-0/0/2` to `ge-0/0/4`: the ports of one card from the one to the other.
fn ports_between(from: &str, to: &str) -> Vec<String> {
    let split = |name: &str| {
        name.rsplit_once('/')
            .and_then(|(card, port)| Some((card.to_owned(), port.parse::<u32>().ok()?)))
    };
    match (split(from), split(to)) {
        (Some((card, first)), Some((other, last))) if card == other => (first..=last.min(first.saturating_add(1000)))
            .map(|port| format!("{card}/{port}"))
            .collect(),
        _ => vec![from.to_owned(), to.to_owned()],
    }
}

/// An aggregate is up while one of its members is.
fn bundles(all: &mut [Interface], configuration: &Value) {
    let up: Vec<(String, String)> = all
        .iter()
        .filter(|i| i.is_up())
        .flat_map(|i| {
            i.member_of(configuration)
                .into_iter()
                .map(|bundle| (bundle, i.name.clone()))
        })
        .collect();
    for interface in all
        .iter_mut()
        .filter(|i| i.name.starts_with("ae") || i.name.starts_with("reth"))
    {
        interface.link = up.iter().any(|(bundle, _)| *bundle == interface.name);
    }
    for (bundle, member) in &up {
        let units: Vec<String> = all
            .iter()
            .find(|i| i.name == *bundle)
            .map(|b| b.units.iter().map(|u| u.number.clone()).collect())
            .unwrap_or_default();
        if let Some(interface) = all.iter_mut().find(|i| i.name == *member && i.units.is_empty()) {
            interface.units = units
                .iter()
                .map(|number| Unit::member(member, number, bundle))
                .collect();
        }
    }
}

impl Interface {
    fn of(port: &Value, configuration: &Value) -> Option<Self> {
        let name = port.get("name")?.as_str()?.to_owned();
        let path = ["interfaces", name.as_str()];
        let own = node(configuration, &path);
        let units = names(configuration, &["interfaces", &name, "unit"]);
        Some(Self {
            description: own.and_then(|own| only_child(own, &["description"])),
            disabled: own.is_some_and(|own| own.get("disable").is_some()),
            link: port.get("link").and_then(Value::as_str) == Some("up"),
            units: units.iter().map(|unit| Unit::of(&name, unit, configuration)).collect(),
            hardware: port.clone(),
            name,
        })
    }

    fn member_of(&self, configuration: &Value) -> Option<String> {
        let own = node(configuration, &["interfaces", &self.name])?;
        ["gigether-options", "ether-options"].iter().find_map(|options| {
            only_child(own, &[options, "802.3ad"]).or_else(|| only_child(own, &[options, "redundant-parent"]))
        })
    }

    /// Whether link and administrator let it work.
    pub(super) fn is_up(&self) -> bool {
        self.link && !self.disabled
    }

    pub(super) fn json(&self) -> Value {
        let word = |up: bool| if up { "up" } else { "down" };
        let mut out = self.hardware.as_object().cloned().unwrap_or_default();
        out.insert("admin".to_owned(), word(!self.disabled).into());
        out.insert("oper".to_owned(), word(self.is_up()).into());
        out.insert("description".to_owned(), self.description.clone().into());
        out.insert(
            "units".to_owned(),
            self.units.iter().map(|u| u.json(self)).collect::<Vec<_>>().into(),
        );
        out.into()
    }
}

impl Unit {
    fn of(interface: &str, number: &str, configuration: &Value) -> Self {
        let own = node(configuration, &["interfaces", interface, "unit", number])
            .cloned()
            .unwrap_or_default();
        Self {
            name: format!("{interface}.{number}"),
            number: number.to_owned(),
            description: only_child(&own, &["description"]),
            vlan: only_child(&own, &["vlan-id"]),
            disabled: own.get("disable").is_some(),
            families: names(&own, &["family"])
                .iter()
                .map(|family| Family::of(family, &own))
                .collect(),
        }
    }

    fn member(interface: &str, number: &str, bundle: &str) -> Self {
        Self {
            name: format!("{interface}.{number}"),
            number: number.to_owned(),
            description: None,
            vlan: None,
            disabled: false,
            families: vec![Family {
                name: "aenet".to_owned(),
                addresses: Vec::new(),
                bundle: Some(format!("{bundle}.{number}")),
            }],
        }
    }

    pub(super) fn is_up(&self, interface: &Interface) -> bool {
        interface.is_up() && !self.disabled
    }

    fn json(&self, interface: &Interface) -> Value {
        json!({
            "name": self.name,
            "number": self.number,
            "description": self.description,
            "vlan": self.vlan,
            "admin": if self.disabled { "down" } else { "up" },
            "oper": if self.is_up(interface) { "up" } else { "down" },
            "families": self.families.iter().map(Family::json).collect::<Vec<_>>(),
        })
    }
}

impl Family {
    fn of(name: &str, unit: &Value) -> Self {
        let addresses = names(unit, &["family", name, "address"]);
        Self {
            name: name.to_owned(),
            addresses: addresses.iter().filter_map(|a| Prefix::parse(a)).collect(),
            bundle: None,
        }
    }

    fn json(&self) -> Value {
        let address = |prefix: &Prefix| {
            let host = prefix.is_host();
            json!({
                "address": prefix.to_string(),
                "local": prefix.address.to_string(),
                "shown": if host { prefix.address.to_string() } else { prefix.to_string() },
                "network": if host { Value::Null } else { prefix.network().to_string().into() },
            })
        };
        json!({
            "name": self.name,
            "addresses": self.addresses.iter().map(address).collect::<Vec<_>>(),
            "bundle": self.bundle,
        })
    }
}

/// VLANs in the order of the configuration, with the interfaces that carry them.
pub(super) fn vlans(configuration: &Value) -> Value {
    let members = |vlan: &str, id: Option<&str>| -> Vec<String> {
        let mut found = Vec::new();
        for interface in names(configuration, &["interfaces"]) {
            for unit in names(configuration, &["interfaces", &interface, "unit"]) {
                let path = [
                    "interfaces",
                    &interface,
                    "unit",
                    &unit,
                    "family",
                    "ethernet-switching",
                    "vlan",
                    "members",
                ];
                let carried = names(configuration, &path);
                if carried
                    .iter()
                    .any(|m| m == vlan || Some(m.as_str()) == id || m == "all")
                {
                    found.push(format!("{interface}.{unit}"));
                }
            }
        }
        found
    };
    let vlan = |name: &String| {
        let id = only_child(configuration, &["vlans", name, "vlan-id"]);
        json!({
            "name": name,
            "id": id,
            "l3": only_child(configuration, &["vlans", name, "l3-interface"]),
            "members": members(name, id.as_deref()),
        })
    };
    names(configuration, &["vlans"])
        .iter()
        .map(vlan)
        .collect::<Vec<_>>()
        .into()
}
