//! Which routing engine answers, and in which domain.

use std::net::Ipv4Addr;

use super::{
    super::netconf::xml::Element,
    items::{find_all, find_text, parts},
    members::Cluster,
};

/// The names of the engine that answers, such as `re0` and `master`; empty where it cannot be told.
///
/// Junos gives its engines fixed addresses in the private routing instance. In one chassis they are `128.0.0.N`, in chassis or
/// member M of several `(129 + M).0.0.N`: N = 1 the master, 4 and 5 the engines, 6 the backup, from 16 on the FPCs
/// (`/etc/hosts.junos`). SRX clusters count otherwise.
pub(super) fn current_engine(
    interfaces: Option<&Element>,
    software: Option<&Element>,
    cluster: &Cluster,
) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for address in interfaces.map(private_addresses).unwrap_or_default() {
        let more = chassis_names(address);
        let more = if more.is_empty() {
            cluster_names(address, cluster)
        } else {
            more
        };
        for name in more {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        names.extend(software.and_then(slicing_server));
    }
    names
}

fn private_addresses(interfaces: &Element) -> Vec<Ipv4Addr> {
    let is_inet = |family: &&Element| family.text_at(&["address-family-name"]).as_deref() == Some("inet");
    let families = find_all(interfaces, "address-family").into_iter().filter(is_inet);
    let addresses = families.flat_map(|family| family.children_named("interface-address"));
    addresses
        .filter_map(|address| address.text_at(&["ifa-local"]))
        .filter_map(|text| text.split('/').next().and_then(|ip| ip.parse().ok()))
        .collect()
}

fn chassis_names(address: Ipv4Addr) -> Vec<String> {
    let [first, 0, 0, host] = address.octets() else {
        return Vec::new();
    };
    let words: Vec<String> = match host {
        1 if first == 128 => ["master", "node", "fwdd", "member", "pfem"].map(str::to_owned).to_vec(),
        1 => vec!["master".to_owned()],
        4 | 5 => vec![format!("re{}", host - 4)],
        6 => vec!["backup".to_owned()],
        16..=47 => vec![format!("fpc{}", host - 16)],
        _ => return Vec::new(),
    };
    // Members 0 to 9 and line card chassis 0 to 3 are all there are.
    match first {
        128 => words,
        129..=138 => {
            let member = first - 129;
            let line_card_chassis = words
                .iter()
                .filter(|_| member < 4)
                .map(|word| format!("lcc{member}-{word}"));
            let members = words.iter().map(|word| format!("member{member}-{word}"));
            let whole = (host == 1).then(|| format!("member{member}"));
            line_card_chassis.chain(members).chain(whole).collect()
        }
        _ => Vec::new(),
    }
}

/// In a cluster the second octet is the low half of the cluster id shifted by four, and the first says who it is.
fn cluster_names(address: Ipv4Addr, cluster: &Cluster) -> Vec<String> {
    let Some(id) = cluster.id.as_ref().and_then(|id| id.parse::<u8>().ok()) else {
        return Vec::new();
    };
    let shifted = (id & 0x0f) << 4;
    let second = if shifted == 0 { id } else { shifted };
    let name = match address.octets() {
        [129, octet, 0, 1] if octet == second => "node0",
        [130, octet, 0, 1] if octet == second => "node1",
        [143, octet, 0, 1] if octet == second => "primary",
        _ => return Vec::new(),
    };
    vec![name.to_owned()]
}

/// The manager of node slicing has no private instance, but tells its server.
fn slicing_server(software: &Element) -> Option<String> {
    let (_, first) = parts(software).into_iter().next()?;
    let packages = find_all(first, "package-information").into_iter();
    let comment = packages
        .filter(|p| p.text_at(&["name"]).as_deref() == Some("Server slot"))
        .find_map(|p| p.text_at(&["comment"]))?;
    let number = comment.rsplit_once(':').map(|(_, number)| number.trim().to_owned())?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then(|| format!("server{number}"))
}

/// The domain: as configured, else as the resolver's file has it.
pub(super) fn domain(configuration: Option<&Element>, resolver: Option<&Element>) -> Option<String> {
    let configured = configuration.and_then(|reply| find_text(reply, "domain-name"));
    configured.or_else(|| {
        let file = find_text(resolver?, "file-content")?;
        let mut lines = file.lines().map(str::split_whitespace);
        lines.find_map(|mut words| {
            (words.next() == Some("domain"))
                .then(|| words.next())
                .flatten()
                .map(str::to_owned)
        })
    })
}
