//! Tests of the facts.

mod embedded;
mod importing;
mod merging;

use serde_json::{Value, json};

use super::{Facts, import};

/// The facts of a file with these paths and named schemas.
fn facts(paths: &Value, schemas: &Value) -> Facts {
    import::parse(&file(paths, schemas)).unwrap()
}

/// A file with these paths and named schemas.
fn file(paths: &Value, schemas: &Value) -> String {
    json!({"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}).to_string()
}

/// An operation that answers with a shape.
fn answers(name: &str, shape: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{shape}")});
    json!({"operationId": name, "tags": ["Things"],
        "responses": {"200": {"content": {"application/json": {"schema": schema}}}}})
}

/// An operation that says nothing of itself.
fn plain(name: &str) -> Value {
    json!({"operationId": name, "tags": ["Things"], "responses": {}})
}
