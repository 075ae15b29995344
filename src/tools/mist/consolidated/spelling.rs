//! Arguments in the spellings that models use, beyond those that every tool for the Mist cloud reads: words in any case, bands, times.

use serde_json::Value;

use super::super::tidy;
use crate::{time::parse_rfc3339, tools::Arguments};

/// Parameters whose values are words of a list.
const WORDS: &[&str] = &[
    "action_type",
    "channel",
    "client_type",
    "device_type",
    "event_source",
    "firmware_type",
    "info_type",
    "object_type",
    "query_type",
    "response_type",
    "rogue_ap_type",
    "rogue_type",
    "rrm_info_type",
    "schema_name",
    "scope",
    "stats_type",
    "status",
    "troubleshoot_type",
];

/// Brings all arguments into one spelling.
pub(super) fn tidy(arguments: &mut Arguments) {
    for (name, value) in arguments.iter_mut() {
        let Value::String(text) = value else { continue };
        let tidied = match name.as_str() {
            "band" => band(text),
            "start" | "end" => time(text),
            // Kinds of networks are words; the names of single levels, which have dashes, are another thing.
            "sle" => Some(word(text)).filter(|word| matches!(word.as_str(), "wifi" | "wired" | "wan")),
            name if WORDS.contains(&name) => Some(word(text)),
            _ => None,
        };
        if let Some(tidied) = tidied {
            *text = tidied;
        }
    }
    tidy::tidy(arguments);
}

/// `Site Devices` is `site_devices`.
fn word(text: &str) -> String {
    text.trim().to_ascii_lowercase().replace([' ', '-'], "_")
}

/// `2.4 GHz`, `5GHz` and `5_dedicated` are `24`, `5` and `5-dedicated`.
fn band(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase().replace('_', "-");
    let text = text.trim_end_matches("ghz").trim_end();
    let text = text
        .strip_prefix("band")
        .map_or(text, |rest| rest.trim_start_matches(['-', ' ']));
    Some(if text == "2.4" { "24".into() } else { text.to_owned() })
}

/// Milliseconds become seconds, and a time without a zone is one in UTC.
fn time(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.get(..10).map(str::to_owned);
    }
    let has_clock = text.len() >= 16 && text.contains(['T', ' ']) && text.contains(':');
    let whole = if text.matches(':').count() == 1 {
        format!("{text}:00Z")
    } else {
        format!("{text}Z")
    };
    has_clock
        .then(|| parse_rfc3339(&whole))
        .flatten()
        .map(|time| time.as_secs().to_string())
}

/// A value as a parameter of this name takes it on the wire: ids of devices where those are wanted, addresses where those are.
pub(super) fn for_wire(name: &str, value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    match name {
        "device_id" | "mxedge_id" => tidy::mac(text).map_or_else(|| value.clone(), |mac| tidy::device_id(&mac).into()),
        "mac" if text.contains(',') => {
            let one = |text: &str| tidy::mac(text).unwrap_or_else(|| text.trim().to_owned());
            text.split(',').map(one).collect::<Vec<_>>().join(",").into()
        }
        "mac" | "ap" | "ap_mac" | "device_mac" | "client_mac" => tidy::address_of(text)
            .or_else(|| tidy::mac(text))
            .map_or_else(|| value.clone(), Value::from),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spellings_become_one() {
        let mut arguments = json!({
            "band": "2.4 GHz", "object_type": "Site Devices", "start": "1700000000123", "end": "2026-11-01 00:00", "mac": "5C:5B:35:00:00:01",
            "text": "Lobby AP"
        });
        tidy(arguments.as_object_mut().unwrap());
        assert_eq!(
            arguments,
            json!({
                "band": "24", "object_type": "site_devices", "start": "1700000000", "end": "1793491200", "mac": "5c5b35000001",
                "text": "Lobby AP"
            })
        );
        for (text, wanted) in [
            ("5GHz", "5"),
            ("5_dedicated", "5-dedicated"),
            ("Band.B6", ".b6"),
            ("band 6", "6"),
        ] {
            assert_eq!(band(text).as_deref(), Some(wanted));
        }
        let mut levels = json!({"sle": "gateway-health"});
        tidy(levels.as_object_mut().unwrap());
        assert_eq!(levels["sle"], "gateway-health");
        assert_eq!(time("2026-11-01T00:00:00").as_deref(), Some("1793491200"));
        assert_eq!(time("-1d"), None);
        assert_eq!(time("1793491200"), None);
    }

    #[test]
    fn ids_and_addresses_of_devices_stand_for_each_other() {
        let id = json!("00000000-0000-0000-1000-5c5b35000001");
        assert_eq!(for_wire("mac", &id), json!("5c5b35000001"));
        assert_eq!(for_wire("device_id", &json!("5c:5b:35:00:00:01")), id);
        assert_eq!(for_wire("device_id", &id), id);
        assert_eq!(for_wire("site_id", &id), id);
        assert_eq!(for_wire("mac", &json!("5c5b35*")), json!("5c5b35*"));
        let two = json!("5C:5B:35:00:00:01, 5c5b35000002");
        assert_eq!(for_wire("mac", &two), json!("5c5b35000001,5c5b35000002"));
    }
}
