//! Arguments as models send them, made into what the schema says: nulls dropped, aliases resolved, `"100"` read as a number and
//! `"a,b"` as a list, then validated. A wrong argument is an answer that says what would be right.

use serde_json::{Map, Value};

use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Tool},
};

/// Arguments that fit the tool's schema.
///
/// # Errors
/// `invalid_input`, naming every argument that is wrong.
pub(super) fn prepare(tool: &Tool, mut arguments: Arguments) -> Result<Arguments> {
    arguments.retain(|_, value| !value.is_null());
    resolve_aliases(tool, &mut arguments)?;
    let empty = Map::new();
    let properties = tool
        .input
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    for (name, value) in &mut arguments {
        if let Some(schema) = properties.get(name) {
            coerce(schema, value);
        }
    }
    let problems = problems(tool, properties, &arguments);
    if problems.is_empty() {
        return Ok(arguments);
    }
    Err(Error::new(
        Code::InvalidInput,
        format!("arguments of `{}`: {}", tool.name, problems.join("; ")),
    )
    .advise(format!("it takes {}", describe(tool, properties))))
}

fn resolve_aliases(tool: &Tool, arguments: &mut Arguments) -> Result<()> {
    for (alias, name) in tool.aliases {
        let Some(value) = arguments.remove(*alias) else {
            continue;
        };
        match arguments.get(*name) {
            Some(present) if *present != value => {
                let message = format!(
                    "arguments of `{}`: `{alias}` and `{name}` mean the same and differ",
                    tool.name
                );
                return Err(Error::new(Code::InvalidInput, message).advise(format!("give only `{name}`")));
            }
            _ => arguments.insert((*name).to_owned(), value),
        };
    }
    Ok(())
}

/// Reads a value as what the schema wants, where there is one plain way to do so.
fn coerce(schema: &Value, value: &mut Value) {
    if allows(schema, value) {
        return;
    }
    let text = value.as_str().map(str::trim);
    let read = match text {
        Some(text) if wants(schema, "integer") || wants(schema, "number") => {
            serde_json::from_str::<Value>(text).ok().filter(Value::is_number)
        }
        Some(text) if wants(schema, "boolean") => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(Value::Bool(true)),
            "false" | "no" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        Some(text) if wants(schema, "array") => Some(list(text)),
        Some(text) if wants(schema, "object") => serde_json::from_str::<Value>(text).ok().filter(Value::is_object),
        None if wants(schema, "string") && value.is_number() => Some(Value::String(value.to_string())),
        None if wants(schema, "integer") => whole(value),
        _ => None,
    };
    if let Some(read) = read {
        *value = read;
    }
}

/// `5.0` is a whole number to a model.
fn whole(value: &Value) -> Option<Value> {
    let number = value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15)?;
    serde_json::from_str(&format!("{number:.0}")).ok()
}

/// A list from text: JSON where it is JSON, else parts between commas.
fn list(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(array @ Value::Array(_)) => array,
        _ => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(Value::from)
            .collect(),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    let mut types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for choices in ["anyOf", "oneOf"] {
        let choices = schema.get(choices).and_then(Value::as_array);
        types.extend(choices.into_iter().flatten().flat_map(self::types));
    }
    types
}

fn wants(schema: &Value, kind: &str) -> bool {
    types(schema).contains(&kind)
}

fn allows(schema: &Value, value: &Value) -> bool {
    let types = types(schema);
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_i64() || n.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    types.is_empty() || types.contains(&kind) || (kind == "integer" && types.contains(&"number"))
}

fn problems(tool: &Tool, properties: &Map<String, Value>, arguments: &Arguments) -> Vec<String> {
    let mut problems: Vec<String> = arguments
        .keys()
        .filter(|name| !properties.contains_key(*name))
        .map(|name| {
            let aliases = tool.aliases.iter().map(|(alias, _)| *alias);
            let hint = did_you_mean(name, properties.keys().map(String::as_str).chain(aliases));
            format!(
                "there is no `{name}`{}",
                if hint.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", hint.trim())
                }
            )
        })
        .collect();
    let required = tool.input.get("required").and_then(Value::as_array);
    let missing = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| !arguments.contains_key(*name));
    problems.extend(missing.map(|name| format!("`{name}` is missing")));
    for (name, value) in arguments {
        let Some(schema) = properties.get(name) else { continue };
        match jsonschema::validator_for(schema) {
            // How to log in may hold a password, which the validator would quote.
            Ok(validator) if name == "auth" => {
                problems.extend(
                    validator
                        .iter_errors(value)
                        .map(|e| format!("`{name}`: {}", e.masked())),
                );
            }
            Ok(validator) => problems.extend(validator.iter_errors(value).map(|e| format!("`{name}`: {e}"))),
            Err(e) => problems.push(format!("`{name}`: its schema is broken: {e}")),
        }
    }
    problems
}

/// `router_name` (string, required), `timeout` (integer), ...
fn describe(tool: &Tool, properties: &Map<String, Value>) -> String {
    let required: Vec<&str> = tool
        .input
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let parts: Vec<String> = properties
        .iter()
        .map(|(name, schema)| {
            let kind = types(schema).join(" or ");
            let must = if required.contains(&name.as_str()) {
                ", required"
            } else {
                ""
            };
            format!("`{name}` ({}{must})", if kind.is_empty() { "any" } else { &kind })
        })
        .collect();
    if parts.is_empty() {
        "no arguments".into()
    } else {
        parts.join(", ")
    }
}

/// "did you mean `x`? " for the nearest name; empty where none is near.
pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let wanted = name.to_ascii_lowercase();
    known
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`? "))
        .unwrap_or_default()
}

/// Levenshtein distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let here = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
