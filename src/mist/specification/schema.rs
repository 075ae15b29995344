//! The parts of a JSON schema that are schemas themselves. Everything else in it is data: a value in `default` or `enum` may look like
//! a schema, and a property may be called `enum`.

use serde_json::{Map, Value};

/// Schemas within schemas that are put in one another, at most: below that they are `{}`. A reader of JSON has a limit, too.
pub(super) const DEEPEST: usize = 48;

/// The schema of these keywords with each schema directly in it replaced.
///
/// # Errors
/// Those of `each`.
pub(super) fn rebuilt<'a, E>(
    keywords: impl IntoIterator<Item = (&'a String, &'a Value)>,
    each: &mut impl FnMut(&Value) -> Result<Value, E>,
) -> Result<Map<String, Value>, E> {
    let mut whole = Map::new();
    for (keyword, value) in keywords {
        let value = match (keyword.as_str(), value) {
            ("items" | "additionalProperties" | "not", value) => each(value)?,
            ("oneOf" | "anyOf" | "allOf", Value::Array(list)) => {
                list.iter().map(&mut *each).collect::<Result<_, E>>()?
            }
            ("properties", Value::Object(properties)) => {
                let property = |(name, value): (&String, &Value)| Ok((name.clone(), each(value)?));
                Value::Object(properties.iter().map(property).collect::<Result<_, E>>()?)
            }
            (_, value) => value.clone(),
        };
        whole.insert(keyword.clone(), value);
    }
    Ok(whole)
}

/// The shapes that a schema names, at any depth.
pub(super) fn names_in<'a>(schema: &'a Value, names: &mut Vec<&'a str>) {
    let Value::Object(object) = schema else {
        return;
    };
    names.extend(name_in(object));
    for (keyword, value) in object {
        match (keyword.as_str(), value) {
            ("items" | "additionalProperties" | "not", value) => names_in(value, names),
            ("oneOf" | "anyOf" | "allOf", Value::Array(list)) => list.iter().for_each(|value| names_in(value, names)),
            ("properties", Value::Object(properties)) => properties.values().for_each(|value| names_in(value, names)),
            _ => {}
        }
    }
}

/// The name where the schema names a shape.
pub(super) fn name_in(object: &Map<String, Value>) -> Option<&str> {
    object.get("$ref").and_then(Value::as_str)
}

/// Whether a schema holds more than plain values or lists of something.
pub(super) fn is_deep(schema: &Value) -> bool {
    let keywords = ["properties", "additionalProperties", "oneOf", "anyOf", "allOf"];
    keywords.iter().any(|keyword| schema.get(keyword).is_some())
}
