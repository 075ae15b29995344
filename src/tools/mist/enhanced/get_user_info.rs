//! `get_user_info`: whose token it is and what it reaches.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::kit::{self, Findings};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_user_info",
        "Account and privileges",
        "Whose Mist token it is, and which organisations, MSPs and sites it reaches with which role. Call it first: the ids for all other \
         calls are in it, and `access_summary` says whether calls for whole organisations are possible.",
        run,
    )
}

async fn run(context: Context, _: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let done = access.run("getSelf", &Map::new()).await?;
    Ok(kit::object(&access, &Value::Null, analyse(done.body())))
}

const PERSON: &[&str] = &[
    "email", "name", "first_name", "last_name", "phone", "phone2", "no_tracking", "oauth_google", "password_modified_time",
    "two_factor_verified", "via_sso",
];

fn analyse(body: &Value) -> Findings {
    let privileges: &[Value] = body.get("privileges").and_then(Value::as_array).map_or(&[], Vec::as_slice);
    let of = |scope: &str, fields: &[&str]| -> Vec<Value> {
        let rows = privileges.iter().filter(|privilege| kit::text(privilege, "scope") == scope);
        rows.map(|privilege| picked(privilege, fields)).collect()
    };
    let mut analysis = kit::findings([
        ("total_privileges", privileges.len().into()),
        ("by_scope", kit::by(privileges, "scope")),
        ("by_role", kit::by(privileges, "role")),
    ]);
    for (name, scope, fields) in [
        ("organizations", "org", &["org_id", "name", "role", "msp_id", "msp_name", "orggroup_ids", "views"] as &[_]),
        ("msps", "msp", &["msp_id", "name", "role", "msp_url", "msp_logo_url"]),
        ("sites", "site", &["site_id", "name", "role", "org_id", "org_name", "sitegroup_ids"]),
        ("organization_groups", "orggroup", &["orggroup_ids", "name", "role", "msp_id"]),
        ("site_groups", "sitegroup", &["sitegroup_ids", "name", "role", "org_id", "org_name"]),
    ] {
        analysis.insert(name.into(), of(scope, fields).into());
    }
    let analysis = super::super::answer::object(&analysis.into());
    let mut findings = kit::findings([
        ("user_info", super::super::answer::object(&picked(body, PERSON))),
        ("privilege_analysis", analysis),
        ("access_summary", summary(privileges)),
    ]);
    if kit::has(body, "tags") {
        findings.insert("tags".into(), body.get("tags").cloned().unwrap_or_default());
    }
    findings
}

/// These fields of a record; the id that names the record comes as `id`.
fn picked(record: &Value, fields: &[&str]) -> Value {
    let fields = fields.iter().enumerate().filter_map(|(at, field)| {
        let value = record.get(*field).filter(|value| !value.is_null())?;
        let name = if at == 0 && field.ends_with("_id") { "id" } else { field };
        Some((name.to_owned(), value.clone()))
    });
    Value::Object(fields.collect())
}

fn summary(privileges: &[Value]) -> Value {
    let ids = |scope: &str, role: Option<&str>| -> usize {
        let field = format!("{scope}_id");
        let rows = privileges
            .iter()
            .filter(|row| kit::text(row, "scope") == scope && role.is_none_or(|role| kit::text(row, "role") == role));
        rows.map(|row| kit::text(row, &field)).collect::<BTreeSet<_>>().len()
    };
    let (organisations, msps, sites) = (ids("org", None), ids("msp", None), ids("site", None));
    let mut summary = json!({
        "total_organizations": organisations,
        "total_msps": msps,
        "total_sites": sites,
        "admin_org_count": ids("org", Some("admin")),
        "write_org_count": ids("org", Some("write")),
        "read_org_count": ids("org", Some("read")),
        "admin_msp_count": ids("msp", Some("admin")),
        "has_site_access": organisations + msps + sites > 0,
    });
    if let (0, Some(summary)) = (organisations, summary.as_object_mut()) {
        let advice = if msps > 0 {
            "the token reaches organisations through its MSPs: get_msp_orgs lists them"
        } else {
            "the token reaches no whole organisation: use tools that take `site_id`; those for organisations are answered with 403"
        };
        summary.insert("advice".into(), advice.into());
    }
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileges_are_counted_by_what_they_are_for() {
        let found = Value::Object(analyse(&json!({
            "email": "anna@example.net", "first_name": "Anna", "tags": ["lab"],
            "privileges": [
                {"scope": "org", "role": "admin", "org_id": "o1", "name": "One", "msp_id": "m1", "msp_name": "M"},
                {"scope": "org", "role": "read", "org_id": "o2", "name": "Two", "views": ["reporting"]},
                {"scope": "site", "role": "write", "site_id": "s1", "org_id": "o3", "org_name": "Three", "name": "S"},
                {"scope": "msp", "role": "admin", "msp_id": "m1", "name": "M"},
                {"scope": "sitegroup", "role": "read", "org_id": "o3", "sitegroup_ids": ["g1"]}
            ]
        })));
        assert_eq!(found["user_info"], json!({"email": "anna@example.net", "first_name": "Anna"}));
        let analysis = &found["privilege_analysis"];
        assert_eq!(analysis["total_privileges"], 5);
        assert_eq!(analysis["by_role"], json!({"admin": 2, "read": 2, "write": 1}));
        assert_eq!(analysis["organizations"][0], json!({"id": "o1", "name": "One", "role": "admin", "msp_id": "m1", "msp_name": "M"}));
        assert_eq!(analysis["sites"][0]["org_name"], "Three");
        assert_eq!(analysis["site_groups"][0]["sitegroup_ids"], json!(["g1"]));
        let summary = &found["access_summary"];
        assert_eq!((&summary["total_organizations"], &summary["admin_org_count"]), (&json!(2), &json!(1)));
        assert_eq!(summary["advice"], Value::Null);
        assert_eq!(found["tags"], json!(["lab"]));
    }

    #[test]
    fn a_token_without_organisations_is_told_what_to_use() {
        let found = Value::Object(analyse(&json!({"name": "org token"})));
        assert_eq!(found["access_summary"]["has_site_access"], false);
        assert!(found["access_summary"]["advice"].as_str().unwrap().contains("site_id"));
    }
}
