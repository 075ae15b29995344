//! What an answer of the cloud becomes: how many things there are, how many came, what comes next, and the things themselves, once.

use serde_json::{Map, Value, json};

use super::{
    pages::Next,
    shape::{self, Shape},
};
use crate::{
    error::Result,
    mist::{Access, Done, Request},
    tools::{Context, Typed},
};

/// Pages that `all_pages` fetches at most, and things.
const PAGES: usize = 25;
const THINGS: usize = 10_000;
/// Bytes of bodies after which no further page is fetched.
const BYTES: usize = 16 << 20;

/// The answer to a call, from the cloud's answer to its request. Fetches the other pages where that was asked for.
pub(super) async fn of(context: &Context, access: &Access, done: Done, shape: &Shape) -> Result<Typed<Value>> {
    let gathered = Gathered::of(context, access, done, shape).await?;
    Ok(gathered.answer(context, access, shape, Map::new()))
}

/// What the cloud answered, before it is shown.
pub(super) struct Gathered {
    list: List,
    next: Option<Request>,
    /// Why what follows is not fetched, where something does.
    refused: Option<String>,
    known: Vec<(String, String)>,
}

impl Gathered {
    /// The first page, or all of them where that was asked for.
    ///
    /// # Errors
    /// What the cloud answers to the further pages.
    pub(super) async fn of(context: &Context, access: &Access, done: Done, shape: &Shape) -> Result<Self> {
        gather(context, access, done, shape).await
    }

    /// The things that came; none where the body is no list.
    pub(super) fn rows(&self) -> &[Value] {
        self.list.rows.as_deref().unwrap_or_default()
    }

    /// The things that came, to be changed; none where the body is no list.
    pub(super) fn rows_mut(&mut self) -> Option<&mut Vec<Value>> {
        self.list.rows.as_mut()
    }

    /// Keeps the things that fit. How many of those there are in all is known only where all came.
    pub(super) fn retain(&mut self, fits: impl Fn(&Value) -> bool) {
        if let Some(rows) = &mut self.list.rows {
            rows.retain(fits);
            self.list.total = None;
        }
    }

    /// Whether more things follow.
    pub(super) fn has_more(&self) -> bool {
        self.next.is_some() || self.refused.is_some()
    }

    /// How many things there are, as far as the cloud says.
    pub(super) fn total(&self) -> Option<u64> {
        self.list.total
    }

    /// The answer: counts, what was found out beside the things (`more`), and the things last.
    pub(super) fn answer(
        mut self,
        context: &Context,
        access: &Access,
        shape: &Shape,
        more: Map<String, Value>,
    ) -> Typed<Value> {
        let mut answer = self.list.shown(shape, &self.known);
        if self.list.is_list {
            answer.insert("has_more".into(), self.has_more().into());
            if let Some(refused) = self.refused {
                answer.insert("next_refused".into(), refused.into());
            }
            // Where only a part came and nobody said how many there are, nobody knows.
            if self.next.is_some() && self.list.total.is_none() {
                answer.shift_remove("total");
            }
            if let Some(request) = self.next {
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
        }
        answer.extend(more);
        // Rows come last: whoever reads only the beginning knows how many there are.
        if let Some(rows) = answer.shift_remove("results").filter(|_| self.list.is_list) {
            answer.insert("results".into(), rows);
        }
        note_budget(access, &mut answer);
        Typed::compact(Value::Object(answer))
    }
}

async fn gather(context: &Context, access: &Access, mut done: Done, shape: &Shape) -> Result<Gathered> {
    let mut list = List::of(&done);
    let mut next = access.next(&done);
    if shape.all_pages {
        let mut pages = 1;
        let mut bytes = done.response.bytes;
        while let (Some(rows), Ok(Some(request))) = (&mut list.rows, &next) {
            if pages == PAGES || rows.len() >= THINGS || bytes >= BYTES {
                break;
            }
            let request = request.clone();
            context.advance(
                rows.len(),
                list.total.map_or(rows.len() + 1, |total| total as usize),
                "fetching the next page",
            );
            done = access.send(request).await?;
            bytes += done.response.bytes;
            rows.extend(List::of(&done).rows.unwrap_or_default());
            next = access.next(&done);
            pages += 1;
        }
    }
    let known = known(&done);
    // What came is not lost because the cloud says strange things of what follows.
    let (next, refused) = match next {
        Ok(next) => (next, None),
        Err(refusal) => (None, Some(refusal.message().to_owned())),
    };
    Ok(Gathered {
        list,
        next,
        refused,
        known,
    })
}

/// A body that is no list, as it is shown.
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
