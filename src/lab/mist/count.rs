//! Counts of lists by one of their fields.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Answered},
    call::Call,
    pages,
    query::Span,
    tables::{Table, Tables},
};
use crate::mist::specification::Specification;

/// How many rows have each value of the field `distinct`, the most frequent first.
pub(super) fn count(call: &Call, table: &Table, rows: &[&Value], span: Span) -> Answered {
    let limit = pages::limit(call)?;
    let distinct = call.parameter("distinct").unwrap_or(&table.distinct);
    let fields = Tables::embedded().fields(distinct);
    if !is_documented(call, distinct)
        && !rows.is_empty()
        && !rows
            .iter()
            .any(|row| fields.iter().any(|field| row.get(field).is_some()))
    {
        return Err(Answer::bad(format!("invalid distinct: {distinct}")));
    }
    let mut counts: Vec<(String, u64)> = Vec::new();
    for row in rows {
        let field = fields.iter().find_map(|field| row.get(field));
        for value in values(field) {
            match counts.iter_mut().find(|(known, _)| *known == value) {
                Some((_, count)) => *count += 1,
                None => counts.push((value, 1)),
            }
        }
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let total = counts.len();
    let results: Vec<Value> = counts
        .into_iter()
        .take(limit)
        .map(|(value, count)| {
            let mut result = Map::new();
            result.insert(distinct.to_owned(), Value::String(value));
            result.insert("count".to_owned(), json!(count));
            Value::Object(result)
        })
        .collect();
    Ok(Answer::json(json!({
        "distinct": distinct, "start": pages::whole(span.start), "end": pages::whole(span.end),
        "limit": limit, "total": total, "results": results,
    })))
}

/// Whether the specification names this field to count by: it may be one that no row has.
fn is_documented(call: &Call, distinct: &str) -> bool {
    let route = Specification::embedded()
        .find("GET", &call.path)
        .map(|(_, route)| route);
    let mut parameters = route.iter().flat_map(|route| &route.query);
    let values = parameters
        .find(|parameter| parameter.name == "distinct")
        .and_then(|parameter| Specification::embedded().resolve(&parameter.schema, 1).ok())
        .and_then(|schema| schema.get("enum").and_then(Value::as_array).cloned());
    values.is_some_and(|values| values.iter().any(|value| value == distinct))
}

/// The values that a row counts for: each of a list once, none for null.
fn values(field: Option<&Value>) -> Vec<String> {
    match field {
        None | Some(Value::Null | Value::Object(_)) => Vec::new(),
        Some(Value::Array(items)) => {
            let mut values: Vec<String> = items.iter().flat_map(|item| values(Some(item))).collect();
            values.sort();
            values.dedup();
            values
        }
        Some(Value::String(text)) => vec![text.clone()],
        Some(other) => vec![other.to_string()],
    }
}
