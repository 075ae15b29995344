//! Answers of the HTTP server itself, before or instead of MCP: each with a status, a word for programs and a sentence for people.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// What clients are asked for where a request comes without a token (RFC 6750 section 3).
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="jmcp""#);
const CHALLENGE_INVALID: HeaderValue = HeaderValue::from_static(
    r#"Bearer realm="jmcp", error="invalid_token", error_description="the token is not valid""#,
);

/// A request that is not served.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// With a word for programs and a sentence for people, in the form of RFC 6749 section 5.2.
    pub(super) fn new(status: StatusCode, error: &str, description: impl Into<String>) -> Self {
        Self {
            status,
            body: json!({ "error": error, "error_description": description.into() }),
            headers: Vec::new(),
        }
    }

    /// A request that is not HTTP as it should be.
    pub(super) fn bad_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// No token, or not in a form that can be read.
    pub(super) fn no_token(description: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request", description).header(header::WWW_AUTHENTICATE, CHALLENGE)
    }

    /// A token that is not valid, or not any more.
    pub(super) fn wrong_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_token", "invalid bearer token")
            .header(header::WWW_AUTHENTICATE, CHALLENGE_INVALID)
    }

    /// A limit on what is on its way or open.
    pub(super) fn overloaded(limit: &'static str) -> Self {
        Self::limit(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            limit,
            Duration::from_secs(1),
        )
    }

    /// A limit on how often.
    pub(super) fn rate_limited(again: Duration) -> Self {
        Self::limit(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "token_rate", again)
    }

    fn limit(status: StatusCode, error: &str, limit: &'static str, again: Duration) -> Self {
        // Whole seconds, and never none: a client that comes back at once is refused again.
        let seconds = again.as_secs() + u64::from(again.subsec_nanos() > 0);
        Self {
            status,
            body: json!({ "error": error, "limit": limit }),
            headers: vec![(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))],
        }
    }

    /// The server goes down.
    pub(super) fn going_down() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "shutting_down",
            "the server is going down and takes no further calls",
        )
        .header(header::RETRY_AFTER, HeaderValue::from_static("5"))
        .header(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// No such session, or another caller's.
    pub(super) fn no_session() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "session_not_found",
            "there is no such session; initialize a new one",
        )
    }

    /// A JSON-RPC error about a message, as the body (JSON-RPC 2.0 section 5.1).
    pub(super) fn rpc(status: StatusCode, id: Value, code: i32, message: impl Into<String>) -> Self {
        Self {
            status,
            body: json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message.into() } }),
            headers: Vec::new(),
        }
    }

    /// Whether it has this status.
    pub(super) fn is(&self, status: StatusCode) -> bool {
        self.status == status
    }

    /// With one header more.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(self.headers);
        response
    }
}
