//! `save_rescue_config`: keeps what runs as the rescue configuration.

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
    saved: bool,
    /// The commit that was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<Commit>,
    notes: Vec<String>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "save_rescue_config",
        Effect::Write,
        "Save rescue configuration",
        "Keep the running configuration of a Junos device as its rescue configuration, in place of the one before.",
        run,
    )
    .aliases(ON)
    .idempotent()
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = args.on.router_name;
    let junos = &context.services.junos;
    let before = junos.history(&router, context.timeout).await;
    junos.save_rescue(&router, context.timeout).await?;
    let after = junos.history(&router, context.timeout).await;
    let mut notes = Vec::new();
    let mut commit = None;
    match (before, after) {
        (Ok(before), Ok(after)) if before.base() == after.base() => {
            if let Some(pending) = after.pending {
                notes.push(format!(
                    "a confirmed commit of `{}` waits ({}): the rescue configuration holds it also when the device rolls it back",
                    pending.user, pending.rolls_back
                ));
            }
            commit = after.commits.into_iter().next();
        }
        (Ok(_), Ok(_)) => notes.push("somebody committed meanwhile: whether that was saved or what ran before is not known".to_owned()),
        (Err(error), _) | (_, Err(error)) => {
            notes.push(format!("which commit was saved is not known: {}", error.message()));
        }
    }
    let line = commit.as_ref().map(|commit| format!("\n{}", commit_line(commit, None))).unwrap_or_default();
    let said: String = notes.iter().map(|note| format!("\nnote: {note}")).collect();
    let text = format!("The running configuration of {router} is its rescue configuration now.{line}{said}");
    let output = Output {
        router_name: router,
        saved: true,
        commit,
        notes,
    };
    Ok(Typed::text(output, text))
}
