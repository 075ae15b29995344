//! `get_org_networks`: the networks of an organisation's WAN.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    bgp::word,
    kit::{self, Findings, Shown},
};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_org_networks",
        "Networks of an organisation",
        "The networks that an organisation's gateways route: VLAN, subnet, tenants, access to the internet and through VPNs; \
         `network_summary` counts them and names VLAN ids that several use.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.insert("limit".into(), 1000.into());
    kit::list(&context, "listOrgNetworks", &values, args.shown, analyse).await
}

fn analyse(rows: &[Value]) -> Findings {
    let inside = |row: &Value, part: &str| row.get(part).is_some_and(|part| kit::is(part, "enabled"));
    let mut vlans: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for row in rows {
        // Variables such as {{vlan}} stand for another number at each site.
        let vlan = row.get("vlan_id").filter(|vlan| !vlan.is_null()).map(word);
        if let Some(vlan) = vlan.filter(|vlan| !vlan.is_empty() && !vlan.contains("{{")) {
            vlans.entry(vlan).or_default().push(kit::text(row, "name"));
        }
    }
    vlans.retain(|_, names| names.len() > 1);
    kit::findings([(
        "network_summary",
        json!({
            "total": rows.len(),
            "with_vlan": kit::count(rows, |row| kit::has(row, "vlan_id")),
            "with_subnet": kit::count(rows, |row| kit::has(row, "subnet")),
            "with_ipv6": kit::count(rows, |row| kit::has(row, "subnet6")),
            "internet_access": kit::count(rows, |row| inside(row, "internet_access")),
            "vpn_access": kit::count(rows, |row| kit::has(row, "vpn_access")),
            "isolated": kit::count(rows, |row| kit::is(row, "isolation")),
            "multicast": kit::count(rows, |row| inside(row, "multicast")),
            "vlans_of_several_networks": vlans,
        }),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vlans_that_several_networks_use_are_named() {
        let rows = [
            json!({"name": "a", "vlan_id": 10, "subnet": "192.0.2.0/24", "internet_access": {"enabled": true}}),
            json!({"name": "b", "vlan_id": "10", "vpn_access": {"x": {}}}),
            json!({"name": "c", "vlan_id": "{{guest}}"}),
            json!({"name": "d", "vlan_id": "{{guest}}", "isolation": true}),
            json!({}),
        ];
        let found = &analyse(&rows)["network_summary"];
        assert_eq!(found["vlans_of_several_networks"], json!({"10": ["a", "b"]}));
        assert_eq!((&found["with_vlan"], &found["internet_access"], &found["isolated"]), (&json!(4), &json!(1), &json!(1)));
    }
}
