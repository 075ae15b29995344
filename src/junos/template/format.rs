//! Which format a text of configuration has.

use serde_json::Value;

use crate::junos::ConfigFormat;

/// Commands of configuration mode that a file in set format may hold.
const SET_VERBS: &[&str] = &[
    "set",
    "delete",
    "activate",
    "deactivate",
    "rename",
    "insert",
    "copy",
    "annotate",
    "protect",
    "unprotect",
    "edit",
    "top",
    "up",
    "wildcard",
    "replace",
    "exit",
];

/// The format of the text: `set` where every line that is neither blank nor a comment begins with a command of configuration
/// mode, `xml` where it begins with `<`, `json` where it is an object with `configuration`, else `text`.
pub fn detect_format(text: &str) -> ConfigFormat {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('<') {
        return ConfigFormat::Xml;
    }
    if start.starts_with('{') && is_configuration_object(start) {
        return ConfigFormat::Json;
    }
    let mut lines = start
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .peekable();
    let is_command = |line: &str| {
        let verb = line.split_whitespace().next().unwrap_or_default();
        // `replace: system {` and `protect: x` are tags of the brace format, and a hierarchy may be called `top`.
        SET_VERBS.contains(&verb) && !line.ends_with(['{', ';'])
    };
    if lines.peek().is_some() && lines.all(is_command) {
        ConfigFormat::Set
    } else {
        ConfigFormat::Text
    }
}

fn is_configuration_object(text: &str) -> bool {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => object.keys().any(|key| key.rsplit(':').next() == Some("configuration")),
        _ => false,
    }
}
