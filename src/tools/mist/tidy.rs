//! Arguments in the spellings that models and people use, brought into the one that the cloud takes: hardware addresses, device ids, times.

use serde_json::Value;

use crate::{time::parse_rfc3339, tools::Arguments};

/// Where the ids of devices begin; the rest is the hardware address.
const DEVICE: &str = "00000000-0000-0000-1000-";

/// Brings all arguments into the cloud's spelling. What is in none that is known stays as it is.
pub(super) fn tidy(arguments: &mut Arguments) {
    // A model that has nothing to say of a parameter says so with an empty text.
    arguments.retain(|_, value| value.as_str() != Some(""));
    for (name, value) in arguments.iter_mut() {
        let name = name.as_str();
        match value {
            Value::String(text) => {
                if let Some(tidied) = tidied(name, text) {
                    *text = tidied;
                }
            }
            Value::Array(items) => {
                for item in items {
                    if let Some(tidied) = item.as_str().and_then(|text| tidied(name, text)) {
                        *item = tidied.into();
                    }
                }
            }
            _ => {}
        }
    }
}

fn tidied(name: &str, text: &str) -> Option<String> {
    match name {
        "device_id" => mac(text).map(|mac| device_id(&mac)),
        "start" | "end" => parse_rfc3339(text.trim())
            .or_else(|| day(text))
            .map(|time| time.as_secs().to_string()),
        _ if is_address(name) => mac(text),
        _ => None,
    }
}

fn day(text: &str) -> Option<std::time::Duration> {
    let text = text.trim();
    (text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2)
        .then(|| parse_rfc3339(&format!("{text}T00:00:00Z")))
        .flatten()
}

/// Whether a parameter of this name holds hardware addresses.
fn is_address(name: &str) -> bool {
    matches!(name, "mac" | "macs" | "ap" | "bssid" | "chassis_mac") || name.ends_with("_mac") || name.ends_with("_macs")
}

/// A whole hardware address as the cloud writes it: twelve lower-case digits.
pub(super) fn mac(text: &str) -> Option<String> {
    let text = text.trim();
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    let is_whole = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole.then(|| digits.to_ascii_lowercase())
}

/// The id of the device with this address.
pub(super) fn device_id(mac: &str) -> String {
    format!("{DEVICE}{mac}")
}

/// The address in the id of a device.
pub(super) fn address_of(id: &str) -> Option<String> {
    id.trim().to_ascii_lowercase().strip_prefix(DEVICE).and_then(mac)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spellings_become_one() {
        let mut arguments = json!({
            "mac": "5C:5B:35:00:00:01", "ap": "5c5b.3500.0002", "client_mac": "5c5b35", "device_id": "5c-5b-35-00-00-03",
            "start": "2026-11-01T00:00:00Z", "end": "-1d", "name": "5C:5B:35:00:00:01", "macs": ["5C:5B:35:00:00:04"]
        });
        tidy(arguments.as_object_mut().unwrap());
        assert_eq!(
            arguments,
            json!({
                "mac": "5c5b35000001", "ap": "5c5b35000002", "client_mac": "5c5b35",
                "device_id": "00000000-0000-0000-1000-5c5b35000003", "start": "1793491200", "end": "-1d", "name": "5C:5B:35:00:00:01",
                "macs": ["5c5b35000004"]
            })
        );
        let mut day = json!({"start": "2026-11-01"});
        tidy(day.as_object_mut().unwrap());
        assert_eq!(day["start"], "1793491200");
    }
}
