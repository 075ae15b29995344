//! What a query asks of a list: times, filters, order.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    answer::Answer,
    call::Call,
    tables::{Table, Tables},
};

/// A span of time in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) start: f64,
    pub(super) end: f64,
}

const DAY: f64 = 86_400.0;

impl Span {
    /// `start`, `end` and `duration` of a call; a day up to now where they are not given.
    pub(super) fn of(call: &Call) -> Result<Span, Answer> {
        let time = |name: &str| match call.parameter(name) {
            None => Ok(None),
            Some(text) => moment(text, call.now)
                .map(Some)
                .ok_or_else(|| Answer::bad(format!("invalid {name}: {text}"))),
        };
        let duration = match call.parameter("duration") {
            None => DAY,
            Some(text) => length(text).ok_or_else(|| Answer::bad(format!("invalid duration: {text}")))?,
        };
        let span = match (time("start")?, time("end")?) {
            (Some(start), Some(end)) => Span { start, end },
            (Some(start), None) if call.parameter("duration").is_some() => Span {
                start,
                end: start + duration,
            },
            (Some(start), None) => Span { start, end: call.now },
            (None, end) => {
                let end = end.unwrap_or(call.now);
                Span {
                    start: end - duration,
                    end,
                }
            }
        };
        if span.start > span.end {
            return Err(Answer::bad("start is after end"));
        }
        Ok(span)
    }
}

/// A time: seconds since the epoch, `now`, or how long ago (`-2h`).
fn moment(text: &str, now: f64) -> Option<f64> {
    if text == "now" {
        return Some(now);
    }
    if let Some(ago) = text.strip_prefix('-').and_then(length) {
        return Some(now - ago);
    }
    text.parse()
        .ok()
        .filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// `10m`, `1h`, `1d`, `2w` in seconds.
fn length(text: &str) -> Option<f64> {
    let unit = text.chars().last()?;
    let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        'd' => DAY,
        'w' => 7.0 * DAY,
        _ => return None,
    };
    Some(f64::from(count) * seconds)
}

/// Query parameters that are no filters.
const NOT_FILTERS: &[&str] = &[
    "limit",
    "page",
    "start",
    "end",
    "duration",
    "sort",
    "order",
    "interval",
    "search_after",
    "distinct",
    "fields",
    "full",
    "resolve",
    "metrics",
];

/// The rows that the call's parameters let through. Parameters that no row knows are ignored, as the real cloud ignores them.
pub(super) fn filter<'a>(call: &Call, table: &Table, rows: Vec<&'a Value>, span: Span) -> Vec<&'a Value> {
    let all = rows.clone();
    let mut rows = rows;
    if let Some(field) = &table.time {
        rows.retain(|row| time(row, field).is_none_or(|at| span.start <= at && at <= span.end));
    }
    for (name, wanted) in &call.query {
        if NOT_FILTERS.contains(&name.as_str()) || wanted.is_empty() || wanted == "any" {
            continue;
        }
        if name == "text" {
            rows.retain(|row| table.text.iter().any(|field| like(row.get(field), wanted)));
            continue;
        }
        let fields = Tables::embedded().fields(name);
        let known = |row: &&Value| fields.iter().any(|field| row.get(field).is_some());
        if name == "type" && wanted == "all" || !all.iter().any(known) {
            continue;
        }
        rows.retain(|row| {
            wanted
                .split(',')
                .any(|wanted| fields.iter().any(|field| is(row.get(field), wanted)))
        });
    }
    rows
}

fn time(row: &Value, field: &str) -> Option<f64> {
    row.get(field).and_then(Value::as_f64)
}

/// Whether a field has this value; `*` stands for anything at either end.
pub(super) fn is(field: Option<&Value>, wanted: &str) -> bool {
    match field {
        Some(Value::Array(items)) => items.iter().any(|item| is(Some(item), wanted)),
        Some(Value::Bool(field)) => wanted.parse() == Ok(*field),
        Some(Value::Number(field)) => {
            field.to_string() == wanted || wanted.parse().is_ok_and(|wanted: f64| field.as_f64() == Some(wanted))
        }
        Some(Value::String(field)) => same(&field.to_lowercase(), &plain(wanted)),
        _ => false,
    }
}

/// As [`is`], and a text without `*` may stand anywhere in the field.
fn like(field: Option<&Value>, wanted: &str) -> bool {
    if wanted.contains('*') {
        return is(field, wanted);
    }
    is(field, &format!("*{wanted}*"))
}

/// Lower case, and MAC addresses without separators.
fn plain(wanted: &str) -> String {
    let lower = wanted.trim().to_lowercase();
    let bare: String = lower.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    let is_mac = bare.len() == 12 && lower.len() > 12 && bare.chars().all(|c| c.is_ascii_hexdigit());
    if is_mac { bare } else { lower }
}

fn same(field: &str, wanted: &str) -> bool {
    match (wanted.strip_prefix('*'), wanted.strip_suffix('*')) {
        (Some(rest), Some(_)) => field.contains(rest.strip_suffix('*').unwrap_or_default()),
        (Some(end), None) => field.ends_with(end),
        (None, Some(begin)) => field.starts_with(begin),
        (None, None) => field == wanted,
    }
}

/// Puts rows in the order that the call asks for; else the newest first, where they have a time.
pub(super) fn sort(call: &Call, table: &Table, rows: &mut Vec<&Value>) -> Result<(), Answer> {
    let Some(wanted) = call.parameter("sort") else {
        if let Some(field) = &table.time {
            let ascending = call.parameter("order") == Some("asc");
            rows.sort_by(|a, b| {
                let order = compare(b.get(field), a.get(field));
                if ascending { order.reverse() } else { order }
            });
        }
        return Ok(());
    };
    let (field, descending) = match wanted.strip_prefix('-') {
        Some(field) => (field, true),
        None => (wanted, call.parameter("order") == Some("desc")),
    };
    let known = rows.is_empty() || matches!(field, "timestamp" | "id" | "name");
    if !known && !rows.iter().any(|row| row.get(field).is_some()) {
        return Err(Answer::bad(format!("invalid sort: {field}")));
    }
    rows.sort_by(|a, b| {
        let order = compare(a.get(field), b.get(field));
        if descending { order.reverse() } else { order }
    });
    Ok(())
}

fn compare(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => text(a).cmp(&text(b)),
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.to_lowercase(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_absolute_or_relative() {
        assert_eq!(moment("-2h", 10_000.0), Some(2_800.0));
        assert_eq!(moment("now", 10_000.0), Some(10_000.0));
        assert_eq!(moment("1700000000.5", 0.0), Some(1_700_000_000.5));
        assert_eq!(
            (moment("yesterday", 0.0), moment("-5", 0.0), length("1y")),
            (None, None, None)
        );
    }

    #[test]
    fn stars_stand_at_the_ends() {
        let field = json!(["5c5b35000100", "other"]);
        let all = |wanted| is(Some(&field), wanted);
        assert!(all("5c5b35*") && all("*0100") && all("*5b35*") && all("5C:5B:35:00:01:00") && all("OTHER"));
        assert!(!all("5b35") && !all("*5b35"));
        assert!(is(Some(&json!(10)), "10") && is(Some(&json!(true)), "true") && !is(None, "x"));
    }
}
