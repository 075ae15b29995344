//! Putting one layer of configuration over another.

use serde_json::{Map, Value};

use super::ports;

/// What names a thing and does not configure it: a layer keeps its own to itself.
const IDENTITY: &[&str] = &[
    "id",
    "name",
    "type",
    "org_id",
    "site_id",
    "for_site",
    "created_time",
    "modified_time",
];

/// Maps whose keys are port ranges.
const PORTS: &[&str] = &["port_config", "local_port_config", "port_config_overwrite"];

/// Lists that every layer adds to; all others are replaced by the layer on top.
const ADDED: &[&str] = &["additional_config_cmds"];

/// What a layer configures, without what it is called.
pub(super) fn settings(layer: &Value) -> Map<String, Value> {
    let fields = layer.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| !IDENTITY.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Puts a layer on top: maps by their keys, lists and single values as a whole. The cloud stores what was never set as null or empty, so
/// that says nothing.
pub(super) fn put(below: &mut Map<String, Value>, above: Map<String, Value>) {
    for (name, value) in above {
        if is_unset(&value) && below.contains_key(&name) {
            continue;
        }
        let value = if PORTS.contains(&name.as_str()) {
            ports::expanded(value)
        } else {
            value
        };
        match (below.get_mut(&name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            (Some(Value::Array(known)), Value::Array(more)) if ADDED.contains(&name.as_str()) => {
                for line in more {
                    if !known.contains(&line) {
                        known.push(line);
                    }
                }
            }
            (_, value) => {
                below.insert(name, value);
            }
        }
    }
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}
