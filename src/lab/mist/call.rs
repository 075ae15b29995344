//! A request of the simulated cloud after it was read.

use serde_json::Value;

use super::{access::Caller, encoding};

/// A request.
pub(super) struct Call {
    /// `GET`, `POST`, ...
    pub(super) method: String,
    /// The path as on the wire.
    pub(super) path: String,
    /// The decoded segments after `/api/v1`.
    pub(super) segments: Vec<String>,
    /// The query's pairs, decoded.
    pub(super) query: Vec<(String, String)>,
    /// The body, where it was JSON.
    pub(super) body: Option<Value>,
    /// Who calls.
    pub(super) caller: Caller,
    /// Seconds since the epoch.
    pub(super) now: f64,
}

impl Call {
    /// The segments of a path below `/api/v1`; none for other paths.
    pub(super) fn segments(path: &str) -> Option<Vec<String>> {
        let rest = path.strip_prefix("/api/v1/")?;
        Some(rest.split('/').map(encoding::decode).collect())
    }

    /// The value of a query parameter; empty ones count as not given.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn is(&self, method: &str) -> bool {
        self.method == method
    }
}
