//! Attributes that hold secrets, in what a person is shown: that they are there, and whether they change.

use serde_json::{Map, Value};

pub use crate::redact::is_secret;

const HIDDEN: &str = "***";
const OTHER: &str = "*** (another)";

/// A value without its secrets.
pub fn hidden(value: &Value) -> Value {
    beside(value, value)
}

/// A value without its secrets; those that are others than in `other` say so.
pub fn beside(value: &Value, other: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let other = other.get(name).unwrap_or(&Value::Null);
                // An object under such a name, such as how a key is found, has fields of its own.
                let shown = if is_secret(name) && !value.is_object() {
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
pub fn cover(value: &Value, other: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(text) if text.is_empty() => value.clone(),
        _ if value == other => HIDDEN.into(),
        _ => OTHER.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_known_by_their_names_and_objects_are_looked_into() {
        let shown = hidden(&json!({
            "ssid": "corp", "psk_id": "k1", "auth": {"psk": "x", "type": "psk", "keys": ["a"]}, "radius": [{"host": "192.0.2.1", "secret": "y"}],
            "root_password": "z", "password_policy": {"min_length": 8}, "dynamic_psk": {"enabled": true, "source": "cloud_psks"},
            "passphrase": "", "enable_two_factor": true
        }));
        assert_eq!(
            shown,
            json!({
                "ssid": "corp", "psk_id": "k1", "auth": {"psk": "***", "type": "psk", "keys": "***"},
                "radius": [{"host": "192.0.2.1", "secret": "***"}], "root_password": "***", "password_policy": {"min_length": 8},
                "dynamic_psk": {"enabled": true, "source": "cloud_psks"}, "passphrase": "", "enable_two_factor": true
            })
        );
    }
}
