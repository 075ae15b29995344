//! What every tool that changes configuration answers.

use schemars::JsonSchema;
use serde::Serialize;

use super::Described;
use crate::junos::{Change, Commit, Database, Outcome, Pending, Purpose, Report};

/// What became of a change on one device.
#[derive(Serialize, JsonSchema)]
pub(in crate::tools::junos) struct Changed {
    pub(in crate::tools::junos) router_name: String,
    /// Whether it went as asked.
    pub(in crate::tools::junos) success: bool,
    pub(in crate::tools::junos) outcome: Outcome,
    /// What was or would be committed.
    pub(in crate::tools::junos) diff: String,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::tools::junos) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    /// What to do about the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Whether it rolls back unless confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollback_in_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_comment: Option<String>,
    /// Marks this commit in the device's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_token: Option<String>,
    /// In the device's history: number, user, client, when, time_utc, comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Described>")]
    commit: Option<Commit>,
    /// The confirmed commit that waits now: user, rolls_back, deadline_utc, comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Described>")]
    pending: Option<Pending>,
    database: Database,
    notes: Vec<String>,
}

impl Changed {
    /// The report of this change.
    pub(in crate::tools::junos) fn new(router: &str, change: &Change, report: Report) -> Self {
        let committed = report.outcome == Outcome::Committed;
        let waits = change.confirm_minutes.filter(|_| committed);
        let is_sent = committed || matches!(report.outcome, Outcome::Unknown | Outcome::NotCommitted);
        Self {
            router_name: router.to_owned(),
            success: matches!(
                report.outcome,
                Outcome::Committed | Outcome::Unchanged | Outcome::Valid | Outcome::Compared
            ),
            outcome: report.outcome,
            diff: report.diff,
            warnings: report.warnings,
            error: report.error.as_ref().map(|error| error.message().to_owned()),
            error_code: report.error.as_ref().map(|error| error.code().as_str()),
            hint: report
                .error
                .as_ref()
                .and_then(|error| error.advice())
                .map(str::to_owned),
            confirmed: waits.map(|_| true),
            rollback_in_minutes: waits,
            message: waits.map(rolls_back),
            commit_comment: (change.purpose == Purpose::Commit).then(|| change.comment.clone()),
            commit_token: is_sent.then_some(report.token),
            commit: report.commit,
            pending: report.pending,
            database: report.database,
            notes: report.notes,
        }
    }

    /// The error with its code, and what to do about it; empty where there is none.
    pub(in crate::tools::junos) fn trouble(&self) -> String {
        let Some(error) = &self.error else {
            return String::new();
        };
        let code = self
            .error_code
            .map(|code| format!(" [code={code}]"))
            .unwrap_or_default();
        let hint = self.hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{error}{code}{hint}")
    }

    /// What follows the first line of an answer's text: the commit, what waits, warnings and notes, a line each.
    pub(in crate::tools::junos) fn rest(&self) -> String {
        let mut lines = Vec::new();
        lines.extend(self.message.clone());
        if let (Some(token), None) = (&self.commit_token, &self.commit) {
            lines.push(format!("Commit token: {token}"));
        }
        if let Some(commit) = &self.commit {
            let comment = commit.comment.as_deref().unwrap_or_default();
            lines.push(format!(
                "Commit {}: {} by {} via {} {comment}",
                commit.number, commit.when, commit.user, commit.client
            ));
        }
        if let Some(pending) = self.pending.as_ref().filter(|_| self.message.is_none()) {
            lines.push(format!(
                "A confirmed commit of `{}` waits: {}",
                pending.user, pending.rolls_back
            ));
        }
        lines.extend(self.warnings.iter().map(|warning| format!("warning: {warning}")));
        lines.extend(self.notes.iter().map(|note| format!("note: {note}")));
        lines.iter().map(|line| format!("\n{}", line.trim_end())).collect()
    }
}

/// What is said of a confirmed commit.
pub(in crate::tools::junos) fn rolls_back(minutes: u32) -> String {
    format!(
        "Commit confirmed: auto-rollback in {minutes} minutes unless confirmed. Call confirm_commit to keep it, cancel_commit to take it \
         back at once."
    )
}
