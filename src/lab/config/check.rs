//! What a device finds wrong with a configuration before it commits it: references that lead nowhere, statements that
//! contradict each other. The tree is the effective one: groups applied, without deactivated statements.

use super::{fault::Fault, schema::Kind, tree::Node};

/// All that is wrong, and warnings.
pub(super) fn check(tree: &Node) -> Vec<Fault> {
    let mut faults = Vec::new();
    groups(tree, &mut faults);
    system(tree, &mut faults);
    interfaces(tree, &mut faults);
    routing(tree, &mut faults);
    policies(tree, tree, &mut Vec::new(), &mut faults);
    security(tree, &mut faults);
    faults
}

fn system(tree: &Node, faults: &mut Vec<Fault>) {
    if let Some(name) = tree.leaf(&["system", "host-name"]) {
        let valid = name.len() <= 255
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
            && name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !valid {
            faults.push(
                Fault::error(format!("invalid hostname: {name}"))
                    .at_level("system")
                    .at_word("host-name"),
            );
        }
    }
    for user in tree
        .at(&["system", "login"])
        .into_iter()
        .flat_map(|l| l.elements("user"))
    {
        if user.leaf(&["class"]).is_none() {
            let fault = Fault::error("missing mandatory statement: 'class'");
            faults.push(fault.at(&["system", "login", "user", user.name()]).at_word("class"));
        }
    }
}

/// Groups that are applied must be there.
fn groups(tree: &Node, faults: &mut Vec<Fault>) {
    let names = tree
        .elements("apply-groups")
        .flat_map(|n| &n.values)
        .filter(|n| !n.starts_with('$'));
    for name in names.filter(|name| !tree.elements("groups").any(|g| g.name() == *name)) {
        faults.push(Fault::error(format!("configuration group '{name}' is not defined")).at_word("apply-groups"));
    }
}

fn interfaces(tree: &Node, faults: &mut Vec<Fault>) {
    let Some(all) = tree.at(&["interfaces"]) else { return };
    let bundles: Vec<&str> = all
        .children
        .iter()
        .flat_map(|i| i.children.iter())
        .filter_map(|options| options.leaf(&["ieee-802.3ad", "bundle"]))
        .collect();
    for interface in all.elements("interface") {
        let name = interface.name();
        for unit in interface.elements("unit") {
            unit_of(tree, interface, unit, faults);
        }
        let is_bundle = name.strip_prefix("ae").is_some_and(|n| n.parse::<u32>().is_ok());
        if is_bundle && !bundles.contains(&name) {
            let fault = Fault::warning(format!("aggregated interface {name} has no member interfaces"));
            faults.push(fault.at(&["interfaces", name]));
        }
    }
}

fn unit_of(tree: &Node, interface: &Node, unit: &Node, faults: &mut Vec<Fault>) {
    let level = ["interfaces", interface.name(), "unit", unit.name()];
    let tagging = ["vlan-tagging", "flexible-vlan-tagging", "stacked-vlan-tagging"];
    let tagged = interface
        .children
        .iter()
        .any(|c| tagging.contains(&&*c.statement.element));
    let virtual_name = ["irb", "lo", "vlan", "st", "em"]
        .iter()
        .any(|p| interface.name().starts_with(p));
    if unit.leaf(&["vlan-id"]).is_some() && !tagged && !virtual_name {
        let fault = Fault::error("VLAN-ID can only be specified on tagged ethernet interfaces");
        faults.push(fault.at(&level).at_word("vlan-id").found_by("dcd"));
    }
    for family in unit.at(&["family"]).into_iter().flat_map(|f| &f.children) {
        let family_name = &*family.statement.element;
        for direction in family.at(&["filter"]).into_iter().flat_map(|f| &f.children) {
            let names = direction
                .leaf(&["filter-name"])
                .into_iter()
                .chain(direction.values.iter().map(String::as_str));
            for name in names.filter(|n| !has_filter(tree, family_name, n)) {
                let fault = Fault::error(format!("Referenced filter '{name}' is not defined"));
                let [a, b, c, d] = level;
                faults.push(
                    fault
                        .at(&[a, b, c, d, "family", family_name])
                        .at_word("filter")
                        .found_by("dfwd"),
                );
            }
        }
    }
}

fn has_filter(tree: &Node, family: &str, name: &str) -> bool {
    let Some(firewall) = tree.at(&["firewall"]) else {
        return false;
    };
    let places = [
        firewall.at(&["family", family]),
        firewall.at(&["family", "any"]),
        Some(firewall),
    ];
    places
        .into_iter()
        .flatten()
        .any(|place| place.elements("filter").any(|f| f.name() == name))
}

fn routing(tree: &Node, faults: &mut Vec<Fault>) {
    bgp(tree, "", faults);
    for instance in tree
        .at(&["routing-instances"])
        .into_iter()
        .flat_map(|r| r.elements("instance"))
    {
        bgp(instance, &format!("routing-instances {} ", instance.name()), faults);
    }
}

fn bgp(instance: &Node, above: &str, faults: &mut Vec<Fault>) {
    let Some(bgp) = instance.at(&["protocols", "bgp"]) else {
        return;
    };
    let local = instance.at(&["routing-options", "autonomous-system"]).is_some() || !above.is_empty();
    for group in bgp.elements("group") {
        for neighbor in group.elements("neighbor") {
            let levels = [neighbor, group, bgp];
            let says = |name: &str| levels.iter().find_map(|l| l.leaf(&[name]));
            let mut complain = |what: &str| {
                let (peer, group) = (neighbor.name(), group.name());
                let fault = Fault::error(format!("Error in neighbor {peer} of group {group}:\n{what}"));
                faults.push(
                    fault
                        .at_level(&format!("{above}protocols"))
                        .at_word("bgp")
                        .found_by("rpd"),
                );
            };
            if !local && !levels.iter().any(|l| l.at(&["local-as"]).is_some()) {
                complain("must define local autonomous system when enabling BGP");
            }
            if says("type") != Some("internal") && says("peer-as").is_none() {
                complain("peer AS number must be configured for an external peer");
            }
        }
    }
}

/// Policies and prefix lists that are referred to must be there.
fn policies(tree: &Node, node: &Node, path: &mut Vec<String>, faults: &mut Vec<Fault>) {
    for child in node.children.iter().filter(|c| &*c.statement.element != "groups") {
        let element = &*child.statement.element;
        match child.statement.kind {
            Kind::LeafList(_) if matches!(element, "import" | "export" | "vrf-import" | "vrf-export") => {
                for name in child
                    .values
                    .iter()
                    .filter(|n| is_name(n) && !defined(tree, "policy-statement", n))
                {
                    let message = format!("Policy error: Policy {name} referenced but not defined");
                    faults.push(Fault::error(message).at(path).at_word(element).found_by("rpd"));
                }
            }
            Kind::List(_) if element.ends_with("prefix-list") && path.len() > 2 => {
                let name = child.name();
                if !defined(tree, "prefix-list", name) {
                    let message = format!("Referenced prefix-list '{name}' is not defined");
                    faults.push(Fault::error(message).at(path).at_word(child.label()));
                }
            }
            _ => {
                let length = path.len();
                path.extend(child.words());
                policies(tree, child, path, faults);
                path.truncate(length);
            }
        }
    }
}

/// Policy expressions (`( a && b )`) are not looked into.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
}

fn defined(tree: &Node, list: &str, name: &str) -> bool {
    tree.at(&["policy-options"])
        .is_some_and(|p| p.elements(list).any(|e| e.name() == name))
}

fn security(tree: &Node, faults: &mut Vec<Fault>) {
    let zones = tree.at(&["security", "zones"]);
    for zone in zones.into_iter().flat_map(|z| z.elements("security-zone")) {
        for interface in zone.elements("interfaces").filter(|i| !is_configured(tree, i.name())) {
            let name = interface.name();
            let fault = Fault::error(format!("Interface {name} must be configured under interfaces"));
            let fault = fault.at(&["security", "zones", "security-zone", zone.name()]);
            faults.push(fault.at_word(format!("interfaces {name}")));
        }
    }
    let addresses = addresses(tree);
    let is_zone = |name: &str| {
        name == "junos-host" || zones.is_some_and(|z| z.elements("security-zone").any(|e| e.name() == name))
    };
    for pair in tree
        .at(&["security", "policies"])
        .into_iter()
        .flat_map(|p| p.elements("policy"))
    {
        for policy in pair.elements("policy") {
            unknown_addresses(&addresses, pair, policy, faults);
        }
        for zone in pair.keys.iter().filter(|z| !is_zone(z)) {
            let fault = Fault::error("Security zone must be defined").at_level("security policies");
            faults.push(fault.at_word(format!("{} ({zone})", pair.label())));
        }
    }
}

/// The names of all addresses and address sets in all address books.
fn addresses(tree: &Node) -> Vec<&str> {
    let security = tree.at(&["security"]);
    let zones = security
        .and_then(|s| s.at(&["zones"]))
        .into_iter()
        .flat_map(|z| z.elements("security-zone"));
    let books = security.into_iter().flat_map(|s| s.elements("address-book"));
    books
        .chain(zones.flat_map(|z| z.elements("address-book")))
        .flat_map(|b| &b.children)
        .map(Node::name)
        .collect()
}

fn unknown_addresses(addresses: &[&str], pair: &Node, policy: &Node, faults: &mut Vec<Fault>) {
    for leaf in policy.at(&["match"]).into_iter().flat_map(|m| &m.children) {
        let element = &*leaf.statement.element;
        if !matches!(element, "source-address" | "destination-address") {
            continue;
        }
        let known = |name: &str| name.starts_with("any") || addresses.contains(&name);
        for name in leaf.values.iter().filter(|n| !known(n)) {
            let fault = Fault::error(format!("Address or address_set ({name}) not found"));
            let level = format!("security policies {} policy {} match", pair.label(), policy.name());
            faults.push(fault.at_level(&level).at_word(element));
        }
    }
}

fn is_configured(tree: &Node, name: &str) -> bool {
    let Some(all) = tree.at(&["interfaces"]) else {
        return false;
    };
    let (device, unit) = name.split_once('.').unwrap_or((name, "0"));
    if device == "all" || device.starts_with('<') {
        return true;
    }
    let entry = all.elements("interface").find(|i| i.name() == device);
    entry.is_some_and(|i| i.elements("unit").any(|u| u.name() == unit))
}
