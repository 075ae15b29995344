//! What a device is: model, release, serial number, routing engines, cluster and virtual chassis.
//!
//! The facts are one object with the keys of two worlds: those of Juniper's Python library (`2RE`, `RE0`, `version_info`,
//! `srx_cluster` ...) and the snake-case ones of the Rust server (`serial_number`, `route_engines`, `master_re`, `is_cluster`).
//! Where both use one key for different shapes, the Python library's stands: `model` is upper case, `personality` is its
//! upper-case word or null, never an object. A fact that cannot be read is null.
//!
//! Pure functions over replies: what is asked for is in [`REQUESTS`] and [`follow_up`], asking is somebody else's work. Any
//! request may fail, since no platform knows all of them; its reply is then left out.

mod engines;
mod items;
mod location;
mod members;
mod platform;
mod software;
mod version;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::netconf::xml::Element;

/// A request: the name under which its reply is given to [`collect`], and its content (the child of `<rpc>`).
pub type Request = (&'static str, &'static str);

/// What to ask every device, in one go.
pub const REQUESTS: &[Request] = &[
    ("software", "<get-software-information/>"),
    ("chassis", "<get-chassis-inventory/>"),
    ("route_engines", "<get-route-engine-information/>"),
    ("virtual_chassis", "<get-virtual-chassis-information/>"),
    ("cluster", "<get-chassis-cluster-status/>"),
    (
        "internal_interfaces",
        "<get-interface-information><routing-instance>__juniper_private1__</routing-instance><terse/></get-interface-information>",
    ),
    (
        "domain",
        "<get-configuration database=\"committed\" inherit=\"inherit\" commit-scripts=\"apply\"><configuration><system>\
         <domain-name/></system></configuration></get-configuration>",
    ),
    (
        "switching",
        "<get-ethernet-switching-table-information><summary/></get-ethernet-switching-table-information>",
    ),
    ("vmhost", "<command format=\"xml\">show vmhost version</command>"),
    ("home", "<command format=\"xml\">show cli directory</command>"),
];

/// The release of every routing engine. Devices with one engine refuse it.
const ALL_ENGINES: Request = (
    "software_all",
    "<command format=\"xml\">show version invoke-on all-routing-engines</command>",
);

/// The resolver's file, where the domain is not configured or the configuration may not be read.
const RESOLVER: Request = (
    "resolver",
    "<file-show><filename>/etc/resolv.conf</filename></file-show>",
);

/// Replies by the name of their request.
pub type Replies<'a> = &'a [(&'a str, Element)];

fn reply<'a>(replies: Replies<'a>, name: &str) -> Option<&'a Element> {
    replies
        .iter()
        .find(|(request, _)| *request == name)
        .map(|(_, reply)| reply)
}

/// What to ask in addition, after the replies to [`REQUESTS`].
pub fn follow_up(replies: Replies<'_>) -> Vec<Request> {
    let mut more = Vec::new();
    let engines = engines::Engines::read(reply(replies, "route_engines"));
    let releases = reply(replies, "software").map_or(0, |reply| items::find_all(reply, "software-information").len());
    if engines.count() > releases.max(1) {
        more.push(ALL_ENGINES);
    }
    if location::domain(reply(replies, "domain"), None).is_none() {
        more.push(RESOLVER);
    }
    more
}

/// The facts of one device, as an object.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Facts(pub Map<String, Value>);

impl Facts {
    /// A fact that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }
}

/// Makes the facts of the replies that came.
pub fn collect(replies: Replies<'_>) -> Facts {
    let get = |name: &str| reply(replies, name);
    let engines = engines::Engines::read(get("route_engines"));
    let cluster = members::cluster(get("cluster"));
    let current = location::current_engine(get("internal_interfaces"), get("software"), &cluster);
    let software = software::Software::read(get("software_all"), get("software"), &current, engines.master_name());
    let platform = platform::Platform::of(software.model.as_deref(), engines.first_model());
    let inventory = members::inventory(get("chassis"));
    let domain = location::domain(get("domain"), get("resolver"));
    let fqdn = software.hostname.as_ref().map(|host| match &domain {
        Some(domain) => format!("{host}.{domain}"),
        None => host.clone(),
    });

    let mut facts = Table(Map::new());
    facts.set("hostname", &software.hostname);
    facts.set("model", &software.model);
    facts.set("version", &software.version);
    facts.set("serial_number", &inventory.serial_number);
    facts.set("personality", platform.personality);
    facts.set("route_engines", engines.list());
    facts.set("master_re", engines.master_slot());
    facts.set("domain", domain);
    facts.set("fqdn", fqdn);
    facts.set(
        "is_cluster",
        cluster.is_cluster.unwrap_or(false) || software.is_cluster(),
    );
    facts.set(
        "HOME",
        get("home").and_then(|reply| items::find_text(reply, "working-directory")),
    );
    facts.set("RE_hw_mi", inventory.is_multi);
    facts.set("current_re", Some(&current).filter(|names| !names.is_empty()));
    facts.set("ifd_style", platform.interface_style());
    facts.set("serialnumber", &inventory.serial_number);
    facts.set("switch_style", platform.switch_style(get("switching")));
    facts.set("virtual", platform.is_virtual);
    facts.set_engines(&engines);
    facts.set_releases(&software);
    facts.set_members(&cluster, &members::virtual_chassis(get("virtual_chassis")));
    let (vmhost, vmhost_info) = members::vmhost(get("vmhost"));
    facts.set("vmhost", vmhost);
    facts.set("vmhost_info", vmhost_info);
    Facts(facts.0)
}

/// The facts while they are put together.
struct Table(Map<String, Value>);

impl Table {
    fn set(&mut self, key: &str, value: impl Serialize) {
        self.0.insert(key.to_owned(), json!(value));
    }

    fn set_engines(&mut self, engines: &engines::Engines) {
        self.set("2RE", engines.has_two());
        self.set("RE0", engines.by_slot("0"));
        self.set("RE1", engines.by_slot("1"));
        self.set("master", engines.masters());
        self.set("re_info", engines.info());
        self.set("re_master", engines.master_by_node());
    }

    fn set_releases(&mut self, software: &software::Software) {
        self.set("hostname_info", software.hostname_info());
        self.set("junos_info", software.junos_info());
        self.set("model_info", software.model_info());
        self.set("version_RE0", software.version_of_slot('0'));
        self.set("version_RE1", software.version_of_slot('1'));
        self.set(
            "version_info",
            software.version.as_deref().and_then(version::Version::parse),
        );
    }

    fn set_members(&mut self, cluster: &members::Cluster, chassis: &members::VirtualChassis) {
        self.set("srx_cluster", cluster.is_cluster);
        self.set("srx_cluster_id", &cluster.id);
        self.set("srx_cluster_redundancy_group", &cluster.groups);
        self.set("vc_capable", chassis.is_capable);
        self.set("vc_fabric", chassis.is_fabric);
        self.set("vc_master", &chassis.master);
        self.set("vc_mode", &chassis.mode);
    }
}

#[cfg(test)]
mod tests;
