//! Secrets in what a person is shown on a screen: replaced, so that nobody reads them over a shoulder.

use serde_json::Value;

/// Parts of names of fields that hold secrets.
const NAMES: &[&str] = &[
    "psk",
    "passphrase",
    "password",
    "secret",
    "apitoken",
    "api_token",
    "private_key",
    "privatekey",
    "community",
];

/// The value without what its names say is secret. Names such as `psk_id` are no secrets.
pub(super) fn hidden(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    if is_secret(name, value) {
                        "***".into()
                    } else {
                        hidden(value)
                    },
                )
            })
            .collect(),
        Value::Array(items) => items.iter().map(hidden).collect(),
        other => other.clone(),
    }
}

fn is_secret(name: &str, value: &Value) -> bool {
    let name = name.to_ascii_lowercase();
    let is_plain = value.is_string() || value.is_number() || value.is_array();
    let named = NAMES.iter().any(|part| name.ends_with(part)) || matches!(name.as_str(), "key" | "keys" | "token");
    is_plain && named
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        let shown = hidden(&json!({
            "ssid": "corp", "psk_id": "k1", "auth": {"psk": "x", "type": "psk", "keys": ["a"]}, "radius": [{"host": "192.0.2.1", "secret": "y"}],
            "root_password": "z", "password_policy": {"min_length": 8}
        }));
        assert_eq!(
            shown,
            json!({
                "ssid": "corp", "psk_id": "k1", "auth": {"psk": "***", "type": "psk", "keys": "***"}, "radius": [{"host": "192.0.2.1", "secret": "***"}],
                "root_password": "***", "password_policy": {"min_length": 8}
            })
        );
    }
}
