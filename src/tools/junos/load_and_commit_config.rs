//! `load_and_commit_config`: changes one device's configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{ON, On, prefixed};
use crate::{
    error::{Code, Result},
    junos::{Action, Change, ConfigFormat, Control, Database, Outcome, Report},
    tools::{Context, Effect, Judged, Tool, Typed, string_argument},
};

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

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    /// Whether the device runs it now.
    success: bool,
    outcome: Outcome,
    diff: String,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    /// Whether it rolls back unless confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback_in_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    commit_comment: String,
    /// Marks this commit in the device's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_token: Option<String>,
    database: Database,
    notes: Vec<String>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "load_and_commit_config",
        Effect::Write,
        "Change configuration",
        "Load configuration into one Junos device, check it and commit it. Edits a private candidate, commits nothing when nothing \
         changes or the check fails, and returns the difference. With confirm_timeout_mins the device rolls back by itself unless \
         confirm_commit is called: use that for changes that could cut off the device.",
        run,
    )
    .aliases(ON)
    .aliases(&[("config", "config_text")])
    .refusals(&[(
        "config_format",
        "Unsupported config format '{}'. Use 'set', 'text', or 'xml': invalid config_format '{}' (expected set, text, xml, or json)",
    )])
    .judged(|arguments| {
        // Of a whole configuration only what differs is a change: that is judged on the device's difference.
        if matches!(arguments.get("action").and_then(|action| action.as_str()), Some("override" | "update")) {
            return Vec::new();
        }
        let format = arguments.get("config_format").and_then(|f| f.as_str()).unwrap_or("set");
        vec![Judged::Config { format: Some(format.to_owned()), text: string_argument(arguments, "config_text") }]
    })
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let comment = args.commit_comment.unwrap_or_else(|| "Configuration loaded via MCP".into());
    let change = Change {
        text: args.config_text,
        format: args.config_format.unwrap_or_default(),
        action: args.action,
        database: args.database,
        comment: comment.clone(),
        confirm_minutes: args.confirm_timeout_mins,
        check_only: false,
    };
    let control = Control { cancel: context.cancel.clone(), deadline: context.deadline };
    let router = args.on.router_name;
    let changed = context.services.junos.change(&router, &change, &control).await;
    let report = changed.map_err(|error| match error.code() {
        Code::ConfigurationLocked => prefixed("Failed to lock configuration: ", &error),
        _ => error,
    })?;
    let text = text(&router, &change, &report);
    let committed = report.outcome == Outcome::Committed;
    let success = committed || report.outcome == Outcome::Unchanged;
    let pending = change.confirm_minutes.filter(|_| committed);
    let output = Output {
        router_name: router,
        success,
        outcome: report.outcome,
        diff: report.diff,
        warnings: report.warnings,
        error: report.error.as_ref().map(ToString::to_string),
        error_code: report.error.as_ref().map(|e| e.code().as_str()),
        confirmed: pending.map(|_| true),
        rollback_in_minutes: pending,
        message: pending.map(rolls_back),
        commit_comment: comment,
        commit_token: (committed || report.outcome == Outcome::Unknown).then_some(report.token),
        database: report.database,
        notes: report.notes,
    };
    Ok(Typed::text(output, text).failed(!success))
}

fn text(router: &str, change: &Change, report: &Report) -> String {
    let mut text = match (report.outcome, &report.error) {
        (Outcome::Committed, _) => {
            format!("Configuration successfully loaded and committed on {router}. Changes:\n{}", report.diff)
        }
        (Outcome::Unchanged, _) => "No configuration changes detected".to_owned(),
        (_, Some(error)) => {
            let diff = if report.diff.is_empty() { String::new() } else { format!("\nThe change:\n{}", report.diff) };
            format!("Failed to load/commit configuration: {error}{diff}")
        }
        (_, None) => "Failed to load/commit configuration".to_owned(),
    };
    if let (Outcome::Committed, Some(minutes)) = (report.outcome, change.confirm_minutes) {
        text.push('\n');
        text.push_str(&rolls_back(minutes));
    }
    for warning in &report.warnings {
        text.push_str(&format!("\nwarning: {warning}"));
    }
    for note in &report.notes {
        text.push_str(&format!("\nnote: {note}"));
    }
    text
}

fn rolls_back(minutes: u32) -> String {
    format!("Commit confirmed: auto-rollback in {minutes} minutes unless confirmed. Call confirm_commit to keep it.")
}
