//! Attributes that the API does not know. The specification may be older than the cloud, so this is a warning and no refusal.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::objects::Kind;
use crate::{error::Result, mist::specification::Specification, tools::did_you_mean};

/// Levels of objects that are looked into.
const DEPTH: usize = 3;
/// Warnings at most.
const MOST: usize = 10;

/// A sentence for each attribute that no operation on this kind of object knows.
///
/// # Errors
/// `internal` where the specification is broken.
pub(super) fn attributes(
    specification: &Specification,
    kind: &Kind,
    payload: &Map<String, Value>,
) -> Result<Vec<String>> {
    let mut shapes = Vec::new();
    for operation in [&kind.create, &kind.update].into_iter().flatten() {
        let body = specification
            .operation(operation)
            .and_then(|operation| operation.body.as_ref());
        if let Some(body) = body {
            shapes.push(specification.resolve(body, DEPTH)?);
        }
    }
    let shapes: Vec<&Value> = shapes.iter().flat_map(variants).collect();
    let mut warnings = Vec::new();
    check(&shapes, payload, "", &mut warnings);
    warnings.truncate(MOST);
    Ok(warnings)
}

/// The shapes of which one is meant; the shape itself where there is no choice.
fn variants(shape: &Value) -> Vec<&Value> {
    let choices = ["oneOf", "anyOf", "allOf"]
        .iter()
        .filter_map(|choice| shape.get(choice)?.as_array());
    let choices: Vec<&Value> = choices.flatten().flat_map(variants).collect();
    if shape.get("properties").is_some() || choices.is_empty() {
        [vec![shape], choices].concat()
    } else {
        choices
    }
}

/// What one of the shapes knows is known.
fn check(shapes: &[&Value], object: &Map<String, Value>, path: &str, warnings: &mut Vec<String>) {
    let properties = |shape: &&Value| shape.get("properties").and_then(Value::as_object).cloned();
    let known: Vec<Map<String, Value>> = shapes.iter().filter_map(properties).collect();
    let is_open = |shape: &&&Value| {
        shape.get("properties").is_none() || shape.get("additionalProperties").is_some_and(Value::is_object)
    };
    let open: Vec<&Value> = shapes.iter().filter(is_open).copied().collect();
    for (name, value) in object {
        let plain = name.strip_prefix('-').unwrap_or(name);
        let here = if path.is_empty() {
            plain.to_owned()
        } else {
            format!("{path}.{plain}")
        };
        let mut inner: Vec<&Value> = known.iter().filter_map(|known| known.get(plain)).collect();
        if inner.is_empty() && open.is_empty() {
            let names: BTreeSet<&str> = known
                .iter()
                .flat_map(|known| known.keys().map(String::as_str))
                .collect();
            let hint = did_you_mean(plain, names.into_iter());
            warnings.push(
                format!(
                    "`{here}` is no attribute that the API is known to have; {}",
                    hint.trim()
                )
                .trim_end_matches("; ")
                .to_owned(),
            );
            continue;
        }
        if inner.is_empty() {
            inner = open
                .iter()
                .filter_map(|shape| shape.get("additionalProperties"))
                .filter(|more| more.is_object())
                .collect();
        }
        descend(&inner, value, &here, warnings);
    }
}

fn descend(shapes: &[&Value], value: &Value, path: &str, warnings: &mut Vec<String>) {
    let shapes: Vec<&Value> = shapes.iter().flat_map(|shape| variants(shape)).collect();
    match value {
        Value::Object(object) if !shapes.is_empty() => check(&shapes, object, path, warnings),
        Value::Array(items) => {
            let of_items: Vec<&Value> = shapes.iter().filter_map(|shape| shape.get("items")).collect();
            for (at, item) in items.iter().enumerate() {
                descend(&of_items, item, &format!("{path}[{at}]"), warnings);
            }
        }
        _ => {}
    }
}
