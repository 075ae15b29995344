//! BGP, OSPF and routing tables: what is configured, and alive where the hardware file has the other side.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::{interfaces::Interface, names, node, only_child};
use crate::lab::operational::network::Prefix;

/// Routing of a device at one moment.
pub(super) struct Routing<'a> {
    configuration: &'a Value,
    peers: Vec<Peer>,
    neighbors: Vec<Value>,
    routes: Vec<Route>,
    autonomous_system: String,
    router_id: String,
}

struct Peer {
    address: String,
    group: String,
    internal: bool,
    peer_as: String,
    local: Option<String>,
    description: Option<String>,
    state: &'static str,
    far: Value,
}

struct Route {
    table: String,
    prefix: Prefix,
    protocol: &'static str,
    preference: u32,
    next_hop: Option<String>,
    via: Option<String>,
    kind: &'static str,
    extra: Value,
}

/// An address of an interface that is up.
struct Attached {
    prefix: Prefix,
    interface: String,
    /// The routing instance of the interface.
    instance: Option<String>,
}

impl<'a> Routing<'a> {
    pub(super) fn of(hardware: &Value, configuration: &'a Value, interfaces: &[Interface]) -> Self {
        let attached = attached(interfaces, configuration, true);
        let all = self::attached(interfaces, configuration, false);
        let autonomous_system =
            only_child(configuration, &["routing-options", "autonomous-system"]).unwrap_or_default();
        let router_id = only_child(configuration, &["routing-options", "router-id"])
            .or_else(|| {
                attached
                    .iter()
                    .find(|a| a.interface.starts_with("lo0"))
                    .map(|a| a.prefix.address.to_string())
            })
            .unwrap_or_default();
        let peers = peers(hardware, configuration, &autonomous_system, &attached, &all);
        let neighbors = ospf_neighbors(hardware, configuration, interfaces);
        let routes = routes(configuration, &attached, &peers, &neighbors);
        Self {
            configuration,
            peers,
            neighbors,
            routes,
            autonomous_system,
            router_id,
        }
    }

    /// The router id: configured, or the address of lo0.
    pub(super) fn router_id(&self) -> &str {
        &self.router_id
    }

    /// Peers in the order of the configuration; null without `protocols bgp`.
    pub(super) fn bgp(&self) -> Value {
        if node(self.configuration, &["protocols", "bgp"]).is_none() {
            return Value::Null;
        }
        let mut groups: Vec<&str> = self.peers.iter().map(|p| p.group.as_str()).collect();
        groups.dedup();
        json!({
            "as": self.autonomous_system,
            "router_id": self.router_id,
            "groups": groups.len(),
            "down": self.peers.iter().filter(|p| p.state != "Established").count(),
            "paths": self.routes.iter().filter(|r| r.protocol == "BGP").count(),
            "peers": self.peers.iter().map(|p| p.json(&self.autonomous_system)).collect::<Vec<_>>(),
        })
    }

    /// Neighbours; null without `protocols ospf`.
    pub(super) fn ospf(&self) -> Value {
        node(self.configuration, &["protocols", "ospf"]).map_or(
            Value::Null,
            |_| json!({"router_id": self.router_id, "neighbors": self.neighbors}),
        )
    }

    /// Routing tables with their routes, destinations in order, the best route of each first.
    pub(super) fn tables(&self) -> Value {
        let table = |name: &str| {
            let mut routes: Vec<&Route> = self.routes.iter().filter(|r| r.table == name).collect();
            routes.sort_by_key(|r| (r.prefix.order(), r.preference));
            let mut destinations: Vec<Map<String, Value>> = Vec::new();
            for route in &routes {
                let prefix = route.prefix.to_string();
                let same = destinations
                    .last_mut()
                    .filter(|d| d.get("prefix").and_then(Value::as_str) == Some(&prefix));
                match same.and_then(|d| d.get_mut("entries")).and_then(Value::as_array_mut) {
                    Some(entries) => entries.push(route.json(false)),
                    None => {
                        let new = json!({"prefix": prefix, "entries": [route.json(true)]});
                        destinations.extend(new.as_object().cloned());
                    }
                }
            }
            let protocols = ["Direct", "Local", "OSPF", "BGP", "Static", "Aggregate"].map(|protocol| {
                json!({"name": protocol, "routes": routes.iter().filter(|r| r.protocol == protocol).count()})
            });
            json!({"name": name, "destinations": destinations, "routes": routes.len(), "protocols": protocols})
        };
        let mut names: Vec<&str> = self.routes.iter().map(|r| r.table.as_str()).collect();
        names.sort_by_key(|name| (name.contains("inet6"), name.len(), *name));
        names.dedup();
        names.into_iter().map(table).collect::<Vec<_>>().into()
    }
}

impl Peer {
    fn json(&self, local_as: &str) -> Value {
        let mut out = self.far.as_object().cloned().unwrap_or_default();
        let own = json!({
            "address": self.address,
            "group": self.group,
            "type": if self.internal { "Internal" } else { "External" },
            "as": self.peer_as,
            "local_as": local_as,
            "local": self.local,
            "description": self.description,
            "state": self.state,
            "established": self.state == "Established",
        });
        out.extend(own.as_object().cloned().unwrap_or_default());
        out.into()
    }
}

impl Route {
    fn json(&self, active: bool) -> Value {
        json!({
            "protocol": self.protocol,
            "preference": self.preference,
            "next_hop": self.next_hop,
            "via": self.via,
            "kind": self.kind,
            "active": active,
            "extra": self.extra,
        })
    }
}

fn attached(interfaces: &[Interface], configuration: &Value, only_up: bool) -> Vec<Attached> {
    let instances = names(configuration, &["routing-instances"]);
    let instance_of = |unit: &str| {
        let has = |name: &&String| node(configuration, &["routing-instances", name, "interface", unit]).is_some();
        instances.iter().find(has).cloned()
    };
    let mut found = Vec::new();
    for interface in interfaces {
        for unit in interface.units.iter().filter(|u| !only_up || u.is_up(interface)) {
            for prefix in unit
                .families
                .iter()
                .filter(|f| f.name.starts_with("inet"))
                .flat_map(|f| &f.addresses)
            {
                found.push(Attached {
                    prefix: *prefix,
                    interface: unit.name.clone(),
                    instance: instance_of(&unit.name),
                });
            }
        }
    }
    found
}

fn peers(
    hardware: &Value,
    configuration: &Value,
    local_as: &str,
    attached: &[Attached],
    all: &[Attached],
) -> Vec<Peer> {
    let mut peers = Vec::new();
    for group in names(configuration, &["protocols", "bgp", "group"]) {
        let of_group = |name: &str| only_child(configuration, &["protocols", "bgp", "group", &group, name]);
        let internal = of_group("type").as_deref() == Some("internal");
        for address in names(configuration, &["protocols", "bgp", "group", &group, "neighbor"]) {
            let path = ["protocols", "bgp", "group", &group, "neighbor", &address];
            let own = node(configuration, &path).cloned().unwrap_or_default();
            let value = |name: &str| only_child(&own, &[name]).or_else(|| of_group(name));
            let peer_as = if internal {
                local_as.to_owned()
            } else {
                value("peer-as").unwrap_or_default()
            };
            let far = hardware
                .get("bgp-peers")
                .and_then(|p| p.get(&address))
                .cloned()
                .unwrap_or_default();
            let ip: Option<IpAddr> = address.parse().ok();
            let on = |list: &[Attached]| {
                list.iter()
                    .any(|a| !a.prefix.is_host() && ip.is_some_and(|ip| a.prefix.contains(ip)))
            };
            let same_as = far.get("as").and_then(Value::as_str) == Some(peer_as.as_str());
            let state = match (on(attached), on(all)) {
                (false, true) => "Idle",
                _ if far.is_null() => "Active",
                _ if !same_as => "OpenSent",
                _ => "Established",
            };
            let link = attached.iter().find(|a| ip.is_some_and(|ip| a.prefix.contains(ip)));
            let local = value("local-address").or_else(|| link.map(|a| a.prefix.address.to_string()));
            let description = value("description");
            let group = group.clone();
            peers.push(Peer {
                address,
                group,
                internal,
                peer_as,
                local,
                description,
                state,
                far,
            });
        }
    }
    peers
}

/// Neighbours of interfaces that are up and run OSPF.
fn ospf_neighbors(hardware: &Value, configuration: &Value, interfaces: &[Interface]) -> Vec<Value> {
    let areas = names(configuration, &["protocols", "ospf", "area"]);
    let runs = |interface: &str| {
        areas.iter().find(|area| {
            let own = node(
                configuration,
                &["protocols", "ospf", "area", area, "interface", interface],
            );
            own.is_some_and(|own| own.get("passive").is_none() && own.get("disable").is_none())
        })
    };
    let up = |name: &str| {
        interfaces
            .iter()
            .any(|i| i.units.iter().any(|u| u.name == name && u.is_up(i)))
    };
    let list = hardware
        .get("ospf-neighbors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    list.filter_map(|neighbor| {
        let interface = neighbor.get("interface")?.as_str()?;
        let area = runs(interface).filter(|_| up(interface))?;
        let mut neighbor = neighbor.clone();
        neighbor.as_object_mut()?.insert("area".to_owned(), area.clone().into());
        Some(neighbor)
    })
    .collect()
}

fn routes(configuration: &Value, attached: &[Attached], peers: &[Peer], neighbors: &[Value]) -> Vec<Route> {
    let mut routes = Vec::new();
    for at in attached {
        let (instance, via) = (at.instance.as_deref(), Some(at.interface.clone()));
        let host = at.prefix.host();
        routes.push(Route::new(instance, at.prefix, "Direct", 0, None, via.clone()));
        if !at.prefix.is_host() {
            routes.push(Route {
                kind: "Local",
                ..Route::new(instance, host, "Local", 0, None, via)
            });
        }
    }
    static_routes(configuration, attached, None, &["routing-options"], &mut routes);
    static_routes(
        configuration,
        attached,
        None,
        &["routing-options", "rib", "inet6.0"],
        &mut routes,
    );
    for instance in names(configuration, &["routing-instances"]) {
        let base = ["routing-instances", &instance, "routing-options"];
        static_routes(configuration, attached, Some(&instance), &base, &mut routes);
    }
    for destination in names(configuration, &["routing-options", "aggregate", "route"]) {
        if let Some(prefix) = Prefix::parse(&destination) {
            routes.push(Route {
                kind: "Reject",
                ..Route::new(None, prefix, "Aggregate", 130, None, None)
            });
        }
    }
    learned_routes(attached, peers, neighbors, &mut routes);
    routes
}

fn learned_routes(attached: &[Attached], peers: &[Peer], neighbors: &[Value], routes: &mut Vec<Route>) {
    for neighbor in neighbors {
        let text = |name: &str| neighbor.get(name).and_then(Value::as_str).map(str::to_owned);
        let prefixes = neighbor
            .get("routes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        for prefix in prefixes.filter_map(Prefix::parse) {
            routes.push(Route::new(None, prefix, "OSPF", 10, text("address"), text("interface")));
        }
    }
    for peer in peers.iter().filter(|p| p.state == "Established") {
        for far in peer.far.get("routes").and_then(Value::as_array).into_iter().flatten() {
            let Some(prefix) = far.get("prefix").and_then(Value::as_str).and_then(Prefix::parse) else {
                continue;
            };
            let via = via(attached, &peer.address).or_else(|| route_to(routes, &peer.address));
            let route = Route::new(None, prefix, "BGP", 170, Some(peer.address.clone()), via);
            routes.push(Route {
                extra: far.clone(),
                ..route
            });
        }
    }
}

/// The interface of the route to a neighbour that is not on a subnet of the device.
fn route_to(routes: &[Route], address: &str) -> Option<String> {
    let address: IpAddr = address.parse().ok()?;
    let covering = routes.iter().filter(|r| r.via.is_some() && r.prefix.contains(address));
    covering.max_by_key(|r| r.prefix.length).and_then(|r| r.via.clone())
}

fn static_routes(
    configuration: &Value,
    attached: &[Attached],
    instance: Option<&str>,
    base: &[&str],
    routes: &mut Vec<Route>,
) {
    let Some(options) = node(configuration, base) else {
        return;
    };
    for destination in names(options, &["static", "route"]) {
        let Some(prefix) = Prefix::parse(&destination) else {
            continue;
        };
        let own = node(options, &["static", "route", &destination])
            .cloned()
            .unwrap_or_default();
        for (word, kind) in [("discard", "Discard"), ("reject", "Reject")] {
            if own.get(word).is_some() {
                routes.push(Route {
                    kind,
                    ..Route::new(instance, prefix, "Static", 5, None, None)
                });
            }
        }
        for next_hop in names(&own, &["next-hop"]) {
            let on_interface = next_hop.parse::<IpAddr>().is_err();
            let via = if on_interface {
                Some(next_hop.clone())
            } else {
                via(attached, &next_hop)
            };
            if via.is_some() {
                let next_hop = Some(next_hop).filter(|_| !on_interface);
                routes.push(Route::new(instance, prefix, "Static", 5, next_hop, via));
            }
        }
    }
}

/// The interface on whose subnet an address is.
fn via(attached: &[Attached], address: &str) -> Option<String> {
    let address: IpAddr = address.parse().ok()?;
    attached
        .iter()
        .find(|a| a.prefix.contains(address))
        .map(|a| a.interface.clone())
}

impl Route {
    fn new(
        instance: Option<&str>,
        prefix: Prefix,
        protocol: &'static str,
        preference: u32,
        next_hop: Option<String>,
        via: Option<String>,
    ) -> Self {
        let family = if prefix.address.is_ipv4() { "inet.0" } else { "inet6.0" };
        let table = instance.map_or_else(|| family.to_owned(), |name| format!("{name}.{family}"));
        let kind = "Router";
        Self {
            table,
            prefix: prefix.network(),
            protocol,
            preference,
            next_hop,
            via,
            kind,
            extra: Value::Null,
        }
    }
}
