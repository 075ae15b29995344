//! `search_org_nac_clients`: clients of network access control.

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
    nacrule_id: Option<String>,
    nacrule_matched: Option<bool>,
    auth_type: Option<String>,
    vlan: Option<String>,
    nas_vendor: Option<String>,
    idp_id: Option<String>,
    ssid: Option<String>,
    username: Option<String>,
    timestamp: Option<f64>,
    site_id: Option<String>,
    ap: Option<String>,
    mac: Option<String>,
    mdm_managed: Option<bool>,
    status: Option<String>,
    r#type: Option<String>,
    mdm_compliance: Option<String>,
    family: Option<String>,
    model: Option<String>,
    os: Option<String>,
    hostname: Option<String>,
    mfg: Option<String>,
    mdm_provider: Option<String>,
    sort: Option<String>,
    usermac_label: Option<Vec<String>>,
    ingress_vlan: Option<String>,
    #[serde(skip_serializing)]
    page: Option<u64>,
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
        "search_org_nac_clients",
        "Find NAC clients",
        "Find clients that logged in through access control, by user, MAC, rule, status, certificate login, SSID or VLAN; `client_analysis` counts by status, way of login, compliance and type.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    kit::first_page(args.page)?;
    let mut values = kit::values(&args)?;
    values.entry("limit").or_insert(100.into());
    kit::time(&mut values, "1d");
    kit::list(&context, "searchOrgNacClients", &values, args.shown, analyse).await
}

fn analyse(rows: &[Value]) -> Findings {
    kit::findings([(
        "client_analysis",
        json!({
            "total": rows.len(),
            "by_status": kit::by(rows, "last_status"),
            "by_auth_type": kit::by(rows, "auth_type"),
            "by_mdm_compliance": kit::by(rows, "mdm_compliance"),
            "by_type": kit::by(rows, "type"),
            "by_rule": kit::by(rows, "last_nacrule_name"),
            "without_matching_rule": kit::count(rows, |row| row.get("nacrule_matched").is_some_and(|matched| matched == false)),
        }),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_no_rule_fits_are_counted() {
        let rows = [
            json!({"last_status": "permitted", "auth_type": "eap-tls", "nacrule_matched": true}),
            json!({"last_status": "denied", "nacrule_matched": false}), json!({}),
        ];
        let found = &analyse(&rows)["client_analysis"];
        assert_eq!(found["by_status"], json!({"(none)": 1, "denied": 1, "permitted": 1}));
        assert_eq!(found["without_matching_rule"], 1);
    }
}
