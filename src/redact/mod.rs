//! Secrets in text and values: found by their place in the configuration and by their shape, and covered.
//!
//! - [`shape`]: what is a secret wherever it stands, such as `$9$...`, a private key, the password in a URL.
//! - [`rules`]: which statements, elements and attributes have a secret for their value; the words are in `keywords.txt`.
//! - [`plain`]: lines of text: curly braces, set commands, differences, sentences. [`words`] takes them apart.
//! - [`xml`], [`json`]: the same configuration in the other formats, also in the middle of other text.
//! - [`values`]: JSON that is not text.
//!
//! Each finds ranges of the text ([`edits`]); nothing is copied where there are none.

mod attributes;
mod edits;
mod json;
mod limits;
mod plain;
mod prefilter;
mod rules;
mod sentence;
mod shape;
mod values;
mod words;
mod xml;

use std::borrow::Cow;

use serde_json::Value;

pub use self::attributes::is_secret;
use self::{edits::Edits, plain::Plain};

/// What stands in place of a secret, in every format.
pub const PLACEHOLDER: &str = "***redacted***";

/// What Junos itself shows to users who may not see secrets.
const OF_JUNOS: &str = "/* SECRET-DATA */";

/// Texts within texts are looked into so deep: a log line that quotes a request that quotes a statement.
const DEEPEST: u8 = 4;

/// The text without its secrets, whatever it is: configuration in any format, a difference, a log, an error.
pub fn text(text: &str) -> Cow<'_, str> {
    below(None, text, DEEPEST)
}

/// The same for a fragment whose place in the configuration is known, such as `snmp` or `protocols ospf area 0`.
pub fn text_at<'t>(place: &str, text: &'t str) -> Cow<'t, str> {
    below(Some(place), text, DEEPEST)
}

/// The place that a command shows the configuration of: `snmp` of `show configuration snmp | match x`.
pub fn place_of_command(command: &str) -> Option<String> {
    values::place_of_command(command)
}

/// Covers the secrets below this value: an answer about devices.
pub fn value(value: &mut Value) {
    values::cover(value, values::Names::OfJunos);
}

/// Covers the secrets below this value: an answer of the Mist cloud, whose attributes are known by their names.
pub fn cloud_value(value: &mut Value) {
    values::cover(value, values::Names::OfCloud);
}

/// Whether the text holds a covered secret: loaded into a device it would overwrite the real one.
pub fn has_placeholder(text: &str) -> bool {
    text.contains(PLACEHOLDER) || text.contains(OF_JUNOS)
}

fn below<'t>(place: Option<&str>, text: &'t str, depth: u8) -> Cow<'t, str> {
    if depth == 0 || !prefilter::may_hold_a_secret(text) {
        return Cow::Borrowed(text);
    }
    let mut edits = Edits::default();
    shape::find(text, &mut edits);
    Plain::new(text, place, depth, &mut edits).run(0, text.len());
    edits.apply(text)
}

#[cfg(test)]
mod tests;
