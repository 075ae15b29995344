//! `commit_check_config`: whether a device would take a change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Changed, FORMATS, ON, On, judged_config, of_change};
use crate::{
    error::Result,
    junos::{Action, Change, ConfigFormat, Database, Outcome, Purpose, Source},
    tools::{Context, Effect, Tool, Typed},
};

const NAME: &str = "commit_check_config";

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// The configuration to check.
    config_text: String,
    /// Default set; text is curly braces.
    config_format: Option<ConfigFormat>,
    /// How text, xml and json are loaded; default `replace`.
    action: Option<Action>,
    /// Default private.
    database: Option<Database>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    #[serde(flatten)]
    changed: Changed,
    /// Always: nothing was committed.
    checked_only: bool,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        NAME,
        Effect::Write,
        "Check configuration",
        "Load configuration into a candidate of a Junos device, let the device check it, and forget it again: says whether it would be \
         taken and what it would change. Refused while a confirmed commit waits, since a check confirms it.",
        run,
    )
    .aliases(ON)
    .aliases(&[("config", "config_text")])
    .refusals(FORMATS)
    .idempotent()
    .commits_nothing()
    .judged(judged_config)
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = &args.on.router_name;
    let source = Source::Text {
        text: args.config_text,
        format: args.config_format.unwrap_or_default(),
        action: args.action,
    };
    let change = Change {
        database: args.database,
        purpose: Purpose::Check,
        ..Change::of(source, String::new())
    };
    let checked = context.services.junos.change(router, &change, &context.control(NAME)).await;
    let report = checked.map_err(of_change)?;
    let changed = Changed::new(router, &change, report);
    let failed = !changed.success;
    let text = text(&changed);
    Ok(Typed::text(Output { changed, checked_only: true }, text).failed(failed))
}

fn text(changed: &Changed) -> String {
    let Changed { router_name: router, diff, .. } = changed;
    let first = match changed.outcome {
        Outcome::Valid => format!("{router} would take this change; nothing was committed:\n{diff}"),
        Outcome::Unchanged => format!("No configuration changes detected: {router} has all of it already"),
        outcome => {
            let what = if outcome == Outcome::Invalid { "Configuration is invalid" } else { "The check failed" };
            let diff = if diff.is_empty() { String::new() } else { format!("\nThe change:\n{diff}") };
            format!("{what}: {}{diff}", changed.trouble())
        }
    };
    first + &changed.rest()
}
