//! Plausible objects made of a documented shape: values go by the names of their fields, then by their types.

use serde_json::{Map, Value, json};

use super::{
    names::{self, Place},
    pages, world,
};

/// Objects within objects that get fields which need not be there.
const FULL: usize = 3;

/// The object number `n` of this shape, at this place.
pub(super) fn object(schema: &Value, place: &Place, n: usize) -> Value {
    Maker { place, n }.make(schema, "", 0)
}

/// Only what an object of this shape has to have, and what it has where nothing is said.
pub(super) fn defaults(schema: &Value, place: &Place, n: usize) -> Map<String, Value> {
    let maker = Maker { place, n };
    let schema = merged(schema);
    let mut fields = Map::new();
    for (name, field) in properties(&schema) {
        if is_required(&schema, name) {
            fields.insert(name.clone(), maker.make(field, name, FULL));
        } else if let Some(default) = field.get("default") {
            fields.insert(name.clone(), default.clone());
        }
    }
    fields
}

struct Maker<'a> {
    place: &'a Place<'a>,
    n: usize,
}

impl Maker<'_> {
    fn make(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let schema = merged(schema);
        match kind(&schema) {
            "object" => self.fields(&schema, name, depth),
            "array" => self.items(&schema, name, depth),
            kind => self.plain(&schema, kind, name),
        }
    }

    fn fields(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let mut fields = Map::new();
        for (field, part) in properties(schema) {
            if depth < FULL || is_required(schema, field) {
                fields.insert(field.clone(), self.make(part, field, depth + 1));
            }
        }
        if let (true, Some(part @ Value::Object(_))) = (fields.is_empty(), schema.get("additionalProperties")) {
            let key = names::key(name, self.n);
            fields.insert(key, self.make(part, names::singular(name), depth + 1));
        }
        Value::Object(fields)
    }

    fn items(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let Some(part) = schema.get("items") else {
            return json!([]);
        };
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let count = if depth <= 1 { least.max(2) } else { least.max(1) };
        let most = schema.get("maxItems").and_then(Value::as_u64).unwrap_or(count);
        let mut items: Vec<Value> = Vec::new();
        for at in 0..usize::try_from(count.min(most)).unwrap_or(1) {
            let maker = Maker {
                place: self.place,
                n: self.n + at,
            };
            let item = maker.make(part, names::singular(name), depth + 1);
            let is_new = !items.contains(&item);
            if is_new || schema.get("uniqueItems").is_none() {
                items.push(item);
            }
        }
        Value::Array(items)
    }

    fn plain(&self, schema: &Value, kind: &str, name: &str) -> Value {
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return self.one_of(values, name);
        }
        match kind {
            "string" => {
                let default = schema.get("default").and_then(Value::as_str).unwrap_or_default();
                let text = names::text(self.place, name, schema_format(schema), self.n);
                let text = text.unwrap_or_else(|| match default {
                    "" => "example".to_owned(),
                    default => default.to_owned(),
                });
                Value::String(fitted(text, schema))
            }
            "integer" | "number" => self.number(schema, kind, name),
            "boolean" => match schema.get("default") {
                Some(default @ Value::Bool(_)) => default.clone(),
                _ => json!(world::noise(name, self.n, 2) == 1),
            },
            _ => Value::Null,
        }
    }

    /// What the request asked for, where it is one of the values; else one of them in turn.
    fn one_of(&self, values: &[Value], name: &str) -> Value {
        let asked = self.place.asked(name);
        let found = values.iter().find(|value| asked.is_some() && value.as_str() == asked);
        let useful: Vec<&Value> = values.iter().filter(|value| **value != json!("")).collect();
        let turn = self.n.checked_rem(useful.len()).unwrap_or(0);
        let value = found.or_else(|| useful.get(turn).copied());
        value.or_else(|| values.first()).cloned().unwrap_or(Value::Null)
    }

    fn number(&self, schema: &Value, kind: &str, name: &str) -> Value {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        if names::is_time(name) && bound("maximum").is_none() {
            let ago = f64::from(u32::try_from(world::noise(name, self.n, 72_000)).unwrap_or(0));
            return pages::whole(self.place.now - ago);
        }
        if let Some(default @ Value::Number(_)) = schema.get("default") {
            return default.clone();
        }
        let least = bound("minimum").unwrap_or(0.0);
        let most = bound("maximum").unwrap_or(least + 90.0).min(least + 1000.0);
        let named = names::number(name, self.n).filter(|value| {
            let value = f64::from(i32::try_from(*value).unwrap_or(0));
            bound("minimum").is_none_or(|least| least <= value) && bound("maximum").is_none_or(|most| value <= most)
        });
        if let Some(value) = named {
            return json!(value);
        }
        let share = f64::from(u32::try_from(world::noise(name, self.n, 100)).unwrap_or(0)) / 100.0;
        let value = least + (most - least) * share;
        if kind == "integer" {
            pages::whole(value.ceil().min(most))
        } else {
            json!((value * 100.0).round() / 100.0)
        }
    }
}

/// A text as long as the shape allows.
fn fitted(mut text: String, schema: &Value) -> String {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let length = |bound: u64| usize::try_from(bound).unwrap_or(usize::MAX);
    if let Some(most) = bound("maxLength").map(length) {
        text = text.chars().take(most).collect();
    }
    let least = bound("minLength").map_or(0, length);
    while text.chars().count() < least {
        text.push('x');
    }
    text
}

fn schema_format(schema: &Value) -> &str {
    schema.get("format").and_then(Value::as_str).unwrap_or_default()
}

/// The type: of several the first that is not null.
fn kind(schema: &Value) -> &str {
    let named = match schema.get("type") {
        Some(Value::String(kind)) => Some(kind.as_str()),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    };
    let is_object =
        schema.get("properties").is_some() || schema.get("additionalProperties").is_some_and(Value::is_object);
    named.unwrap_or(if is_object {
        "object"
    } else if schema.get("items").is_some() {
        "array"
    } else if schema.get("enum").is_some() {
        "string"
    } else {
        "object"
    })
}

/// The first of alternatives, and all of what has to hold together, as one schema.
fn merged(schema: &Value) -> Value {
    let mut merged = schema.clone();
    for word in ["oneOf", "anyOf"] {
        if let Some(first) = schema
            .get(word)
            .and_then(|all| all.as_array()?.iter().find(|one| kind(one) != "null"))
        {
            add(&mut merged, &self::merged(first));
        }
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        add(&mut merged, &self::merged(part));
    }
    merged
}

fn add(schema: &mut Value, more: &Value) {
    let (Some(schema), Some(more)) = (schema.as_object_mut(), more.as_object()) else {
        return;
    };
    for (word, value) in more {
        match (schema.get_mut(word), value) {
            (Some(Value::Object(known)), Value::Object(value)) => {
                known.extend(value.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            (Some(Value::Array(known)), Value::Array(value)) if word == "required" => known.extend(value.clone()),
            (Some(_), _) => {}
            (None, _) => {
                schema.insert(word.clone(), value.clone());
            }
        }
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|one| one == name))
}
