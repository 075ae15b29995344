//! The values that reply files show: hardware, and the running configuration applied to it.

mod interfaces;
mod routing;

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use self::{interfaces::Interface, routing::Routing};
use crate::lab::clock::stamp;

/// The configuration as the replies see it: nested objects, groups and interface ranges applied.
pub(super) fn configuration(effective_set: &str) -> Value {
    let mut configuration = tree(effective_set);
    interfaces::apply_ranges(&mut configuration);
    configuration
}

/// Everything a reply file can name that changes with the configuration only.
pub(super) fn values(hardware: &Value, configuration: &Value) -> Map<String, Value> {
    let interfaces = interfaces::all(hardware, configuration);
    let routing = Routing::of(hardware, configuration, &interfaces);
    let at = |path: &[&str]| only_child(configuration, path).unwrap_or_default();
    let mut values = hardware.as_object().cloned().unwrap_or_default();
    let more = [
        ("hostname", Value::from(at(&["system", "host-name"]))),
        ("domain", at(&["system", "domain-name"]).into()),
        (
            "interfaces",
            interfaces.iter().map(Interface::json).collect::<Vec<_>>().into(),
        ),
        ("router_id", routing.router_id().into()),
        ("bgp", routing.bgp()),
        ("ospf", routing.ospf()),
        ("tables", routing.tables()),
        ("arp", near(hardware, "arp", &interfaces)),
        ("lldp", near(hardware, "lldp", &interfaces)),
        ("macs", near(hardware, "macs", &interfaces)),
        ("vlans", interfaces::vlans(configuration)),
        ("config", configuration.clone()),
    ];
    values.extend(more.map(|(name, value)| (name.to_owned(), value)));
    values
}

/// Everything a reply file can name that changes with time.
pub(super) fn times(hardware: &Value, now: SystemTime, started: SystemTime) -> Map<String, Value> {
    let before = hardware.get("uptime").and_then(Value::as_u64).unwrap_or(86_400);
    let uptime = now.duration_since(started).unwrap_or_default().as_secs() + before;
    let booted = now
        .checked_sub(Duration::from_secs(uptime))
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let values = [
        ("now", Value::from(stamp(now))),
        ("now_seconds", seconds(now).into()),
        ("booted", stamp(booted).into()),
        ("booted_seconds", seconds(booted).into()),
        ("uptime", uptime.into()),
    ];
    values
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// Neighbours of the hardware file whose interface is up.
fn near(hardware: &Value, list: &str, interfaces: &[Interface]) -> Value {
    let all = hardware.get(list).and_then(Value::as_array).into_iter().flatten();
    let up = |name: &str| {
        let physical = name.split('.').next().unwrap_or(name);
        interfaces.iter().any(|i| i.name == physical && i.is_up())
    };
    all.filter(|entry| entry.get("interface").and_then(Value::as_str).is_some_and(up))
        .cloned()
        .collect::<Vec<_>>()
        .into()
}

fn seconds(moment: SystemTime) -> u64 {
    moment.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// `set` lines as nested objects: the last word of each line is the value. Deactivated parts are left out.
fn tree(running_set: &str) -> Value {
    let mut root = json!({});
    for line in running_set.lines() {
        let words = super::commands::tokens(line);
        match words.split_first() {
            Some((verb, path)) if verb == "set" => insert(&mut root, path),
            Some((verb, path)) if verb == "deactivate" => remove(&mut root, path),
            _ => {}
        }
    }
    root
}

fn insert(root: &mut Value, path: &[String]) {
    let mut node = root;
    for word in path {
        let Some(object) = node.as_object_mut() else { return };
        node = object.entry(word.clone()).or_insert_with(|| json!({}));
    }
}

fn remove(root: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let parent = parents.iter().try_fold(root, |node, word| node.get_mut(word));
    if let Some(object) = parent.and_then(Value::as_object_mut) {
        object.shift_remove(last);
    }
}

/// The node at a path.
fn node<'a>(tree: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |node, word| node.get(word))
}

/// The names below a path, in the order of the configuration.
fn names(tree: &Value, path: &[&str]) -> Vec<String> {
    node(tree, path)
        .and_then(Value::as_object)
        .map(|o| o.keys().cloned().collect())
        .unwrap_or_default()
}

/// The value at a path: the first name below it.
fn only_child(tree: &Value, path: &[&str]) -> Option<String> {
    names(tree, path).into_iter().next()
}

/// A time span as `show chassis routing-engine` has it: `2 days, 3 hours, 4 minutes, 5 seconds`.
pub(super) fn lasting(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let words: Vec<String> = parts
        .into_iter()
        .skip_while(|(count, _)| *count == 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() {
        "0 seconds".to_owned()
    } else {
        words.join(", ")
    }
}

/// A time span as routing tables have it: `3w2d 04:05:06`, `2d 04:05:06`, `04:05:06`.
pub(super) fn clocked(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    match (days / 7, days % 7) {
        (0, 0) => clock,
        (0, days) => format!("{days}d {clock}"),
        (weeks, days) => format!("{weeks}w{days}d {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_lines_become_a_tree_without_what_is_deactivated() {
        let tree = tree(
            "set system host-name a\nset interfaces ge-0/0/0 description \"to the east\"\n\
             set interfaces ge-0/0/1 unit 0\ndeactivate interfaces ge-0/0/1\n",
        );
        assert_eq!(
            only_child(&tree, &["interfaces", "ge-0/0/0", "description"]).unwrap(),
            "to the east"
        );
        assert_eq!(names(&tree, &["interfaces"]), ["ge-0/0/0"]);
    }

    #[test]
    fn spans() {
        assert_eq!(lasting(93_784), "1 day, 2 hours, 3 minutes, 4 seconds");
        assert_eq!(clocked(93_784), "1d 02:03:04");
        assert_eq!(clocked(86_400 * 16 + 1), "2w2d 00:00:01");
    }
}
