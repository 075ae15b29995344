//! `render_and_apply_j2_template`: renders a template and, where asked, shows or commits what it changes on each router.

use std::{borrow::Cow, sync::OnceLock};

use futures::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common::FreeForm as TextOrObject;
use crate::{
    error::{Code, Error, Result},
    junos::{Change, ConfigFormat, Control, Outcome, Purpose, Report, Source, template},
    tools::{Context, Effect, Tool, Typed},
};

/// Routers at a time in a dry run. Commits go one router after the other: a template that cuts off the first does not reach the second
/// at the same moment.
const DRY_RUNS_AT_ONCE: usize = 8;

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Jinja2 template.
    #[schemars(length(min = 1))]
    template_content: String,
    /// Variables as a YAML or JSON mapping.
    #[schemars(with = "TextOrObject")]
    vars_content: Value,
    /// One router from get_router_list.
    router_name: Option<String>,
    /// Several routers.
    router_names: Option<Vec<String>>,
    /// Load the result into the routers. Without it the template is only rendered.
    apply_config: Option<bool>,
    /// With apply_config: check on each router and show the difference, commit nothing.
    dry_run: Option<bool>,
    /// Comment in the commit history.
    commit_comment: Option<String>,
    /// Found out from the result where it is missing.
    config_format: Option<ConfigFormat>,
    /// Roll back after so many minutes unless confirm_commit is called before.
    #[schemars(range(min = 1, max = 71_582_788))]
    confirm_timeout_mins: Option<u32>,
    /// Seconds for each router; default 360.
    #[schemars(range(min = 1))]
    #[serde(rename = "timeout")]
    _timeout: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    rendered_config: String,
    config_format: ConfigFormat,
    /// Whether every router runs it now.
    applied: bool,
    dry_run: bool,
    results: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
struct Row {
    router: String,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    diff: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    warnings: Vec<String>,
    notes: Vec<String>,
    /// The row as a person reads it.
    #[serde(skip)]
    line: String,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "render_and_apply_j2_template",
        Effect::Write,
        "Render and apply a template",
        "Render a Jinja2 template with YAML or JSON variables and, with apply_config, commit the result on one or more Junos devices. \
         With dry_run each device checks it and shows the difference, and nothing is committed: do that first. An undefined variable is \
         an error.",
        run,
    )
    .aliases(&[("router", "router_name"), ("routers", "router_names")])
    .refusals(&[(
        "config_format",
        "invalid config_format '{}'. Must be 'set', 'text', or 'xml' (expected set, text, xml, or json)",
    )])
    .ends_itself()
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let apply = args.apply_config.unwrap_or_default();
    let routers = routers(&args, apply)?;
    let rendered = rendered(args.template_content, variables(&args.vars_content).into_owned()).await?;
    let format = args.config_format.unwrap_or_else(|| template::detect_format(&rendered));
    let dry_run = args.dry_run.unwrap_or_default();
    let comment = args.commit_comment.unwrap_or_else(|| "Configuration applied via Jinja2 template".into());
    let change = Change {
        confirm_minutes: args.confirm_timeout_mins.or(context.services.options.confirm_minutes).filter(|_| !dry_run),
        purpose: if dry_run { Purpose::Check } else { Purpose::Commit },
        ..Change::load(rendered.clone(), format, comment)
    };
    let results = if apply { each(&context, &routers, &change).await? } else { Vec::new() };
    let failed = results.iter().any(|row| !row.success);
    let text = if apply { report(&routers, &change, &rendered, &results) } else { rendered_only(&rendered) };
    let output = Output {
        rendered_config: rendered,
        config_format: format,
        applied: apply && !dry_run && !failed,
        dry_run,
        results,
    };
    Ok(Typed::text(output, text).failed(failed))
}

/// Rendering computes: other calls go on meanwhile.
async fn rendered(template: String, variables: String) -> Result<String> {
    let render = move || template::render(&template, &template::parse_variables(&variables)?);
    tokio::task::spawn_blocking(render)
        .await
        .unwrap_or_else(|e| Err(Error::new(Code::Internal, "rendering the template ended early").caused_by(e)))
}

/// The text of the variables; an object that was sent as such is as good as its text.
fn variables(content: &Value) -> Cow<'_, str> {
    match content {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn routers(args: &Args, apply: bool) -> Result<Vec<String>> {
    let mut routers: Vec<String> = args.router_names.clone().unwrap_or_default();
    routers.extend(args.router_name.clone());
    let mut seen = std::collections::HashSet::new();
    routers.retain(|router| seen.insert(router.clone()));
    if apply && routers.is_empty() {
        return Err(Error::new(
            Code::InvalidInput,
            "router_name or router_names must be provided when apply_config=true",
        ));
    }
    Ok(routers)
}

/// All routers are judged before the first is touched. After a commit whose outcome is not known no further router is: the change may
/// have cut that one off.
async fn each(context: &Context, routers: &[String], change: &Change) -> Result<Vec<Row>> {
    let policy = context.services.policy.load_full();
    let Source::Text { text, format, .. } = &change.source else {
        return Ok(Vec::new());
    };
    for router in routers {
        policy.judge_config(
            "render_and_apply_j2_template",
            &context.services.junos.device(router)?.name,
            Some(format.as_str()),
            text,
        )?;
    }
    let at_once = if change.purpose == Purpose::Check { DRY_RUNS_AT_ONCE } else { 1 };
    let total = routers.len();
    let mut rows = Vec::with_capacity(total);
    let cut_off = OnceLock::new();
    let runs: Vec<_> = routers.iter().map(|router| next(context, router, change, &cut_off)).collect();
    let runs = stream::iter(runs).buffered(at_once);
    tokio::pin!(runs);
    while let Some(row) = runs.next().await {
        context.advance(rows.len() + 1, total, &format!("{}: done", row.router));
        rows.push(row);
    }
    Ok(rows)
}

async fn next(context: &Context, router: &str, change: &Change, cut_off: &OnceLock<String>) -> Row {
    if let Some(first) = cut_off.get() {
        let message = format!("`{router}` was not touched: what became of the commit on `{first}` is not known");
        return row(router, change, Err(Error::new(Code::Cancelled, message).advise("settle that one first")));
    }
    let row = one(context, router, change).await;
    if row.outcome == Some(Outcome::Unknown) {
        let _ = cut_off.set(router.to_owned());
    }
    row
}

async fn one(context: &Context, router: &str, change: &Change) -> Row {
    let deadline = tokio::time::Instant::now() + context.timeout;
    let control = Control { deadline, ..context.control("render_and_apply_j2_template") };
    row(router, change, context.services.junos.change(router, change, &control).await)
}

fn row(router: &str, change: &Change, outcome: Result<Report>) -> Row {
    let mut row = Row {
        router: router.to_owned(),
        success: false,
        outcome: None,
        diff: String::new(),
        commit_comment: None,
        commit_token: None,
        error: None,
        error_code: None,
        warnings: Vec::new(),
        notes: Vec::new(),
        line: String::new(),
    };
    let error = match outcome {
        Err(error) => Some(error),
        Ok(report) => {
            row.success = matches!(report.outcome, Outcome::Committed | Outcome::Unchanged | Outcome::Valid);
            row.outcome = Some(report.outcome);
            row.diff = report.diff;
            row.warnings = report.warnings;
            row.notes = report.notes;
            if matches!(report.outcome, Outcome::Committed | Outcome::Unknown) {
                row.commit_comment = Some(change.comment.clone());
                row.commit_token = Some(report.token);
            }
            report.error
        }
    };
    row.error_code = error.as_ref().map(|e| e.code().as_str());
    row.error = error.as_ref().map(ToString::to_string);
    row.line = line(&row);
    row
}

fn line(row: &Row) -> String {
    let router = &row.router;
    let error = row.error.as_deref().unwrap_or_default();
    match row.outcome {
        Some(Outcome::Unchanged | Outcome::Compared) => format!("ℹ️  {router}: No configuration changes detected"),
        Some(Outcome::Valid) => format!("🔍 {router}: Configuration check successful. Changes:\n{}", row.diff),
        Some(Outcome::Committed) => {
            format!("✅ {router}: Configuration committed successfully. Changes:\n{}", row.diff)
        }
        Some(Outcome::Invalid | Outcome::CheckFailed | Outcome::NotCommitted) => format!("❌ {router}: Commit check error: {error}"),
        Some(Outcome::Unknown) => format!("❓ {router}: {error}"),
        None => format!("❌ {router}: Failed to apply configuration: {error}"),
    }
}

fn fenced(rendered: &str) -> String {
    format!("**Rendered Configuration:**\n```\n{}\n```", rendered.trim_end())
}

fn rendered_only(rendered: &str) -> String {
    format!(
        "✅ Template rendered successfully!\n\n{}\n\nTo apply it, set apply_config=true (with dry_run=true to see the difference first).",
        fenced(rendered)
    )
}

fn report(routers: &[String], change: &Change, rendered: &str, rows: &[Row]) -> String {
    let headline = if change.purpose == Purpose::Check { "🔍 DRY RUN - Configuration preview" } else { "Configuration application" };
    let lines: Vec<&str> = rows.iter().map(|row| row.line.as_str()).collect();
    format!(
        "{headline} complete!\n\n**Routers:** {}\n\n{}\n\n**Results:**\n{}",
        routers.join(", "),
        fenced(rendered),
        lines.join("\n")
    )
}
