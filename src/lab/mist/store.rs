//! The objects of the cloud as they are now: rows made when they are first asked for, and changed by writes.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    rows::Rows,
    world::{self, World},
};
use crate::error::Result;

/// All collections.
#[derive(Default)]
pub(super) struct Store {
    rows: Option<Rows>,
    collections: HashMap<String, Vec<Value>>,
    /// Keys that were deleted, by collection.
    gone: HashSet<(String, String)>,
    created: usize,
}

impl Store {
    /// The world's rows at this time.
    pub(super) fn new(world: &World, now: f64) -> Result<Store> {
        Ok(Store {
            rows: Some(Rows::new(world, now)?),
            ..Store::default()
        })
    }

    /// The rows of a collection; none for unknown names.
    pub(super) fn rows(&mut self, name: &str) -> &[Value] {
        self.rows_mut(name)
    }

    /// The rows of a collection, to change them.
    pub(super) fn rows_mut(&mut self, name: &str) -> &mut Vec<Value> {
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

    /// Whether this collection is made of the world, or was filled.
    pub(super) fn has(&self, name: &str) -> bool {
        self.collections.contains_key(name) || self.rows.as_ref().is_some_and(|rows| rows.has(name))
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
