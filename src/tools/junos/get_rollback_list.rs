//! `get_rollback_list`: the configurations that a device has kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{ON, On, commit_line};
use crate::{
    error::Result,
    junos::Commit,
    tools::{Context, Effect, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    count: usize,
    /// The newest first; 0 is what runs.
    rollbacks: Vec<Kept>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Kept {
    #[serde(flatten)]
    commit: Commit,
    /// It rolls back unless it is confirmed.
    pending: bool,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "get_rollback_list",
        Effect::Read,
        "List earlier configurations",
        "The configurations that a Junos device has kept, by rollback number: who committed each, when, how, and the comment. For \
         rollback_config, junos_config_diff and compare_configs.",
        run,
    )
    .plain()
    .aliases(ON)
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = args.on.router_name;
    let history = context.services.junos.history(&router, context.timeout).await?;
    let pending = history.pending;
    let lines: Vec<String> = history
        .commits
        .iter()
        .enumerate()
        .map(|(place, commit)| commit_line(commit, pending.as_ref().filter(|_| place == 0)))
        .collect();
    let kept = history.commits.into_iter().enumerate().map(|(place, commit)| Kept {
        commit,
        pending: place == 0 && pending.is_some(),
    });
    let rollbacks: Vec<Kept> = kept.collect();
    let output = Output {
        count: rollbacks.len(),
        rollbacks,
        router_name: router,
    };
    let text = if lines.is_empty() {
        format!("{} has no commit on record", output.router_name)
    } else {
        lines.join("\n")
    };
    Ok(Typed::text(output, text))
}
