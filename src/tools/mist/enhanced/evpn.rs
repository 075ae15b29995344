//! What the record of an EVPN campus fabric says: its architecture, its switches, its gateways, and where it contradicts itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::kit::{self, Findings};

/// How far down a fabric's tunnel endpoints and gateways go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Architecture {
    IpClos,
    Erb,
    Crb,
    Multihoming,
    Bridged,
    Unknown,
}

impl Architecture {
    /// Of a topology. Switches of a collapsed core decide, whatever else it says.
    pub(super) fn of(topology: &Value) -> Self {
        let options = options(topology);
        let is_collapsed = switches(topology).iter().any(|switch| role(switch) == "collapsed-core");
        match kit::text(options, "routed_at") {
            _ if is_collapsed => Self::Multihoming,
            "edge" => Self::IpClos,
            "distribution" => Self::Erb,
            "core" => Self::Crb,
            "collapsed-core" => Self::Multihoming,
            "bridged" => Self::Bridged,
            _ => Self::Unknown,
        }
    }

    /// Its whole name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::IpClos => "IP Clos",
            Self::Erb => "Core-Distribution ERB",
            Self::Crb => "Core-Distribution CRB",
            Self::Multihoming => "EVPN multihoming",
            Self::Bridged => "bridged overlay (Layer 2 only)",
            Self::Unknown => "unknown",
        }
    }

    /// The word that the pages about it begin with.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::IpClos => "IP Clos",
            Self::Erb => "ERB",
            Self::Crb => "CRB",
            Self::Multihoming => "EVPN multihoming",
            Self::Bridged => "Bridged overlay",
            Self::Unknown => "?",
        }
    }

    /// Whether switches of this role are tunnel endpoints.
    pub(super) fn is_endpoint(self, role: &str, core_is_border: bool) -> bool {
        match (self, role) {
            (_, "border") | (Self::Multihoming, "collapsed-core") => true,
            (Self::IpClos, "access") | (Self::Erb | Self::Crb | Self::Bridged, "distribution") => true,
            (Self::Crb, "core") => true,
            (Self::IpClos | Self::Erb, "core") => core_is_border,
            _ => false,
        }
    }
}

pub(super) fn options(topology: &Value) -> &Value {
    topology.get("evpn_options").unwrap_or(&Value::Null)
}

pub(super) fn switches(topology: &Value) -> &[Value] {
    topology
        .get("switches")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

pub(super) fn role(switch: &Value) -> &str {
    match kit::text(switch, "role") {
        "" => "none",
        role => role,
    }
}

/// What is found out about a list of topologies.
pub(super) fn summary(rows: &[Value]) -> Findings {
    let topology = |row: &Value| {
        let options = options(row);
        json!({
            "id": row.get("id"),
            "name": row.get("name"),
            "type": Architecture::of(row).name(),
            "site_specific_fabric": kit::has(row, "site_id") || kit::is(row, "for_site"),
            "border_leaf": !kit::is(options, "core_as_border"),
        })
    };
    let rows: Vec<Value> = rows.iter().map(topology).collect();
    kit::findings([
        ("topology_count", rows.len().into()),
        ("org_topology_summary", rows.into()),
    ])
}

/// The configuration of a switch in the topology: with the switch, or beside all of them.
fn configuration<'a>(topology: &'a Value, switch: &'a Value) -> &'a Value {
    let beside = || topology.get("switch_configs")?.get(kit::text(switch, "mac"));
    switch.get("config").or_else(beside).unwrap_or(&Value::Null)
}

/// The fabric, put in order.
pub(super) fn details(topology: &Value) -> Value {
    let (options, switches) = (options(topology), switches(topology));
    let row = |switch: &Value| {
        let fields = [
            "mac",
            "model",
            "role",
            "router_id",
            "evpn_id",
            "pod",
            "pods",
            "site_id",
            "uplinks",
            "downlinks",
            "esilaglinks",
            "downlink_ips",
        ];
        let fields = fields
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), switch.get(*name)?.clone())));
        Value::Object(fields.collect())
    };
    let details = json!({
        "fabric_architecture": {
            "type": Architecture::of(topology).name(),
            "mist_fabric_type": options.get("routed_at"),
            "core_as_border": options.get("core_as_border"),
            "overlay": options.get("overlay"),
            "underlay": options.get("underlay"),
            "auto_loopback_subnet": options.get("auto_loopback_subnet"),
            "auto_router_id_subnet": options.get("auto_router_id_subnet"),
            "vs_instances": options.get("vs_instances"),
        },
        "pod_organization": pods(topology),
        "switch_infrastructure": {
            "num_switches": switches.len(),
            "models": kit::by(switches, "model"),
            "roles": kit::by(switches, "role"),
            "switches": switches.iter().map(row).collect::<Vec<_>>(),
        },
        "irb_configuration": gateways(topology),
    });
    super::super::answer::object(&details)
}

fn pods(topology: &Value) -> Value {
    let mut pods: BTreeMap<String, usize> = BTreeMap::new();
    for switch in switches(topology) {
        let pod = switch.get("pod").filter(|pod| !pod.is_null());
        *pods
            .entry(pod.map_or_else(|| "(none)".into(), super::bgp::word))
            .or_default() += 1;
    }
    let name = |pod: &str| topology.get("pod_names").and_then(|names| names.get(pod)).cloned();
    let row = |(pod, count): (&String, &usize)| json!({ "pod": pod, "name": name(pod), "switches": count });
    pods.iter().map(row).collect()
}

/// Each network with a gateway: on how many switches, with which addresses, and whether all share one.
fn gateways(topology: &Value) -> Value {
    let mut networks: BTreeMap<&String, (usize, BTreeSet<&str>, usize)> = BTreeMap::new();
    for switch in switches(topology) {
        let configs = configuration(topology, switch)
            .get("other_ip_configs")
            .and_then(Value::as_object);
        for (network, config) in configs.into_iter().flatten() {
            let entry = networks.entry(network).or_default();
            entry.0 += 1;
            if kit::has(config, "ip") {
                entry.1.insert(kit::text(config, "ip"));
            }
            entry.2 += usize::from(kit::is(config, "evpn_anycast"));
        }
    }
    let row = |(network, (switches, addresses, anycast)): (&String, &(usize, BTreeSet<&str>, usize))| {
        let kind = match *anycast {
            0 => "virtual gateway",
            number if number == *switches => "anycast",
            _ => "mixed",
        };
        (
            network.clone(),
            json!({ "switches": switches, "addresses": addresses, "gateway": kind }),
        )
    };
    Value::Object(
        networks
            .iter()
            .map(|(network, entry)| row((network, entry)))
            .collect::<Map<_, _>>(),
    )
}

/// Where the fabric's record contradicts itself: what differs between switches that should be alike.
pub(super) fn contradictions(topology: &Value) -> Vec<String> {
    let switches = switches(topology);
    let mut found = Vec::new();
    let known: BTreeSet<&str> = switches.iter().map(|switch| kit::text(switch, "mac")).collect();
    let mut routers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut vlans: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for switch in switches {
        let mac = kit::text(switch, "mac");
        if kit::has(switch, "router_id") {
            routers.entry(kit::text(switch, "router_id")).or_default().push(mac);
        }
        for field in ["uplinks", "downlinks", "esilaglinks"] {
            for neighbour in switch
                .get(field)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                if !known.contains(neighbour) {
                    found.push(format!(
                        "`{mac}` names `{neighbour}` in {field}, which is no switch of the fabric"
                    ));
                }
            }
        }
        let networks = configuration(topology, switch)
            .get("networks")
            .and_then(Value::as_object);
        for (name, network) in networks.into_iter().flatten() {
            if let Some(vlan) = network.get("vlan_id").filter(|vlan| !vlan.is_null()) {
                vlans.entry(name.as_str()).or_default().insert(super::bgp::word(vlan));
            }
        }
    }
    for (id, macs) in routers.iter().filter(|(_, macs)| macs.len() > 1) {
        found.push(format!("router id {id} is that of {}", macs.join(" and ")));
    }
    for (name, ids) in vlans.iter().filter(|(_, ids)| ids.len() > 1) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        found.push(format!(
            "network `{name}` has VLAN {} on different switches",
            ids.join(" and ")
        ));
    }
    for (name, gateway) in gateways(topology).as_object().into_iter().flatten() {
        let addresses = gateway.get("addresses").and_then(Value::as_array).map_or(0, Vec::len);
        if kit::text(gateway, "gateway") == "anycast" && addresses > 1 {
            found.push(format!(
                "network `{name}` has an anycast gateway with {addresses} different addresses"
            ));
        }
    }
    found.extend(one_sided(switches));
    found.extend(missing_gateways(topology));
    found
}

/// Links that only one end knows of.
fn one_sided(switches: &[Value]) -> Vec<String> {
    let links = |switch: &Value, field: &str| -> BTreeSet<String> {
        let links = switch.get(field).and_then(Value::as_array).into_iter().flatten();
        links.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let down: BTreeMap<&str, BTreeSet<String>> = switches
        .iter()
        .map(|switch| (kit::text(switch, "mac"), links(switch, "downlinks")))
        .collect();
    let mut found = Vec::new();
    for switch in switches {
        let mac = kit::text(switch, "mac");
        for above in links(switch, "uplinks") {
            if down.get(above.as_str()).is_some_and(|below| !below.contains(mac)) {
                found.push(format!(
                    "`{mac}` has `{above}` as uplink, which does not have it as downlink"
                ));
            }
        }
    }
    found
}

/// Networks whose gateway is on some switches of a role only.
fn missing_gateways(topology: &Value) -> Vec<String> {
    let mut by_role: BTreeMap<&str, Vec<(&str, BTreeSet<&String>)>> = BTreeMap::new();
    for switch in switches(topology) {
        let configs = configuration(topology, switch)
            .get("other_ip_configs")
            .and_then(Value::as_object);
        let networks: BTreeSet<&String> = configs.into_iter().flatten().map(|(name, _)| name).collect();
        by_role
            .entry(role(switch))
            .or_default()
            .push((kit::text(switch, "mac"), networks));
    }
    let mut found = Vec::new();
    for (role, switches) in by_role {
        let all: BTreeSet<&String> = switches
            .iter()
            .flat_map(|(_, networks)| networks.iter().copied())
            .collect();
        for network in all {
            let without: Vec<&str> = switches
                .iter()
                .filter(|(_, own)| !own.contains(network))
                .map(|(mac, _)| *mac)
                .collect();
            if !without.is_empty() && without.len() < switches.len() {
                found.push(format!(
                    "network `{network}` has a gateway on some {role} switches, but not on {}",
                    without.join(", ")
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
