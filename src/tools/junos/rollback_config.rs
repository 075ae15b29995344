//! `rollback_config`: back to the configuration of an earlier commit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Changed, ON, On, as_agreed, of_change, parsed, plan_of};
use crate::{
    error::Result,
    junos::{Change, Database, Outcome, Purpose, Source},
    tools::{Arguments, Context, Effect, Plan, Tool, Typed},
};

const NAME: &str = "rollback_config";

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// 1 is what ran before the last commit; get_rollback_list shows all.
    #[schemars(range(min = 0, max = 49))]
    version: u32,
    /// Commit it; default false: only show what it would change.
    commit: Option<bool>,
    /// Roll back after so many minutes unless confirm_commit is called before.
    #[schemars(range(min = 1, max = 71_582_788))]
    confirm_timeout_mins: Option<u32>,
    /// Comment in the commit history.
    commit_comment: Option<String>,
    /// Default private.
    database: Option<Database>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    #[serde(flatten)]
    changed: Changed,
    committed: bool,
    version: u32,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        NAME,
        Effect::Write,
        "Roll back configuration",
        "Show what going back to an earlier configuration of a Junos device (`rollback N`) would change, and with commit=true check and \
         commit it.",
        run,
    )
    .aliases(ON)
    .aliases(&[("rollback", "version"), ("rollback_id", "version")])
    .refusals(&[("version", "rollback version {} out of range (0..=49)")])
    .planned_when_asked(plan)
}

impl Args {
    fn commits(&self) -> bool {
        self.commit.unwrap_or_default()
    }

    fn change(&self, context: &Context) -> Change {
        let version = self.version;
        let comment = self.commit_comment.clone().unwrap_or_else(|| format!("rollback to {version} via {NAME}"));
        let confirm_minutes = self.confirm_timeout_mins.or(context.services.options.confirm_minutes);
        Change {
            database: self.database,
            confirm_minutes: confirm_minutes.filter(|_| self.commits()),
            purpose: if self.commits() { Purpose::Commit } else { Purpose::Compare },
            ..Change::of(Source::Rollback(version), comment)
        }
    }
}

async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let args: Args = parsed(NAME, arguments)?;
    if !args.commits() {
        return Ok(Plan {
            ask: Some(false),
            ..Plan::default()
        });
    }
    let change = args.change(&context);
    plan_of(&context, NAME, &args.on.router_name, &change).await
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = &args.on.router_name;
    let change = as_agreed(&context, router, args.change(&context));
    let rolled = context.services.junos.change(router, &change, &context.control(NAME)).await;
    let report = rolled.map_err(of_change)?;
    let changed = Changed::new(router, &change, report);
    let failed = !changed.success;
    let text = text(&changed, args.version);
    let output = Output {
        committed: changed.outcome == Outcome::Committed,
        version: args.version,
        changed,
    };
    Ok(Typed::text(output, text).failed(failed))
}

fn text(changed: &Changed, version: u32) -> String {
    let Changed { router_name: router, diff, .. } = changed;
    let first = match changed.outcome {
        Outcome::Committed => format!("{router} is back at rollback {version}. Changes:\n{diff}"),
        Outcome::Unchanged => format!("No configuration changes detected: {router} runs what rollback {version} holds"),
        Outcome::Valid | Outcome::Compared => {
            format!("Rollback {version} would change this on {router}; nothing was committed:\n{diff}")
        }
        _ => {
            let diff = if diff.is_empty() { String::new() } else { format!("\nThe change:\n{diff}") };
            format!("Failed to roll back to {version}: {}{diff}", changed.trouble())
        }
    };
    first + &changed.rest()
}
