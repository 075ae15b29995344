//! What an answer of the cloud becomes: how many things there are, how many came, what comes next, and the things themselves, once.

use serde_json::{Map, Value, json};

use super::{
    pages::Next,
    shape::{self, Shape},
};
use crate::{
    error::Result,
    mist::{Access, Done},
    tools::{Context, Typed},
};

/// Pages that `all_pages` fetches at most, and things.
const PAGES: usize = 25;
const THINGS: usize = 10_000;

/// The answer to a call, from the cloud's answer to its request. Fetches the other pages where that was asked for.
pub(super) async fn of(context: &Context, access: &Access, mut done: Done, shape: &Shape) -> Result<Typed<Value>> {
    let mut list = List::of(&done);
    let mut next = access.next(&done);
    if shape.all_pages {
        let mut pages = 1;
        while let (Some(rows), Ok(Some(request))) = (&mut list.rows, &next) {
            if pages == PAGES || rows.len() >= THINGS {
                break;
            }
            let request = request.clone();
            context.advance(
                rows.len(),
                list.total.map_or(rows.len() + 1, |total| total as usize),
                "fetching the next page",
            );
            done = access.send(request).await?;
            rows.extend(List::of(&done).rows.unwrap_or_default());
            next = access.next(&done);
            pages += 1;
        }
    }
    let known = known(&done);
    let mut answer = list.shown(shape, &known);
    if list.is_list {
        // What came is not lost because the cloud says strange things of what follows.
        let next = next.unwrap_or_else(|refusal| {
            answer.insert("next_refused".into(), refusal.message().into());
            None
        });
        answer.insert(
            "has_more".into(),
            (next.is_some() || answer.contains_key("next_refused")).into(),
        );
        // Where only a part came and nobody said how many there are, nobody knows.
        if next.is_some() && list.total.is_none() {
            answer.shift_remove("total");
        }
        if let Some(request) = next {
            let next = Next {
                request,
                shape: shape.clone(),
            };
            let handle = context
                .services
                .pages
                .keep(&context.caller.id, access.account().id(), next);
            answer.insert("next".into(), handle.into());
        }
        // Rows come last: whoever reads only the beginning knows how many there are.
        if let Some(rows) = answer.shift_remove("results") {
            answer.insert("results".into(), rows);
        }
    }
    note_budget(access, &mut answer);
    Ok(Typed::compact(Value::Object(answer)))
}

/// A body that is no list, as it is shown.
#[expect(dead_code, reason = "tools with analyses of their own use it")]
pub(super) fn object(body: &Value) -> Value {
    shape::tidy(body.clone())
}

/// Says how many calls are left where they become few.
pub(super) fn note_budget(access: &Access, answer: &mut Map<String, Value>) {
    let left = access.left();
    if left.is_scarce() {
        answer.insert(
            "budget".into(),
            json!({ "calls_left_this_hour": left.limit.saturating_sub(left.used), "resets_in_s": left.resets_in }),
        );
    }
}

/// A body that may be a list.
struct List {
    /// The things of a list.
    rows: Option<Vec<Value>>,
    /// What stands beside them, or the whole body where it is none.
    rest: Map<String, Value>,
    total: Option<u64>,
    is_list: bool,
}

impl List {
    fn of(done: &Done) -> Self {
        let total = done.response.page.map(|page| page.total);
        match done.body() {
            Value::Array(rows) => Self {
                rows: Some(rows.clone()),
                rest: Map::new(),
                total,
                is_list: true,
            },
            Value::Object(fields) => match fields.get("results").and_then(Value::as_array) {
                Some(rows) => {
                    let beside = |name: &str| !matches!(name, "results" | "next" | "total" | "limit" | "page");
                    Self {
                        rows: Some(rows.clone()),
                        rest: fields
                            .iter()
                            .filter(|(name, _)| beside(name))
                            .map(|(name, value)| (name.clone(), value.clone()))
                            .collect(),
                        total: total.or_else(|| fields.get("total").and_then(Value::as_u64)),
                        is_list: true,
                    }
                }
                None => Self {
                    rows: None,
                    rest: fields.clone(),
                    total,
                    is_list: false,
                },
            },
            Value::Null => Self {
                rows: None,
                rest: Map::from_iter([("status".into(), json!("done"))]),
                total,
                is_list: false,
            },
            other => Self {
                rows: None,
                rest: Map::from_iter([("result".into(), other.clone())]),
                total,
                is_list: false,
            },
        }
    }

    fn shown(&mut self, shape: &Shape, known: &[(String, String)]) -> Map<String, Value> {
        let rest = match shape::tidy(Value::Object(std::mem::take(&mut self.rest))) {
            Value::Object(rest) => rest,
            _ => Map::new(),
        };
        let Some(rows) = self.rows.take() else {
            let only = shape.rows(vec![Value::Object(rest)], &[]).pop();
            return only.and_then(|only| only.as_object().cloned()).unwrap_or_default();
        };
        let mut answer = Map::new();
        answer.insert("count".into(), rows.len().into());
        answer.insert("total".into(), self.total.unwrap_or(rows.len() as u64).into());
        answer.extend(rest);
        if shape.summary.is_empty() {
            answer.insert("results".into(), Value::Array(shape.rows(rows, known)));
        } else {
            answer.insert("summary".into(), shape.counts(&rows));
        }
        answer
    }
}

/// What the caller said itself: the ids in the path.
fn known(done: &Done) -> Vec<(String, String)> {
    let template = done.request.template.split('/');
    let named = template.zip(done.request.path.split('/'));
    named
        .filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            matches!(name, "org_id" | "site_id" | "msp_id").then(|| (name.to_owned(), value.to_owned()))
        })
        .collect()
}
