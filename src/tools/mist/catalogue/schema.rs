//! The schema of a tool that mirrors an operation: the parameters of all its routes, and those that every list has.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    super::shape::{ALL_PAGES, FIELDS, SUMMARY},
    entry::Entry,
};
use crate::mist::{
    BODY,
    specification::{Operation, Paging, Parameter},
};

/// What is put into schemas of bodies before it is left open.
const DEPTH: usize = 4;

#[derive(Deserialize)]
struct Words {
    about: String,
}

/// What parameters mean, where their names do not say it.
static WORDS: LazyLock<BTreeMap<String, Words>> =
    LazyLock::new(|| toml::from_str(include_str!("data/parameters.toml")).unwrap_or_default());

/// The schema of the arguments.
pub(super) fn of(entry: &Entry, operation: &Operation, by_id: Option<&Operation>) -> Value {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    let is_newer_name = |name: &str| entry.renamed.values().any(|newer| newer == name);
    for route in operation.routes.iter().rev() {
        for parameter in &route.path_parameters {
            add(&mut properties, parameter);
            if !required.contains(&parameter.name.as_str()) {
                required.push(&parameter.name);
            }
        }
    }
    // What only an older path wants, and the newer one does not know under any name, is not wanted any more.
    if let Some(newest) = operation.routes.first().filter(|_| operation.routes.len() > 1) {
        let known = |name: &str| {
            let name = entry.renamed.get(name).map_or(name, String::as_str);
            newest
                .path_parameters
                .iter()
                .chain(&newest.query)
                .any(|parameter| parameter.name == name)
        };
        required.retain(|name| known(name));
    }
    for parameter in operation.routes.iter().flat_map(|route| &route.query) {
        if !is_newer_name(&parameter.name) && parameter.name != "search_after" {
            add(&mut properties, parameter);
            if parameter.required && !required.contains(&parameter.name.as_str()) {
                required.push(&parameter.name);
            }
        }
    }
    if let (Some(by_id), Some(_)) = (&entry.by_id, by_id) {
        let words = json!({ "type": "string", "description": "Only the one with this id." });
        properties.entry(by_id.parameter.clone()).or_insert(words);
    }
    if let Some(body) = &operation.body {
        properties.insert(BODY.into(), shape_of(body));
        required.push(BODY);
    }
    if is_list(operation) {
        properties.insert(
            FIELDS.into(),
            json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        );
        properties.insert(
            SUMMARY.into(),
            json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        );
        if operation.paging != Paging::None {
            properties.insert(ALL_PAGES.into(), json!({ "type": "boolean" }));
        }
    }
    let mut schema = Map::from_iter([
        ("type".into(), json!("object")),
        ("properties".into(), properties.into()),
    ]);
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    Value::Object(schema)
}

/// Whether answers are lists, whose columns can be chosen.
fn is_list(operation: &Operation) -> bool {
    let is_array = |answer: &Value| answer.get("type").and_then(Value::as_str) == Some("array");
    operation.paging != Paging::None || operation.answer.as_ref().is_some_and(is_array)
}

fn add(properties: &mut Map<String, Value>, parameter: &Parameter) {
    if properties.contains_key(&parameter.name) {
        return;
    }
    let mut schema = parameter.schema.clone();
    if let (Value::Object(fields), Some(words)) = (&mut schema, WORDS.get(&parameter.name)) {
        fields.insert("description".into(), words.about.clone().into());
    }
    properties.insert(parameter.name.clone(), schema);
}

/// A body's schema, with what it names put in as far as a model can read it.
fn shape_of(body: &Value) -> Value {
    let specification = crate::mist::specification::Specification::embedded();
    match body.get("$ref").and_then(Value::as_str) {
        Some(name) => specification
            .shape(name, DEPTH)
            .ok()
            .flatten()
            .unwrap_or_else(|| json!({ "type": "object" })),
        None => body.clone(),
    }
}
