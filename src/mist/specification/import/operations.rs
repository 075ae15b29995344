//! The operations of an OpenAPI file.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::{
    document::Document,
    words::{Words, is_plain},
};
use crate::{
    error::{Error, Result},
    mist::specification::{
        facts::Facts,
        operation::{Operation, Origin, Paging, Parameter, Route},
        written::placeholders,
    },
};

/// Where the API is. What is elsewhere (samples of what webhooks send) cannot be called.
const ROOT: &str = "/api/v1/";
const METHODS: &[&str] = &["get", "post", "put", "delete", "patch"];

/// All that the file says, and each shape once.
pub(super) fn facts(document: &Document) -> Result<Facts> {
    let mut reader = Reader {
        document,
        words: Words::new(document),
    };
    let mut operations = Vec::new();
    let mut names = HashSet::new();
    for (path, item) in document.at("paths").as_object().into_iter().flatten() {
        if !path.starts_with(ROOT) {
            continue;
        }
        if !is_path(path) {
            return Err(document.wrong(&format!(
                "has a path that no request can have: `{}`",
                path.escape_debug()
            )));
        }
        let item = document.follow(item)?;
        for method in METHODS {
            let Some(source) = item.get(method) else {
                continue;
            };
            let operation = reader.operation(&Source {
                method,
                path,
                item,
                source,
            })?;
            if !names.insert(operation.name().to_owned()) {
                return Err(document.wrong(&format!("has two operations `{}`", operation.name())));
            }
            operations.push(operation);
        }
    }
    let shapes = reader.shapes()?;
    Ok(Facts { operations, shapes }.settled())
}

struct Reader<'a> {
    document: &'a Document,
    words: Words<'a>,
}

/// Where an operation is in the file.
struct Source<'a> {
    method: &'a str,
    path: &'a str,
    /// What all operations of the path share.
    item: &'a Value,
    source: &'a Value,
}

impl Source<'_> {
    fn wrong(&self, document: &Document, what: &str) -> Error {
        document.wrong(&format!(
            "{what} in `{} {}`",
            self.method.to_ascii_uppercase(),
            self.path
        ))
    }
}

impl Reader<'_> {
    fn operation(&mut self, at: &Source<'_>) -> Result<Operation> {
        let name = at.source.get("operationId").and_then(Value::as_str).unwrap_or_default();
        if !is_plain(name) {
            return Err(at.wrong(self.document, "has no `operationId` of letters and digits"));
        }
        let tag = at.source.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
        let routes = vec![self.route(at)?];
        let (body, upload) = self.body(at)?;
        Ok(Operation {
            names: vec![name.to_owned()],
            method: at.method.to_ascii_uppercase(),
            tag: tag.to_owned(),
            paging: Paging::of(&routes),
            routes,
            body,
            upload,
            answer: self.answer(at)?,
            deprecated: at.source.get("deprecated") == Some(&Value::Bool(true)),
        })
    }

    fn route(&mut self, at: &Source<'_>) -> Result<Route> {
        let mut in_path = Vec::new();
        let mut query: Vec<Parameter> = Vec::new();
        // An operation's own parameters stand for those of the path.
        for source in [at.source, at.item]
            .into_iter()
            .flat_map(|source| list(source, "parameters"))
        {
            let source = self.document.follow(source)?;
            let places = match source.get("in").and_then(Value::as_str) {
                Some("path") => &mut in_path,
                Some("query") => &mut query,
                _ => continue,
            };
            let parameter = parameter(&mut self.words, source)?;
            if parameter.name.is_empty() {
                return Err(at.wrong(self.document, "has a parameter without a name"));
            }
            if places.iter().all(|other| other.name != parameter.name) {
                places.push(parameter);
            }
        }
        Ok(Route {
            path: at.path.to_owned(),
            path_parameters: placeholders(at.path).map(|name| in_order(name, &in_path)).collect(),
            query,
            origin: Origin::Newer,
        })
    }

    /// The schema of the body, and whether it can only be a form.
    fn body(&self, at: &Source<'_>) -> Result<(Option<Value>, bool)> {
        let Some(body) = at.source.get("requestBody") else {
            return Ok((None, false));
        };
        let body = self.document.follow(body)?;
        let (kind, schema) = self.content(body)?;
        Ok((schema, kind == "multipart/form-data"))
    }

    /// The schema of the first good answer that has one.
    fn answer(&self, at: &Source<'_>) -> Result<Option<Value>> {
        let answers = at.source.get("responses").and_then(Value::as_object);
        for (_, answer) in answers.into_iter().flatten().filter(|(code, _)| code.starts_with('2')) {
            if let (_, Some(schema)) = self.content(self.document.follow(answer)?)? {
                return Ok(Some(schema));
            }
        }
        Ok(None)
    }

    /// The schema of what is sent, as JSON where it can be, and its kind.
    fn content<'s>(&self, of: &'s Value) -> Result<(&'s str, Option<Value>)> {
        let kinds = || of.get("content").and_then(Value::as_object).into_iter().flatten();
        let best = kinds()
            .find(|(kind, _)| kind.as_str() == "application/json")
            .or_else(|| kinds().next());
        let Some((kind, content)) = best else {
            return Ok(("", None));
        };
        let schema = content
            .get("schema")
            .map(|schema| self.words.without(schema))
            .transpose()?;
        Ok((kind, schema))
    }

    /// All named schemas of the file.
    fn shapes(&self) -> Result<BTreeMap<String, Value>> {
        let schemas = self.document.at("components").get("schemas").and_then(Value::as_object);
        let shape = |(name, schema): (&String, &Value)| Ok((name.clone(), self.words.without(schema)?));
        schemas.into_iter().flat_map(Map::iter).map(shape).collect()
    }
}

/// Whether the path has plain segments only, whatever stands for its placeholders.
fn is_path(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.~:{}".contains(&b);
    let is_segment = |segment: &str| {
        let has_one_value =
            segment.matches('{').count() == segment.matches('}').count() && segment.matches('{').count() < 2;
        has_one_value && !matches!(segment, "" | "." | ".." | "{}") && segment.bytes().all(plain)
    };
    path.split('/').skip(1).all(is_segment)
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn parameter(words: &mut Words<'_>, source: &Value) -> Result<Parameter> {
    let schema = source
        .get("schema")
        .map(|schema| words.without_names(schema))
        .transpose()?;
    let mut schema = schema.unwrap_or_else(|| serde_json::json!({"type": "string"}));
    if let (Some(Value::Bool(true)), Value::Object(schema)) = (source.get("deprecated"), &mut schema) {
        schema.insert("deprecated".to_owned(), true.into());
    }
    Ok(Parameter {
        name: source
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        schema,
        required: source.get("required") == Some(&Value::Bool(true)),
    })
}

fn in_order(name: &str, parameters: &[Parameter]) -> Parameter {
    let declared = parameters.iter().find(|parameter| parameter.name == name).cloned();
    let parameter = declared.unwrap_or_else(|| Parameter {
        name: name.to_owned(),
        schema: serde_json::json!({"type": "string"}),
        required: true,
    });
    Parameter {
        required: true,
        ..parameter
    }
}
