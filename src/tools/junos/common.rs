//! Arguments and words that several Junos tools share.

use std::time::{Duration, SystemTime};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The device of a call.
#[derive(Deserialize, JsonSchema)]
pub(super) struct On {
    /// Router name from get_router_list.
    pub(super) router_name: String,
    /// Seconds, connecting included; default 360.
    #[schemars(range(min = 1))]
    #[expect(dead_code, reason = "the call path reads it for every tool")]
    timeout: Option<u64>,
}

/// How much of an output is shown.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "the call path reads them for every tool")]
pub(super) struct Show {
    /// Show at most so many lines.
    max_lines: Option<u32>,
    /// Show at most so many bytes.
    max_bytes: Option<u32>,
    /// Show the end rather than the beginning.
    tail: Option<bool>,
}

/// Seconds with three decimals.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// A time in UTC, RFC 3339 with milliseconds.
pub(super) fn timestamp(time: SystemTime) -> String {
    crate::time::rfc3339(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// The schema of a device's answer as JSON: an object, or its beginning as text where it had to be cut.
pub(super) fn free_form(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "object" }, { "type": "string" }] })
}
