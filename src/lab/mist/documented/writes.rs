//! Writes of what is documented only.

use serde_json::{Map, Value};

use super::{Asked, List, fitting, is_named, list_of};
use crate::lab::mist::{
    answer::{Answer, Answered},
    write,
};

impl Asked<'_> {
    pub(super) fn post(&self, shape: Option<&Value>) -> Answered {
        let Some(shape) = shape else {
            return Ok(Answer::done());
        };
        // What is created has an id; other answers only say what was done.
        let is_object = shape.get("properties").is_some_and(|fields| fields.get("id").is_some());
        let body = self.call.body.as_ref().and_then(Value::as_object);
        let (true, Some(List::Array(row)), Some(body)) = (is_object, self.list_at(&self.call.path), body) else {
            return Ok(Answer::json(self.made(shape, 0)));
        };
        let mut store = self.state.store();
        self.seed(&mut store, &self.call.path, &row);
        let mut row = Value::Object(self.defaults());
        let made = write::create(&mut store, self.scope, self.call.now, "id", body);
        write::overlay(&mut row, made);
        store.rows_mut(&self.call.path).push(row.clone());
        write::audit(
            &mut store,
            self.call,
            self.scope,
            &format!("Create at {}", self.call.path),
        );
        Ok(fitting(Answer::json(row), shape))
    }

    pub(super) fn put(&self, shape: Option<&Value>) -> Answered {
        let empty = Map::new();
        let fields = match &self.call.body {
            Some(Value::Object(fields)) => fields,
            Some(Value::Array(_)) => &empty,
            _ => return Err(Answer::bad("JSON parse error - an object is expected")),
        };
        let Some(shape) = shape else {
            return Ok(Answer::done());
        };
        let parent = self.parent();
        if list_of(shape).is_some() || parent.is_none() && self.list_at(&self.call.path).is_some() {
            return Ok(Answer::json(self.made(shape, 0)));
        }
        let (path, key) = match &parent {
            Some((path, key)) => (path.as_str(), Some(key.as_str())),
            None => (self.call.path.as_str(), None),
        };
        let mut store = self.state.store();
        if key.is_some_and(|key| store.gone(path, key)) {
            return Err(Answer::missing(key.unwrap_or_default()));
        }
        self.seed_list(&mut store, path);
        let is_it = |row: &Value| key.is_none_or(|key| is_named(row, key));
        let at = store.rows(path).iter().position(is_it).unwrap_or_else(|| {
            let row = match key {
                Some(key) => self.named(shape, key),
                None => self.made(shape, 0),
            };
            store.rows_mut(path).push(row);
            store.rows(path).len() - 1
        });
        write::audit(&mut store, self.call, self.scope, &format!("Update {}", self.call.path));
        let Some(row) = store.rows_mut(path).get_mut(at) else {
            return Ok(Answer::done());
        };
        let had_time = row.get("modified_time").is_some();
        write::update(row, self.call.now, fields);
        if !had_time && let Some(row) = row.as_object_mut() {
            row.remove("modified_time");
        }
        Ok(Answer::json(row.clone()))
    }

    pub(super) fn delete(&self, shape: Option<&Value>) -> Answered {
        let mut store = self.state.store();
        if let Some((path, key)) = self.parent() {
            if store.gone(&path, &key) {
                return Err(Answer::missing(&key));
            }
            self.seed_list(&mut store, &path);
            store.rows_mut(&path).retain(|row| !is_named(row, &key));
            store.bury(&path, &key);
        }
        write::audit(&mut store, self.call, self.scope, &format!("Delete {}", self.call.path));
        drop(store);
        Ok(shape.map_or_else(Answer::done, |shape| Answer::json(self.made(shape, 0))))
    }
}
