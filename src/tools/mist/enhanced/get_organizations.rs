//! `get_organizations`: the organisations that the token reaches, or one of them.

use std::collections::BTreeMap;

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
    /// Absent: all that the token reaches.
    org_id: Option<String>,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_organizations",
        "Organisations",
        "The organisations that the token reaches, with id, name and role; with `org_id` that one's own record.",
        run,
    )
    .also(&["get_organization"])
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    if args.org_id.is_some() {
        let done = access.run("getOrg", &kit::values(&args)?).await?;
        return Ok(kit::object(&access, done.body(), Map::new()));
    }
    let done = access.run("getSelf", &Map::new()).await?;
    Ok(kit::object(&access, &Value::Null, summary(done.body())))
}

/// Each organisation once, also those of which only sites are reached.
fn summary(body: &Value) -> Findings {
    let privileges: &[Value] = body.get("privileges").and_then(Value::as_array).map_or(&[], Vec::as_slice);
    let mut organisations: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for privilege in privileges {
        let id = kit::text(privilege, "org_id");
        if id.is_empty() {
            continue;
        }
        let entry = organisations.entry(id).or_default();
        let is_whole = kit::text(privilege, "scope") == "org";
        let mut put = |name: &str, field: &str| {
            if let (true, Some(value)) = (kit::has(privilege, field), privilege.get(field)) {
                entry.insert(name.into(), value.clone());
            }
        };
        put("name", if is_whole { "name" } else { "org_name" });
        if is_whole {
            put("role", "role");
            put("msp_id", "msp_id");
            put("msp_name", "msp_name");
        } else {
            let parts = entry.entry("parts_only").or_insert_with(|| json!([]));
            let word = json!(format!("{}:{}", kit::text(privilege, "scope"), kit::text(privilege, "role")));
            if let Some(parts) = parts.as_array_mut().filter(|parts| !parts.contains(&word)) {
                parts.push(word);
            }
        }
    }
    let msps = kit::count(privileges, |privilege| kit::text(privilege, "scope") == "msp");
    let rows: Vec<Value> = organisations
        .into_iter()
        .map(|(id, fields)| {
            let mut row = Map::from_iter([("id".to_owned(), json!(id))]);
            row.extend(fields);
            if row.contains_key("role") {
                row.shift_remove("parts_only");
            }
            Value::Object(row)
        })
        .collect();
    let mut findings = kit::findings([("count", rows.len().into())]);
    if msps > 0 {
        findings.insert("note".into(), "the token also reaches the organisations of its MSPs: get_msp_orgs lists them".into());
    }
    findings.insert("results".into(), rows.into());
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_organisation_is_there_once() {
        let found = Value::Object(summary(&json!({"privileges": [
            {"scope": "site", "role": "read", "org_id": "o1", "org_name": "One", "site_id": "s1"},
            {"scope": "org", "role": "admin", "org_id": "o1", "name": "One", "msp_id": "m1"},
            {"scope": "site", "role": "read", "org_id": "o2", "org_name": "Two", "site_id": "s2"},
            {"scope": "site", "role": "read", "org_id": "o2", "org_name": "Two", "site_id": "s3"},
            {"scope": "msp", "role": "read", "msp_id": "m1"}
        ]})));
        assert_eq!(found["count"], 2);
        assert_eq!(found["results"], json!([
            {"id": "o1", "name": "One", "role": "admin", "msp_id": "m1"},
            {"id": "o2", "name": "Two", "parts_only": ["site:read"]}
        ]));
        assert!(found["note"].is_string());
        assert_eq!(summary(&json!({}))["results"], json!([]));
    }
}
