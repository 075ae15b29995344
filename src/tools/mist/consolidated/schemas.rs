//! The shapes of configuration objects, under the names that tools know them by.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::objects;
use crate::{
    error::{Code, Error, Result},
    mist::specification::Specification,
};

static READ: LazyLock<Result<BTreeMap<String, Named>, String>> =
    LazyLock::new(|| toml::from_str(include_str!("data/schemas.toml")).map_err(|e| format!("schemas.toml: {e}")));

/// Levels of objects that the compact form looks into.
const DEPTH: usize = 2;
/// Words of a choice that the compact form shows.
const WORDS: usize = 12;

/// A shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// The operation whose body it is.
    operation: String,
    /// Which of the body's shapes, where it has several.
    shape: Option<String>,
}

fn all() -> Result<&'static BTreeMap<String, Named>> {
    READ.as_ref()
        .map_err(|why| Error::new(Code::Internal, format!("the names of schemas are broken: {why}")))
}

/// Their names.
pub(super) fn names() -> Vec<String> {
    all().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// The name for what may be the name of an object type.
pub(super) fn name_for(name: &str) -> Option<&'static str> {
    let kind = objects::all().ok()?.get(name)?;
    kind.schema.as_deref()
}

/// A shape as it is answered.
///
/// # Errors
/// `not_found` where there is none of this name.
pub(super) fn answer(specification: &Specification, name: &str, verbose: bool) -> Result<Value> {
    let none = || Error::new(Code::NotFound, format!("there is no schema `{}`", name.escape_debug()));
    let named = all()?.get(name).ok_or_else(none)?;
    let operation = specification.operation(&named.operation).ok_or_else(none)?;
    let body = match &named.shape {
        Some(shape) => json!({ "$ref": shape }),
        None => operation.body.clone().ok_or_else(none)?,
    };
    let route = operation.routes.first().map_or("", |route| route.path.as_str());
    let mut answer = Map::from_iter([
        ("schema_name".to_owned(), json!(name)),
        ("request".to_owned(), json!(format!("{} {route}", operation.method))),
    ]);
    if verbose {
        answer.insert("schema".into(), specification.complete(&body)?);
    } else {
        let shape = specification.resolve(&body, DEPTH)?;
        answer.extend(compact(&shape));
        answer.insert(
            "note".into(),
            "compact; verbose=true has everything nested in it".into(),
        );
    }
    Ok(Value::Object(answer))
}

/// Each attribute in a few words, those that have to be given and those that nobody can set apart.
fn compact(shape: &Value) -> Map<String, Value> {
    let is_fixed = |property: &Value| property.get("readOnly").and_then(Value::as_bool) == Some(true);
    let properties = shape.get("properties").and_then(Value::as_object);
    let (fixed, open): (Vec<_>, Vec<_>) = properties
        .into_iter()
        .flatten()
        .partition(|(_, property)| is_fixed(property));
    let attributes = open
        .into_iter()
        .map(|(name, property)| (name.clone(), words(property, DEPTH).into()));
    let mut compact = Map::new();
    if let Some(required) = shape.get("required") {
        compact.insert("required".into(), required.clone());
    }
    if !fixed.is_empty() {
        let names: Vec<&String> = fixed.into_iter().map(|(name, _)| name).collect();
        compact.insert("read_only".into(), json!(names));
    }
    compact.insert("attributes".into(), Value::Object(attributes.collect()));
    compact
}

/// `string: a|b`, `boolean = true`, `list of object {name, value}`.
fn words(schema: &Value, depth: usize) -> String {
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        _ if schema.get("properties").is_some() => "object",
        _ => "any",
    };
    let mut text = match kind {
        "array" => format!(
            "list of {}",
            schema
                .get("items")
                .map_or_else(|| "any".into(), |items| words(items, depth))
        ),
        "object" => object(schema, depth),
        kind => kind.to_owned(),
    };
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let plain = |choice: &Value| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned);
        let mut shown: Vec<String> = choices.iter().take(WORDS).map(plain).collect();
        if choices.len() > WORDS {
            shown.push("...".into());
        }
        text = format!("{text}: {}", shown.join("|"));
    }
    match schema.get("default") {
        Some(default) if !default.is_null() && !default.is_object() => format!("{text} = {default}"),
        _ => text,
    }
}

fn object(schema: &Value, depth: usize) -> String {
    let names = schema.get("properties").and_then(Value::as_object);
    let names: Vec<&str> = names.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        return format!("object {{{}}}", names.join(", "));
    }
    match schema.get("additionalProperties").filter(|more| more.is_object()) {
        Some(more) if depth > 0 => format!("map by name of {}", words(more, depth - 1)),
        _ => "object".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_there_in_both_forms() {
        let specification = Specification::embedded();
        assert_eq!(names().len(), 36);
        for name in names() {
            let short = answer(specification, &name, false).unwrap();
            let attributes = short["attributes"].as_object().unwrap();
            assert!(!attributes.is_empty(), "{name}");
            let long = answer(specification, &name, true).unwrap();
            assert!(long["schema"].is_object(), "{name}");
            let (short, long) = (short.to_string().len(), long.to_string().len());
            assert!(short < 12_000 && short < long, "{name}: {short} of {long}");
        }
        assert!(answer(specification, "org_nothing", false).is_err());
    }

    #[test]
    fn object_types_lead_to_their_schema() {
        assert_eq!(name_for("org_wlans"), Some("org_wlan"));
        for (name, kind) in objects::all().unwrap() {
            if let Some(schema) = &kind.schema {
                assert!(names().contains(schema), "{name}: {schema}");
            }
        }
    }

    #[test]
    fn attributes_are_told_in_a_few_words() {
        let specification = Specification::embedded();
        let wlan = answer(specification, "org_wlan", false).unwrap();
        assert_eq!(wlan["request"], "PUT /api/v1/orgs/{org_id}/wlans/{wlan_id}");
        assert_eq!(wlan["required"], serde_json::json!(["ssid"]));
        let said = |name: &str| wlan["attributes"][name].as_str().unwrap().to_owned();
        assert_eq!(said("ssid"), "string");
        assert!(said("hide_ssid").starts_with("boolean = "), "{}", said("hide_ssid"));
        assert!(said("auth").starts_with("object {"), "{}", said("auth"));
        assert!(
            wlan["read_only"]
                .as_array()
                .unwrap()
                .contains(&serde_json::json!("created_time"))
        );
    }
}
