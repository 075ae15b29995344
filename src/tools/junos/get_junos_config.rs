//! `get_junos_config`: the configuration or a part of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common::{FreeForm, ON, On, Show};
use crate::{
    error::Result,
    junos::{ConfigFormat, ConfigQuery},
    tools::{Arguments, Context, Effect, Judged, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// Default set; text is curly braces.
    format: Option<ConfigFormat>,
    /// Only this part of the tree, e.g. `protocols bgp` or `interfaces ge-0/0/0`.
    path: Option<String>,
    /// Show what groups contribute in its place; default true for set.
    inherit: Option<bool>,
    #[serde(flatten)]
    _show: Show,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    format: ConfigFormat,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Empty with json.
    config: String,
    /// With format json.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<FreeForm>")]
    data: Option<Value>,
    warnings: Vec<String>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "get_junos_config",
        Effect::Read,
        "Read configuration",
        "Read the committed configuration of a Junos device, whole or one part of the tree (`path`). Ask for a part where you can: \
         whole configurations are long.",
        run,
    )
    .plain()
    .aliases(ON)
    .judged(|arguments| vec![Judged::Command(command(arguments))])
}

/// The command that a call runs. A path that holds more than a path is refused when it is run.
fn command(arguments: &Arguments) -> String {
    let word = |name: &str| arguments.get(name).and_then(Value::as_str);
    let format = word("format").and_then(|format| serde_json::from_value(format.into()).ok());
    let inherit = arguments.get("inherit").and_then(Value::as_bool);
    let query = query(format, word("path").map(str::to_owned), inherit);
    let as_typed = |_| format!("show configuration {}", word("path").unwrap_or_default());
    query.command().unwrap_or_else(as_typed)
}

fn query(format: Option<ConfigFormat>, path: Option<String>, inherit: Option<bool>) -> ConfigQuery {
    let format = format.unwrap_or_default();
    ConfigQuery {
        format,
        path,
        inherit: inherit.unwrap_or(format == ConfigFormat::Set),
    }
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let query = query(args.format, args.path.clone(), args.inherit);
    let format = query.format;
    let read = context
        .services
        .junos
        .configuration(&args.on.router_name, &query, context.timeout)
        .await?;
    let output = Output {
        router_name: args.on.router_name,
        format,
        path: args.path,
        config: read.output,
        data: read.data,
        warnings: read.warnings,
    };
    Ok(if output.data.is_some() {
        Typed::json(output)
    } else {
        Typed::field(output, "config")
    })
}
