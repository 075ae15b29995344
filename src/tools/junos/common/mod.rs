//! Arguments and words that several Junos tools share.

mod agreed;
mod changed;
mod told;

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

pub(super) use self::{
    agreed::{as_agreed, nothing_waits, plan_of},
    changed::Changed,
    told::{commit_line, waits},
};
use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Judged, string_argument},
};

/// Other spellings of the parameters in [`On`].
pub(super) const ON: &[(&str, &str)] = &[
    ("router", "router_name"),
    ("routers", "router_name"),
    ("router_names", "router_name"),
    ("command_timeout", "timeout"),
];

/// The device of a call.
#[derive(Deserialize, JsonSchema)]
pub(super) struct On {
    /// Router name, from get_router_list.
    pub(super) router_name: String,
    /// Seconds; default 360.
    #[schemars(range(min = 1))]
    #[expect(dead_code, reason = "the call path reads it for every tool")]
    timeout: Option<u64>,
}

/// How much of an output is shown.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "the call path reads them for every tool")]
pub(super) struct Show {
    /// Lines of output at most.
    max_lines: Option<u32>,
    /// Bytes of output at most.
    max_bytes: Option<u32>,
    /// Show the end, not the beginning.
    tail: Option<bool>,
}

/// What is said of a format that is none, in the words of the earlier servers.
pub(super) const FORMATS: &[(&str, &str)] = &[(
    "config_format",
    "Unsupported config format '{}'. Use 'set', 'text', or 'xml': invalid config_format '{}' (expected set, text, xml, or json)",
)];

/// The error of a change; of a lock that somebody holds with the words that the earlier servers had for it.
pub(super) fn of_change(error: Error) -> Error {
    match error.code() {
        Code::ConfigurationLocked => prefixed("Failed to lock configuration: ", &error),
        _ => error,
    }
}

/// The error with the words of a well-known answer before its own.
pub(super) fn prefixed(prefix: &str, error: &Error) -> Error {
    let prefixed = Error::new(error.code(), format!("{prefix}{}", error.message()));
    match error.advice() {
        Some(advice) => prefixed.advise(advice),
        None => prefixed,
    }
}

/// A tool's arguments, for its plan.
///
/// # Errors
/// `invalid_input`.
pub(super) fn parsed<A: DeserializeOwned>(tool: &str, arguments: Arguments) -> Result<A> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|e| Error::new(Code::InvalidInput, format!("arguments of `{tool}`: {e}")))
}

/// The names, each once, in their order.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    names.filter(|name| seen.insert(*name)).cloned().collect()
}

/// What the guardrails see of configuration in the arguments.
pub(super) fn judged_config(arguments: &Arguments) -> Vec<Judged> {
    // Of a whole configuration only what differs is a change: that is judged on the device's difference.
    let action = arguments.get("action").and_then(Value::as_str);
    if matches!(action, Some("override" | "update")) {
        return Vec::new();
    }
    let format = arguments.get("config_format").and_then(Value::as_str).unwrap_or("set");
    vec![Judged::Config {
        format: Some(format.to_owned()),
        text: string_argument(arguments, "config_text"),
    }]
}

/// Seconds with three decimals.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// A time in UTC, RFC 3339 with milliseconds.
pub(super) fn timestamp(time: SystemTime) -> String {
    crate::time::rfc3339(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// In schemas: an object whose description says what it has. Five tools have the same ones, and clients read every list whole.
pub(super) struct Described;

impl JsonSchema for Described {
    fn schema_name() -> Cow<'static, str> {
        "Described".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// In schemas: a device's answer as JSON. An object, or its beginning as text where it had to be cut.
pub(super) struct FreeForm;

impl JsonSchema for FreeForm {
    fn schema_name() -> Cow<'static, str> {
        "FreeForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["object", "string"] })
    }
}
