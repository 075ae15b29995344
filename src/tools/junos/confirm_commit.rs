//! `confirm_commit`: keeps a confirmed commit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::common::{Described, ON, On, commit_line, nothing_waits, of_change, parsed};
use crate::{
    error::Result,
    junos::{Commit, Pending},
    policy,
    tools::{Arguments, Context, Effect, Plan, Tool, Typed},
};

const NAME: &str = "confirm_commit";

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
    success: bool,
    confirmed: bool,
    /// Who made the commit that is confirmed now.
    committed_by: String,
    /// The commit that waited: user, rolls_back, deadline_utc, comment.
    #[schemars(with = "Described")]
    was: Pending,
    /// The confirmation, where the history has one: number, user, client, when, time_utc, comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Described>")]
    commit: Option<Commit>,
    warnings: Vec<String>,
    notes: Vec<String>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        NAME,
        Effect::Write,
        "Confirm a commit",
        "Keep a confirmed commit (confirm_timeout_mins of load_and_commit_config) that the device would otherwise roll back. Commits \
         nothing else.",
        run,
    )
    .aliases(ON)
    .planned_when_asked(plan)
}

async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let args: Args = parsed(NAME, arguments)?;
    let router = args.on.router_name;
    let junos = &context.services.junos;
    let history = junos.history(&router, context.timeout).await?;
    let Some(pending) = &history.pending else {
        return Ok(nothing_waits(&router));
    };
    let diff = junos.diff(&router, 1, context.timeout).await?;
    let words = format!(
        "Keep the confirmed commit of `{}` on `{router}` for good? Otherwise the device takes it back ({}). Its last change:\n{diff}",
        pending.user, pending.rolls_back
    );
    Ok(Plan {
        statements: policy::statements_of(&diff),
        ..Plan::new(words, Value::Object(Map::from_iter([(router, history.base().into())])))
    })
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = args.on.router_name;
    let comment = args.commit_comment.unwrap_or_else(|| "confirmed via MCP".into());
    let seen = context.plan.as_ref().map(|plan| plan.evidence.get(&router).unwrap_or(&Value::Null));
    // Where nothing waited nobody agreed to what may wait by now.
    let agreed = seen.map(|seen| seen.as_str().unwrap_or("nothing"));
    let confirmed = context.services.junos.confirm_commit(&router, &comment, agreed, &context.control(NAME)).await;
    let confirmed = confirmed.map_err(of_change)?;
    let committed_by = confirmed.was.user.clone();
    let mut text = format!("The confirmed commit of `{committed_by}` on {router} is confirmed.");
    let commit = confirmed.commit.as_ref().map(|commit| commit_line(commit, None));
    let warnings = confirmed.warnings.iter().map(|warning| format!("warning: {warning}"));
    let notes = confirmed.notes.iter().map(|note| format!("note: {note}"));
    for line in commit.into_iter().chain(warnings).chain(notes) {
        text.push('\n');
        text.push_str(&line);
    }
    let output = Output {
        router_name: router,
        success: true,
        confirmed: true,
        committed_by,
        was: confirmed.was,
        commit: confirmed.commit,
        warnings: confirmed.warnings,
        notes: confirmed.notes,
    };
    Ok(Typed::text(output, text))
}
