//! One operation of the API.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One operation. Where two specifications differ, it holds what either of them knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its operation ids: the one in the newest specification that has it, then others.
    pub names: Vec<String>,
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: String,
    /// The tag of the newest specification, such as `Orgs Sites`.
    pub tag: String,
    /// Where it is, newest first: paths that moved between specifications make two.
    pub routes: Vec<Route>,
    /// How its answers come in pages.
    pub paging: Paging,
    /// The schema of the request body; `{"$ref": "name"}` names a shape. None where it takes none.
    pub body: Option<Value>,
    /// The body can only be a form with files (`multipart/form-data`), not JSON.
    pub upload: bool,
    /// The schema of the answer, in the same form.
    pub answer: Option<Value>,
    /// Marked as deprecated in the newest specification that has it.
    pub deprecated: bool,
}

/// A place of an operation in the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The path with placeholders, from `/api/v1`.
    pub path: String,
    /// Parameters in the path, in order.
    pub path_parameters: Vec<Parameter>,
    /// Parameters in the query.
    pub query: Vec<Parameter>,
    /// The specifications that have it.
    pub origin: Origin,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// Its JSON schema, with type, `enum`, `default`, `minimum`, `maximum`, `pattern`, `items` where there are such; no words.
    pub schema: Value,
    /// Whether it has to be given.
    pub required: bool,
}

/// Which specifications have something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Both that are embedded, or an earlier one and the one that was read at start.
    #[default]
    Both,
    /// The older only.
    Older,
    /// The newer only.
    Newer,
}

/// How answers come in pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paging {
    /// All at once.
    #[default]
    None,
    /// `limit` and `page`; how many there are is in `X-Page-Total`.
    Pages,
    /// `limit` only; the answer's `next` says where to go on.
    Cursor,
}

impl Operation {
    /// Its first name.
    pub fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// Whether the method alone says that it changes nothing. Some operations with other methods only read, too.
    pub fn reads(&self) -> bool {
        self.method == "GET"
    }
}

impl Paging {
    /// What the query parameters of an operation say of its paging.
    pub(super) fn of(routes: &[Route]) -> Self {
        let has = |name: &str| routes.iter().flat_map(|route| &route.query).any(|p| p.name == name);
        match (has("limit"), has("page")) {
            (true, true) => Self::Pages,
            (true, false) => Self::Cursor,
            (false, _) if has("search_after") => Self::Cursor,
            (false, _) => Self::None,
        }
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl Origin {
    pub(super) fn is_both(&self) -> bool {
        *self == Self::Both
    }
}
