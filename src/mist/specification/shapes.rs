//! Named schemas, and putting in the ones that a schema names.

use std::{collections::BTreeSet, convert::Infallible};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    lines::{Fact, Lines},
    schema::{DEEPEST, is_deep, name_in, names_in, rebuilt},
};
use crate::error::Result;

/// Schemas in one schema with what it names put in, at most; a few shapes lead to most of the others.
const LARGEST: usize = 50_000;

/// A named schema.
#[derive(Debug, Deserialize)]
pub(super) struct Shape {
    /// Its JSON schema; `{"$ref": "name"}` names another shape.
    pub(super) schema: Value,
}

impl Fact for Shape {
    type Line = Self;
    const BEGIN: &'static str = r#"{"name":""#;
    const END: &'static str = "\"";
}

/// Puts in the shapes that a schema names.
pub(super) struct Resolver<'a> {
    shapes: &'a Lines<Shape>,
    /// The names that lead to where it is.
    above: Vec<String>,
    /// How many schemas it is in.
    level: usize,
    /// How many schemas may still be written.
    room: usize,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(shapes: &'a Lines<Shape>) -> Self {
        Self {
            shapes,
            above: Vec::new(),
            level: 0,
            room: LARGEST,
        }
    }

    /// For the shape of this name.
    pub(super) fn within(shapes: &'a Lines<Shape>, name: &str) -> Self {
        Self {
            above: vec![name.to_owned()],
            ..Self::new(shapes)
        }
    }

    /// The schema with the shapes that it names, objects down to `depth`.
    pub(super) fn resolve(&mut self, schema: &Value, depth: usize) -> Result<Value> {
        let Value::Object(object) = schema else {
            return Ok(schema.clone());
        };
        if self.level == DEEPEST {
            return Ok(json!({}));
        }
        self.level += 1;
        self.room = self.room.saturating_sub(1);
        let resolved = match name_in(object) {
            Some(name) => self.named(name, object, depth),
            None => rebuilt(object, &mut |part| self.resolve(part, depth)).map(Value::Object),
        };
        self.level -= 1;
        resolved
    }

    /// What stands beside the name goes on top of what the name means.
    fn named(&mut self, name: &str, beside: &Map<String, Value>, depth: usize) -> Result<Value> {
        let Some(shape) = self.shapes.get(name)? else {
            return Ok(json!({}));
        };
        let below = depth.checked_sub(usize::from(is_deep(&shape.schema)));
        let is_within_itself = self.above.iter().any(|above| above == name);
        let (Some(below), false, 1..) = (below, is_within_itself, self.room) else {
            return Ok(json!({}));
        };
        self.above.push(name.to_owned());
        let resolved = self.resolve(&shape.schema, below);
        self.above.pop();
        let mut resolved = resolved?;
        if let Value::Object(resolved) = &mut resolved {
            let beside = beside.iter().filter(|(keyword, _)| *keyword != "$ref");
            resolved.extend(beside.map(|(keyword, value)| (keyword.clone(), value.clone())));
        }
        Ok(resolved)
    }
}

/// A schema with the shapes that it leads to under `$defs`.
pub(super) fn complete(shapes: &Lines<Shape>, schema: &Value) -> Result<Value> {
    let mut whole = pointed(schema);
    let mut open = BTreeSet::new();
    let mut definitions = Map::new();
    note_names(schema, &mut open);
    while let Some(name) = open.pop_first() {
        let definition = match shapes.get(&name)? {
            Some(shape) => {
                note_names(&shape.schema, &mut open);
                pointed(&shape.schema)
            }
            None => json!({}),
        };
        definitions.insert(name, definition);
        open.retain(|name| !definitions.contains_key(name));
    }
    if let (Value::Object(whole), false) = (&mut whole, definitions.is_empty()) {
        definitions.sort_keys();
        whole.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Ok(whole)
}

fn note_names(schema: &Value, all: &mut BTreeSet<String>) {
    let mut names = Vec::new();
    names_in(schema, &mut names);
    all.extend(names.into_iter().map(str::to_owned));
}

/// The schema with names turned into pointers to `$defs`.
fn pointed(schema: &Value) -> Value {
    let Value::Object(object) = schema else {
        return schema.clone();
    };
    let Ok(mut whole) = rebuilt(object, &mut |part| Ok::<_, Infallible>(pointed(part)));
    if let Some(Value::String(name)) = whole.get_mut("$ref") {
        name.insert_str(0, "#/$defs/");
    }
    Value::Object(whole)
}
