//! `plan_config_change`: one change, checked and compared on one or many devices, to be applied as it is.

use std::time::SystemTime;

use futures::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Changed, Described, distinct, judged_config, timestamp};
use crate::{
    error::{Code, Error, Result},
    junos::{Action, Agreed, Change, ConfigFormat, Control, Database, Outcome, Purpose, Report, Source, digest},
    tools::{ChangePlan, Context, Effect, LASTS, DeviceChange, Tool, Typed},
};

/// Devices that are checked at a time.
const AT_ONCE: usize = 8;
const NAME: &str = "plan_config_change";

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// One router from get_router_list.
    router_name: Option<String>,
    /// Several routers, in the order in which they would be changed.
    router_names: Option<Vec<String>>,
    /// The configuration to load.
    #[schemars(length(min = 1))]
    config_text: String,
    /// Default set; text is curly braces.
    config_format: Option<ConfigFormat>,
    /// How text, xml and json are loaded; default `replace`.
    action: Option<Action>,
    /// Default private.
    database: Option<Database>,
    /// Comment in the commit history.
    commit_comment: Option<String>,
    /// The commits roll back after so many minutes unless confirmed.
    #[schemars(range(min = 1, max = 71_582_788))]
    confirm_timeout_mins: Option<u32>,
    /// Seconds for each router; default 360.
    #[schemars(range(min = 1))]
    #[serde(rename = "timeout")]
    _timeout: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// For apply_config_plan; absent where the change cannot be applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_utc: Option<String>,
    /// Whether every router would take it and at least one would change.
    applicable: bool,
    results: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
struct Row {
    router: String,
    success: bool,
    /// As commit_check_config answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Described>")]
    change: Option<Changed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        NAME,
        Effect::Write,
        "Plan a configuration change",
        "Load, check and compare one change on one or many Junos devices, commit nothing, and return a plan. Show its differences to a \
         person, then call apply_config_plan with its plan_id: it commits exactly this, or refuses where a device has changed since.",
        run,
    )
    .aliases(&[("router", "router_name"), ("routers", "router_names"), ("config", "config_text")])
    .judged(judged_config)
    .commits_nothing()
    .ends_itself()
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let routers = distinct(args.router_name.iter().chain(args.router_names.iter().flatten()));
    if routers.is_empty() {
        return Err(Error::new(Code::InvalidInput, "router_name or router_names must be given"));
    }
    let change = change(&context, &args);
    let tried: Vec<_> = routers.iter().map(|router| tried(&context, router, &change)).collect();
    let mut tried = stream::iter(tried).buffered(AT_ONCE);
    let (mut rows, mut plan) = (Vec::new(), empty());
    let mut is_good = true;
    while let Some((router, outcome)) = tried.next().await {
        context.advance(rows.len() + 1, routers.len(), &format!("{router}: checked"));
        is_good &= matches!(&outcome, Ok(report) if matches!(report.outcome, Outcome::Valid | Outcome::Unchanged));
        if let Some(step) = outcome.as_ref().ok().and_then(|report| step(&router, &change, report)) {
            plan.diffs.extend(outcome.as_ref().ok().map(|report| (router.clone(), report.diff.clone())));
            plan.steps.push(step);
        }
        rows.push(row(router, &change, outcome));
    }
    let applicable = is_good && !plan.steps.is_empty();
    let expires = timestamp(plan.expires);
    let plan_id = applicable.then(|| context.services.plans.keep(&context.caller.id, plan));
    let text = text(plan_id.as_deref(), &expires, &rows);
    let output = Output {
        expires_utc: plan_id.is_some().then_some(expires),
        plan_id,
        applicable,
        results: rows,
    };
    Ok(Typed::text(output, text).failed(!is_good))
}

fn empty() -> ChangePlan {
    ChangePlan {
        steps: Vec::new(),
        diffs: Default::default(),
        expires: SystemTime::now() + LASTS,
    }
}

fn change(context: &Context, args: &Args) -> Change {
    let source = Source::Text {
        text: args.config_text.clone(),
        format: args.config_format.unwrap_or_default(),
        action: args.action,
    };
    let comment = args.commit_comment.as_deref().unwrap_or("Configuration loaded via MCP");
    Change {
        database: args.database,
        confirm_minutes: args.confirm_timeout_mins.or(context.services.options.confirm_minutes),
        ..Change::of(source, comment)
    }
}

async fn tried(context: &Context, router: &str, change: &Change) -> (String, Result<Report>) {
    let tried = Change {
        purpose: Purpose::Check,
        ..change.clone()
    };
    let control = Control {
        deadline: tokio::time::Instant::now() + context.timeout,
        ..context.control(NAME)
    };
    (router.to_owned(), context.services.junos.change(router, &tried, &control).await)
}

/// What would be committed on this device; none where nothing would.
fn step(router: &str, change: &Change, report: &Report) -> Option<DeviceChange> {
    let agreed = Agreed {
        diff: Some(digest(&report.diff)),
        base: report.base.clone(),
    };
    (report.outcome == Outcome::Valid).then(|| DeviceChange {
        router: router.to_owned(),
        change: Change {
            agreed: Some(agreed),
            ..change.clone()
        },
    })
}

fn row(router: String, change: &Change, outcome: Result<Report>) -> Row {
    let change = Change {
        purpose: Purpose::Check,
        ..change.clone()
    };
    match outcome {
        Ok(report) => {
            let changed = Changed::new(&router, &change, report);
            Row {
                router,
                success: changed.success,
                change: Some(changed),
                error: None,
                error_code: None,
            }
        }
        Err(error) => Row {
            router,
            success: false,
            change: None,
            error: Some(error.to_string()),
            error_code: Some(error.code().as_str()),
        },
    }
}

fn text(plan_id: Option<&str>, expires: &str, rows: &[Row]) -> String {
    let head = match plan_id {
        Some(id) => format!("Plan {id}, to be applied until {expires} with apply_config_plan. Nothing is committed so far."),
        None if rows.iter().all(|row| row.success) => "Nothing would change on any router: there is nothing to apply.".to_owned(),
        None => "There is no plan: not every router would take the change. Nothing was committed.".to_owned(),
    };
    let lines: String = rows.iter().map(line).collect();
    head + &lines
}

fn line(row: &Row) -> String {
    let router = &row.router;
    match &row.change {
        None => format!("\n\n{router}: {}", row.error.as_deref().unwrap_or_default()),
        Some(changed) => match changed.outcome {
            Outcome::Unchanged => format!("\n\n{router}: nothing would change{}", changed.rest()),
            Outcome::Valid => format!("\n\n{router}: the device would take it{}\n{}", changed.rest(), changed.diff),
            _ => format!("\n\n{router}: {}{}\n{}", changed.trouble(), changed.rest(), changed.diff),
        },
    }
}
