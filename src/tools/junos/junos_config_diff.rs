//! `junos_config_diff`: the configuration against an earlier one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common::{ON, On};
use crate::{
    error::Result,
    tools::{Arguments, Context, Effect, Judged, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// Rollback number: 1 (default) is the commit before the last, 0 shows edits that are not committed.
    #[schemars(range(min = 0, max = 49))]
    version: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    version: u32,
    /// As `show | compare` shows it; empty where there is none.
    diff: String,
    changed: bool,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "junos_config_diff",
        Effect::Read,
        "Compare configuration",
        "Show what changed in a Junos device's configuration since an earlier commit (rollback 1 to 49), or with version 0 the edits \
         that somebody has not committed yet.",
        run,
    )
    .plain()
    .aliases(ON)
    .refusals(&[("version", "rollback version {} out of range (0..=49)")])
    .judged(|arguments| vec![Judged::Command(command(arguments))])
}

/// The command that a call comes to.
fn command(arguments: &Arguments) -> String {
    match arguments.get("version").and_then(Value::as_u64).unwrap_or(1) {
        0 => "show configuration | compare".to_owned(),
        version => format!("show configuration | compare rollback {version}"),
    }
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let version = args.version.unwrap_or(1);
    let diff = context.services.junos.diff(&args.on.router_name, version, context.timeout).await?;
    let changed = !diff.trim().is_empty();
    let text = if changed { diff.clone() } else { format!("No differences to rollback {version}") };
    Ok(Typed::text(Output { router_name: args.on.router_name, version, diff, changed }, text))
}
