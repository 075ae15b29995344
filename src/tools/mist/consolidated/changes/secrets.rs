//! Attributes that hold secrets: what is shown of them is that they are there, and whether they change.

use serde_json::{Map, Value};

const HIDDEN: &str = "***";
const OTHER: &str = "*** (another)";

/// Whether an attribute of this name holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let part = [
        "secret",
        "password",
        "passphrase",
        "passwd",
        "private_key",
        "token",
        "credential",
    ];
    let whole = ["psk", "key", "keys", "community", "community_name", "pin"];
    let end = ["_psk", "_key", "_keys"];
    part.iter().any(|part| name.contains(part))
        || whole.contains(&name.as_str())
        || end.iter().any(|end| name.ends_with(end)) && !name.starts_with("public_") && !name.starts_with("ssh_")
}

/// A value without its secrets.
pub(super) fn hidden(value: &Value) -> Value {
    beside(value, value)
}

/// A value without its secrets; those that are others than in `other` say so.
pub(super) fn beside(value: &Value, other: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let other = other.get(name).unwrap_or(&Value::Null);
                let shown = if is_secret(name) {
                    cover(value, other)
                } else {
                    beside(value, other)
                };
                (name.clone(), shown)
            };
            Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
        }
        Value::Array(items) => {
            let item = |(at, value): (usize, &Value)| beside(value, other.get(at).unwrap_or(&Value::Null));
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        other => other.clone(),
    }
}

/// A switch or a number of seconds is no secret, and neither is that there is none.
pub(super) fn cover(value: &Value, other: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(text) if text.is_empty() => value.clone(),
        _ if value == other => HIDDEN.into(),
        _ => OTHER.into(),
    }
}
