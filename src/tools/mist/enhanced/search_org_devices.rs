//! `search_org_devices`: devices by any part of what is known of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    super::tidy,
    kit::{self, Shown},
};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    /// MAC, serial number, name, model or version, or a part of one.
    #[serde(rename(serialize = "text"))]
    query: String,
    #[schemars(extend("default" = 50))]
    limit: Option<u64>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "search_org_devices",
        "Find devices",
        "Find devices of an organisation by MAC, serial number, name, model or version, whole or in part, in all of the inventory.",
        run,
    )
    .aliases(&[("text", "query")])
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    kit::list(&context, "searchOrgInventory", &values(&args)?, args.shown, |rows| {
        kit::findings([("device_analysis", json!({ "by_type": kit::by(rows, "type"), "by_model": kit::by(rows, "model") }))])
    })
    .await
}

/// Hardware addresses go out as the cloud writes them; a part is looked for anywhere.
fn values(args: &Args) -> Result<Map<String, Value>> {
    let mut values = kit::values(args)?;
    values.entry("limit").or_insert(50.into());
    let query = args.query.trim();
    values.insert("text".into(), tidy::mac(query).unwrap_or_else(|| query.to_owned()).into());
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cloud_searches() {
        let args = serde_json::from_value(json!({"org_id": "o1", "query": " 5C:5B:35:00:00:01 ", "fields": ["mac"]})).unwrap();
        assert_eq!(Value::Object(values(&args).unwrap()), json!({"org_id": "o1", "text": "5c5b35000001", "limit": 50}));
    }
}
