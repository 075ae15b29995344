//! A switch: what its site has from template and site setting, the rule that fits, and what was set at the switch itself.

use serde_json::{Map, Value};

use super::{
    matching::{self, Device},
    overlay::{put, settings},
};

/// What a site's setting says for its switches; the rest of it is for APs, gateways or the site.
const FOR_SWITCHES: &[&str] = &[
    "acl_policies",
    "acl_tags",
    "additional_config_cmds",
    "bgp_config",
    "default_port_usage",
    "dhcp_snooping",
    "dns_servers",
    "dns_suffix",
    "extra_routes",
    "extra_routes6",
    "mist_nac",
    "multicast_config",
    "networks",
    "ntp_servers",
    "ospf_areas",
    "port_mirroring",
    "port_usages",
    "radius_config",
    "remote_syslog",
    "remove_existing_configs",
    "routing_policies",
    "snmp_config",
    "switch_mgmt",
    "vrf_config",
    "vrf_instances",
];

/// A switch as it is really configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// Its configuration.
    pub config: Value,
    /// The rule of the template that it fits.
    pub rule: Option<String>,
}

/// What a switch is really configured with: the site's derived setting (which has the network template in it), the first rule that fits its
/// name, model and role, and its own, each over what is before it. Port ranges become ports, with what was set at single ports in place.
pub fn switch(derived: &Value, device: &Value) -> Switch {
    let mut whole = Map::new();
    let mut site = settings(derived);
    let rules = site.shift_remove("switch_matching");
    site.retain(|name, _| FOR_SWITCHES.contains(&name.as_str()));
    put(&mut whole, site);
    let rule = matching::first(rules.as_ref(), Device::of(device));
    let rule = rule.map(|(name, settings)| {
        put(&mut whole, settings);
        name
    });
    put(&mut whole, device.as_object().cloned().unwrap_or_default());
    overwrite_ports(&mut whole);
    Switch {
        config: Value::Object(whole),
        rule,
    }
}

/// Single ports may be set as a whole (`local_port_config`, unless the port forbids it) or in part (`port_config_overwrite`).
fn overwrite_ports(whole: &mut Map<String, Value>) {
    let mut take = |name: &str| match whole.shift_remove(name) {
        Some(Value::Object(ports)) => ports,
        _ => Map::new(),
    };
    let (local, parts) = (take("local_port_config"), take("port_config_overwrite"));
    if local.is_empty() && parts.is_empty() {
        return;
    }
    let ports = whole.entry("port_config").or_insert_with(|| Map::new().into());
    let Value::Object(ports) = ports else { return };
    for (port, config) in local {
        let is_open = |config: &Value| config.get("no_local_overwrite").and_then(Value::as_bool) == Some(false);
        if ports.get(&port).is_none_or(is_open) {
            ports.insert(port, config);
        }
    }
    for (port, part) in parts {
        match (ports.get_mut(&port), part) {
            (Some(Value::Object(known)), Value::Object(part)) => known.extend(part),
            (_, part) => {
                ports.insert(port, part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mist::specification::Specification;

    fn derived() -> Value {
        json!({
            "id": "x", "org_id": "o-1", "site_id": "s-1", "rogue": {"enabled": true},
            "networks": {"corp": {"vlan_id": 10}, "voice": {"vlan_id": 20}},
            "ntp_servers": ["198.51.100.1"], "additional_config_cmds": ["set system location building north"],
            "port_usages": {"ap": {"mode": "trunk"}},
            "switch_matching": {"enable": true, "rules": [
                {"name": "core", "match_role": "core", "port_config": {"et-0/0/0-3": {"usage": "uplink"}}},
                {"name": "access", "match_name[0:3]": "ber", "match_model[0:6]": "EX4100",
                 "port_config": {"ge-0/0/0-3": {"usage": "default"}}, "additional_config_cmds": ["set chassis alarm management-ethernet link-down ignore"]},
                {"name": "rest", "port_config": {"ge-0/0/0-47": {"usage": "disabled"}}}
            ]}
        })
    }

    #[test]
    fn site_rule_and_device_lie_over_each_other() {
        let device = json!({
            "id": "d-1", "type": "switch", "name": "ber-sw-1", "model": "EX4100-48P", "role": "access", "site_id": "s-1",
            "networks": {"corp": {"vlan_id": 11}}, "ntp_servers": [],
            "port_config": {"ge-0/0/3,ge-0/0/8": {"usage": "ap"}}
        });
        let computed = switch(&derived(), &device);
        assert_eq!(computed.rule.as_deref(), Some("access"));
        assert_eq!(
            computed.config,
            json!({
                "id": "d-1", "type": "switch", "name": "ber-sw-1", "model": "EX4100-48P", "role": "access", "site_id": "s-1",
                "networks": {"corp": {"vlan_id": 11}, "voice": {"vlan_id": 20}},
                "ntp_servers": ["198.51.100.1"], "port_usages": {"ap": {"mode": "trunk"}},
                "additional_config_cmds": [
                    "set system location building north", "set chassis alarm management-ethernet link-down ignore"
                ],
                "port_config": {
                    "ge-0/0/0": {"usage": "default"}, "ge-0/0/1": {"usage": "default"}, "ge-0/0/2": {"usage": "default"},
                    "ge-0/0/3": {"usage": "ap"}, "ge-0/0/8": {"usage": "ap"}
                }
            })
        );
    }

    #[test]
    fn single_ports_are_set_as_a_whole_or_in_part() {
        let device = json!({
            "name": "x", "role": "core",
            "port_config": {"et-0/0/1": {"usage": "uplink", "no_local_overwrite": false}},
            "local_port_config": {"et-0/0/0-1": {"usage": "lab"}, "et-0/0/9": {"usage": "lab"}},
            "port_config_overwrite": {"et-0/0/2-3": {"description": "to the roof"}}
        });
        let computed = switch(&derived(), &device);
        assert_eq!(
            computed.config["port_config"],
            json!({
                "et-0/0/0": {"usage": "uplink"}, "et-0/0/1": {"usage": "lab"},
                "et-0/0/2": {"usage": "uplink", "description": "to the roof"},
                "et-0/0/3": {"usage": "uplink", "description": "to the roof"}, "et-0/0/9": {"usage": "lab"}
            })
        );
    }

    #[test]
    fn what_is_for_switches_is_what_network_templates_say() {
        let shape = |name: &str| Specification::embedded().shape(name, 0).unwrap().unwrap();
        let template = shape("network_template");
        for name in FOR_SWITCHES {
            let is_known =
                template["properties"].get(name).is_some() || shape("device_switch")["properties"].get(name).is_some();
            assert!(is_known, "{name}");
        }
        for name in template["properties"].as_object().unwrap().keys() {
            let identity = [
                "id",
                "name",
                "org_id",
                "created_time",
                "modified_time",
                "switch_matching",
                "import_org_networks",
            ];
            assert!(
                identity.contains(&name.as_str()) || FOR_SWITCHES.contains(&name.as_str()),
                "{name}"
            );
        }
    }
}
