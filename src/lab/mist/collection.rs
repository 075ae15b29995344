//! What a collection answers: lists, searches, counts, single rows, and writes of them.

use serde_json::{Map, Value};

use super::{
    answer::{Answer, Answered, Content},
    call::Call,
    count, pages,
    query::{self, Span},
    router::Scope,
    store::Store,
    tables::Table,
    write,
};

/// A collection of a place.
pub(super) struct Collection<'a> {
    pub(super) name: &'a str,
    pub(super) table: &'a Table,
    pub(super) scope: &'a Scope,
}

/// How a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    List,
    Search,
    Count,
}

impl Collection<'_> {
    /// Rows of this place that the call's parameters let through.
    pub(super) fn read(&self, store: &mut Store, call: &Call, how: How) -> Answered {
        let span = Span::of(call)?;
        let own = self.table.own && call.parameter("for_site") != Some("any");
        let mut rows: Vec<&Value> = store
            .rows(self.name)
            .iter()
            .filter(|row| self.scope.holds(row, own))
            .collect();
        if let (Some(default), None) = (&self.table.default_type, call.parameter("type")) {
            let kind =
                |row: &Value| row.get("type").or_else(|| row.get("_type")).and_then(Value::as_str) == Some(default);
            rows.retain(|row| kind(row));
        }
        let mut rows = query::filter(call, self.table, rows, span);
        if how == How::Count {
            return count::count(call, self.table, &rows, span);
        }
        query::sort(call, self.table, &mut rows)?;
        if how == How::Search || self.table.results {
            pages::cursor(call, &rows, span)
        } else {
            let mut answer = pages::numbered(call, &rows)?;
            self.shorten(&mut answer);
            Ok(answer)
        }
    }

    /// Takes out of a list what only single rows have.
    fn shorten(&self, answer: &mut Answer) {
        let Content::Json(Value::Array(rows)) = &mut answer.content else {
            return;
        };
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.retain(|name, _| !self.table.brief.contains(name));
        }
    }

    fn position(&self, store: &mut Store, key: &str) -> Result<usize, Answer> {
        store
            .rows(self.name)
            .iter()
            .position(|row| {
                let named = row.get(&self.table.key).and_then(Value::as_str);
                named.is_some_and(|named| named.eq_ignore_ascii_case(key)) && self.scope.holds(row, false)
            })
            .ok_or_else(|| Answer::missing(key))
    }

    /// A row of this place, read or written.
    pub(super) fn item(&self, store: &mut Store, call: &Call, key: &str) -> Answered {
        let position = self.position(store, key)?;
        match call.method.as_str() {
            "GET" => {}
            "PUT" | "PATCH" => {
                let fields = write::object(call)?;
                if let Some(row) = store.rows_mut(self.name).get_mut(position) {
                    write::update(row, call.now, fields);
                }
                self.note(store, call, "Update", position);
                self.spread(store, position);
            }
            "DELETE" => {
                self.note(store, call, "Delete", position);
                store.rows_mut(self.name).remove(position);
                return Ok(Answer::done());
            }
            _ => return Err(Answer::detail(405, "Method not allowed.")),
        }
        let row = store.rows(self.name).get(position).map(pages::shown);
        row.map(Answer::json).ok_or_else(|| Answer::missing(key))
    }

    /// Creates a row, or one for each of an array; what is not said is as in `defaults`.
    pub(super) fn create(&self, store: &mut Store, call: &Call, defaults: &Map<String, Value>) -> Answered {
        let mut create = |fields| {
            let mut row = Value::Object(defaults.clone());
            write::overlay(
                &mut row,
                write::create(store, self.scope, call.now, &self.table.key, fields),
            );
            store.rows_mut(self.name).push(row.clone());
            let last = store.rows(self.name).len() - 1;
            self.note(store, call, "Create", last);
            row
        };
        if let Some(Value::Array(bodies)) = &call.body {
            let made: Vec<Value> = bodies.iter().filter_map(Value::as_object).map(create).collect();
            return Ok(Answer::json(Value::Array(made)));
        }
        Ok(Answer::json(create(write::object(call)?)))
    }

    fn note(&self, store: &mut Store, call: &Call, verb: &str, position: usize) {
        let what = store.rows(self.name).get(position).and_then(|row| {
            let name = row.get("name").or_else(|| row.get("ssid"))?;
            name.as_str().map(str::to_owned)
        });
        let message = format!("{verb} {} \"{}\"", self.name, what.unwrap_or_default());
        write::audit(store, call, self.scope, &message);
    }

    /// A device's new name is its name everywhere.
    fn spread(&self, store: &mut Store, position: usize) {
        if self.name != "devices" {
            return;
        }
        let Some(row) = store.rows("devices").get(position) else {
            return;
        };
        let (Some(mac), Some(name)) = (row.get("mac").cloned(), row.get("name").cloned()) else {
            return;
        };
        for other in ["inventory", "inventory_search", "device_stats"] {
            for row in store.rows_mut(other) {
                if row.get("mac") == Some(&mac) {
                    pages::set(row, "name", name.clone());
                }
            }
        }
    }
}
