//! Lines for the client's log: those that it asked for, before the answer.

use std::sync::Arc;

use jmcp::{
    server::path::Path,
    tools::{Context, Effect, Level, Tool, Typed},
};
use serde_json::{Value, json};

use crate::support::{
    made::{Nothing, Said, server},
    talk::{Era, Served, Talk},
};

/// Writes a line of each of four levels.
fn talkative() -> Arc<Path> {
    let run = |context: Context, _: Nothing| async move {
        context.log.say(Level::Debug, "looked");
        context.log.say(Level::Info, "found");
        context.progress.step(1, Some(1), "done");
        context.log.say(Level::Warning, "old");
        context.log.say(Level::Emergency, "on\u{202e} fire");
        Ok(Typed::field(Said { said: "four".into() }, "said"))
    };
    server(vec![Tool::new(
        "talkative",
        Effect::Read,
        "Talkative",
        "Says four things.",
        run,
    )])
}

/// What came before the answer to a call with this `_meta`: levels and words of lines, and words of progress.
async fn heard(client: &mut Talk, meta: Value) -> Vec<(String, String)> {
    let params = json!({ "name": "talkative", "arguments": {}, "_meta": meta });
    client.request("tools/call", params).await;
    let words = |params: &Value, name: &str| params[name].as_str().unwrap_or_default().to_owned();
    client
        .seen
        .drain(..)
        .map(|message| match message["method"].as_str().unwrap() {
            "notifications/message" => (words(&message["params"], "level"), words(&message["params"], "data")),
            method => (method.to_owned(), words(&message["params"], "message")),
        })
        .collect()
}

fn lines(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(level, words): &(&str, &str)| ((*level).to_owned(), (*words).to_owned());
    lines.iter().map(owned).collect()
}

#[tokio::test]
async fn a_session_has_a_level() {
    let path = talkative();
    let (_served, mut client) = Served::client(&path, Era::Handshake, json!({})).await;
    let told = lines(&[("info", "found"), ("warning", "old"), ("emergency", "on<U+202E> fire")]);
    assert_eq!(
        heard(&mut client, json!({})).await,
        told,
        "until a level is set it is info"
    );
    client.request("logging/setLevel", json!({ "level": "critical" })).await;
    assert_eq!(
        heard(&mut client, json!({})).await,
        lines(&[("emergency", "on<U+202E> fire")])
    );
    client.request("logging/setLevel", json!({ "level": "debug" })).await;
    let all = [
        ("debug", "looked"),
        ("info", "found"),
        ("notifications/progress", "done"),
        ("warning", "old"),
        ("emergency", "on<U+202E> fire"),
    ];
    assert_eq!(
        heard(&mut client, json!({ "progressToken": 7 })).await,
        lines(&all),
        "in order"
    );
    let (_served, mut other) = Served::client(&path, Era::Handshake, json!({})).await;
    assert_eq!(heard(&mut other, json!({})).await, told, "the level is one session's");
}

#[tokio::test]
async fn a_request_without_a_session_names_its_level_or_hears_nothing() {
    let (_served, mut client) = Served::client(&talkative(), Era::PerRequest, json!({})).await;
    assert_eq!(heard(&mut client, json!({})).await, []);
    let level = |level: &str| json!({ "io.modelcontextprotocol/logLevel": level });
    let told = lines(&[("warning", "old"), ("emergency", "on<U+202E> fire")]);
    assert_eq!(heard(&mut client, level("warning")).await, told);
    assert_eq!(heard(&mut client, json!({})).await, [], "it holds for one request");
    let progress = json!({ "progressToken": 7 });
    assert_eq!(
        heard(&mut client, progress).await,
        lines(&[("notifications/progress", "done")])
    );
}
