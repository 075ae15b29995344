//! `execute_custom_shell_command`: a command on a device's own command line, through the Mist cloud.

use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    reads::reads_only,
    run::{lasting, plan, teller},
};
use crate::{
    error::Result,
    mist::stream::{Command, Ended, LARGEST, Output},
    tools::{Arguments, Context, Effect, Judged, Plan, Shelf, Tool, Typed, mist::tidy, string_argument},
};

/// Seconds that a command may take.
const SECONDS: std::ops::RangeInclusive<u64> = 5..=300;
/// Seconds where the call does not say it.
const TIMEOUT: u64 = 30;

#[derive(Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    /// Id or MAC of the device.
    device_id: String,
    /// One command, e.g. `show chassis alarms`.
    command: String,
    /// Seconds, 5 to 300; default 30. What came until then is returned.
    timeout: Option<u64>,
    /// Of a cluster, which node.
    node: Option<Node>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Node {
    Node0,
    Node1,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "execute_custom_shell_command",
        Effect::Read,
        "Command on a device through Mist",
        "Run one command on the command line of a switch or gateway through the Mist cloud and return its output, for devices that are \
         reached in no other way. show, ping (give a count) and traceroute read; everything else counts as a change. Ready-made tables \
         come faster with mist_utilities.",
        run,
    )
    .aliases(&[("command_timeout", "timeout"), ("timeout_seconds", "timeout")])
    .tidies(tidy::tidy)
    .runs_commands(|arguments| vec![Judged::Command(string_argument(arguments, "command"))])
    .effect_of(effect)
    .planned(|context, arguments| async move { planned(&context, &arguments).await })
    .ends_itself()
    .mist(Shelf::Category("enhanced"))
}

fn effect(arguments: &Arguments) -> Effect {
    if reads_only(&string_argument(arguments, "command")) {
        Effect::Read
    } else {
        // What a command does that nobody knows cannot be undone by anybody.
        Effect::Destroy
    }
}

async fn planned(context: &Context, arguments: &Arguments) -> Result<Plan> {
    let word = |name: &str| string_argument(arguments, name);
    let what = format!("Run the command: {}", word("command"));
    let about = "The command is none that is known to only read.";
    plan(context, &word("site_id"), &word("device_id"), &what, about).await
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let timeout = args.timeout.unwrap_or(TIMEOUT).clamp(*SECONDS.start(), *SECONDS.end());
    let context = lasting(context, Duration::from_secs(timeout));
    let started = Instant::now();
    let command = Command {
        site: &args.site_id,
        device: &args.device_id,
        node: args.node.map(|node| match node {
            Node::Node0 => "node0",
            Node::Node1 => "node1",
        }),
        line: args.command.trim(),
        reads: reads_only(&args.command),
    };
    let output = context.mist()?.shell(&command, &teller(&context)).await?;
    let (status, message) = status(&output);
    let answer = json!({
        "status": status,
        "command": command.line,
        "device_id": args.device_id,
        "site_id": args.site_id,
        "execution_time": (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        "timestamp": crate::time::rfc3339(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()),
        "timed_out": output.timed_out(),
        "error_message": message,
        "timeout_used": timeout,
        "output_truncated": output.is_cut(),
        "max_output_size": LARGEST,
        "output": output.text
    });
    let failed = matches!(output.ended, Ended::Question(_));
    Ok(Typed::compact(answer).failed(failed))
}

/// The word of the earlier server for how it went, and what a model has to know about it.
fn status(output: &Output) -> (&'static str, Option<String>) {
    match &output.ended {
        Ended::Complete => ("success", None),
        Ended::Idle | Ended::Stopped => (
            "success",
            Some("the device's prompt is not known: the output ended with a silence and may go on".into()),
        ),
        Ended::Full => (
            "success",
            Some("there was more output than is kept: ask for less".into()),
        ),
        Ended::TimedOut => (
            "timeout",
            Some(
                "the time was over before the prompt came back: this is what came until then; the command was stopped"
                    .into(),
            ),
        ),
        Ended::Closed => (
            "closed",
            Some("the connection ended before the prompt came back: this is what came until then".into()),
        ),
        Ended::Question(question) => (
            "error",
            Some(format!(
                "the device asked `{question}`, and nobody can answer there: the command was stopped"
            )),
        ),
    }
}
