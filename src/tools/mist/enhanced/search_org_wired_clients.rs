//! `search_org_wired_clients`: wired clients, wherever they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::kit::{self, Findings, Shown};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    auth_state: Option<String>,
    auth_method: Option<String>,
    source: Option<String>,
    site_id: Option<String>,
    device_mac: Option<String>,
    mac: Option<String>,
    port_id: Option<String>,
    vlan: Option<u64>,
    #[serde(rename(serialize = "ip"))]
    ip_address: Option<String>,
    manufacture: Option<String>,
    text: Option<String>,
    nacrule_id: Option<String>,
    dhcp_hostname: Option<String>,
    dhcp_fqdn: Option<String>,
    dhcp_client_identifier: Option<String>,
    dhcp_vendor_class_identifier: Option<String>,
    dhcp_request_params: Option<String>,
    #[schemars(extend("default" = 100))]
    limit: Option<u64>,
    start: Option<String>,
    end: Option<String>,
    #[schemars(extend("default" = "1d"))]
    duration: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "search_org_wired_clients",
        "Find wired clients",
        "Find wired clients of an organisation by MAC, address, switch and port, VLAN, manufacturer, DHCP name or any text; `client_analysis` counts by VLAN, login and manufacturer.",
        run,
    )
    .aliases(&[("ip", "ip_address")])
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.entry("limit").or_insert(100.into());
    kit::time(&mut values, "1d");
    kit::list(&context, "searchOrgWiredClients", &values, args.shown, analyse).await
}

fn analyse(rows: &[Value]) -> Findings {
    kit::findings([(
        "client_analysis",
        json!({
            "total": rows.len(),
            "by_vlan": kit::by(rows, "vlan"),
            "by_auth_method": kit::by(rows, "auth_method"),
            "by_auth_state": kit::by(rows, "auth_state"),
            "by_manufacturer": kit::by(rows, "manufacture"),
            "by_switch": kit::by(rows, "device_mac"),
        }),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_counts_in_each_of_its_vlans() {
        let rows = [json!({"vlan": [10, 20], "auth_method": "mac_auth", "device_mac": ["5c5b35000001"]}), json!({"vlan": 10})];
        let found = &analyse(&rows)["client_analysis"];
        assert_eq!(found["by_vlan"], json!({"10": 2, "20": 1}));
        assert_eq!(found["by_auth_method"], json!({"(none)": 1, "mac_auth": 1}));
    }
}
