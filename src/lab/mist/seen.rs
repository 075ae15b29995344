//! What arrived at the simulated cloud.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path as on the wire, without the query.
    pub path: String,
    /// The query's pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Whether there was an `Authorization` header.
    pub authorized: bool,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The body, where it was JSON.
    pub body: Option<Value>,
    /// The status of the answer; none as long as there is no answer, and where the connection was dropped.
    pub status: Option<u16>,
}

impl Seen {
    /// The value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// All of them. Requests that began before the log was forgotten leave no trace in the new one.
#[derive(Default)]
pub(super) struct Log(Mutex<(u64, Vec<Seen>)>);

/// The place of a request in the log.
pub(super) struct Place {
    age: u64,
    index: usize,
}

impl Log {
    pub(super) fn add(&self, seen: Seen) -> Place {
        let mut log = self.lock();
        log.1.push(seen);
        Place {
            age: log.0,
            index: log.1.len() - 1,
        }
    }

    pub(super) fn change(&self, place: &Place, how: impl FnOnce(&mut Seen)) {
        let mut log = self.lock();
        if log.0 == place.age
            && let Some(seen) = log.1.get_mut(place.index)
        {
            how(seen);
        }
    }

    pub(super) fn all(&self) -> Vec<Seen> {
        self.lock().1.clone()
    }

    pub(super) fn forget(&self) {
        let mut log = self.lock();
        log.0 += 1;
        log.1.clear();
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Vec<Seen>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
