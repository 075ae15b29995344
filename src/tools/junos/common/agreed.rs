//! What a person sees of a change before it is made, and the change that is then made: that one or none.

use serde_json::{Map, Value, json};

use crate::{
    error::Result,
    junos::{Agreed, Change, Database, Outcome, Purpose, Report, digest},
    policy,
    tools::{Context, Plan},
};

/// The plan of a change on one device: the device loads and checks it, and forgets it again.
///
/// # Errors
/// What stands in the way of the change.
pub(in crate::tools::junos) async fn plan_of(
    context: &Context,
    tool: &'static str,
    router: &str,
    change: &Change,
) -> Result<Plan> {
    let database = change.database.or(context.services.junos.device(router)?.database);
    let tried = Change {
        purpose: Purpose::Check,
        // A plan whose caller goes is dropped, and from a candidate that everybody shares nothing would take it.
        database: database.map(|database| {
            if database == Database::Shared {
                Database::Private
            } else {
                database
            }
        }),
        ..change.clone()
    };
    let report = context
        .services
        .junos
        .change(router, &tried, &context.control(tool))
        .await?;
    let is_good = report.outcome == Outcome::Valid;
    Ok(Plan {
        words: words(router, change, &report),
        statements: policy::statements_of(&report.diff),
        evidence: Value::Object(Map::from_iter([(router.to_owned(), seen(&report))])),
        // What the device would not take, or what changes nothing, is told by the tool and needs nobody's word.
        ask: (!is_good).then_some(false),
        ..Plan::default()
    })
}

/// What was seen of a change on one device.
pub(in crate::tools::junos) fn seen(report: &Report) -> Value {
    json!({ "diff": digest(&report.diff), "base": report.base, "commits": report.outcome == Outcome::Valid })
}

/// The change as it was agreed to. Where the plan said that there is nothing to commit, nothing is.
pub(in crate::tools::junos) fn as_agreed(context: &Context, router: &str, change: Change) -> Change {
    let Some(seen) = context.plan.as_ref().and_then(|plan| plan.evidence.get(router)) else {
        return change;
    };
    if seen.get("commits").and_then(Value::as_bool) != Some(true) {
        return Change {
            purpose: Purpose::Check,
            ..change
        };
    }
    // Without a digest nothing was agreed to.
    let diff = seen.get("diff").and_then(Value::as_str).unwrap_or_default();
    Change {
        agreed: Some(Agreed {
            diff: Some(diff.to_owned()),
            base: seen.get("base").and_then(Value::as_str).map(str::to_owned),
        }),
        ..change
    }
}

fn words(router: &str, change: &Change, report: &Report) -> String {
    let consequence = match change.confirm_minutes {
        Some(minutes) => format!("The device rolls it back by itself after {minutes} minutes unless it is confirmed."),
        None => "It stays until somebody changes it back.".to_owned(),
    };
    let warnings: String = report
        .warnings
        .iter()
        .map(|warning| format!("warning: {warning}\n"))
        .collect();
    format!(
        "Commit this change on `{router}` ({} candidate)? {consequence}\n{warnings}{}\nComment: `{}`",
        report.database,
        report.diff,
        remark(&change.comment)
    )
}

/// The plan where no confirmed commit waits: the tool says so, and whatever waits by then is another that nobody was shown.
pub(in crate::tools::junos) fn nothing_waits(router: &str) -> Plan {
    Plan {
        ask: Some(false),
        evidence: Value::Object(Map::from_iter([(router.to_owned(), json!({ "waits": false }))])),
        ..Plan::default()
    }
}

/// What a caller says of a change, on one line and short: it must not pass for what the device says.
pub(in crate::tools::junos) fn remark(comment: &str) -> String {
    let line: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut shown: String = line.chars().take(100).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}
