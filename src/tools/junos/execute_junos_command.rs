//! `execute_junos_command`: one operational command on one device.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common::{FreeForm, ON, On, Show, seconds};
use crate::{
    error::Result,
    junos::CommandFormat,
    tools::{Context, Effect, Judged, Tool, Typed, string_argument},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// Operational command, e.g. `show bgp summary | match Establ`. Pipes work: match, except, find, count, last, trim, display.
    command: String,
    /// Default text; json is made from the XML, a stable shape for programs.
    format: Option<CommandFormat>,
    #[serde(flatten)]
    _show: Show,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    command: String,
    output: String,
    /// With format json.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<FreeForm>")]
    data: Option<Value>,
    warnings: Vec<String>,
    execution_duration: f64,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "execute_junos_command",
        Effect::Read,
        "Run a Junos command",
        "Run one operational command on one Junos device and return its output. Use it for show commands, ping and traceroute (give \
         a count). For several commands or devices use execute_junos_command_batch; for configuration use get_junos_config.",
        run,
    )
    .aliases(ON)
    .aliases(&[("commands", "command")])
    .runs_commands(|arguments| vec![Judged::Command(string_argument(arguments, "command"))])
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let started = tokio::time::Instant::now();
    let format = args.format.unwrap_or_default();
    let answer = context
        .services
        .junos
        .command(&args.on.router_name, &args.command, format, context.secrets(), context.timeout)
        .await?;
    let output = Output {
        router_name: args.on.router_name,
        command: args.command,
        output: answer.output,
        data: answer.data,
        warnings: answer.warnings,
        execution_duration: seconds(started.elapsed()),
    };
    Ok(if output.data.is_some() {
        Typed::json(output)
    } else {
        Typed::field(output, "output")
    })
}
