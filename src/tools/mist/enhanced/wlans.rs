//! What WLANs come to: how clients log in, on which bands, in which VLANs.

use serde_json::{Value, json};

use super::kit;

/// What is found out about WLANs.
pub(super) fn analyse(rows: &[Value]) -> Value {
    let enabled = kit::count(rows, is_enabled);
    let open: Vec<&str> = rows
        .iter()
        .filter(|row| is_enabled(row) && login(row) == "open")
        .map(|row| kit::text(row, "ssid"))
        .collect();
    json!({
        "by_auth_type": kit::by_word(rows, login),
        "by_band": kit::by(rows, "bands"),
        "by_vlan": kit::by(rows, "vlan_id"),
        "enabled_count": enabled,
        "disabled_count": rows.len() - enabled,
        "hidden_count": kit::count(rows, |row| kit::is(row, "hide_ssid")),
        "isolated_count": kit::count(rows, |row| kit::is(row, "isolation") || kit::is(row, "l2_isolation")),
        "open_without_portal_or_encryption": open,
    })
}

/// A WLAN is on unless it says otherwise.
fn is_enabled(row: &Value) -> bool {
    row.get("enabled").and_then(Value::as_bool).unwrap_or(true)
}

/// How clients log in: `auth.type`, with WPA3, OWE and portals told apart.
fn login(row: &Value) -> &'static str {
    let auth = row.get("auth").cloned().unwrap_or_default();
    let is_wpa3 = auth
        .get("pairwise")
        .and_then(Value::as_array)
        .is_some_and(|pairwise| pairwise.iter().any(|pair| pair == "wpa3"));
    let has_portal = row.get("portal").is_some_and(|portal| kit::is(portal, "enabled"));
    match (kit::text(&auth, "type"), is_wpa3) {
        ("psk" | "psk-tkip" | "psk-wpa2-tkip", true) => "psk-wpa3",
        ("psk" | "psk-wpa2-tkip", false) => "psk",
        ("psk-tkip", false) => "psk-tkip",
        ("eap", true) => "eap-wpa3",
        ("eap", false) => "eap",
        ("eap192", _) => "eap192",
        ("wep", _) => "wep",
        ("open", _) if has_portal => "open-portal",
        ("open", _) if matches!(kit::text(&auth, "owe"), "enabled" | "required") => "open-owe",
        ("open", _) => "open",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wlans_are_counted_by_the_clouds_fields() {
        let rows = [
            json!({"ssid": "corp", "auth": {"type": "eap", "pairwise": ["wpa3"]}, "bands": ["5", "6"], "vlan_id": 10, "enabled": true}),
            json!({"ssid": "iot", "auth": {"type": "psk"}, "bands": ["24"], "enabled": false, "hide_ssid": true}),
            json!({"ssid": "guest", "auth": {"type": "open"}, "portal": {"enabled": true}}),
            json!({"ssid": "free", "auth": {"type": "open", "owe": "disabled"}, "isolation": true}),
            json!({"ssid": "owe", "auth": {"type": "open", "owe": "required"}}),
            json!({}),
        ];
        let found = analyse(&rows);
        assert_eq!(
            found["by_auth_type"],
            json!({"eap-wpa3": 1, "open": 1, "open-owe": 1, "open-portal": 1, "psk": 1, "unknown": 1})
        );
        assert_eq!(found["by_band"], json!({"(none)": 4, "24": 1, "5": 1, "6": 1}));
        assert_eq!(
            (&found["enabled_count"], &found["disabled_count"]),
            (&json!(5), &json!(1))
        );
        assert_eq!(found["open_without_portal_or_encryption"], json!(["free"]));
    }
}
