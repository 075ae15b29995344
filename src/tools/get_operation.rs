//! `get_operation`: what became of a change.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Context, Effect, Tool, Typed, list_operations::Row};
use crate::error::{Code, Error, Result};

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// From list_operations, or the call's progress, `_meta` or error.
    operation_id: String,
    /// Wait so long for its end; default 0.
    #[schemars(range(max = 60))]
    wait_seconds: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    #[serde(flatten)]
    row: Row,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured: Option<Map<String, Value>>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "get_operation",
        Effect::Read,
        "Outcome of a change",
        "Get what became of a call that changes something: whether it runs, its outcome, its answer. Ask this before you repeat a \
         change whose answer is missing.",
        run,
    )
    .aliases(&[("id", "operation_id"), ("operation", "operation_id")])
    .toolset("results")
    .own()
    .plain()
    .local()
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let operations = &context.services.operations;
    let find = || {
        operations
            .get(&context.caller.id, &args.operation_id)
            .ok_or_else(|| unknown(&args.operation_id))
    };
    let (_, over) = find()?;
    let longest = Duration::from_secs(args.wait_seconds.unwrap_or_default()).min(context.remaining());
    // Whether it has ended by then is what the answer says.
    let _ = tokio::time::timeout(longest, over.cancelled()).await;
    let (operation, _) = find()?;
    let row = Row::of(&operation);
    let text = match operation.end.as_deref() {
        None => format!(
            "{} ({} on {}) still runs, since {}.",
            row.operation_id,
            row.tool,
            targets(&row),
            row.began
        ),
        Some(end) => format!(
            "{} ({} on {}) ended at {}: {}. Its answer:\n{}",
            row.operation_id,
            row.tool,
            targets(&row),
            row.ended.as_deref().unwrap_or_default(),
            end.outcome.as_deref().unwrap_or(&end.result),
            end.text
        ),
    };
    let end = operation.end.as_deref();
    let output = Output {
        row,
        answer: end.map(|end| end.text.clone()),
        structured: end.and_then(|end| end.structured.clone()),
    };
    Ok(Typed::text(output, text))
}

fn targets(row: &Row) -> String {
    if row.targets.is_empty() {
        "the server".into()
    } else {
        row.targets.join(", ")
    }
}

/// In the same words whether it is another's or never was.
fn unknown(id: &str) -> Error {
    let id: String = id.chars().take(64).collect();
    Error::new(Code::NotFound, format!("there is no operation `{}` of this caller", id.escape_debug())).advise(
        "operations are kept for 24 hours and are gone after a restart of the server: look at the commit history of the device for \
         the commit token (jmcp-...), before anything is done again",
    )
}
