//! `call_tool`: calls a tool by name, also one that is not listed. The call path puts the named tool in its place before anything else is
//! done, so that all that holds for that tool holds for the call.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Context, Effect, Shelf, Tool, Typed},
};

/// The tool's name.
pub(in crate::tools) const NAME: &str = "call_tool";

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Name of the tool, from search_tools.
    name: String,
    /// Its arguments.
    #[serde(default)]
    arguments: Map<String, Value>,
}

pub(super) fn tool() -> Tool {
    let mut tool = Tool::new(
        NAME,
        Effect::Read,
        "Call any tool",
        "Call a tool that search_tools found, listed or not, with its own arguments (describe_tool has them). Whatever holds for that \
         tool holds here: changes need the operator's leave and a person's word.",
        run,
    )
    .aliases(&[("tool", "name"), ("tool_name", "name"), ("args", "arguments"), ("parameters", "arguments")])
    .mist(Shelf::Essential)
    // What is called may do anything.
    .effect_of(|_| Effect::Read);
    tool.idempotent = false;
    tool
}

/// The tool that a call names and its arguments, where it is a call of `call_tool`.
///
/// # Errors
/// `invalid_input` where no tool is named.
pub(in crate::tools) fn named(arguments: &mut Arguments) -> Result<(String, Arguments)> {
    let mut take = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| arguments.remove(*name))
            .unwrap_or_default()
    };
    let name = take(&["name", "tool", "tool_name"]);
    let inner = take(&["arguments", "args", "parameters"]);
    let name = name
        .as_str()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            Error::new(Code::InvalidInput, "arguments of `call_tool`: `name` is missing")
                .advise("give the tool's `name` and its `arguments`; search_tools finds names")
        })?;
    let inner = match inner {
        Value::Null => Map::new(),
        Value::Object(inner) => inner,
        Value::String(text) => serde_json::from_str(&text).map_err(|_| {
            Error::new(
                Code::InvalidInput,
                "arguments of `call_tool`: `arguments` is not a JSON object",
            )
        })?,
        _ => {
            return Err(Error::new(
                Code::InvalidInput,
                "arguments of `call_tool`: `arguments` is not an object",
            ));
        }
    };
    Ok((name.to_owned(), inner))
}

async fn run(_context: Context, args: Args) -> Result<Typed<Value>> {
    Err(Error::new(
        Code::Internal,
        format!(
            "`{}` was not put in the place of `call_tool` ({} arguments)",
            args.name,
            args.arguments.len()
        ),
    ))
}
