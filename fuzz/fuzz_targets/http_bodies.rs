//! Bodies: nothing panics, and what is taken for a message is one by a plain reading of it too: a request that is taken for a
//! notification would never be answered.

#![no_main]

use jmcp::server::http::fuzz::{self, Message};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn plain(body: &[u8]) -> Message {
    let Ok(Value::Object(message)) = serde_json::from_slice::<Value>(body) else {
        return Message::Refused;
    };
    let method = message.get("method").and_then(Value::as_str);
    let answers = ["result", "error"]
        .iter()
        .any(|name| message.get(*name).is_some_and(|value| !value.is_null()));
    match (message.get("id"), method) {
        (Some(id), Some(method)) if id.is_string() || id.is_i64() => Message::Request(id.clone(), method.to_owned()),
        (None, Some(method)) => Message::Notification(method.to_owned()),
        (Some(_), None) if answers => Message::Answer,
        _ => Message::Refused,
    }
}

fuzz_target!(|body: &[u8]| {
    match fuzz::open(body) {
        Message::Refused => {}
        read => assert_eq!(read, plain(body)),
    }
});
