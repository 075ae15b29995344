//! What the simulated cloud can be told to do wrong.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::lab::Gate;

/// One misbehaviour of an answer.
#[derive(Debug, Clone)]
pub enum MistFault {
    /// 429, also while there is budget left.
    TooMany(Option<RetryAfter>),
    /// This status with a page of HTML, as a proxy in front of the cloud answers. Nothing is done.
    Html(u16),
    /// This status with `{"detail": ...}`. Nothing is done.
    Detail(u16),
    /// This status without a body. Nothing is done.
    Nothing(u16),
    /// The right status and a body that is not JSON.
    InvalidJson,
    /// The right status without a body.
    Empty,
    /// Half of the body, then the end of the connection.
    Truncated,
    /// An array of this many mebibytes.
    Huge(usize),
    /// The connection ends before the request's body is read. Nothing is done.
    DropUnread,
    /// The request is done, and the connection ends without an answer.
    DropUnanswered,
    /// A redirect to this origin (`http://other.example`), with the same path. Nothing is done.
    Redirect(String),
    /// This instead of `next` where the answer has one, or beside the results where it has none.
    Next(String),
    /// The right body under this content type.
    ContentType(String),
    /// The request waits here before it is done.
    Hold(Gate),
    /// The request waits here after it was done, before its answer.
    HoldAnswer(Gate),
}

/// When to try again, as the header `Retry-After` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// In seconds.
    Seconds(u64),
    /// As a date, this long from the lab's now.
    Date(Duration),
}

/// Which of the two generations of paths the cloud knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Generation {
    /// Both: operations that moved are in both places.
    #[default]
    Both,
    /// The paths of the older specification only.
    Older,
    /// The paths of the newer specification only.
    Newer,
}

struct Entry {
    fault: MistFault,
    /// Part of `METHOD /path?query`; empty for all.
    on: String,
    left: Option<u32>,
}

/// The switches of the cloud.
#[derive(Default)]
pub struct MistFaults {
    entries: Mutex<Vec<Entry>>,
    generation: Mutex<Generation>,
}

impl MistFaults {
    /// Switches a fault on until it is cleared.
    pub fn set(&self, fault: MistFault) {
        self.on("", fault, None);
    }

    /// Switches a fault on for the next request.
    pub fn once(&self, fault: MistFault) {
        self.on("", fault, Some(1));
    }

    /// Switches a fault on for the next `times` requests.
    pub fn times(&self, fault: MistFault, times: u32) {
        self.on("", fault, Some(times));
    }

    /// Switches a fault on for requests whose `METHOD /path?query` contains `part`: the next `times` of them, or all.
    pub fn on(&self, part: &str, fault: MistFault, times: Option<u32>) {
        self.lock().push(Entry {
            fault,
            on: part.to_owned(),
            left: times,
        });
    }

    /// Which paths the cloud knows from now on.
    pub fn generation(&self, generation: Generation) {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner) = generation;
    }

    /// Switches every fault off and knows both generations again. What waits at a gate goes on waiting for it.
    pub fn clear(&self) {
        self.lock().clear();
        self.generation(Generation::Both);
    }

    pub(super) fn known(&self) -> Generation {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first fault of such a request for which `pick` has an answer; it counts as an occurrence.
    pub(super) fn take<T>(&self, request: &str, mut pick: impl FnMut(&MistFault) -> Option<T>) -> Option<T> {
        let mut all = self.lock();
        let (index, found) = all.iter().enumerate().find_map(|(index, entry)| {
            let found = request.contains(&entry.on).then(|| pick(&entry.fault))??;
            Some((index, found))
        })?;
        if let Some(left) = all.get_mut(index).and_then(|entry| entry.left.as_mut()) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                all.remove(index);
            }
        }
        Some(found)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_occurs_as_often_as_told_and_where_told() {
        let faults = MistFaults::default();
        faults.on("GET /api/v1/self", MistFault::Empty, Some(2));
        let hit = |request: &str| {
            faults
                .take(request, |f| matches!(f, MistFault::Empty).then_some(()))
                .is_some()
        };
        assert!(!hit("GET /api/v1/orgs"));
        assert!(hit("GET /api/v1/self") && hit("GET /api/v1/self/usage") && !hit("GET /api/v1/self"));
    }
}
