//! Device text is data, not layout: control, bidirectional and zero-width characters are made visible before a client or a
//! model sees them.

use std::{borrow::Cow, fmt::Write as _};

use serde_json::Value;

use crate::{
    redact,
    tools::{Block, Body},
};

/// Cleans every string below this value.
pub(super) fn value(value: &mut Value) {
    match value {
        Value::String(string) => *string = text(std::mem::take(string)),
        Value::Array(items) => items.iter_mut().for_each(self::value),
        Value::Object(map) => {
            // Names are what a cloud's users chose, where things are counted by them.
            if map.keys().any(|name| needs_it(name)) {
                let cleaned = std::mem::take(map).into_iter().map(|(name, value)| (text(name), value));
                map.extend(cleaned.collect::<Vec<_>>());
            }
            map.values_mut().for_each(self::value);
        }
        _ => {}
    }
}

/// Cleans what a document in an answer says.
pub(super) fn block(block: &mut Block) {
    if let Block::Document {
        body: Body::Text(text), ..
    } = block
    {
        *text = self::text(std::mem::take(text));
    }
}

/// What is said beside answers, such as errors and progress: without secrets, and visible.
pub(in crate::server) fn seen(text: String) -> String {
    match redact::text(&text) {
        Cow::Owned(covered) => self::text(covered),
        Cow::Borrowed(_) => self::text(text),
    }
}

/// The text with what must not be seen as layout written as `<U+202E>`. Copies only where there is something to write.
pub(in crate::server) fn text(text: String) -> String {
    if !needs_it(&text) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => {}
            c if hidden(c) => {
                let _ = write!(out, "<U+{:04X}>", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

fn needs_it(text: &str) -> bool {
    let plain = |byte: &u8| matches!(byte, b'\n' | b'\t' | 0x20..=0x7e);
    !text.as_bytes().iter().all(plain) && text.chars().any(hidden)
}

/// Control, bidirectional and zero-width characters, fillers without a shape, selectors of variants, in which whole texts were hidden,
/// and tags. The one that makes a sign of a picture stays: answers have such signs.
fn hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_seen() {
        for c in "\u{200e}\u{2066}\u{2069}\u{2028}\u{fe0e}\u{e0041}\u{e0100}\u{feff}\u{9b}\u{3164}".chars() {
            assert_eq!(text(format!("a{c}b")), format!("a<U+{:04X}>b", u32::from(c)));
        }
        assert_eq!(text("a\u{202e}b\u{7}c\u{200b}".into()), "a<U+202E>b<U+0007>c<U+200B>");
    }

    #[test]
    fn layout_and_letters_stay() {
        let plain = "ge-0/0/0\tup\n  Größe 大\n";
        assert_eq!(text(plain.into()), plain);
        assert_eq!(text("a\r\nb\u{7}".into()), "a\nb<U+0007>");
    }
}
