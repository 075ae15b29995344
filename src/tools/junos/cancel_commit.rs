//! `cancel_commit`: takes back a confirmed commit before its time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::common::{Changed, ON, On, nothing_waits, of_change, parsed};
use crate::{
    error::Result,
    junos::{Agreed, Change, Outcome, Purpose, Source, digest},
    policy,
    tools::{Arguments, Context, Effect, Plan, Tool, Typed},
};

const NAME: &str = "cancel_commit";

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// Comment in the commit history.
    commit_comment: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    #[serde(flatten)]
    changed: Changed,
    /// Whether the configuration before it runs again.
    cancelled: bool,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        NAME,
        Effect::Write,
        "Take back a commit",
        "Take back at once the confirmed commit that waits on a Junos device: the configuration before it is committed. Keep it with \
         confirm_commit instead, or wait until the device rolls it back by itself.",
        run,
    )
    .aliases(ON)
    .planned_when_asked(plan)
}

impl Args {
    fn change(&self) -> Change {
        let comment = self.commit_comment.as_deref().unwrap_or("confirmed commit taken back via MCP");
        Change::of(Source::Rollback(1), comment)
    }
}

async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let args: Args = parsed(NAME, arguments)?;
    let router = args.on.router_name.clone();
    let shown = Change {
        purpose: Purpose::Compare,
        ..args.change()
    };
    let report = context.services.junos.change(&router, &shown, &context.control(NAME)).await?;
    let Some(pending) = &report.pending else {
        return Ok(nothing_waits(&router));
    };
    let words = format!(
        "Take back the confirmed commit of `{}` on `{router}` now ({})? This changes:\n{}",
        pending.user, pending.rolls_back, report.diff
    );
    let seen = json!({ "diff": digest(&report.diff), "base": report.base });
    Ok(Plan {
        statements: policy::statements_of(&report.diff),
        ..Plan::new(words, Value::Object(Map::from_iter([(router, seen)])))
    })
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = &args.on.router_name;
    let seen = context.plan.as_ref().map(|plan| plan.evidence.get(router).unwrap_or(&Value::Null));
    // Where nothing waited nobody agreed to what may wait by now.
    let text = |seen: &Value, name: &str| seen.get(name).and_then(Value::as_str).map(str::to_owned);
    let agreed = seen.map(|seen| Agreed {
        diff: Some(text(seen, "diff").unwrap_or_default()),
        base: text(seen, "base"),
    });
    let change = Change {
        agreed,
        ..args.change()
    };
    let cancelled = context.services.junos.cancel_commit(router, &change, &context.control(NAME)).await;
    let report = cancelled.map_err(of_change)?;
    let changed = Changed::new(router, &change, report);
    let cancelled = changed.outcome == Outcome::Committed;
    let first = if cancelled {
        format!("The confirmed commit on {router} is taken back. Changes:\n{}", changed.diff)
    } else {
        format!("Failed to take back the confirmed commit on {router}: {}", changed.trouble())
    };
    let text = first + &changed.rest();
    Ok(Typed::text(Output { changed, cancelled }, text).failed(!cancelled))
}
