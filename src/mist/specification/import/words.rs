//! Schemas without words: what a program can check stays; descriptions, examples and titles do not.

use serde_json::{Map, Value, json};

use super::document::Document;
use crate::{
    error::Result,
    mist::specification::schema::{DEEPEST, name_in, rebuilt},
};

/// What names a schema in an OpenAPI file.
const SCHEMAS: &str = "#/components/schemas/";
/// Schemas that are written where they are named, in one file, at most: a few lines can ask for any number.
const LARGEST: usize = 100_000;
/// Formats that say no more than the type does.
const IDLE_FORMATS: &[&str] = &["int32", "int64", "float", "double", "string"];
/// Keywords that are kept.
const KEPT: &[&str] = &[
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contentMediaType",
    "default",
    "deprecated",
    "discriminator",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "properties",
    "readOnly",
    "required",
    "type",
    "uniqueItems",
    "writeOnly",
];

/// Takes the words out of schemas.
pub(super) struct Words<'a> {
    document: &'a Document,
    /// How many schemas may still be written where they are named.
    room: usize,
}

impl<'a> Words<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self {
            document,
            room: LARGEST,
        }
    }

    /// The schema without words; other schemas are named as `{"$ref": "name"}`.
    pub(super) fn without(&self, schema: &Value) -> Result<Value> {
        let Value::Object(object) = schema else {
            return Ok(schema.clone());
        };
        let facts = object.iter().filter(|(keyword, value)| is_fact(keyword, value));
        let mut whole = rebuilt(facts, &mut |part| self.without(part))?;
        if let Some(reference) = name_in(object) {
            whole.insert("$ref".to_owned(), self.name(reference)?.into());
        }
        if let Some(discriminator) = whole.get_mut("discriminator") {
            *discriminator = json!({"propertyName": discriminator.get("propertyName")});
        }
        if object.get("nullable") == Some(&Value::Bool(true)) {
            allow_null(&mut whole);
        }
        Ok(Value::Object(whole))
    }

    /// The schema without words and without names: what it names is put in. A schema within itself is `{}`.
    pub(super) fn without_names(&mut self, schema: &Value) -> Result<Value> {
        let schema = self.without(schema)?;
        self.put_in(&schema, &mut Vec::new(), 0)
    }

    /// The schema, which the schemas of these names led to, in so many others.
    fn put_in(&mut self, schema: &Value, above: &mut Vec<String>, level: usize) -> Result<Value> {
        self.room = self.room.checked_sub(1).ok_or_else(|| {
            let what = "has parameters that lead to more schemas than an API can have";
            self.document.wrong(what)
        })?;
        let Value::Object(object) = schema else {
            return Ok(schema.clone());
        };
        if level == DEEPEST {
            return Ok(json!({}));
        }
        let Some(name) = name_in(object) else {
            return rebuilt(object, &mut |part| self.put_in(part, above, level + 1)).map(Value::Object);
        };
        if above.iter().any(|above| above == name) {
            return Ok(json!({}));
        }
        let target = self.without(self.document.target(&format!("{SCHEMAS}{name}"))?)?;
        above.push(name.to_owned());
        let whole = self.put_in(&target, above, level + 1);
        above.pop();
        let mut whole = whole?;
        if let Value::Object(whole) = &mut whole {
            let beside = object.iter().filter(|(keyword, _)| *keyword != "$ref");
            whole.extend(beside.map(|(keyword, value)| (keyword.clone(), value.clone())));
        }
        Ok(whole)
    }

    /// The name in a reference to a schema.
    fn name<'r>(&self, reference: &'r str) -> Result<&'r str> {
        self.document.target(reference)?;
        let name = reference.strip_prefix(SCHEMAS).filter(|name| is_plain(name));
        name.ok_or_else(|| {
            self.document
                .wrong(&format!("refers to `{reference}`, which is not a named schema"))
        })
    }
}

/// Whether a name has only letters, digits, `_`, `-` and `.`.
pub(super) fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    !name.is_empty() && name.len() <= 200 && name.bytes().all(plain)
}

fn is_fact(keyword: &str, value: &Value) -> bool {
    match keyword {
        "format" => !value.as_str().is_some_and(|format| IDLE_FORMATS.contains(&format)),
        // Such defaults are what a page shows to a guest.
        "default" => !value.as_str().is_some_and(|text| text.contains(' ')),
        "readOnly" | "writeOnly" | "deprecated" | "uniqueItems" => *value == Value::Bool(true),
        _ => KEPT.contains(&keyword),
    }
}

/// What `nullable` said before version 3.1.
fn allow_null(schema: &mut Map<String, Value>) {
    let Some(kind @ Value::String(_)) = schema.get_mut("type") else {
        return;
    };
    *kind = json!([kind, "null"]);
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}
