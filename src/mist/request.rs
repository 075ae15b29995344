//! One request, made from an operation and named values. Paths are made of encoded segments only: no value can reach another path.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{
    effects::{self, Deed},
    endpoint,
    specification::{Operation, Route, Specification},
};
use crate::error::{Code, Error, Result};

/// A request that has not been sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    pub method: String,
    /// The encoded path, from `/api/v1`.
    pub path: String,
    /// Names and values of the query, not encoded.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Option<Value>,
    /// What figures count it under: the path with placeholders.
    pub template: String,
    /// What it does.
    pub deed: Deed,
}

/// The name under which the body of a request is given.
pub const BODY: &str = "body";

impl Request {
    /// The request of this operation on this route. Values that the route does not know are left out; those of `renamed` go by
    /// their other name.
    ///
    /// # Errors
    /// `invalid_input` for a missing path parameter and for values that cannot be part of a path.
    pub fn of(operation: &Operation, route: &Route, values: &Map<String, Value>) -> Result<Self> {
        let mut path = String::with_capacity(route.path.len() + 40);
        for segment in route.path.split('/').skip(1) {
            path.push('/');
            match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                None => path.push_str(segment),
                Some(name) => {
                    let value = values.get(name).map(plain).unwrap_or_default();
                    path.push_str(&encode(name, &value)?);
                }
            }
        }
        let mut query = Vec::new();
        for parameter in &route.query {
            match values.get(&parameter.name) {
                None => {}
                Some(Value::Array(items)) => {
                    query.extend(items.iter().map(|item| (parameter.name.clone(), plain(item))))
                }
                Some(value) => query.push((parameter.name.clone(), plain(value))),
            }
        }
        Ok(Self {
            method: operation.method.clone(),
            path,
            query,
            body: operation.body.as_ref().and_then(|_| values.get(BODY)).cloned(),
            template: route.path.clone(),
            deed: effects::deed(operation),
        })
    }

    /// A `GET` of a path without placeholders, which is encoded already.
    pub fn read(path: &str) -> Self {
        Self {
            method: "GET".into(),
            path: path.into(),
            query: Vec::new(),
            body: None,
            template: path.into(),
            deed: Deed::Reads,
        }
    }

    /// A request to a place that a caller wrote down: a path below `/api/v1`, with or without that, in which `{org_id}` and other
    /// placeholders stand for `values`, and perhaps a query.
    ///
    /// # Errors
    /// `invalid_input` for what is no such path: another host or scheme, `..`, empty parts, placeholders without a value.
    pub fn to(
        method: &str,
        endpoint: &str,
        values: &Map<String, Value>,
        parameters: &Map<String, Value>,
        body: Option<Value>,
        specification: &Specification,
    ) -> Result<Self> {
        let method = method.trim().to_ascii_uppercase();
        if !matches!(method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
            let message = format!("`{}` is no method of the API", method.escape_debug());
            return Err(
                Error::new(Code::InvalidInput, message).advise("the methods are GET, POST, PUT, PATCH and DELETE")
            );
        }
        let (path, written) = endpoint::read(endpoint, values)?;
        let given = parameters.iter().flat_map(|(name, value)| match value {
            Value::Null => Vec::new(),
            Value::Array(items) => items.iter().map(|item| (name.clone(), plain(item))).collect(),
            one => vec![(name.clone(), plain(one))],
        });
        let found = specification.find(&method, &path);
        let template = found.map_or_else(|| "(unknown)".to_owned(), |(_, route)| route.path.clone());
        // What the specification does not know is not taken for something that reads because its path ends like it.
        let deed = found.map_or_else(|| effects::unknown(&method), |(operation, _)| effects::deed(operation));
        Ok(Self {
            deed,
            query: written.into_iter().chain(given).collect(),
            method,
            path,
            body,
            template,
        })
    }

    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        self.deed == Deed::Reads
    }

    /// Path and query as they go out.
    pub fn target(&self) -> String {
        let mut target = self.path.clone();
        for (at, (name, value)) in self.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            push_encoded(&mut target, name);
            target.push('=');
            push_encoded(&mut target, value);
        }
        target
    }

    /// The segments of the path after `/api/v1`, decoded.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').skip(3)
    }
}

/// A value as text: strings without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as one segment of a path.
///
/// # Errors
/// `invalid_input` for what would be no segment or another one.
pub fn encode(name: &str, value: &str) -> Result<String> {
    let value = value.trim();
    let wrong = |why: &str| {
        let shown: String = value.chars().take(60).collect();
        Err(Error::new(
            Code::InvalidInput,
            format!("`{name}` cannot be `{}`: {why}", shown.escape_debug()),
        ))
    };
    if value.is_empty() {
        return Err(Error::new(Code::InvalidInput, format!("`{name}` is missing")));
    }
    if matches!(value, "." | "..") || value.contains(['/', '\\', '?', '#', '%']) || value.chars().any(char::is_control)
    {
        return wrong("an id or a name has no such characters");
    }
    if value.len() > 256 {
        return wrong("it is too long");
    }
    let mut encoded = String::with_capacity(value.len());
    push_encoded(&mut encoded, value);
    Ok(encoded)
}

/// Percent-encodes all but unreserved characters (RFC 3986, section 2.3).
fn push_encoded(text: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mist::specification::{Origin, Paging, Parameter};

    fn operation(path: &str, query: &[&str]) -> Operation {
        let parameter = |name: &&str| Parameter {
            name: (*name).into(),
            schema: json!({}),
            required: false,
        };
        Operation {
            names: vec!["listThings".into()],
            method: "GET".into(),
            tag: "Things".into(),
            routes: vec![Route {
                path: path.into(),
                path_parameters: Vec::new(),
                query: query.iter().map(parameter).collect(),
                origin: Origin::Both,
            }],
            paging: Paging::None,
            body: None,
            answer: None,
            deprecated: false,
            upload: false,
        }
    }

    fn request(operation: &Operation, values: Value) -> Result<Request> {
        Request::of(operation, &operation.routes[0], values.as_object().unwrap())
    }

    #[test]
    fn values_go_where_they_belong() {
        let operation = operation("/api/v1/orgs/{org_id}/things", &["name", "limit", "labels"]);
        let request = request(
            &operation,
            json!({"org_id": "o-1", "name": "a b&c=d", "limit": 5, "labels": ["x", "y"], "other": 1}),
        );
        assert_eq!(
            request.unwrap().target(),
            "/api/v1/orgs/o-1/things?name=a%20b%26c%3Dd&limit=5&labels=x&labels=y"
        );
    }

    #[test]
    fn no_value_reaches_another_path() {
        let operation = operation("/api/v1/sites/{site_id}/insights/{metric}", &[]);
        for hostile in [
            "../../../orgs/o1",
            "..",
            ".",
            "a/b",
            "a\\b",
            "a?b",
            "a#b",
            "a%2fb",
            "a\nb",
            "",
            " ",
        ] {
            let outcome = request(&operation, json!({"site_id": "s1", "metric": hostile}));
            assert!(outcome.is_err(), "{hostile}: {outcome:?}");
        }
        let good = request(&operation, json!({"site_id": "s1", "metric": "5c5b350e0001 é"})).unwrap();
        assert_eq!(good.path, "/api/v1/sites/s1/insights/5c5b350e0001%20%C3%A9");
    }
}
