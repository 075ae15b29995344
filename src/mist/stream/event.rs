//! The messages of the cloud's stream. Several commands of several people share a channel: each has its session.

use serde_json::{Value, json};

/// One message.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// From now on what is said on the channel comes.
    Subscribed { channel: String },
    /// The channel is refused, with the cloud's words.
    Refused { channel: String, detail: String },
    /// Something was said in a session.
    Said {
        channel: String,
        session: String,
        text: String,
    },
    /// Nothing that matters here.
    Other,
}

/// The message that asks for a channel.
pub(super) fn subscribe(channel: &str) -> String {
    json!({ "subscribe": channel }).to_string()
}

/// The channel of what a device's utilities say.
pub(super) fn channel(site: &str, device: &str) -> String {
    format!("/sites/{site}/devices/{device}/cmd")
}

impl Event {
    /// Reads a message. `data` is an object, or JSON in a string.
    pub(super) fn read(message: &str) -> Self {
        let Ok(Value::Object(fields)) = serde_json::from_str(message) else {
            return Event::Other;
        };
        let word = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let channel = word("channel");
        match word("event").as_str() {
            "channel_subscribed" => Event::Subscribed { channel },
            "subscribe_failed" => Event::Refused {
                channel,
                detail: word("detail"),
            },
            "data" => Self::said(channel, fields.get("data")).unwrap_or(Event::Other),
            _ => Event::Other,
        }
    }

    fn said(channel: String, data: Option<&Value>) -> Option<Self> {
        let inner: Value;
        let data = match data? {
            Value::String(text) => {
                inner = serde_json::from_str(text).ok()?;
                &inner
            }
            data => data,
        };
        let mut fields = data.as_object()?.clone();
        let session = fields.shift_remove("session")?.as_str()?.to_owned();
        let text = match fields.get("raw") {
            Some(Value::String(raw)) => raw.clone(),
            Some(Value::Null) => return None,
            Some(other) => format!("{other}\n"),
            None if fields.is_empty() => return None,
            // Some utilities answer with tables.
            None => format!("{}\n", Value::Object(fields)),
        };
        Some(Event::Said { channel, session, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_read_as_objects_and_as_json_in_a_string() {
        let said = |text: &str| Event::Said {
            channel: "/c".into(),
            session: "s".into(),
            text: text.into(),
        };
        for (message, event) in [
            (
                r#"{"event":"data","channel":"/c","data":{"session":"s","raw":"a\n"}}"#,
                said("a\n"),
            ),
            (
                r#"{"event":"data","channel":"/c","data":"{\"session\":\"s\",\"raw\":\"a\"}"}"#,
                said("a"),
            ),
            (
                r#"{"event":"data","channel":"/c","data":{"session":"s","rows":[1]}}"#,
                said("{\"rows\":[1]}\n"),
            ),
            (
                r#"{"event":"data","channel":"/c","data":{"raw":"whose?"}}"#,
                Event::Other,
            ),
            (r#"{"event":"data","channel":"/c","data":"no json"}"#, Event::Other),
            (
                r#"{"event":"channel_subscribed","channel":"/c"}"#,
                Event::Subscribed { channel: "/c".into() },
            ),
            ("no json", Event::Other),
            ("[]", Event::Other),
        ] {
            assert_eq!(Event::read(message), event, "{message}");
        }
        assert_eq!(
            Event::read(r#"{"event":"subscribe_failed","channel":"/c","detail":"no"}"#),
            Event::Refused {
                channel: "/c".into(),
                detail: "no".into()
            }
        );
    }
}
