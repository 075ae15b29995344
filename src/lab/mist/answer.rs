//! An answer of the simulated cloud before it is bytes.

use serde_json::{Value, json};

/// What stands in the body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Nothing,
    Json(Value),
    /// Text of this content type.
    Text(&'static str, String),
}

/// Status, headers and content.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content: Content,
}

/// An answer, or the refusal that takes its place.
pub(super) type Answered = Result<Answer, Answer>;

impl Answer {
    /// 200 with this body.
    pub(super) fn json(body: Value) -> Self {
        Self::with(200, Content::Json(body))
    }

    /// 200 without a body.
    pub(super) fn done() -> Self {
        Self::with(200, Content::Nothing)
    }

    /// A refusal with `{"detail": ...}`.
    pub(super) fn detail(status: u16, detail: impl Into<String>) -> Self {
        Self::with(status, Content::Json(json!({"detail": detail.into()})))
    }

    /// 400.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::detail(400, detail)
    }

    /// 403 for everything that the caller may not do or see.
    pub(super) fn forbidden() -> Self {
        Self::detail(403, "You do not have permission to perform this action.")
    }

    /// 404 with the id that is not there.
    pub(super) fn missing(id: &str) -> Self {
        Self::with(404, Content::Json(json!({"id": id})))
    }

    /// 404 as a path that does not exist gets it: without a body.
    pub(super) fn no_such_path() -> Self {
        Self::with(404, Content::Nothing)
    }

    pub(super) fn with(status: u16, content: Content) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
