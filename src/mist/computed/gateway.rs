//! A gateway: its template or hub profile, the rule in it that fits, and what was set at the gateway itself.

use serde_json::Value;

use super::{
    matching::{self, Device},
    overlay::{put, settings},
};

/// What a gateway is really configured with: the template (or hub profile) overlaid by the device. Port ranges become ports; maps such as
/// networks, ports and tunnels are merged by their keys, of each the device's own wins; its lists take the place of the template's.
///
/// A template of `null` says nothing.
pub fn gateway(template: &Value, device: &Value) -> Value {
    let mut whole = serde_json::Map::new();
    let mut below = settings(template);
    let rules = below.shift_remove("gateway_matching");
    put(&mut whole, below);
    if let Some((_, rule)) = matching::first(rules.as_ref(), Device::of(device)) {
        put(&mut whole, rule);
    }
    put(&mut whole, device.as_object().cloned().unwrap_or_default());
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_device_wins_key_by_key() {
        let template = json!({
            "id": "t-1", "name": "branch", "org_id": "o-1", "type": "spoke",
            "port_config": {"ge-0/0/0-1": {"usage": "wan"}, "ge-0/0/5": {"usage": "lan"}},
            "ip_configs": {"corp": {"type": "static", "ip": "192.0.2.1"}},
            "ntp_servers": ["198.51.100.1"], "dns_servers": ["198.51.100.53"],
            "additional_config_cmds": ["set system location building north"],
            "gateway_matching": {"enable": true, "rules": [
                {"name": "two", "match_name[0:3]": "muc", "port_config": {"ge-0/0/5": {"usage": "lan", "description": "wrong"}}},
                {"name": "one", "match_name[0:3]": "ber", "port_config": {"ge-0/0/5": {"usage": "lan", "description": "rule"}}}
            ]}
        });
        let device = json!({
            "id": "d-1", "name": "ber-gw", "type": "gateway", "model": "SRX320",
            "port_config": {"ge-0/0/1": {"usage": "wan", "description": "own"}},
            "ip_configs": {"guest": {"type": "static", "ip": "203.0.113.1"}},
            "ntp_servers": ["192.0.2.9"], "dns_servers": [], "vars": null,
            "additional_config_cmds": ["set system location floor 2"]
        });
        assert_eq!(
            gateway(&template, &device),
            json!({
                "id": "d-1", "name": "ber-gw", "type": "gateway", "model": "SRX320", "vars": null,
                "port_config": {
                    "ge-0/0/0": {"usage": "wan"},
                    "ge-0/0/1": {"usage": "wan", "description": "own"},
                    "ge-0/0/5": {"usage": "lan", "description": "rule"}
                },
                "ip_configs": {
                    "corp": {"type": "static", "ip": "192.0.2.1"}, "guest": {"type": "static", "ip": "203.0.113.1"}
                },
                "ntp_servers": ["192.0.2.9"], "dns_servers": ["198.51.100.53"],
                "additional_config_cmds": ["set system location building north", "set system location floor 2"]
            })
        );
    }

    #[test]
    fn without_a_template_the_device_is_what_it_is() {
        let device = json!({"id": "d-1", "port_config": {"ge-0/0/0-1": {"usage": "lan"}}});
        let ports = json!({"ge-0/0/0": {"usage": "lan"}, "ge-0/0/1": {"usage": "lan"}});
        assert_eq!(
            gateway(&Value::Null, &device),
            json!({"id": "d-1", "port_config": ports})
        );
    }
}
