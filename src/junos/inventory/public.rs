//! What of an inventory entry a caller may see: everything but credentials.

use serde_json::{Map, Value, json};

/// Words that make a field a credential, wherever they stand in its name.
const CREDENTIAL_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "private_key",
    "privatekey",
    "key_path",
    "token",
    "api_key",
    "apikey",
    "credential",
    "snmp_community",
];

/// The entry as `get_router_list` shows it: `auth` shrinks to its type, `ssh_config` and credentials are left out,
/// unknown fields (role, site, tags, blocklist) stay as written.
pub(super) fn fields(entry: &Map<String, Value>) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, value) in entry {
        match name.as_str() {
            "auth" => {
                let kind = value.get("type").and_then(Value::as_str).unwrap_or("unknown");
                shown.insert(name.clone(), json!({ "type": kind }));
            }
            "ssh_config" => {}
            _ if is_credential(name) => {}
            _ => {
                shown.insert(name.clone(), without_credentials(value));
            }
        }
    }
    if !shown.contains_key("auth") && entry.contains_key("password") {
        shown.insert("auth".to_owned(), json!({ "type": "password" }));
    }
    shown
}

fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    CREDENTIAL_WORDS.iter().any(|word| name.contains(word))
}

fn without_credentials(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .filter(|(name, _)| !is_credential(name))
            .map(|(name, value)| (name.clone(), without_credentials(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(without_credentials).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out_and_the_rest_stays_in_order() {
        let entry = json!({
            "site": "lab-7", "ip": "192.0.2.1", "ssh_config": "~/.ssh/c", "password": "top",
            "auth": {"type": "ssh_key", "private_key_path": "/k", "passphrase": "p"},
            "console": {"port": 7, "enable-password": "q"}, "tags": ["core", {"api_token": "t", "a": 1}],
        });
        let shown = fields(entry.as_object().unwrap());
        let expected = json!({
            "site": "lab-7", "ip": "192.0.2.1", "auth": {"type": "ssh_key"},
            "console": {"port": 7}, "tags": ["core", {"a": 1}],
        });
        assert_eq!(Value::Object(shown).to_string(), expected.to_string());
    }

    #[test]
    fn an_old_entry_shows_how_it_logs_in() {
        let entry = json!({"ip": "192.0.2.1", "password": "top"});
        let shown = Value::Object(fields(entry.as_object().unwrap()));
        assert_eq!(shown, json!({"ip": "192.0.2.1", "auth": {"type": "password"}}));
    }
}
