//! `load_and_commit_config`: changes one device's configuration.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Changed, FORMATS, ON, On, as_agreed, judged_config, of_change, parsed, plan_of};
use crate::{
    error::Result,
    junos::{Action, Change, ConfigFormat, Database, Outcome, Source},
    tools::{Arguments, Context, Effect, Plan, Tool, Typed},
};

const NAME: &str = "load_and_commit_config";

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// The configuration to load.
    config_text: String,
    /// Default set; text is curly braces.
    config_format: Option<ConfigFormat>,
    /// Comment in the commit history.
    commit_comment: Option<String>,
    /// Roll back after so many minutes unless confirm_commit is called before.
    #[schemars(range(min = 1, max = 71_582_788))]
    confirm_timeout_mins: Option<u32>,
    /// How text, xml and json are loaded; default `replace`: merge, where `replace:` tags replace.
    action: Option<Action>,
    /// Default private.
    database: Option<Database>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        NAME,
        Effect::Write,
        "Change configuration",
        "Load configuration into one Junos device, check it and commit it. Edits a private candidate, commits nothing when nothing \
         changes or the check fails, and returns the difference. With confirm_timeout_mins the device rolls back by itself unless \
         confirm_commit is called: use that for changes that could cut off the device.",
        run,
    )
    .aliases(ON)
    .aliases(&[("config", "config_text")])
    .refusals(FORMATS)
    .planned_when_asked(plan)
    .judged(judged_config)
}

impl Args {
    fn change(&self, context: &Context) -> Change {
        let comment = self.commit_comment.as_deref().unwrap_or("Configuration loaded via MCP");
        let source = Source::Text {
            text: self.config_text.clone(),
            format: self.config_format.unwrap_or_default(),
            action: self.action,
        };
        Change {
            database: self.database,
            confirm_minutes: self.confirm_timeout_mins.or(context.services.options.confirm_minutes),
            ..Change::of(source, comment)
        }
    }
}

async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let args: Args = parsed(NAME, arguments)?;
    let change = args.change(&context);
    plan_of(&context, NAME, &args.on.router_name, &change).await
}

async fn run(context: Context, args: Args) -> Result<Typed<Changed>> {
    let router = &args.on.router_name;
    let change = as_agreed(&context, router, args.change(&context));
    let changed = context.services.junos.change(router, &change, &context.control(NAME)).await;
    let report = changed.map_err(of_change)?;
    let changed = Changed::new(router, &change, report);
    let text = text(&changed);
    let failed = !changed.success;
    Ok(Typed::text(changed, text).failed(failed))
}

fn text(changed: &Changed) -> String {
    let router = &changed.router_name;
    let first = match changed.outcome {
        Outcome::Committed => format!("Configuration successfully loaded and committed on {router}. Changes:\n{}", changed.diff),
        Outcome::Unchanged => "No configuration changes detected".to_owned(),
        Outcome::Valid | Outcome::Compared => format!("Nothing was committed on {router}. The change:\n{}", changed.diff),
        _ => {
            let diff = if changed.diff.is_empty() { String::new() } else { format!("\nThe change:\n{}", changed.diff) };
            format!("Failed to load/commit configuration: {}{diff}", changed.trouble())
        }
    };
    first + &changed.rest()
}
