//! An operation as it stands in a line: short, and what is the same almost everywhere is left out.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    lines::Fact,
    operation::{Operation, Origin, Paging, Parameter, Route},
};

/// The line of an operation.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Written {
    // The names come first: they are read without the rest.
    names: Vec<String>,
    method: String,
    tag: String,
    routes: Vec<WrittenRoute>,
    #[serde(default, skip_serializing_if = "Paging::is_none")]
    paging: Paging,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(default, skip_serializing_if = "is_false")]
    upload: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    #[serde(default, skip_serializing_if = "is_false")]
    deprecated: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenRoute {
    path: String,
    /// Schemas of the placeholders that are not a UUID.
    #[serde(default, rename = "in_path", skip_serializing_if = "Map::is_empty")]
    path_parameters: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    query: Map<String, Value>,
    /// Which of the query has to be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    required: Vec<String>,
    #[serde(default, skip_serializing_if = "Origin::is_both")]
    origin: Origin,
}

impl Fact for Operation {
    type Line = Written;
    const BEGIN: &'static str = r#"{"names":[""#;
    const END: &'static str = "\"]";
}

impl From<Written> for Operation {
    fn from(line: Written) -> Self {
        Self {
            names: line.names,
            method: line.method,
            tag: line.tag,
            routes: line.routes.into_iter().map(Route::from).collect(),
            paging: line.paging,
            body: line.body,
            upload: line.upload,
            answer: line.answer,
            deprecated: line.deprecated,
        }
    }
}

impl From<Operation> for Written {
    fn from(operation: Operation) -> Self {
        Self {
            names: operation.names,
            method: operation.method,
            tag: operation.tag,
            routes: operation.routes.into_iter().map(WrittenRoute::from).collect(),
            paging: operation.paging,
            body: operation.body,
            upload: operation.upload,
            answer: operation.answer,
            deprecated: operation.deprecated,
        }
    }
}

impl From<WrittenRoute> for Route {
    fn from(mut line: WrittenRoute) -> Self {
        let in_path = |name: &str| Parameter {
            name: name.to_owned(),
            schema: line.path_parameters.remove(name).unwrap_or_else(uuid),
            required: true,
        };
        let path_parameters = placeholders(&line.path).map(in_path).collect();
        let query = |(name, schema)| Parameter {
            required: line.required.contains(&name),
            name,
            schema,
        };
        Self {
            path_parameters,
            query: line.query.into_iter().map(query).collect(),
            path: line.path,
            origin: line.origin,
        }
    }
}

impl From<Route> for WrittenRoute {
    fn from(route: Route) -> Self {
        let schemas = |parameters: Vec<Parameter>| parameters.into_iter().map(|p| (p.name, p.schema));
        let required = route
            .query
            .iter()
            .filter(|p| p.required)
            .map(|p| p.name.clone())
            .collect();
        Self {
            path: route.path,
            path_parameters: schemas(route.path_parameters)
                .filter(|(_, schema)| *schema != uuid())
                .collect(),
            query: schemas(route.query).collect(),
            required,
            origin: route.origin,
        }
    }
}

/// The names of the placeholders in a path.
pub(super) fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0))
}

fn uuid() -> Value {
    json!({"format": "uuid", "type": "string"})
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
