//! `confirm_commit`: keeps a confirmed commit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{ON, On};
use crate::{
    error::Result,
    junos::{Commit, Pending},
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
    /// The commit that waited.
    was: Pending,
    /// The confirmation in the device's history, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<Commit>,
    warnings: Vec<String>,
    notes: Vec<String>,
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
    let confirmed = context.services.junos.confirm_commit(&router, &comment, context.timeout).await?;
    let committed_by = confirmed.was.user.clone();
    let notes: String = confirmed.notes.iter().map(|note| format!("\nnote: {note}")).collect();
    let text = format!("The confirmed commit of `{committed_by}` on {router} is confirmed.{notes}");
    let output = Output {
        router_name: router,
        confirmed: true,
        committed_by,
        was: confirmed.was,
        commit: confirmed.commit,
        warnings: confirmed.warnings,
        notes: confirmed.notes,
    };
    Ok(Typed::text(output, text))
}
