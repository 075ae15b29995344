//! `get_site_info`: one site.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::kit::{self, Findings};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    site_id: String,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_site_info",
        "A site",
        "One site: address, time zone, templates, organisation, how many devices and clients it has and how many are connected.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let values = kit::values(&args)?;
    let (site, stats) = tokio::join!(access.run("getSiteInfo", &values), access.run("getSiteStats", &values));
    let site = site?;
    let stats = stats.ok();
    Ok(kit::object(&access, site.body(), analyse(site.body(), stats.as_ref().map(|done| done.body()))))
}

fn analyse(site: &Value, stats: Option<&Value>) -> Findings {
    let mut capabilities = Map::new();
    for (name, field) in [
        ("has_rf_template", "rftemplate_id"),
        ("has_network_template", "networktemplate_id"),
        ("has_gateway_template", "gatewaytemplate_id"),
        ("has_ap_template", "aptemplate_id"),
        ("has_site_template", "sitetemplate_id"),
        ("has_location", "latlng"),
    ] {
        capabilities.insert(name.into(), kit::has(site, field).into());
    }
    let mut findings = Findings::new();
    if let Some(stats) = stats {
        for (name, field) in [("analytics_enabled", "analyticEnabled"), ("engagement_enabled", "engagementEnabled")] {
            if let Some(value) = stats.get(field).filter(|value| value.is_boolean()) {
                capabilities.insert(name.into(), value.clone());
            }
        }
        let counts: Map<String, Value> = stats
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, value)| name.starts_with("num_") && value.is_number())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        findings.insert("counts".into(), json!(counts));
    }
    findings.insert("site_capabilities".into(), capabilities.into());
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_those_of_this_site() {
        let site = json!({"rftemplate_id": "t", "networktemplate_id": null, "latlng": {"lat": 1}});
        let found = analyse(&site, Some(&json!({"analyticEnabled": true, "num_ap": 3, "num_ap_connected": 2, "name": "x"})));
        let capabilities = &found["site_capabilities"];
        assert_eq!((&capabilities["has_rf_template"], &capabilities["has_network_template"]), (&json!(true), &json!(false)));
        assert_eq!(capabilities["analytics_enabled"], true);
        assert_eq!(found["counts"], json!({"num_ap": 3, "num_ap_connected": 2}));
        assert!(!analyse(&site, None).contains_key("counts"));
    }
}
