//! The words of a plan: the same for the same object and change, so that a person's answer counts for what was shown.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Change, Difference, KEPT, Verb, evidence};
use crate::{
    mist::{Request, specification::Specification},
    tools::secrets,
};

/// Lines of the difference that are shown.
const LINES: usize = 2000;
/// Lines around each change in the text of the object.
const AROUND: usize = 2;

/// What a person reads before the change is made.
pub(super) fn of(change: &Change, specification: &Specification, now: &Value, warnings: &[String]) -> String {
    let mut words = heading(change, now);
    place(change, specification, &mut words);
    if change.verb != Verb::Create {
        // An answer counts for these words: with this mark in them it does not count for another state of the object.
        let _ = writeln!(words, "  state: {}", mark(now));
    }
    let expected = change.expected(now);
    match change.verb {
        Verb::Create => words.push_str("\nThe new object:\n"),
        Verb::Update => words.push_str("\nAttributes that are not given stay as they are. What changes:\n"),
        Verb::Delete => words.push_str(
            "\nThis cannot be undone: the object is gone, and what refers to it refers to nothing. It is now:\n",
        ),
    }
    let difference = Difference::of(now, &expected).without(KEPT);
    match change.verb {
        Verb::Update if difference.is_empty() => words.push_str("  nothing: the object is already so\n"),
        Verb::Update => {
            lines(&difference.lines(), &mut words);
            words.push_str("\nIn the text of the object:\n");
            lines(&unified(now, &expected), &mut words);
        }
        Verb::Create => lines(&pretty(&secrets::hidden(&expected)), &mut words),
        Verb::Delete => lines(&pretty(&secrets::hidden(now)), &mut words),
    }
    if !warnings.is_empty() {
        words.push_str("\nWarnings:\n");
        for warning in warnings {
            let _ = writeln!(words, "  {warning}");
        }
    }
    words
}

fn heading(change: &Change, now: &Value) -> String {
    let verb = match change.verb {
        Verb::Create => "Create",
        Verb::Update => "Update",
        Verb::Delete => "DELETE",
    };
    let name = change
        .payload
        .get(&change.kind.named)
        .filter(|_| change.verb == Verb::Create);
    let name = now.get(&change.kind.named).or(name).and_then(Value::as_str);
    let name = name
        .map(|name| format!(" \"{}\"", name.escape_debug()))
        .unwrap_or_default();
    format!("{verb} {}{name} in the Mist cloud\n", change.place.kind)
}

fn place(change: &Change, specification: &Specification, words: &mut String) {
    let parts = [
        ("organisation", &change.place.organisation),
        ("site", &change.place.site),
        ("object", &change.place.object),
    ];
    for (what, id) in parts {
        if let Some(id) = id {
            let _ = writeln!(words, "  {what}: {}", id.escape_debug());
        }
    }
    let values = change.place.values(specification, change.operation);
    let request = specification
        .operation(change.operation)
        .and_then(|operation| Request::of(operation, operation.routes.first()?, &values).ok());
    if let Some(request) = request {
        let _ = writeln!(words, "  request: {} {}", request.method, request.path);
    }
}

fn mark(now: &Value) -> String {
    let evidence = evidence(now);
    evidence.as_str().unwrap_or_default().chars().take(12).collect()
}

fn lines(all: &[String], words: &mut String) {
    for line in all.iter().take(LINES) {
        let _ = writeln!(words, "  {line}");
    }
    if let Some(more) = all.len().checked_sub(LINES).filter(|more| *more > 0) {
        let _ = writeln!(words, "  ... and {more} lines more");
    }
}

fn pretty(value: &Value) -> Vec<String> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// The unified difference of the object's text, without its secrets and what the cloud keeps itself.
fn unified(now: &Value, expected: &Value) -> Vec<String> {
    let text = |value: &Value, other: &Value| {
        let mut shown = secrets::beside(value, other);
        shown.sort_all_objects();
        if let Value::Object(fields) = &mut shown {
            fields.retain(|name, _| !KEPT.contains(&name.as_str()));
        }
        pretty(&shown).join("\n") + "\n"
    };
    let (old, new) = (text(now, now), text(expected, now));
    let difference = similar::TextDiff::from_lines(&old, &new);
    let difference = difference
        .unified_diff()
        .context_radius(AROUND)
        .header("now", "then")
        .to_string();
    difference.lines().map(str::to_owned).collect()
}
