//! From the product's own types to MCP's: the only place that builds a tool's description or result.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rmcp::model::{
    CallToolResult, ContentBlock, JsonObject, MetaObject, Resource, ResourceContents, Tool as McpTool, ToolAnnotations,
};
use serde_json::{Value, json};

use super::path::{Answered, CONFIRMATION, operations::META};
use crate::{
    time::rfc3339,
    tools::{Block, Body, Effect, Shelf, Tool},
};

/// How a tool is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// To whoever may change things.
    Whole,
    /// To those who may change nothing: what runs any command only reads for them.
    Reading,
    /// In a list of hundreds, where every word counts.
    Brief,
}

/// A tool as `tools/list` shows it, with title, all four hints and both schemas; in a long list without what goes without saying. A read-only server refuses commands that change
/// anything. Tools that mirror the Mist API are shown without what goes without saying.
pub(super) fn tool(tool: &Tool, shown: Shown) -> McpTool {
    let read_only = shown == Shown::Reading;
    if matches!(tool.shelf, Shelf::Category(_)) && tool.output.is_none() && tool.title == tool.name {
        return mirror(tool, shown == Shown::Brief);
    }
    // A client that trusts the hint does not ask: it has to be true of every call.
    let reads = tool.effect == Effect::Read && (read_only || !tool.has_many_effects());
    let mut annotations = ToolAnnotations::new().read_only(reads).destructive(!reads);
    if shown != Shown::Brief {
        annotations = annotations.idempotent(tool.idempotent).open_world(tool.open_world);
    }
    let mut schema = tool.input().as_object().cloned().unwrap_or_default();
    if shown == Shown::Whole {
        take_token(tool, &mut schema);
    }
    let listed = McpTool::new(tool.name, tool.about, schema).with_annotations(annotations);
    if shown == Shown::Brief {
        return listed;
    }
    let listed = listed.with_title(tool.title);
    match &tool.output {
        Some(output) => listed.with_raw_output_schema(object(output)),
        None => listed,
    }
}

/// A tool that mirrors an operation: the hints that differ from what holds where nothing is said, and in a long list no more of the
/// schema than names, types and choices.
fn mirror(tool: &Tool, is_brief: bool) -> McpTool {
    let mut hints = ToolAnnotations::new();
    match tool.effect {
        Effect::Read => hints.read_only_hint = Some(true),
        Effect::Write => {
            hints.destructive_hint = Some(false);
            hints.idempotent_hint = Some(tool.idempotent);
        }
        Effect::Destroy => hints.destructive_hint = Some(true),
    }
    let mut schema = tool.input().as_object().cloned().unwrap_or_default();
    if is_brief && let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| !EVERYWHERE.contains(&name.as_str()));
        properties.values_mut().for_each(shorten);
    }
    if !is_brief {
        take_token(tool, &mut schema);
    }
    McpTool::new(tool.name, tool.about, schema).with_annotations(hints)
}

/// Says that a tool which people are asked about takes the token that comes of it; a client that cannot show a question needs it.
fn take_token(tool: &Tool, schema: &mut JsonObject) {
    if !tool.is_asked_about() || tool.asks_always {
        return;
    }
    let about = "Only from an answer that asks for a person's word, once they agreed";
    let properties = schema
        .entry("properties")
        .or_insert_with(|| Value::Object(JsonObject::new()));
    if let Value::Object(properties) = properties {
        properties.insert(CONFIRMATION.into(), json!({ "type": "string", "description": about }));
    }
}

/// Parameters of every list, which the server's instructions tell of.
const EVERYWHERE: &[&str] = &["fields", "summary", "all_pages"];

/// Leaves of a parameter's schema what a caller cannot guess.
fn shorten(schema: &mut Value) {
    if let Value::Object(fields) = schema {
        fields.retain(|name, _| matches!(name.as_str(), "type" | "enum" | "items"));
        fields.values_mut().for_each(|value| {
            if value.is_object() {
                shorten(value);
            }
        });
    }
}

fn object(schema: &Value) -> Arc<JsonObject> {
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}

/// The result of a call. An error's code goes into `_meta` too: `structuredContent` has to fit the published schema, and clients
/// check that on failures as well.
pub(super) fn result(answered: Answered) -> CallToolResult {
    let content = content(answered.text, answered.blocks);
    let mut result = if answered.failed {
        CallToolResult::error(content)
    } else {
        CallToolResult::success(content)
    };
    result.structured_content = answered.structured.map(Value::Object);
    let mut meta = MetaObject::new();
    meta.insert(
        "jmcp/duration_ms".into(),
        u64::try_from(answered.duration.as_millis()).unwrap_or(u64::MAX).into(),
    );
    // Under the names that the Python server's clients know.
    let started = SystemTime::now().checked_sub(answered.duration).unwrap_or(UNIX_EPOCH);
    let time = |at: SystemTime| rfc3339(at.duration_since(UNIX_EPOCH).unwrap_or_default());
    let seconds = (answered.duration.as_secs_f64() * 1000.0).round() / 1000.0;
    meta.insert("execution_duration".into(), seconds.into());
    meta.insert("start_time".into(), time(started).into());
    meta.insert("end_time".into(), time(started + answered.duration).into());
    if let Some(operation) = &answered.operation {
        meta.insert(META.into(), (&**operation).into());
    }
    if let Some(origin) = answered.origin.as_str() {
        meta.insert("jmcp/untrusted".into(), origin.into());
    }
    if let Some(error) = &answered.error {
        meta.insert(
            "jmcp/error".into(),
            json!({
                "code": error.code().as_str(),
                "message": error.message(),
                "advice": error.advice(),
                "retryable": error.code().retryable(),
            }),
        );
    }
    if let Some(confirmation) = answered.confirmation {
        meta.insert("jmcp/confirmation".into(), confirmation);
    }
    result.meta = Some(meta);
    result
}

/// The text, where there is any or nothing else, and then the rest.
fn content(text: String, blocks: Vec<Block>) -> Vec<ContentBlock> {
    let has_text = !text.is_empty() || blocks.is_empty();
    let text = has_text.then(|| ContentBlock::text(text));
    text.into_iter().chain(blocks.into_iter().map(block)).collect()
}

fn block(block: Block) -> ContentBlock {
    match block {
        Block::Image { data, mime } => ContentBlock::image(BASE64.encode(data), mime),
        Block::Audio { data, mime } => ContentBlock::audio(BASE64.encode(data), mime),
        Block::Document { uri, mime, body } => {
            let contents = match body {
                Body::Text(text) => ResourceContents::text(text, uri),
                Body::Bytes(bytes) => ResourceContents::blob(BASE64.encode(bytes), uri),
            };
            ContentBlock::resource(contents.with_mime_type(mime))
        }
        Block::Link { uri, name, mime } => ContentBlock::resource_link(Resource::new(uri, name).with_mime_type(mime)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::path::Origin, *};

    #[test]
    fn the_time_of_a_call_is_in_its_meta() {
        let answered = Answered {
            text: "up".into(),
            blocks: Vec::new(),
            structured: None,
            failed: false,
            error: None,
            origin: Origin::Device,
            confirmation: None,
            duration: Duration::from_micros(1_234_567),
            operation: Some("op-1".into()),
        };
        let meta = serde_json::to_value(result(answered)).unwrap()["_meta"].clone();
        assert_eq!(meta["execution_duration"], 1.235);
        assert_eq!(meta["jmcp/operation"], "op-1");
        assert_eq!(meta["jmcp/untrusted"], "device");
        for key in ["start_time", "end_time"] {
            let time = meta[key].as_str().unwrap();
            assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
        }
        assert!(meta["start_time"].as_str() < meta["end_time"].as_str());
    }
}
