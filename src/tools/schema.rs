//! JSON schemas from types, cut down to what a client and a model need.

use std::sync::OnceLock;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

/// A schema that is there, or is made when somebody asks for it: there are hundreds, and most sessions see a few.
pub(super) struct Schema {
    value: OnceLock<Value>,
    make: Option<Box<dyn Fn() -> Value + Send + Sync>>,
}

impl Schema {
    pub(super) fn ready(value: Value) -> Self {
        Self {
            value: OnceLock::from(value),
            make: None,
        }
    }

    pub(super) fn made(make: impl Fn() -> Value + Send + Sync + 'static) -> Self {
        Self {
            value: OnceLock::new(),
            make: Some(Box::new(make)),
        }
    }

    pub(super) fn get(&self) -> &Value {
        self.value
            .get_or_init(|| self.make.as_ref().map(|make| make()).unwrap_or_default())
    }
}

/// The schema of a tool's arguments: closed, without nulls (the call path drops them).
pub(super) fn input<T: JsonSchema>() -> Value {
    let mut schema = generate::<T>();
    tidy(&mut schema);
    if let Value::Object(root) = &mut schema {
        root.entry("type").or_insert_with(|| "object".into());
        root.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        root.insert("additionalProperties".into(), false.into());
        root.remove("description");
    }
    schema
}

/// The schema of a tool's structured result: open, so that what was cut can be noted in it.
pub(super) fn output<T: JsonSchema>() -> Value {
    let mut schema = generate::<T>();
    tidy(&mut schema);
    if let Value::Object(root) = &mut schema {
        root.entry("type").or_insert_with(|| "object".into());
        root.remove("description");
    }
    schema
}

fn generate<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.meta_schema = None;
        s.inline_subschemas = true;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Removes what only makes the list longer: titles, number formats, and null alternatives (the call path drops nulls in arguments,
/// and results leave out what is not there).
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("title").is_some_and(Value::is_string) {
                map.remove("title");
            }
            if map.get("format").is_some_and(Value::is_string) {
                map.remove("format");
            }
            // That a count is not negative goes without saying.
            if map.get("minimum") == Some(&0.into()) && !map.contains_key("maximum") {
                map.remove("minimum");
            }
            drop_null(map);
            words(map);
            map.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// A choice of words, each with its description, becomes the plain list of the words.
fn words(map: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = map.get("oneOf") else {
        return;
    };
    let words: Option<Vec<Value>> = choices.iter().map(|choice| choice.get("const").cloned()).collect();
    if let Some(words) = words {
        map.remove("oneOf");
        map.insert("type".into(), "string".into());
        map.insert("enum".into(), Value::Array(words));
    }
}

fn drop_null(map: &mut Map<String, Value>) {
    if map.get("default").is_some_and(Value::is_null) {
        map.remove("default");
    }
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(variants)) = map.get_mut("enum") {
        variants.retain(|v| !v.is_null());
    }
    if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
        choices.retain(|c| c.get("type").is_none_or(|t| t != "null"));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            map.remove("anyOf");
            for (key, value) in only {
                map.entry(key).or_insert(value);
            }
        }
    }
}
