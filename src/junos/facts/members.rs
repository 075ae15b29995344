//! Chassis serial number, cluster, virtual chassis and VM host.

use serde_json::{Map, Value, json};

use super::{
    super::netconf::xml::Element,
    items::{find, find_all, find_text, parts},
};

/// What the chassis inventory says.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// Serial number of the (first) chassis, else of its backplane or midplane.
    pub(super) serial_number: Option<String>,
    /// Whether several chassis answered; `None` where none did.
    pub(super) is_multi: Option<bool>,
}

/// Reads `show chassis hardware`. A backup engine refuses the command.
pub(super) fn inventory(reply: Option<&Element>) -> Inventory {
    let Some(reply) = reply.filter(|reply| find(reply, "chassis-inventory").is_some()) else {
        return Inventory::default();
    };
    let of_chassis = find_all(reply, "chassis")
        .into_iter()
        .find_map(|chassis| chassis.text_at(&["serial-number"]));
    let of_module = |name: &str| {
        let modules = find_all(reply, "chassis-module").into_iter();
        modules
            .filter(|m| m.text_at(&["name"]).as_deref() == Some(name))
            .find_map(|m| m.text_at(&["serial-number"]))
    };
    Inventory {
        serial_number: of_chassis
            .or_else(|| of_module("Backplane"))
            .or_else(|| of_module("Midplane")),
        is_multi: Some(parts(reply).iter().any(|(name, _)| name.is_some())),
    }
}

/// What the cluster status says.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    /// `None` on devices that know no clusters.
    pub(super) is_cluster: Option<bool>,
    /// Cluster id.
    pub(super) id: Option<String>,
    /// Redundancy groups by id: failover count, and per node priority, status, preempt and failover mode.
    pub(super) groups: Option<Map<String, Value>>,
}

/// Reads `show chassis cluster status`.
pub(super) fn cluster(reply: Option<&Element>) -> Cluster {
    let Some(reply) = reply else {
        return Cluster::default();
    };
    let Some(status) = find(reply, "chassis-cluster-status") else {
        // Told with an error element inside a reply that is otherwise a success.
        let refused = find(reply, "error").or_else(|| find(reply, "output")).is_some();
        return Cluster {
            is_cluster: refused.then_some(false),
            ..Cluster::default()
        };
    };
    let groups = find_all(reply, "redundancy-group").into_iter().filter_map(|group| {
        let id = group.text_at(&["redundancy-group-id"])?;
        Some((id, redundancy_group(group)))
    });
    Cluster {
        is_cluster: Some(true),
        id: status.text_at(&["cluster-id"]),
        groups: Some(groups.collect()),
    }
}

/// The nodes of a group stand one behind the other in one element: a new node begins with each `device-name`.
fn redundancy_group(group: &Element) -> Value {
    const FIELDS: &[(&str, &str)] = &[
        ("device-priority", "priority"),
        ("redundancy-group-status", "status"),
        ("preempt", "preempt"),
        ("failover-mode", "failover_mode"),
    ];
    let mut facts = Map::new();
    facts.insert("cluster_id".to_owned(), json!(group.text_at(&["cluster-id"])));
    facts.insert(
        "failover_count".to_owned(),
        json!(group.text_at(&["redundancy-group-failover-count"])),
    );
    let mut node = None;
    for field in group.children_named("device-stats").flat_map(Element::elements) {
        if &*field.name == "device-name" {
            let name = field.text().trim().to_owned();
            facts.insert(name.clone(), json!({}));
            node = Some(name);
            continue;
        }
        let known = FIELDS.iter().find(|(name, _)| *name == &*field.name);
        let current = node
            .as_ref()
            .and_then(|name| facts.get_mut(name))
            .and_then(Value::as_object_mut);
        if let (Some((_, key)), Some(current)) = (known, current) {
            current.insert((*key).to_owned(), json!(field.text().trim()));
        }
    }
    Value::Object(facts)
}

/// What the virtual chassis status says.
#[derive(Debug, Default)]
pub(super) struct VirtualChassis {
    /// Whether the device answers as a member of one.
    pub(super) is_capable: bool,
    /// Its mode (`Enabled`, `Mixed`).
    pub(super) mode: Option<String>,
    /// Whether it is a fabric; `None` where it is not told.
    pub(super) is_fabric: Option<bool>,
    /// Member id of the master; `None` also where two members claim it.
    pub(super) master: Option<String>,
}

/// Reads `show virtual-chassis`.
pub(super) fn virtual_chassis(reply: Option<&Element>) -> VirtualChassis {
    // Some MX answer with nothing at all where there is no virtual chassis.
    let Some(reply) = reply.filter(|reply| find(reply, "virtual-chassis-information").is_some()) else {
        return VirtualChassis::default();
    };
    let masters: Vec<String> = find_all(reply, "member")
        .into_iter()
        .filter(|member| {
            member
                .text_at(&["member-role"])
                .is_some_and(|role| role.starts_with("Master"))
        })
        .filter_map(|member| member.text_at(&["member-id"]))
        .collect();
    let identity = find(reply, "virtual-chassis-id-information");
    VirtualChassis {
        is_capable: true,
        mode: find_text(reply, "virtual-chassis-mode"),
        is_fabric: identity.map(|id| id.attribute("style") == Some("fabric")),
        master: match masters.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        },
    }
}

/// Whether Junos runs as a guest of a VM host, and the releases on its disks by engine. Reads `show vmhost version`, which
/// other devices do not know.
pub(super) fn vmhost(reply: Option<&Element>) -> (bool, Value) {
    let mut engines = Map::new();
    let Some(reply) = reply else {
        return (false, Value::Object(engines));
    };
    for (name, part) in parts(reply) {
        let Some(info) = find(part, "vmhost-version-information") else {
            continue;
        };
        let release = |set: &str| {
            let disk = info
                .children_named("set-disk-info")
                .find(|d| d.text_at(&["set-disk-name"]).as_deref() == Some(set));
            disk.and_then(|d| d.text_at(&["set-junos-version"]))
        };
        let facts = json!({
            "vmhost_current_root_set": info.text_at(&["current-root-set"]),
            "vmhost_version_set_p": release("set p"),
            "vmhost_version_set_b": release("set b"),
        });
        engines.insert(name.unwrap_or_else(|| "re0".to_owned()), facts);
    }
    // Older releases answer in plain text.
    let is_text = find_text(reply, "output").is_some_and(|text| text.contains("Version set") || text.contains("set p"));
    (is_text || !engines.is_empty(), Value::Object(engines))
}
