//! Lists that are put together here: from all pages, from several requests, or chosen by name.

use serde_json::{Map, Value, json};

use super::super::{answer, shape::Shape};
use crate::{
    error::Result,
    mist::Access,
    tools::{Context, Typed},
};

/// Pages that are fetched at most, and things on each.
const PAGES: usize = 25;
const ON_PAGE: u64 = 1000;

/// All things of a list.
pub(super) struct All {
    /// The things.
    pub(super) rows: Vec<Value>,
    /// Whether there are more, which were not fetched.
    pub(super) has_more: bool,
}

/// The things in a body: a list, or what stands under `results`.
pub(super) fn of(body: &Value) -> Vec<Value> {
    let rows = body.as_array().or_else(|| body.get("results")?.as_array());
    rows.cloned().unwrap_or_default()
}

/// All pages of a list.
///
/// # Errors
/// What the cloud answers.
pub(super) async fn all(
    context: &Context,
    access: &Access,
    operation: &str,
    mut values: Map<String, Value>,
) -> Result<All> {
    values.entry("limit").or_insert_with(|| ON_PAGE.into());
    let mut done = access.run(operation, &values).await?;
    let mut rows = of(done.body());
    let mut next = access.next(&done)?;
    for _ in 1..PAGES {
        let Some(request) = next.take() else { break };
        context.advance(rows.len(), rows.len() + 1, "fetching the next page");
        done = access.send(request).await?;
        rows.extend(of(done.body()));
        next = access.next(&done)?;
    }
    Ok(All {
        rows,
        has_more: next.is_some(),
    })
}

/// The answer with these rows, of which `total` there are.
pub(super) fn answered(
    access: &Access,
    rows: Vec<Value>,
    total: usize,
    shape: &Shape,
    notes: Map<String, Value>,
) -> Typed<Value> {
    let mut whole = Map::from_iter([
        ("count".to_owned(), json!(rows.len())),
        ("total".to_owned(), json!(total)),
    ]);
    whole.extend(notes);
    answer::note_budget(access, &mut whole);
    if shape.summary.is_empty() {
        whole.insert("results".into(), Value::Array(shape.rows(rows, &[])));
    } else {
        whole.insert("summary".into(), shape.counts(&rows));
    }
    Typed::compact(Value::Object(whole))
}

/// Those with a name that fits. Case does not count; `*` stands for any characters. A name without it is meant as a whole, and where
/// nothing is called so, as a part.
pub(super) fn named(rows: Vec<Value>, attribute: &str, name: &str) -> Vec<Value> {
    let wanted = name.trim().to_lowercase();
    let called = |row: &Value| {
        row.get(attribute)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_lowercase()
    };
    if !wanted.contains('*') {
        if rows.iter().any(|row| called(row) == wanted) {
            return rows.into_iter().filter(|row| called(row) == wanted).collect();
        }
        return rows.into_iter().filter(|row| called(row).contains(&wanted)).collect();
    }
    rows.into_iter().filter(|row| fits(&called(row), &wanted)).collect()
}

/// Whether a text fits a pattern with `*`.
fn fits(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) if !part.is_empty() => rest = after,
            _ if part.is_empty() => {}
            _ => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_with_and_without_wildcards() {
        let rows = || {
            ["Guest", "Guest-2", "Corp", "corp voice"]
                .map(|name| json!({ "name": name }))
                .to_vec()
        };
        let found = |name: &str| {
            let found = named(rows(), "name", name);
            found
                .iter()
                .map(|row| row["name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(found("guest"), ["Guest"]);
        assert_eq!(found("est"), ["Guest", "Guest-2"]);
        assert_eq!(found("guest*"), ["Guest", "Guest-2"]);
        assert_eq!(found("*voice"), ["corp voice"]);
        assert_eq!(found("c*p*"), ["Corp", "corp voice"]);
        assert_eq!(found("*or*v*e"), ["corp voice"]);
        assert_eq!(found("*"), ["Guest", "Guest-2", "Corp", "corp voice"]);
        assert!(found("*x*").is_empty());
        assert!(found("guest-2*2").is_empty(), "what was matched is not matched again");
    }
}
