//! A template with a device's own configuration laid over it: what is in force, and where the device differs.

use serde_json::{Map, Value, json};

use super::super::shape::is_empty;

/// Fields of a device's record, or a template's, that are no configuration.
const RECORD: &[&str] = &[
    "id",
    "name",
    "mac",
    "serial",
    "model",
    "type",
    "org_id",
    "site_id",
    "msp_id",
    "map_id",
    "x",
    "y",
    "height",
    "orientation",
    "notes",
    "created_time",
    "modified_time",
    "image1_url",
    "image2_url",
    "image3_url",
    "deviceprofile_id",
    "gatewaytemplate_id",
    "managed",
    "mist_configured",
    "for_site",
    "locked",
    "hw_rev",
    "adopted",
    "connected",
    "gateway_matching",
];
/// Characters of a value that are shown where two differ.
const SHOWN: usize = 200;

/// What came of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Overlay {
    /// What is in force.
    pub(super) merged: Map<String, Value>,
    /// Where the device says something else than the template: path, template's value, device's value.
    overridden: Vec<(String, Value, Value)>,
    /// What only the device has.
    extra: Vec<String>,
    /// What only the template has: the device inherits it.
    missing: Vec<String>,
}

impl Overlay {
    /// This template with this device over it. What a device leaves empty it does not say.
    pub(super) fn of(template: &Value, device: &Value) -> Self {
        let (template, device) = (configuration(template), configuration(device));
        let mut overlay = Self::default();
        overlay.merged = overlay.lay("", &template, &device);
        overlay
    }

    /// The differences, for people. The device takes over what is missing on it; all else is its own.
    pub(super) fn drift(&self) -> Value {
        let row = |(path, template, device): &(String, Value, Value)| json!({ "key": path, "template": shown(template), "device": shown(device) });
        json!({
            "overridden": self.overridden.iter().map(row).collect::<Vec<_>>(),
            "extra": self.extra,
            "missing": self.missing,
        })
    }

    fn lay(&mut self, path: &str, template: &Map<String, Value>, device: &Map<String, Value>) -> Map<String, Value> {
        let mut merged = template.clone();
        let at = |name: &String| {
            if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            }
        };
        for (name, own) in device {
            let value = match template.get(name) {
                None => {
                    self.extra.push(at(name));
                    own.clone()
                }
                Some(Value::Object(inherited)) if own.is_object() => {
                    let own = own.as_object().cloned().unwrap_or_default();
                    Value::Object(self.lay(&at(name), inherited, &own))
                }
                Some(inherited) => {
                    if inherited != own {
                        self.overridden.push((at(name), inherited.clone(), own.clone()));
                    }
                    own.clone()
                }
            };
            merged.insert(name.clone(), value);
        }
        for name in template.keys().filter(|name| !device.contains_key(*name)) {
            self.missing.push(at(name));
        }
        merged
    }
}

/// The configuration in a record: without what names the thing, and without what is empty.
pub(super) fn configuration(record: &Value) -> Map<String, Value> {
    let fields = record.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| !RECORD.contains(&name.as_str()) && !is_empty(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// What is no configuration in a record.
pub(super) fn record(record: &Value) -> Map<String, Value> {
    let fields = record.as_object().into_iter().flatten();
    fields
        .filter(|(name, _)| RECORD.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn shown(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= SHOWN {
        return value.clone();
    }
    let begin: String = text.chars().take(SHOWN).collect();
    format!("{begin}...").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_wins_where_it_says_something() {
        let template = json!({
            "id": "t1", "name": "branch", "ntp_servers": ["192.0.2.1"], "dns_servers": ["192.0.2.53"],
            "port_config": {"ge-0/0/0": {"usage": "wan", "mtu": 1500}, "ge-0/0/1": {"usage": "lan"}},
            "bgp_config": {"core": {"local_as": 65001}}
        });
        let device = json!({
            "id": "d1", "name": "gw-1", "mac": "5c5b35000001", "ntp_servers": ["192.0.2.2"], "dns_servers": [], "bgp_config": {},
            "port_config": {"ge-0/0/0": {"usage": "wan", "mtu": 9000}, "ge-0/0/2": {"usage": "lan"}}, "router_id": "192.0.2.9"
        });
        let overlay = Overlay::of(&template, &device);
        assert_eq!(
            Value::Object(overlay.merged.clone()),
            json!({
                "ntp_servers": ["192.0.2.2"], "dns_servers": ["192.0.2.53"],
                "port_config": {"ge-0/0/0": {"usage": "wan", "mtu": 9000}, "ge-0/0/1": {"usage": "lan"}, "ge-0/0/2": {"usage": "lan"}},
                "bgp_config": {"core": {"local_as": 65001}}, "router_id": "192.0.2.9"
            })
        );
        assert_eq!(
            overlay.drift(),
            json!({
                "overridden": [
                    {"key": "ntp_servers", "template": ["192.0.2.1"], "device": ["192.0.2.2"]},
                    {"key": "port_config.ge-0/0/0.mtu", "template": 1500, "device": 9000}
                ],
                "extra": ["port_config.ge-0/0/2", "router_id"],
                "missing": ["port_config.ge-0/0/1", "dns_servers", "bgp_config"]
            })
        );
    }

    #[test]
    fn a_device_like_its_template_has_no_drift() {
        let same = json!({"name": "x", "port_config": {"ge-0/0/0": {"usage": "wan"}}});
        let none = json!({"overridden": [], "extra": [], "missing": []});
        assert_eq!(Overlay::of(&same, &same).drift(), none);
        assert_eq!(Overlay::of(&json!({}), &json!(null)), Overlay::default());
        let long = json!({"text": "x".repeat(5000)});
        let drift = Overlay::of(&long, &json!({"text": "y"})).drift();
        assert!(drift["overridden"][0]["template"].as_str().unwrap().len() < 250);
    }
}
