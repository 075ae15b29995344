//! What a tool's answer says of what it changed, for the record: digests and names, never a payload.

use serde_json::{Map, Value, json};

use super::redaction::sha256;
use crate::{
    error::{Code, Error},
    tools::Arguments,
};

/// What is said of a commit beside its mark: its place and time in the device's history, and whose it is. Not its comment.
const OF_COMMIT: &[&str] = &["number", "user", "client", "when", "time_utc"];
/// Devices in one event.
const ROWS: usize = 200;

/// What became of a change.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// The word for it; `mixed` where devices differ.
    pub(super) outcome: Option<String>,
    pub(super) diff_sha256: Option<String>,
    pub(super) plan_id: Option<String>,
    /// What tells the commit from others.
    pub(super) commit: Option<Map<String, Value>>,
    /// The same, of each device.
    changes: Vec<Value>,
}

impl Noted {
    /// What this answer says. `cover` takes out of a name what the operator wants covered.
    pub(super) fn of_answer(answer: &Arguments, cover: impl Fn(&str) -> String) -> Self {
        let is_row = |row: &&Arguments| {
            let is_change = row.contains_key("change") || row.contains_key("outcome") || row.contains_key("status");
            is_change && (row.contains_key("router") || row.contains_key("router_name"))
        };
        let rows = answer.get("results").and_then(Value::as_array).into_iter().flatten();
        let rows: Vec<&Arguments> = rows.filter_map(Value::as_object).filter(is_row).take(ROWS).collect();
        let mut words = rows.iter().map(|row| outcome(row).unwrap_or("unknown"));
        let first = words.next();
        let of_rows = first.map(|first| {
            if words.all(|word| word == first) {
                first
            } else {
                "mixed"
            }
        });
        Self {
            outcome: word(answer, "outcome").or(of_rows).map(str::to_owned),
            diff_sha256: digest(answer),
            plan_id: text(answer, "plan_id").map(short),
            commit: commit(answer),
            changes: rows.into_iter().map(|row| change(row, &cover)).collect(),
        }
    }

    /// What an error says of a call that was let act: it did nothing, or nobody knows.
    pub(super) fn of_error(error: &Error) -> Self {
        let may_have_acted = error.code().retryable() && !error.retryable();
        let word = match error.code() {
            code if is_unknown(code) || may_have_acted => "unknown",
            // A defect, wherever it was at.
            Code::Internal => "unknown",
            Code::Cancelled | Code::ShuttingDown | Code::Timeout => "aborted",
            _ => "failed",
        };
        Self {
            outcome: Some(word.into()),
            ..Self::default()
        }
    }

    /// Of each device, where there are several.
    pub(super) fn changes(&self) -> Option<&[Value]> {
        Some(self.changes.as_slice()).filter(|changes| !changes.is_empty())
    }
}

/// Whether nobody knows what became of a call that failed so.
pub(super) fn is_unknown(code: Code) -> bool {
    matches!(code, Code::CommitUnknown | Code::OutcomeUnknown)
}

/// What is said of one device: in its row, or in the report of its change there.
fn change(row: &Arguments, cover: impl Fn(&str) -> String) -> Value {
    let mut change = Map::new();
    if let Some(router) = text(row, "router_name").or(text(row, "router")) {
        change.insert("router".into(), cover(router).into());
    }
    let report = row.get("change").and_then(Value::as_object).unwrap_or(row);
    change.append(&mut said(report));
    // Of a roll-out the row's own word says more.
    if let Some(word) = word(row, "status") {
        change.insert("outcome".into(), word.into());
    }
    if let Some(code) = text(row, "error_code") {
        change.insert("error_kind".into(), short(code).into());
    }
    if let Some(back) = row.get("taken_back").and_then(Value::as_object) {
        change.insert("taken_back".into(), said(back).into());
    }
    Value::Object(change)
}

/// What a report says of its change.
fn said(report: &Arguments) -> Map<String, Value> {
    let fields = [
        ("outcome", word(report, "outcome").map(Value::from)),
        ("diff_sha256", digest(report).map(Value::from)),
        ("commit", commit(report).map(Value::from)),
        ("error_kind", text(report, "error_code").map(|code| short(code).into())),
    ];
    let fields = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    fields.collect()
}

/// The word for what became of the change of a device.
fn outcome(row: &Arguments) -> Option<&str> {
    let of_change = || word(row.get("change")?.as_object()?, "outcome");
    word(row, "status").or(word(row, "outcome")).or_else(of_change)
}

/// A word of ours in this field. They have only such letters; anything else is text.
fn word<'a>(report: &'a Arguments, name: &str) -> Option<&'a str> {
    let is_word =
        |word: &&str| word.len() < 32 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-');
    text(report, name).filter(is_word)
}

fn digest(report: &Arguments) -> Option<String> {
    text(report, "diff").map(|diff| sha256(diff.as_bytes()))
}

fn commit(report: &Arguments) -> Option<Map<String, Value>> {
    let mut commit = Map::new();
    if let Some(token) = text(report, "commit_token") {
        commit.insert("token".into(), short(token).into());
    }
    match report.get("commit") {
        Some(Value::Object(said)) => {
            for name in OF_COMMIT.iter().chain(&["token"]) {
                match said.get(*name) {
                    Some(Value::String(word)) => commit.insert((*name).into(), short(word).into()),
                    Some(value @ Value::Number(_)) => commit.insert((*name).into(), value.clone()),
                    _ => None,
                };
            }
        }
        Some(Value::String(word)) => drop(commit.insert("id".into(), json!(short(word)))),
        _ => {}
    }
    Some(commit).filter(|commit| !commit.is_empty())
}

fn text<'a>(report: &'a Arguments, name: &str) -> Option<&'a str> {
    report.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn short(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(64).collect()
}
