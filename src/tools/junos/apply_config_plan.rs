//! `apply_config_plan`: commits a plan as it was made, or refuses.

use std::sync::Arc;

use futures::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::common::{Changed, Described, parsed};
use crate::{
    error::{Code, Error, Result},
    junos::{Change, Report, digest},
    policy,
    tools::{Arguments, ChangePlan, Context, Done, Effect, How, Plan, DeviceChange, Strategy, Tool, Typed, roll_out},
};

const NAME: &str = "apply_config_plan";

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// From plan_config_change.
    plan_id: String,
    /// In which order; default one-by-one. canary: the first router, and when it went well the rest together.
    strategy: Option<Strategy>,
    /// After a failure take back what other routers have committed.
    rollback_on_failure: Option<bool>,
    /// Seconds for each router; default 360.
    #[schemars(range(min = 1))]
    #[serde(rename = "timeout")]
    _timeout: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    plan_id: String,
    strategy: Strategy,
    /// Whether every router of the plan runs the change now.
    success: bool,
    results: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
struct Row {
    router: String,
    status: Status,
    /// As load_and_commit_config answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Described>")]
    change: Option<Changed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    /// How it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Described>")]
    taken_back: Option<Changed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Status {
    /// It runs the change.
    Committed,
    /// It had what the change brings.
    Unchanged,
    /// Nothing was committed.
    Failed,
    /// Whether it runs the change is not known.
    Unknown,
    /// It was not begun, since another failed.
    NotTouched,
    /// It had committed, and runs what it ran before.
    TakenBack,
    /// It had committed, and could not be taken back.
    NotTakenBack,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        NAME,
        Effect::Write,
        "Apply a configuration plan",
        "Commit a plan of plan_config_change, exactly as it was shown: a router whose configuration has changed since refuses, and then \
         nothing is committed anywhere. Stops at the first failure.",
        run,
    )
    .planned(plan)
    .tidies(tidy)
    .ends_itself()
}

/// The strategies in the spellings that models use.
fn tidy(arguments: &mut Arguments) {
    if let Some(strategy) = arguments.get_mut("strategy") {
        let word = strategy.as_str().map(|word| word.trim().to_ascii_lowercase().replace(['_', ' '], "-"));
        match word.as_deref() {
            Some("canary-then-rest") => *strategy = "canary".into(),
            Some(word) => *strategy = word.into(),
            None => {}
        }
    }
}

/// What a person reads: every router and its difference.
async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let args: Args = parsed(NAME, arguments)?;
    let plan = context.services.plans.get(&context.caller.id, &args.plan_id)?;
    let routers: Vec<String> = plan.steps.iter().map(|step| step.router.clone()).collect();
    let diffs: String = plan.diffs.iter().map(|(router, diff)| format!("\n\n{router}:\n{diff}")).collect();
    let how = match args.strategy.unwrap_or_default() {
        Strategy::OneByOne => "one after the other, stopping at the first failure",
        Strategy::Canary => "the first, and when it went well the rest together",
        Strategy::AllAtOnce => "all together",
    };
    let back = if args.rollback_on_failure == Some(true) { "; after a failure those done are taken back" } else { "" };
    let confirmed = plan.steps.first().and_then(|step| step.change.confirm_minutes);
    let consequence = match confirmed {
        Some(minutes) => format!("Each rolls back by itself after {minutes} minutes unless it is confirmed."),
        None => "It stays until somebody changes it back.".to_owned(),
    };
    let words = format!(
        "Commit {} on {} routers ({}): {how}{back}? {consequence}{diffs}",
        args.plan_id,
        routers.len(),
        routers.join(", ")
    );
    Ok(Plan {
        statements: plan.diffs.values().flat_map(|diff| policy::statements_of(diff)).collect(),
        devices: routers,
        ..Plan::new(words, json!({ "plan": args.plan_id, "digest": digest(&diffs) }))
    })
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let plan = context.services.plans.get(&context.caller.id, &args.plan_id)?;
    reachable(&context, &plan)?;
    let plan = context.services.plans.take(&context.caller.id, &args.plan_id)?;
    let strategy = args.strategy.unwrap_or_default();
    let drifted = drift(&context, &plan).await;
    let rows: Vec<Row> = if drifted.iter().any(Option::is_some) {
        let refused = plan.steps.iter().zip(drifted);
        refused.map(|(step, error)| row(untouched(step, error), &step.change)).collect()
    } else {
        let how = How {
            strategy,
            stops: true,
            undoes: args.rollback_on_failure.unwrap_or_default(),
        };
        let done = roll_out(&context, NAME, &plan.steps, how).await;
        done.into_iter().zip(&plan.steps).map(|(done, step)| row(done, &step.change)).collect()
    };
    let success = rows.iter().all(|row| matches!(row.status, Status::Committed | Status::Unchanged));
    let text = text(&args.plan_id, success, &rows);
    let output = Output {
        plan_id: args.plan_id,
        strategy,
        success,
        results: rows,
    };
    Ok(Typed::text(output, text).failed(!success))
}

/// The caller's devices can be fewer by now.
fn reachable(context: &Context, plan: &ChangePlan) -> Result<()> {
    for step in &plan.steps {
        context.services.junos.device(&step.router)?;
        if !context.caller.may_reach(&step.router) {
            return Err(crate::junos::inventory::Inventory::unknown(&step.router));
        }
    }
    Ok(())
}

/// Looks at every device before the first is touched: where one has changed since the plan was made, nothing is committed anywhere.
async fn drift(context: &Context, plan: &Arc<ChangePlan>) -> Vec<Option<Error>> {
    let looks = plan.steps.iter().map(|step| async move {
        let base = step.change.agreed.as_ref()?.base.as_ref()?;
        let history = context.services.junos.history(&step.router, context.timeout).await;
        match history {
            Ok(history) if history.base().as_ref() == Some(base) => None,
            Ok(_) => {
                let message = format!("device `{}`: its running configuration has changed since the plan was made", step.router);
                Some(Error::new(Code::Conflict, message).advise("make a new plan, and let a person look at it"))
            }
            Err(error) => Some(error),
        }
    });
    join_all(looks).await
}

fn untouched(step: &DeviceChange, error: Option<Error>) -> Done {
    Done {
        router: step.router.clone(),
        ended: error.map(Err),
        undone: None,
    }
}

fn row(done: Done, change: &Change) -> Row {
    let status = status(&done);
    let router = done.router;
    let changed = |report: Report| Changed::new(&router, change, report);
    let (ended, error) = parts(done.ended);
    let (undone, not_undone) = parts(done.undone);
    let error = error.or(not_undone);
    Row {
        status,
        change: ended.map(changed),
        taken_back: undone.map(changed),
        error: error.as_ref().map(ToString::to_string),
        error_code: error.as_ref().map(|error| error.code().as_str()),
        router,
    }
}

fn parts(ended: Option<Result<Report>>) -> (Option<Report>, Option<Error>) {
    match ended {
        None => (None, None),
        Some(Ok(report)) => (Some(report), None),
        Some(Err(error)) => (None, Some(error)),
    }
}

fn status(done: &Done) -> Status {
    use crate::junos::Outcome;
    match (&done.undone, &done.ended) {
        (Some(Ok(report)), _) if report.outcome == Outcome::Committed => Status::TakenBack,
        (Some(_), _) => Status::NotTakenBack,
        (None, None) => Status::NotTouched,
        (None, Some(Ok(report))) => match report.outcome {
            Outcome::Committed => Status::Committed,
            Outcome::Unchanged => Status::Unchanged,
            Outcome::Unknown => Status::Unknown,
            _ => Status::Failed,
        },
        (None, Some(Err(_))) => Status::Failed,
    }
}

fn text(plan_id: &str, success: bool, rows: &[Row]) -> String {
    let head = if success { "is applied" } else { "is not applied as a whole" };
    let lines: String = rows.iter().map(line).collect();
    format!("Plan {plan_id} {head}.{lines}")
}

fn line(row: &Row) -> String {
    let word = match row.status {
        Status::Committed => "committed",
        Status::Unchanged => "nothing to change",
        Status::Failed => "nothing was committed",
        Status::Unknown => "not known whether it was committed",
        Status::NotTouched => "not touched",
        Status::TakenBack => "committed, and taken back",
        Status::NotTakenBack => "committed, and NOT taken back",
    };
    let error = row.error.as_deref().map(|error| format!("\n{error}")).unwrap_or_default();
    let of = |changed: &Changed| {
        let trouble = changed.trouble();
        let trouble = if trouble.is_empty() { trouble } else { format!("\n{trouble}") };
        format!("{trouble}{}", changed.rest())
    };
    let change = row.change.as_ref().map(of).unwrap_or_default();
    let back = row.taken_back.as_ref().map(of).unwrap_or_default();
    format!("\n\n{}: {word}{error}{change}{back}", row.router)
}
