//! The facts of the Mist API: every operation with its parameters, body and answer, read from embedded data that
//! `jmcp catalogue import` makes from the published OpenAPI files.

mod facts;
mod import;
mod lines;
mod merge;
mod operation;
mod routes;
mod schema;
mod shapes;
#[cfg(test)]
mod tests;
mod written;

use std::{
    path::Path,
    sync::{LazyLock, OnceLock},
};

use serde_json::Value;

pub use self::{
    facts::Facts,
    operation::{Operation, Origin, Paging, Parameter, Route},
};
use self::{
    lines::Lines,
    routes::Routes,
    shapes::{Resolver, Shape},
};
use crate::error::Result;

/// One operation a line, by name.
const OPERATIONS: &str = include_str!("data/operations.jsonl");
/// One named schema a line, by name.
const SHAPES: &str = include_str!("data/shapes.jsonl");

/// The operations and the shapes that they name.
pub struct Specification {
    operations: Lines<Operation>,
    shapes: Lines<Shape>,
    /// Made when a request is looked up for the first time.
    routes: OnceLock<Routes>,
}

impl Specification {
    /// What this build knows. Read on first use; single operations and shapes are read when they are asked for.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Specification> = LazyLock::new(|| Specification {
            operations: Lines::embedded(OPERATIONS),
            shapes: Lines::embedded(SHAPES),
            routes: OnceLock::new(),
        });
        &EMBEDDED
    }

    /// What this build knows, overlaid by an OpenAPI file (JSON or YAML) that is newer.
    ///
    /// # Errors
    /// `not_found` where there is no such file, `io` where it cannot be read, `invalid_input` where it is no OpenAPI file, is too
    /// large, or contradicts itself; each names the file.
    pub fn read(path: &Path) -> Result<Self> {
        let facts = Facts::embedded()?.overlaid_by(Facts::read(path)?);
        Ok(Self::of(&facts))
    }

    /// The specification that these facts make.
    pub fn of(facts: &Facts) -> Self {
        Self {
            operations: Lines::owned(&facts.operation_lines()),
            shapes: Lines::owned(&facts.shape_lines()),
            routes: OnceLock::new(),
        }
    }

    /// The operation of this name, under any of its names; where the case fits none, under the one that differs in case only.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        let place = self
            .operations
            .place(name)
            .or_else(|| self.operations.place_in_any_case(name))?;
        self.operations.at(place)?.ok()
    }

    /// All operations, by name. Reads each that was not read yet: to list names only, `names` costs nothing.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter_map(Result::ok)
    }

    /// The first name of each operation, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.operations.names()
    }

    /// Every name of every operation.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        self.operations.all_names()
    }

    /// The operation that a request with this method and this path (as on the wire, from `/api/v1`) is one of, and its route.
    ///
    /// Parts that a route spells out win over placeholders, and newer routes over those that only the older specification has. What
    /// follows a `?` does not count.
    pub fn find(&self, method: &str, path: &str) -> Option<(&Operation, &Route)> {
        let routes = self.routes.get_or_init(|| Routes::new(&self.operations));
        let place = routes.find(method, path)?;
        let operation = self.operations.at(place.operation)?.ok()?;
        Some((operation, operation.routes.get(place.route)?))
    }

    /// The JSON schema of this name, with the schemas that it names put in down to `depth`; below that they are `{}`.
    ///
    /// Only objects count for the depth: plain values and lists are put in at any depth. A schema within itself is `{}`.
    ///
    /// # Errors
    /// `internal` where the embedded data are broken.
    pub fn shape(&self, name: &str, depth: usize) -> Result<Option<Value>> {
        let shape = self.shapes.get(name)?;
        shape
            .map(|shape| Resolver::within(&self.shapes, name).resolve(&shape.schema, depth))
            .transpose()
    }

    /// A schema (an operation's body or answer) with the shapes that it names put in, as `shape` does.
    ///
    /// # Errors
    /// `internal` where the embedded data are broken.
    pub fn resolve(&self, schema: &Value, depth: usize) -> Result<Value> {
        Resolver::new(&self.shapes).resolve(schema, depth)
    }

    /// A schema with every shape that it leads to under `$defs`, once each: complete, and right for a validator.
    ///
    /// # Errors
    /// `internal` where the embedded data are broken.
    pub fn complete(&self, schema: &Value) -> Result<Value> {
        shapes::complete(&self.shapes, schema)
    }

    /// The names of all shapes, in order.
    pub fn shape_names(&self) -> impl Iterator<Item = &str> {
        self.shapes.names()
    }
}
