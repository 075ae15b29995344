//! `confirm_commit`: keeps a confirmed commit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{ON, On};
use crate::{
    error::Result,
    tools::{Context, Effect, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// Comment in the commit history.
    commit_comment: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    confirmed: bool,
    committed_by: String,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "confirm_commit",
        Effect::Write,
        "Confirm a commit",
        "Keep a confirmed commit (confirm_timeout_mins of load_and_commit_config) that the device would otherwise roll back. Commits \
         nothing else.",
        run,
    )
    .aliases(ON)
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = args.on.router_name;
    let comment = args.commit_comment.unwrap_or_else(|| "confirmed via MCP".into());
    let committed_by = context.services.junos.confirm_commit(&router, &comment, context.timeout).await?;
    let text = format!("The confirmed commit of `{committed_by}` on {router} is confirmed.");
    Ok(Typed::text(Output { router_name: router, confirmed: true, committed_by }, text))
}
