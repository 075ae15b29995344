//! `render_and_apply_j2_template`: renders a template and, where asked, shows or commits what it changes on each router.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::common::{Described, FreeForm as TextOrObject, as_agreed, distinct, parsed, plan_of};
use crate::{
    error::{Code, Error, Result},
    junos::{Change, Commit, ConfigFormat, Outcome, Pending, Purpose, Report, template},
    tools::{Arguments, Context, DeviceChange, Done, Effect, How, Plan, Strategy, Tool, Typed, roll_out},
};

const NAME: &str = "render_and_apply_j2_template";

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
    /// In which order routers are changed; default one-by-one, where those that fail do not stop the others.
    strategy: Option<Strategy>,
    /// After a failure stop, and take back what other routers have committed.
    rollback_on_failure: Option<bool>,
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
    /// The commit in the device's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Described>")]
    commit: Option<Commit>,
    /// The confirmed commit that waits on the device now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Described>")]
    pending: Option<Pending>,
    /// Whether a commit was taken back after a failure elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_back: Option<bool>,
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
        NAME,
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
    .planned_when_asked(plan)
    .ends_itself()
}

/// A call's template, rendered, and the change that it makes of it.
struct Rendered {
    routers: Vec<String>,
    text: String,
    format: ConfigFormat,
    change: Change,
    applies: bool,
}

async fn prepare(context: &Context, args: &Args) -> Result<Rendered> {
    let applies = args.apply_config.unwrap_or_default();
    let routers = distinct(args.router_names.iter().flatten().chain(&args.router_name));
    if applies && routers.is_empty() {
        return Err(Error::new(
            Code::InvalidInput,
            "router_name or router_names must be provided when apply_config=true",
        ));
    }
    let text = rendered(args.template_content.clone(), variables(&args.vars_content).into_owned()).await?;
    let format = args.config_format.unwrap_or_else(|| template::detect_format(&text));
    let dry_run = args.dry_run.unwrap_or_default();
    let comment = args.commit_comment.as_deref().unwrap_or("Configuration applied via Jinja2 template");
    let minutes = args.confirm_timeout_mins.or(context.services.options.confirm_minutes);
    let change = Change {
        confirm_minutes: minutes.filter(|_| !dry_run),
        purpose: if dry_run { Purpose::Check } else { Purpose::Commit },
        ..Change::load(text.clone(), format, comment)
    };
    if applies {
        judge(context, &routers, format, &text)?;
    }
    Ok(Rendered { routers, text, format, change, applies })
}

/// All routers are judged before the first is touched.
fn judge(context: &Context, routers: &[String], format: ConfigFormat, text: &str) -> Result<()> {
    let policy = context.services.policy.load();
    for router in routers {
        let device = context.services.junos.device(router)?;
        policy.judge_config(NAME, &device.name, Some(format.as_str()), text)?;
    }
    Ok(())
}

/// What a person reads: each router's difference.
async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let args: Args = parsed(NAME, arguments)?;
    let rendered = prepare(&context, &args).await?;
    let mut plan = Plan { ask: Some(false), ..Plan::default() };
    if !rendered.applies || rendered.change.purpose == Purpose::Check {
        return Ok(plan);
    }
    let mut evidence = Map::new();
    for router in &rendered.routers {
        let one = plan_of(&context, NAME, router, &rendered.change).await?;
        if one.ask.is_none() {
            plan.ask = None;
            plan.words.push_str(&format!("{}\n", one.words));
        }
        plan.statements.extend(one.statements);
        evidence.extend(one.evidence.as_object().cloned().unwrap_or_default());
    }
    plan.evidence = Value::Object(evidence);
    Ok(plan)
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let rendered = prepare(&context, &args).await?;
    let is_dry = rendered.change.purpose == Purpose::Check;
    let results = if rendered.applies { apply(&context, &args, &rendered).await } else { Vec::new() };
    let failed = results.iter().any(|row| !row.success);
    let text = if rendered.applies { report(&rendered, &results) } else { rendered_only(&rendered.text) };
    let output = Output {
        rendered_config: rendered.text,
        config_format: rendered.format,
        applied: rendered.applies && !is_dry && !failed,
        dry_run: args.dry_run.unwrap_or_default(),
        results,
    };
    Ok(Typed::text(output, text).failed(failed))
}

async fn apply(context: &Context, args: &Args, rendered: &Rendered) -> Vec<Row> {
    let is_dry = rendered.change.purpose == Purpose::Check;
    let undoes = args.rollback_on_failure.unwrap_or_default() && !is_dry;
    let how = How {
        // What commits nothing can be tried everywhere at once.
        strategy: if is_dry { Strategy::AllAtOnce } else { args.strategy.unwrap_or_default() },
        stops: undoes || (args.strategy.is_some() && !is_dry),
        undoes,
    };
    let change = |router: &String| DeviceChange {
        router: router.clone(),
        change: as_agreed(context, router, rendered.change.clone()),
    };
    let changes: Vec<DeviceChange> = rendered.routers.iter().map(change).collect();
    let done = roll_out(context, NAME, &changes, how).await;
    done.into_iter().map(|done| row(&rendered.change, done)).collect()
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

fn row(change: &Change, done: Done) -> Row {
    let mut row = Row {
        router: done.router,
        success: false,
        outcome: None,
        diff: String::new(),
        commit_comment: None,
        commit_token: None,
        commit: None,
        pending: None,
        taken_back: None,
        error: None,
        error_code: None,
        warnings: Vec::new(),
        notes: Vec::new(),
        line: String::new(),
    };
    let error = match done.ended {
        None => Some(Error::new(Code::Cancelled, "not touched, since another router failed")),
        Some(Err(error)) => Some(error),
        Some(Ok(report)) => fill(&mut row, change, report),
    };
    if let Some(undone) = done.undone {
        let is_back = matches!(&undone, Ok(report) if report.outcome == Outcome::Committed);
        row.success = false;
        row.taken_back = Some(is_back);
        let why = undone.map_or_else(Some, |report| report.error);
        row.notes.extend(why.map(|why| format!("not taken back: {why}")));
    }
    row.error_code = error.as_ref().map(|e| e.code().as_str());
    row.error = error.as_ref().map(ToString::to_string);
    row.line = line(&row);
    row
}

fn fill(row: &mut Row, change: &Change, report: Report) -> Option<Error> {
    row.success = matches!(report.outcome, Outcome::Committed | Outcome::Unchanged | Outcome::Valid);
    row.outcome = Some(report.outcome);
    row.diff = report.diff;
    row.warnings = report.warnings;
    row.notes = report.notes;
    row.commit = report.commit;
    row.pending = report.pending;
    if matches!(report.outcome, Outcome::Committed | Outcome::Unknown | Outcome::NotCommitted) {
        row.commit_comment = Some(change.comment.clone());
        row.commit_token = Some(report.token);
    }
    report.error
}

fn line(row: &Row) -> String {
    let router = &row.router;
    let error = row.error.as_deref().unwrap_or_default();
    match row.outcome {
        _ if row.taken_back == Some(true) => format!("↩️  {router}: committed, and taken back since another router failed"),
        _ if row.taken_back == Some(false) => format!("❌ {router}: committed, and NOT taken back although another router failed"),
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

fn report(rendered: &Rendered, rows: &[Row]) -> String {
    let is_dry = rendered.change.purpose == Purpose::Check;
    let headline = if is_dry { "🔍 DRY RUN - Configuration preview" } else { "Configuration application" };
    let lines: Vec<&str> = rows.iter().map(|row| row.line.as_str()).collect();
    format!(
        "{headline} complete!\n\n**Routers:** {}\n\n{}\n\n**Results:**\n{}",
        rendered.routers.join(", "),
        fenced(&rendered.text),
        lines.join("\n")
    )
}
