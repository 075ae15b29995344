//! `execute_junos_pfe_command`: one command on a packet forwarding engine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{ON, On, Show, seconds};
use crate::{
    error::{Code, Error, Result},
    tools::{Context, Effect, Judged, Tool, Typed, string_argument},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// Packet forwarding engine, e.g. `fpc0`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    target: String,
    /// PFE command, e.g. `show jnh 0 exceptions`.
    command: String,
    #[serde(flatten)]
    _show: Show,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    target: String,
    fpc_target: String,
    command: String,
    output: String,
    execution_duration: f64,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "execute_junos_pfe_command",
        Effect::Read,
        "Run a PFE command",
        "Run one show command on a packet forwarding engine (line card) of a Junos device, for hardware counters that the routing \
         engine does not have. For experts: PFE commands are not documented for users.",
        run,
    )
    .aliases(ON)
    .aliases(&[("fpc_target", "target"), ("pfe_command", "command")])
    .refusals(&[("target", "invalid pfe_command: fpc_target contains invalid characters (`{}`)")])
    .runs_commands(|arguments| vec![Judged::Pfe(string_argument(arguments, "command"))])
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let wrong = match args.command.as_str() {
        command if command.contains('"') => Some("literal '\"' is not allowed (would break the wrapper command)"),
        command if command.contains(['\n', '\r', '|']) => Some("a pipe or a line break is not allowed"),
        command if command.trim().is_empty() => Some("it is empty"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        return Err(Error::new(Code::InvalidInput, format!("invalid pfe_command: {wrong}"))
            .advise("give one plain PFE command"));
    }
    let started = tokio::time::Instant::now();
    let output = context.services.junos.pfe(&args.on.router_name, &args.target, &args.command, context.timeout).await?;
    let output = Output {
        router_name: args.on.router_name,
        fpc_target: args.target.clone(),
        target: args.target,
        command: args.command,
        output,
        execution_duration: seconds(started.elapsed()),
    };
    Ok(Typed::field(output, "output"))
}
