//! All facts at once, as they are made of OpenAPI files and written as lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    path::Path,
};

use serde::Serialize;
use serde_json::Value;

use super::{
    OPERATIONS, SHAPES, import,
    lines::Lines,
    operation::Operation,
    schema::{is_deep, name_in, names_in, rebuilt},
    shapes::Shape,
    written::Written,
};
use crate::error::Result;

/// Characters of a shape that is not worth a name, at most.
const SHORT: usize = 64;
/// Lists within lists that are followed.
const NESTED: usize = 4;

/// The facts of one or more specifications.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The operations, by their first names.
    pub operations: Vec<Operation>,
    /// The schemas that they lead to, by name.
    pub shapes: BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct ShapeLine<'a> {
    name: &'a str,
    schema: &'a Value,
}

impl Facts {
    /// What this build knows, read as a whole.
    ///
    /// # Errors
    /// `internal` where the embedded data are broken.
    pub fn embedded() -> Result<Self> {
        let operations: Lines<Operation> = Lines::embedded(OPERATIONS);
        let shapes: Lines<Shape> = Lines::embedded(SHAPES);
        let named = shapes.names().zip(shapes.iter());
        Ok(Self {
            operations: operations.iter().map(|line| line.cloned()).collect::<Result<_>>()?,
            shapes: named
                .map(|(name, shape)| Ok((name.to_owned(), shape?.schema.clone())))
                .collect::<Result<_>>()?,
        })
    }

    /// The facts of an OpenAPI file, JSON or YAML.
    ///
    /// # Errors
    /// `not_found` where there is no such file, `io` where it cannot be read, `invalid_input` where it is no OpenAPI file, is too
    /// large, or contradicts itself; each names the file.
    pub fn read(path: &Path) -> Result<Self> {
        import::read(path)
    }

    /// One operation a line, by name.
    pub fn operation_lines(&self) -> String {
        self.operations
            .iter()
            .map(|operation| line(&Written::from(operation.clone())))
            .collect()
    }

    /// One shape a line, by name.
    pub fn shape_lines(&self) -> String {
        let line = |(name, schema): (&String, &Value)| line(&ShapeLine { name, schema });
        self.shapes.iter().map(line).collect()
    }

    /// Brings all into the one order in which it is written, puts short shapes in where they are named, and leaves out shapes that no
    /// operation leads to.
    pub(super) fn settled(mut self) -> Self {
        self.put_in_short_shapes();
        self.operations.sort_by(|a, b| a.name().cmp(b.name()));
        for operation in &mut self.operations {
            for schema in [&mut operation.body, &mut operation.answer].into_iter().flatten() {
                schema.sort_all_objects();
            }
            let routes = operation.routes.iter_mut();
            for parameter in routes.flat_map(|route| route.path_parameters.iter_mut().chain(&mut route.query)) {
                parameter.schema.sort_all_objects();
            }
        }
        let reached = self.reached();
        self.shapes.retain(|name, _| reached.contains(name));
        self.shapes.values_mut().for_each(Value::sort_all_objects);
        self
    }

    /// A list of strings is shorter than its name.
    fn put_in_short_shapes(&mut self) {
        let shapes = std::mem::take(&mut self.shapes);
        for operation in &mut self.operations {
            for schema in [&mut operation.body, &mut operation.answer].into_iter().flatten() {
                *schema = with_short_shapes(schema, &shapes);
            }
        }
        self.shapes = shapes
            .iter()
            .map(|(name, schema)| (name.clone(), with_short_shapes(schema, &shapes)))
            .collect();
    }

    /// The names of the shapes that operations lead to.
    fn reached(&self) -> BTreeSet<String> {
        let mut open = Vec::new();
        for operation in &self.operations {
            for schema in [&operation.body, &operation.answer].into_iter().flatten() {
                names_in(schema, &mut open);
            }
        }
        let mut reached = BTreeSet::new();
        while let Some(name) = open.pop() {
            if reached.insert(name.to_owned())
                && let Some(schema) = self.shapes.get(name)
            {
                names_in(schema, &mut open);
            }
        }
        reached
    }
}

/// The schema with the short shapes that it names put in.
fn with_short_shapes(schema: &Value, shapes: &BTreeMap<String, Value>) -> Value {
    let Value::Object(object) = schema else {
        return schema.clone();
    };
    if let Some(name) = name_in(object) {
        return short_shape(name, shapes, NESTED)
            .filter(|_| object.len() == 1)
            .unwrap_or_else(|| schema.clone());
    }
    let Ok(whole) = rebuilt(object, &mut |part| Ok::<_, Infallible>(with_short_shapes(part, shapes)));
    Value::Object(whole)
}

/// The shape, where it is short: plain values, or a list of them.
fn short_shape(name: &str, shapes: &BTreeMap<String, Value>, nested: usize) -> Option<Value> {
    let shape = shapes.get(name).filter(|shape| !is_deep(shape))?.as_object()?;
    let mut shape = shape.clone();
    if let Some(Value::Object(items)) = shape.get("items")
        && let Some(name) = name_in(items)
    {
        let items = short_shape(name, shapes, nested.checked_sub(1)?)?;
        shape.insert("items".to_owned(), items);
    }
    let shape = Value::Object(shape);
    let mut names = Vec::new();
    names_in(&shape, &mut names);
    (names.is_empty() && shape.to_string().len() <= SHORT).then_some(shape)
}

fn line(fact: &impl Serialize) -> String {
    // Maps with string keys and plain values cannot fail to be written.
    serde_json::to_string(fact).map(|text| text + "\n").unwrap_or_default()
}
