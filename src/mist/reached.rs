//! What a request names of organisations and sites beside its path, and how a refusal is worded.

use serde_json::Value;

use super::Failure;
use crate::error::Code;

/// A parameter's organisations and sites; lists have commas between.
pub(super) fn named<'a>(name: &str, value: &'a str, organisations: &mut Vec<&'a str>, sites: &mut Vec<&'a str>) {
    let values = value.split(',').map(str::trim).filter(|id| !id.is_empty());
    match name {
        "org_id" | "org_ids" | "dst_org_id" => organisations.extend(values),
        "site_id" | "site_ids" | "dst_site_id" => sites.extend(values),
        _ => {}
    }
}

/// The organisations and sites that a body names, wherever in it.
///
/// # Errors
/// `tool_scope_denied` where it names an MSP, which is above all organisations.
pub(super) fn in_body<'a>(
    body: &'a Value,
    organisations: &mut Vec<&'a str>,
    sites: &mut Vec<&'a str>,
) -> Result<(), Failure> {
    match body {
        Value::Array(items) => items.iter().try_for_each(|item| in_body(item, organisations, sites)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            if name == "msp_id" && !value.is_null() {
                return Err(whole());
            }
            match value {
                Value::String(id) => named(name, id, organisations, sites),
                Value::Array(ids) => ids
                    .iter()
                    .filter_map(Value::as_str)
                    .for_each(|id| named(name, id, organisations, sites)),
                _ => {}
            }
            in_body(value, organisations, sites)
        }),
        _ => Ok(()),
    }
}

/// The call is for more than single sites or organisations.
pub(super) fn whole() -> Failure {
    Failure::new(
        Code::ToolScopeDenied,
        "this caller reaches single sites or organisations, and the call is for more than those",
    )
    .advise("use a tool of a site, or one whose `site_id` narrows its answer")
}

/// There is nothing of this id for the caller, in the same words whether there is for others.
pub(super) fn unknown(what: &str, id: &str) -> Failure {
    let id: String = id.chars().take(60).collect();
    Failure::new(
        Code::NotFound,
        format!("there is no {what} `{}` for this caller", id.escape_debug()),
    )
    .advise("an operator decides with `mist_orgs` and `mist_sites` of the token what it reaches")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_cannot_name_others_unseen() {
        let body = json!({"op": "amend", "dst_org_id": "o2", "rows": [{"site_id": "s1"}], "site_ids": ["s2", "s3"], "name": "o9"});
        let (mut organisations, mut sites) = (Vec::new(), Vec::new());
        in_body(&body, &mut organisations, &mut sites).unwrap();
        sites.sort_unstable();
        assert_eq!((organisations, sites), (vec!["o2"], vec!["s1", "s2", "s3"]));
        assert!(in_body(&json!({"msp_id": "m1"}), &mut Vec::new(), &mut Vec::new()).is_err());
    }
}
