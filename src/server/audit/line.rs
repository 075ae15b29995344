//! Events as lines: `key=value` or JSON.

use serde::{Serialize, Serializer};

use super::{
    AuditFormat, Event,
    event::{Field, Phase},
};

/// Bytes of most events.
const LINE: usize = 768;

/// The event on one line, with its end.
pub(super) fn of(event: &Event, phase: Phase, format: AuditFormat) -> Vec<u8> {
    let mut line = Vec::with_capacity(LINE);
    let fields = event.fields(phase);
    match format {
        AuditFormat::Json => write_json(&mut line, &Fields(&fields)),
        AuditFormat::Text => {
            for (name, field) in &fields {
                if !line.is_empty() {
                    line.push(b' ');
                }
                line.extend_from_slice(name.as_bytes());
                line.push(b'=');
                match field {
                    Field::Text(text) if is_word(text) => line.extend_from_slice(text.as_bytes()),
                    field => write_json(&mut line, field),
                }
            }
        }
    }
    line.push(b'\n');
    line
}

/// An event as an object.
struct Fields<'a>(&'a [(&'static str, Field<'a>)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, field)| (name, field)))
    }
}

pub(super) fn write_json(line: &mut Vec<u8>, value: &impl Serialize) {
    // Text, numbers and maps with text keys can be written, and memory takes them.
    if let Err(e) = serde_json::to_writer(line, value) {
        tracing::error!("an audit event could not be written: {e}");
    }
}

/// Whether a reader of `key=value` takes it for one value without quotes, and a terminal for plain text.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'='))
}
