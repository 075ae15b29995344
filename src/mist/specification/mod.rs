//! The facts of the Mist API: every operation with its parameters, body and answer, read from embedded data that
//! `jmcp catalogue import` makes from the published OpenAPI files.

mod operation;

pub use self::operation::{Operation, Origin, Paging, Parameter, Route};
use crate::error::Result;

/// The operations and the shapes that they name.
pub struct Specification {}

impl Specification {
    /// What this build knows. Read on first use; single operations and shapes are read when they are asked for.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: Specification = Specification {};
        &EMBEDDED
    }

    /// The operation of this name, under any of its names.
    pub fn operation(&self, _name: &str) -> Option<&Operation> {
        None
    }

    /// All operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        std::iter::empty()
    }

    /// The operation that a request with this method and this path (as on the wire, from `/api/v1`) is one of, and its route.
    pub fn find(&self, _method: &str, _path: &str) -> Option<(&Operation, &Route)> {
        None
    }

    /// The JSON schema of this name, with the schemas that it names put in down to `depth`; below that they are `{}`.
    ///
    /// # Errors
    /// `internal` where the embedded data are broken.
    pub fn shape(&self, _name: &str, _depth: usize) -> Result<Option<serde_json::Value>> {
        Ok(None)
    }
}
