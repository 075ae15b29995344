//! `mist_search_client` without a kind: all four are asked at once, and each client says which it is.

use futures::future::join_all;
use serde_json::{Map, Value, json};

use super::{super::shape::Shape, rows, table::Table};
use crate::{
    error::Result,
    mist::Access,
    tools::{Arguments, Context, Typed},
};

/// The tool's name.
pub(super) const NAME: &str = "mist_search_client";
/// The parameter that names the kind.
pub(super) const KIND: &str = "client_type";

/// Asks for all kinds that the filters mean something for.
pub(super) async fn all_kinds(
    table: &'static Table,
    context: &Context,
    arguments: &Arguments,
    shape: &Shape,
) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let kinds = table
        .parameter(KIND)
        .map(|parameter| parameter.values.as_slice())
        .unwrap_or_default();
    let answers = join_all(kinds.iter().map(|kind| of_kind(table, &access, arguments, kind))).await;
    let mut found = Found::default();
    let mut first_error = None;
    for (kind, answer) in kinds.iter().zip(answers) {
        match answer {
            Ok((rows, total, has_more)) => found.add(kind, rows, total, has_more),
            Err(error) => {
                found.not_asked.insert(kind.clone(), error.message().into());
                first_error.get_or_insert(error);
            }
        }
    }
    match first_error {
        Some(error) if found.totals.is_empty() => Err(error),
        _ => Ok(found.answered(&access, shape)),
    }
}

async fn of_kind(
    table: &'static Table,
    access: &Access,
    arguments: &Arguments,
    kind: &str,
) -> Result<(Vec<Value>, u64, bool)> {
    let mut arguments = arguments.clone();
    arguments.insert(KIND.into(), kind.into());
    let call = table.call(access.specification(), &arguments)?;
    let done = access.run(call.operation, &call.values).await?;
    let rows = rows::of(done.body());
    let total = done.response.page.map(|page| page.total);
    let total = total
        .or_else(|| done.body().get("total")?.as_u64())
        .unwrap_or(rows.len() as u64);
    let has_more = access.next(&done)?.is_some();
    Ok((rows, total, has_more))
}

/// What was found of all kinds.
#[derive(Default)]
struct Found {
    rows: Vec<Value>,
    totals: Map<String, Value>,
    /// The kinds of which there are more.
    more: Vec<String>,
    not_asked: Map<String, Value>,
}

impl Found {
    fn add(&mut self, kind: &str, rows: Vec<Value>, total: u64, has_more: bool) {
        self.totals.insert(kind.to_owned(), total.into());
        if has_more {
            self.more.push(kind.to_owned());
        }
        self.rows.extend(rows.into_iter().map(|row| {
            let mut whole = Map::from_iter([(KIND.to_owned(), Value::from(kind))]);
            whole.extend(row.as_object().cloned().unwrap_or_default());
            Value::Object(whole)
        }));
    }

    fn answered(self, access: &Access, shape: &Shape) -> Typed<Value> {
        let mut shape = shape.clone();
        if !shape.fields.is_empty() && !shape.fields.iter().any(|field| field == KIND) {
            shape.fields.insert(0, KIND.to_owned());
        }
        let total: u64 = self.totals.values().filter_map(Value::as_u64).sum();
        let mut notes = Map::from_iter([("totals".to_owned(), Value::Object(self.totals))]);
        if !self.more.is_empty() {
            notes.insert("has_more".into(), true.into());
            notes.insert("more_of".into(), json!(self.more));
            notes.insert("note".into(), "ask with client_type to read on".into());
        }
        if !self.not_asked.is_empty() {
            notes.insert("not_asked".into(), Value::Object(self.not_asked));
        }
        rows::answered(access, self.rows, total as usize, &shape, notes)
    }
}
