//! `get_org_sites`: the sites of an organisation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::kit::{self, Findings, Shown};
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
        "get_org_sites",
        "Sites",
        "The sites of an organisation with address, time zone and the templates that they use; `site_analysis` counts them by country, time \
         zone and template.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.insert("limit".into(), 1000.into());
    kit::list(&context, "listOrgSites", &values, args.shown, analyse).await
}

/// Kinds of templates that a site can use.
const TEMPLATES: &[&str] = &[
    "rftemplate_id", "networktemplate_id", "gatewaytemplate_id", "aptemplate_id", "sitetemplate_id", "alarmtemplate_id", "secpolicy_id",
];

fn analyse(rows: &[Value]) -> Findings {
    let with: Map<String, Value> = TEMPLATES
        .iter()
        .map(|field| (field.trim_end_matches("_id").to_owned(), json!(kit::count(rows, |row| kit::has(row, field)))))
        .collect();
    kit::findings([
        ("site_count", rows.len().into()),
        (
            "site_analysis",
            json!({
                "by_country": kit::by(rows, "country_code"),
                "by_timezone": kit::by(rows, "timezone"),
                "total_sites": rows.len(),
                "sites_with_location": kit::count(rows, |row| kit::has(row, "latlng")),
                "sites_with_templates": kit::count(rows, |row| TEMPLATES.iter().any(|field| kit::has(row, field))),
                "by_template": with,
            }),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_counted_by_place_and_template() {
        let rows = [
            json!({"country_code": "DE", "timezone": "Europe/Berlin", "rftemplate_id": "t1", "latlng": {"lat": 1, "lng": 2}}),
            json!({"country_code": "DE", "rftemplate_id": null, "latlng": null}),
        ];
        let found = &analyse(&rows)["site_analysis"];
        assert_eq!(found["by_country"], json!({"DE": 2}));
        assert_eq!((&found["sites_with_templates"], &found["sites_with_location"]), (&json!(1), &json!(1)));
        assert_eq!(found["by_template"]["rftemplate"], 1);
    }
}
