//! `get_commit_status`: whether a confirmed commit waits, and the latest commits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{ON, On, commit_line, waits};
use crate::{
    error::Result,
    junos::{Commit, Pending},
    tools::{Context, Effect, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// Commits to show; default 10.
    #[schemars(range(min = 1, max = 50))]
    entries: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    /// Whether a confirmed commit waits for its confirmation.
    waits: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<Pending>,
    /// The newest first.
    commits: Vec<Commit>,
    /// Commits that jmcp has sent and whose outcome it does not know yet.
    under_way: Vec<String>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "get_commit_status",
        Effect::Read,
        "See pending commit",
        "Whether a confirmed commit waits on a Junos device, whose, and until when; the latest commits (who, when, how, comment); and the \
         commits of jmcp that are under way.",
        run,
    )
    .plain()
    .aliases(ON)
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = args.on.router_name;
    let junos = &context.services.junos;
    let mut history = junos.history(&router, context.timeout).await?;
    history.commits.truncate(args.entries.unwrap_or(10));
    let under_way = junos.commits_under_way().into_iter().filter(|commit| commit.device == router);
    let output = Output {
        waits: history.pending.is_some(),
        pending: history.pending,
        commits: history.commits,
        under_way: under_way.map(|commit| commit.to_string()).collect(),
        router_name: router,
    };
    let text = text(&output);
    Ok(Typed::text(output, text))
}

fn text(output: &Output) -> String {
    let router = &output.router_name;
    let first = match &output.pending {
        Some(pending) => waits(router, pending),
        None => format!("No confirmed commit waits on {router}."),
    };
    let commits = output.commits.iter().enumerate().map(|(place, commit)| {
        let pending = output.pending.as_ref().filter(|_| place == 0);
        commit_line(commit, pending)
    });
    let lines = std::iter::once(first).chain(output.under_way.iter().cloned()).chain(commits);
    lines.collect::<Vec<_>>().join("\n")
}
