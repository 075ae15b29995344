//! `describe_tool`: what a tool takes, does and asks of the API.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    error::{Code, Error, Result},
    tools::{Context, Effect, Shelf, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Name of the tool.
    name: String,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "describe_tool",
        Effect::Read,
        "Describe a tool",
        "The arguments of a tool as a JSON schema, what it does, and the operation behind it.",
        run,
    )
    .aliases(&[("tool", "name"), ("tool_name", "name")])
    .local()
    .mist(Shelf::Essential)
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let tool = context
        .catalogue
        .find(&args.name)
        .filter(|tool| context.caller.may_call(tool))
        .ok_or_else(|| {
            let name: String = args.name.chars().take(80).collect();
            Error::new(Code::UnknownTool, format!("unknown tool `{}`", name.escape_debug()))
                .advise("`search_tools` finds tools by words")
        })?;
    let mut described = Map::from_iter([
        ("name".into(), json!(tool.name)),
        ("effect".into(), json!(tool.effect.as_str())),
    ]);
    if !tool.about.is_empty() {
        described.insert("about".into(), tool.about.into());
    }
    let specification = context.services.mist.specification();
    if let Some(operation) = specification.operation(tool.name).filter(|_| tool.toolset == "mist") {
        if let Some(route) = operation.routes.first() {
            described.insert("request".into(), format!("{} {}", operation.method, route.path).into());
        }
        described.insert("tag".into(), operation.tag.as_str().into());
    }
    if !context.permits.allow(tool, tool.effect) {
        described.insert("not_now".into(), "the operator has not allowed changes".into());
    }
    described.insert("arguments".into(), tool.input().clone());
    Ok(Typed::compact(Value::Object(described)))
}
