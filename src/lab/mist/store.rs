//! The objects of the cloud as they are now: rows made when they are first asked for, and changed by writes.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    rows::Rows,
    world::{self, World},
};
use crate::error::Result;

const HOUR: f64 = 3_600.0;

/// All collections.
#[derive(Default)]
pub(super) struct Store {
    rows: Option<Rows>,
    /// Seconds since the epoch when the rows were made.
    made: f64,
    /// Collections that were changed.
    touched: HashSet<String>,
    collections: HashMap<String, Vec<Value>>,
    /// Collections that were filled when they were first asked for.
    seeded: HashSet<String>,
    /// Keys that were deleted, by collection.
    gone: HashSet<(String, String)>,
    created: usize,
}

impl Store {
    /// The world's rows at this time.
    pub(super) fn new(world: &World, now: f64) -> Result<Store> {
        Ok(Store {
            rows: Some(Rows::new(world, now)?),
            made: now,
            ..Store::default()
        })
    }

    /// Makes rows anew that are an hour old and that nobody has changed: clients and events of a cloud that runs for days are of today.
    pub(super) fn refresh(&mut self, world: &World, now: f64) {
        if now - self.made < HOUR {
            return;
        }
        match Rows::new(world, now) {
            Ok(rows) => {
                self.rows = Some(rows);
                self.collections.retain(|name, _| self.touched.contains(name));
            }
            Err(e) => tracing::error!("{e}"),
        }
        self.made = now;
    }

    /// The rows of a collection; none for unknown names.
    pub(super) fn rows(&mut self, name: &str) -> &[Value] {
        self.filled(name)
    }

    /// The rows of a collection, to change them.
    pub(super) fn rows_mut(&mut self, name: &str) -> &mut Vec<Value> {
        self.touched.insert(name.to_owned());
        self.filled(name)
    }

    fn filled(&mut self, name: &str) -> &mut Vec<Value> {
        if !self.collections.contains_key(name) {
            let made = match &self.rows {
                Some(rows) if rows.has(name) => rows.render(name).unwrap_or_else(|e| {
                    tracing::error!("{e}");
                    Vec::new()
                }),
                _ => Vec::new(),
            };
            self.collections.insert(name.to_owned(), made);
        }
        self.collections.entry(name.to_owned()).or_default()
    }

    /// Whether this collection is asked for the first time.
    pub(super) fn is_first(&mut self, name: &str) -> bool {
        self.seeded.insert(name.to_owned())
    }

    /// The first row of a collection with this value in this field.
    pub(super) fn find(&mut self, name: &str, field: &str, value: &str) -> Option<&Value> {
        self.rows(name)
            .iter()
            .find(|row| row.get(field).and_then(Value::as_str) == Some(value))
    }

    /// Whether a row with this key was deleted.
    pub(super) fn gone(&self, name: &str, key: &str) -> bool {
        self.gone.contains(&(name.to_owned(), key.to_owned()))
    }

    /// Remembers that a row was deleted.
    pub(super) fn bury(&mut self, name: &str, key: &str) {
        self.gone.insert((name.to_owned(), key.to_owned()));
    }

    /// An id for an object that is created.
    pub(super) fn new_id(&mut self) -> String {
        self.created += 1;
        world::uuid("created", self.created)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_nobody_changed_grows_no_older() {
        let world = World::embedded().unwrap();
        let mut store = Store::new(&world, 1_767_323_045.0).unwrap();
        let newest = |store: &mut Store| store.rows("device_events")[0]["timestamp"].as_f64().unwrap();
        let before = newest(&mut store);
        store.rows_mut("wlans").push(json!({"id": "mine"}));
        store.refresh(&world, 1_767_323_045.0 + 600.0);
        assert!((newest(&mut store) - before).abs() < 0.5);
        store.refresh(&world, 1_767_323_045.0 + 90_000.0);
        assert!((newest(&mut store) - before - 90_000.0).abs() < 0.5);
        assert!(store.find("wlans", "id", "mine").is_some());
    }
}
