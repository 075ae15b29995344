//! `junos_config_diff`: the configuration against an earlier one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::On;
use crate::{
    error::Result,
    tools::{Context, Effect, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// Rollback number to compare with: 1 (default) is the commit before the last, 0 shows uncommitted edits of the candidate.
    #[schemars(range(min = 0, max = 49))]
    version: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    /// Rollback number.
    version: u32,
    /// The difference, as `show | compare` shows it; empty where there is none.
    diff: String,
    /// Whether there is any.
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
    .aliases(&[("router", "router_name")])
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let version = args.version.unwrap_or(1);
    let diff = context.services.junos.diff(&args.on.router_name, version, context.timeout).await?;
    let changed = !diff.trim().is_empty();
    let text = if changed { diff.clone() } else { format!("No differences to rollback {version}") };
    Ok(Typed::text(Output { router_name: args.on.router_name, version, diff, changed }, text))
}
