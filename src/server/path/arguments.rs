//! Arguments as models send them, made into what the schema says: nulls dropped, aliases resolved, `"100"` read as a number and
//! `"a,b"` as a list, then validated. A wrong argument is an answer that says what would be right.

use serde_json::{Map, Value};

use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Tool, did_you_mean},
};

/// Parameters whose values may hold secrets.
const SECRETIVE: &[&str] = &[
    "auth",
    "body",
    "data",
    "payload",
    "parameters",
    "action_params",
    "params",
];

/// Arguments that fit the tool's schema.
///
/// # Errors
/// `invalid_input`, naming every argument that is wrong.
pub(super) fn prepare(tool: &Tool, mut arguments: Arguments) -> Result<Arguments> {
    arguments.retain(|_, value| !value.is_null());
    let empty = Map::new();
    let properties = tool
        .input()
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    for (name, value) in &mut arguments {
        let alias = tool.aliases.iter().find(|(alias, _)| alias == name);
        let name = alias.map_or(name.as_str(), |(_, name)| name);
        if let Some(schema) = properties.get(name) {
            coerce(schema, value, tool.command_lists.contains(&name));
        }
    }
    resolve_aliases(tool, &mut arguments)?;
    (tool.tidies)(&mut arguments);
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
    for (alias, name) in &tool.aliases {
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
fn coerce(schema: &Value, value: &mut Value, commands: bool) {
    if allows(schema, value) {
        return;
    }
    if let Value::Array(items) = value {
        // One name in brackets where one name is wanted.
        if let [Value::String(only)] = items.as_slice() {
            *value = Value::String(only.clone());
            coerce(schema, value, commands);
        }
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
        Some(text) if wants(schema, "array") => Some(list(text, commands)),
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

/// A list from text: JSON where it is JSON, else parts between commas; of commands also one on a line.
fn list(text: &str, commands: bool) -> Value {
    if let Ok(array @ Value::Array(_)) = serde_json::from_str::<Value>(text) {
        return array;
    }
    let parts: Vec<&str> = if commands {
        text.lines().flat_map(split_commands).collect()
    } else {
        text.split(',').collect()
    };
    parts
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(Value::from)
        .collect()
}

/// `show version, show system uptime` is two commands; `show log messages | match a,b` is one, and so is every line with a quote.
fn split_commands(line: &str) -> Vec<&str> {
    fn verb(part: &str) -> Option<&str> {
        part.split_whitespace().next()
    }
    let parts: Vec<&str> = line.split(',').collect();
    let splits = !line.contains(['"', '\'']) && parts.iter().all(|part| verb(part) == verb(line));
    if splits { parts } else { vec![line] }
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
    let required = tool.input().get("required").and_then(Value::as_array);
    let missing = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| !arguments.contains_key(*name));
    problems.extend(missing.map(|name| format!("`{name}` is missing")));
    for (name, value) in arguments {
        let (Some(schema), Some(check)) = (properties.get(name), tool.check(name)) else {
            continue;
        };
        match check {
            Ok(validator) if validator.is_valid(value) => {}
            // How to log in may hold a password, and so may what is written, which the validator would quote.
            Ok(validator) if SECRETIVE.contains(&name.as_str()) => {
                problems.extend(
                    validator
                        .iter_errors(value)
                        .map(|e| format!("`{name}`: {}", e.masked())),
                );
            }
            Ok(validator) => {
                let mut errors = validator.iter_errors(value).map(|e| e.to_string()).peekable();
                match refusal(tool, name, schema, value).filter(|_| errors.peek().is_some()) {
                    Some(words) => problems.push(words),
                    None => problems.extend(errors.map(|e| format!("`{name}`: {e}"))),
                }
            }
            Err(e) => problems.push(format!("`{name}`: its schema is broken: {e}")),
        }
    }
    problems
}

/// What is said of a wrong value: the tool's own words, else which words there are where the parameter is a choice of words.
fn refusal(tool: &Tool, name: &str, schema: &Value, value: &Value) -> Option<String> {
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let shown: String = shown.chars().take(80).collect();
    if let Some((_, words)) = tool.refusals.iter().find(|(parameter, _)| *parameter == name) {
        return Some(words.replace("{}", &shown));
    }
    let choices: Vec<&str> = schema
        .get("enum")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let (last, others) = choices.split_last()?;
    Some(format!(
        "invalid {name} '{shown}' (expected {}, or {last})",
        others.join(", ")
    ))
}

/// `router_name` (string, required), `timeout` (integer), ...
fn describe(tool: &Tool, properties: &Map<String, Value>) -> String {
    let required: Vec<&str> = tool
        .input()
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
