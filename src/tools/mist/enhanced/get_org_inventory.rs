//! `get_org_inventory`: what an organisation owns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kit::{self, Shown};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    /// ap, switch or gateway.
    #[serde(rename(serialize = "type"))]
    device_type: Option<String>,
    #[schemars(extend("default" = 1))]
    page: Option<u64>,
    #[schemars(extend("default" = 1000))]
    limit: Option<u64>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_org_inventory",
        "Inventory",
        "All devices that an organisation owns, assigned to a site or not, with model, serial number and whether they are connected; \
         `device_type_breakdown` and `device_analysis` count them.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.entry("limit").or_insert(1000.into());
    kit::list(&context, "getOrgInventory", &values, args.shown, analyse).await
}

fn analyse(rows: &[Value]) -> kit::Findings {
    let mut analysis = super::stats::devices(rows);
    if let Some(fields) = analysis.as_object_mut() {
        fields.shift_remove("by_type");
        fields.insert("unassigned".into(), kit::count(rows, |row| !kit::has(row, "site_id")).into());
    }
    kit::findings([
        ("device_count", rows.len().into()),
        ("device_type_breakdown", kit::by(rows, "type")),
        ("device_analysis", analysis),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn devices_without_site_are_counted() {
        let rows = [json!({"type": "ap", "connected": true, "site_id": "s1"}), json!({"type": "ap", "connected": false, "site_id": ""})];
        let found = Value::Object(analyse(&rows));
        assert_eq!(found["device_type_breakdown"], json!({"ap": 2}));
        assert_eq!(found["device_analysis"]["unassigned"], 1);
        assert_eq!(found["device_analysis"]["by_status"], json!({"connected": 1, "disconnected": 1}));
    }
}
