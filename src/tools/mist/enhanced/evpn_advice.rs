//! What to know and what to look at in a fabric, as its data call for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    evpn::{Architecture, options, role, switches},
    kit,
    knowledge::{ARCHITECTURES, PEERING, Page, ROUTES, SCALE, TROUBLESHOOTING},
};

/// From this many switches on, scale is worth a thought.
const MANY: usize = 10;
/// The last private AS number of two bytes.
const LAST_AS: u64 = 65_534;

/// What an engineer would say of this fabric: only what its data give a reason for.
pub(super) fn guidance(topology: &Value) -> Vec<Value> {
    let architecture = Architecture::of(topology);
    let about: Vec<String> = ARCHITECTURES
        .point("Who does what", architecture.word())
        .into_iter()
        .collect();
    let because = format!("it is {}", architecture.name());
    let first = (!about.is_empty()).then(|| said("architecture", &because, ARCHITECTURES, about));
    let rest = [
        scale(topology),
        has_segments(topology).then(|| {
            let advice = PEERING.points("Ethernet segments (ESI-LAG)", 4);
            said("ethernet segments", "switches share links to others", PEERING, advice)
        }),
        underlay(topology),
        coexistence(topology),
        way_out(topology),
    ];
    first.into_iter().chain(rest.into_iter().flatten()).collect()
}

fn said(topic: &str, because: &str, page: Page, advice: Vec<String>) -> Value {
    json!({ "topic": topic, "because": because, "advice": advice, "read": page.uri })
}

fn scale(topology: &Value) -> Option<Value> {
    let number = switches(topology).len();
    let mut advice: Vec<String> = SCALE
        .point("By architecture", Architecture::of(topology).word())
        .into_iter()
        .collect();
    advice.extend(SCALE.points("ARP and Type 2/Type 5 coexistence", 2));
    (number >= MANY).then(|| said("scale", &format!("it has {number} switches"), SCALE, advice))
}

fn underlay(topology: &Value) -> Option<Value> {
    let base = options(topology).get("underlay")?.get("as_base")?.as_u64()?;
    let mut advice = PEERING.points("Underlay eBGP", 3);
    let number = u64::try_from(switches(topology).len()).unwrap_or(u64::MAX);
    let last = base.saturating_add(number).saturating_sub(1);
    if base <= LAST_AS && last > LAST_AS {
        advice.insert(
            0,
            format!("the AS numbers run to {last}, past the private ones of two bytes ({LAST_AS})"),
        );
    }
    Some(said(
        "underlay",
        &format!("AS numbers count up from {base}"),
        PEERING,
        advice,
    ))
}

fn coexistence(topology: &Value) -> Option<Value> {
    let version = options(topology).get("overlay")?.get("version")?.as_u64()?;
    let needed = if Architecture::of(topology) == Architecture::Multihoming {
        5
    } else {
        3
    };
    let because = format!("overlay version {version} went with both at once");
    (version >= needed).then(|| {
        said(
            "type 2 and type 5",
            &because,
            ROUTES,
            ROUTES.points("Type 2 against Type 5", 3),
        )
    })
}

/// A fabric of which nobody knows how it is left.
fn way_out(topology: &Value) -> Option<Value> {
    let switches = switches(topology);
    let is_closed = options(topology).get("core_as_border").and_then(Value::as_bool) == Some(false);
    let has_border = switches.iter().any(|switch| role(switch) == "border");
    let applies =
        is_closed && !has_border && !switches.is_empty() && Architecture::of(topology) != Architecture::Multihoming;
    let because = "the core is not the border, and no switch has that role";
    applies.then(|| {
        said(
            "way out",
            because,
            ARCHITECTURES,
            ARCHITECTURES.points("The way out", 3),
        )
    })
}

/// Whether switches of the fabric share links to switches outside of it.
fn has_segments(topology: &Value) -> bool {
    switches(topology)
        .iter()
        .any(|switch| kit::has(switch, "esilaglinks") || role(switch) == "esilag-access")
        || Architecture::of(topology) == Architecture::Multihoming
}

/// Which switches to look at and with which commands: one of each role, and of each pod where there are tunnel endpoints.
pub(super) fn verification(topology: &Value) -> Value {
    let architecture = Architecture::of(topology);
    let core_is_border = kit::is(options(topology), "core_as_border");
    let is_endpoint = |switch: &Value| architecture.is_endpoint(role(switch), core_is_border);
    let mut chosen: BTreeMap<(String, String), &Value> = BTreeMap::new();
    for switch in switches(topology) {
        let pod = match switch.get("pod").filter(|pod| is_endpoint(switch) && !pod.is_null()) {
            Some(pod) => super::bgp::word(pod),
            None => String::new(),
        };
        chosen.entry((role(switch).to_owned(), pod)).or_insert(switch);
    }
    let has_segments = has_segments(topology);
    let plan = |switch: &Value| {
        let is_endpoint = is_endpoint(switch);
        json!({
            "mac": kit::text(switch, "mac"),
            "role": role(switch),
            "pod": switch.get("pod"),
            "site_id": switch.get("site_id"),
            "is_vtep": is_endpoint,
            "commands": commands(architecture, role(switch), is_endpoint, has_segments),
        })
    };
    let mut roles: Vec<&str> = switches(topology)
        .iter()
        .filter(|switch| is_endpoint(switch))
        .map(role)
        .collect();
    roles.sort_unstable();
    roles.dedup();
    super::super::answer::object(&json!({
        "vtep_roles": roles,
        "switches": chosen.values().map(|switch| plan(switch)).collect::<Vec<_>>(),
        "healthy": TROUBLESHOOTING.points("Healthy looks like this", 4),
        "order": ORDER,
        "read": TROUBLESHOOTING.uri,
    }))
}

/// The order in which faults are looked for.
const ORDER: &[&str] = &[
    "scope: which hosts, VLANs, switches, since when; get_alarms and get_audit_logs for that minute",
    "physical: ports, errors, LLDP neighbours as in the topology",
    "underlay: search_org_bgp_stats with route_type=underlay, then loopback to loopback with large packets",
    "overlay: search_org_bgp_stats with route_type=evpn_overlay, then the routes of the host and its VLAN",
    "data plane: VTEP interfaces, forwarding tables, ARP",
    "host: address, gateway, VLAN, DHCP",
];

fn commands(architecture: Architecture, role: &str, is_endpoint: bool, has_segments: bool) -> Vec<&'static str> {
    let mut commands = vec!["show bgp summary", "show bfd session", "show lldp neighbors"];
    if is_endpoint {
        commands.extend([
            "show evpn instance extensive",
            "show evpn database",
            "show interfaces vtep",
        ]);
        let has_gateways = match architecture {
            Architecture::IpClos => role == "access" || role == "border",
            Architecture::Crb => role == "core",
            Architecture::Bridged => false,
            _ => true,
        };
        if has_gateways {
            commands.extend(["show evpn ip-prefix-database", "show arp no-resolve"]);
        }
        if has_segments {
            commands.push("show lacp interfaces");
        }
    } else {
        commands.push("show route summary");
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(topology: &Value) -> Vec<String> {
        guidance(topology)
            .iter()
            .map(|said| said["topic"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn only_what_the_data_call_for_is_said() {
        assert!(topics(&json!({})).is_empty());
        let small =
            json!({"evpn_options": {"routed_at": "edge", "core_as_border": true}, "switches": [{"role": "access"}]});
        assert_eq!(topics(&small), ["architecture"]);
        let switches: Vec<Value> = (0..10)
            .map(|_| json!({"role": "collapsed-core", "esilaglinks": ["5c5b35000009"]}))
            .collect();
        let large =
            json!({"evpn_options": {"underlay": {"as_base": 65_530}, "overlay": {"version": 5}}, "switches": switches});
        assert_eq!(
            topics(&large),
            [
                "architecture",
                "scale",
                "ethernet segments",
                "underlay",
                "type 2 and type 5"
            ]
        );
        let underlay = guidance(&large)
            .into_iter()
            .find(|said| said["topic"] == "underlay")
            .unwrap();
        assert!(underlay["advice"][0].as_str().unwrap().contains("65539"));
        let closed =
            json!({"evpn_options": {"routed_at": "core", "core_as_border": false}, "switches": [{"role": "core"}]});
        assert_eq!(topics(&closed), ["architecture", "way out"]);
    }

    #[test]
    fn one_switch_of_each_role_and_pod_is_looked_at() {
        let plan = verification(&json!({
            "evpn_options": {"routed_at": "edge"},
            "switches": [
                {"mac": "a", "role": "core"}, {"mac": "b", "role": "core"}, {"mac": "c", "role": "access", "pod": 1},
                {"mac": "d", "role": "access", "pod": 1}, {"mac": "e", "role": "access", "pod": 2}
            ]
        }));
        let macs: Vec<&str> = plan["switches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|switch| switch["mac"].as_str().unwrap())
            .collect();
        assert_eq!(macs, ["c", "e", "a"]);
        assert_eq!(plan["vtep_roles"], json!(["access"]));
        let commands = |at: usize| plan["switches"][at]["commands"].as_array().unwrap().len();
        assert!(commands(0) > commands(2), "a lean core has no tunnels to look at");
    }

    #[test]
    fn every_architecture_has_endpoints() {
        for (architecture, role) in [
            (Architecture::IpClos, "access"),
            (Architecture::Erb, "distribution"),
            (Architecture::Crb, "core"),
            (Architecture::Multihoming, "collapsed-core"),
        ] {
            assert!(architecture.is_endpoint(role, false));
            assert!(!architecture.is_endpoint("esilag-access", true));
        }
        assert!(!Architecture::IpClos.is_endpoint("core", false));
        assert!(Architecture::IpClos.is_endpoint("core", true));
    }
}
