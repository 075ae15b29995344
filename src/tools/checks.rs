//! The schemas of a tool's parameters, compiled once: compiling takes far longer than a call.

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::Value;

/// A compiled schema, or why it cannot be compiled.
pub type Check = Result<Validator, String>;

/// Compiled schemas by parameter.
pub(super) struct Checks(HashMap<String, Check>);

impl Checks {
    /// Those of the properties of this schema.
    pub(super) fn of(input: &Value) -> Self {
        let properties = input.get("properties").and_then(Value::as_object);
        let compiled = properties.into_iter().flatten().map(|(name, schema)| {
            let check = jsonschema::validator_for(schema).map_err(|e| e.to_string());
            (name.clone(), check)
        });
        Self(compiled.collect())
    }

    pub(super) fn get(&self, parameter: &str) -> Option<&Check> {
        self.0.get(parameter)
    }
}
