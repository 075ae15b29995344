//! How lists come in pieces: by page number, by cursor, or not at all.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Answered},
    call::Call,
    encoding,
    query::Span,
};

/// Rows in one answer where the call does not say.
const DEFAULT: usize = 100;
/// Rows in one answer at most.
const MOST: usize = 1000;

/// `limit` of a call.
pub(super) fn limit(call: &Call) -> Result<usize, Answer> {
    match call.parameter("limit") {
        None => Ok(DEFAULT),
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| *limit <= MOST)
            .ok_or_else(|| Answer::bad(format!("invalid limit: {text}"))),
    }
}

fn page(call: &Call) -> Result<usize, Answer> {
    match call.parameter("page") {
        None => Ok(1),
        Some(text) => text
            .parse()
            .ok()
            .filter(|page| *page > 0)
            .ok_or_else(|| Answer::bad(format!("invalid page: {text}"))),
    }
}

/// The number of the page that is asked for, and its rows.
pub(super) fn part(call: &Call, rows: &[&Value], limit: usize) -> Result<(usize, Vec<Value>), Answer> {
    let page = page(call)?;
    let part = rows.iter().skip((page - 1).saturating_mul(limit)).take(limit);
    Ok((page, part.map(|row| shown(row)).collect()))
}

/// An array; how much there is of it is in headers.
pub(super) fn numbered(call: &Call, rows: &[&Value]) -> Answered {
    let limit = limit(call)?;
    let (page, part) = part(call, rows, limit)?;
    Ok(Answer::json(Value::Array(part))
        .header("x-page-limit", limit.to_string())
        .header("x-page-page", page.to_string())
        .header("x-page-total", rows.len().to_string()))
}

/// An object with `results`, and `next` where there is more.
pub(super) fn cursor(call: &Call, rows: &[&Value], span: Span) -> Answered {
    let limit = limit(call)?;
    let from = match call.parameter("search_after") {
        None => (page(call)? - 1).saturating_mul(limit),
        Some(after) => position(after).ok_or_else(|| Answer::bad("invalid search_after"))?,
    };
    let part: Vec<Value> = rows.iter().skip(from).take(limit).map(|row| shown(row)).collect();
    let upto = from + part.len();
    let mut body = json!({
        "start": span.start, "end": span.end, "limit": limit, "total": rows.len(), "results": part,
    });
    // Times are whole where they were given whole: the real cloud does not make fractions of them either.
    for name in ["start", "end"] {
        if let Some(time) = body.get_mut(name) {
            *time = whole(time.as_f64().unwrap_or_default());
        }
    }
    if upto < rows.len() && limit > 0 {
        let stamp = rows.get(upto - 1).and_then(|row| row.get("timestamp")?.as_f64());
        set(&mut body, "next", json!(next(call, stamp, upto)));
    }
    Ok(Answer::json(body))
}

/// Seconds without a fraction.
pub(super) fn whole(time: f64) -> Value {
    // Times since 1970 fit; the cast saturates.
    #[expect(clippy::cast_possible_truncation)]
    let seconds = time as i64;
    json!(seconds)
}

fn next(call: &Call, stamp: Option<f64>, upto: usize) -> String {
    let after = format!("[{}, {upto}]", stamp.unwrap_or_default());
    let mut pairs: Vec<String> = call
        .query
        .iter()
        .filter(|(key, _)| key != "search_after" && key != "page")
        .map(|(key, value)| format!("{}={}", encoding::encode(key), encoding::encode(value)))
        .collect();
    pairs.push(format!("search_after={}", encoding::encode(&after)));
    format!("{}?{}", call.path, pairs.join("&"))
}

/// Where a cursor stands.
fn position(after: &str) -> Option<usize> {
    let parts: Vec<Value> = serde_json::from_str(after).ok()?;
    usize::try_from(parts.get(1)?.as_u64()?).ok()
}

/// A row as callers see it: without what the lab keeps for itself.
pub(super) fn shown(row: &Value) -> Value {
    match row {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !name.starts_with('_'))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        other => other.clone(),
    }
}

/// Sets a field of an object.
pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value);
    }
}

/// The answer to a count of what is not there.
pub(super) fn counted(call: &Call, distinct: &str) -> Value {
    json!({
        "distinct": distinct, "start": whole(call.now - 86_400.0), "end": whole(call.now),
        "limit": limit(call).unwrap_or(DEFAULT), "total": 0, "results": [],
    })
}
