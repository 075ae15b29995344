//! Lists that go on. A handle stands for the next request, and is good for whoever got it, with the same account, and for nothing else:
//! nobody can be made to fetch what a text says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rand::Rng as _;

use super::shape::Shape;
use crate::mist::Request;

/// How long a handle is good.
const KEPT: Duration = Duration::from_secs(30 * 60);
/// Handles of one caller, and of all.
const OF_CALLER: usize = 200;
const OF_ALL: usize = 10_000;

/// The lists that go on.
#[derive(Default)]
pub struct Pages(Mutex<HashMap<String, Entry>>);

struct Entry {
    caller: Arc<str>,
    account: Arc<str>,
    next: Next,
    made: Instant,
}

/// What comes next of a list.
#[derive(Debug, Clone)]
pub(super) struct Next {
    /// The request for it.
    pub(super) request: Request,
    /// How its answers are shown.
    pub(super) shape: Shape,
}

impl Pages {
    /// A handle for what comes next.
    pub(super) fn keep(&self, caller: &Arc<str>, account: &Arc<str>, next: Next) -> String {
        let handle = format!("p-{:016x}", rand::rng().next_u64());
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| entry.made.elapsed() < KEPT);
        let own = entries.values().filter(|entry| entry.caller == *caller).count();
        if own >= OF_CALLER {
            drop_oldest(&mut entries, Some(caller));
        }
        if entries.len() >= OF_ALL {
            drop_oldest(&mut entries, None);
        }
        let entry = Entry {
            caller: caller.clone(),
            account: account.clone(),
            next,
            made: Instant::now(),
        };
        entries.insert(handle.clone(), entry);
        handle
    }

    /// What a handle of this caller and account stands for.
    pub(super) fn get(&self, caller: &str, account: &str, handle: &str) -> Option<Next> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(handle).filter(|entry| entry.made.elapsed() < KEPT)?;
        (&*entry.caller == caller && &*entry.account == account).then(|| entry.next.clone())
    }
}

fn drop_oldest(entries: &mut HashMap<String, Entry>, caller: Option<&Arc<str>>) {
    let own = entries
        .iter()
        .filter(|(_, entry)| caller.is_none_or(|caller| entry.caller == *caller));
    if let Some(oldest) = own
        .min_by_key(|(_, entry)| entry.made)
        .map(|(handle, _)| handle.clone())
    {
        entries.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_good_for_its_caller_and_account_only() {
        let pages = Pages::default();
        let (anna, account) = (Arc::<str>::from("anna"), Arc::<str>::from("a1"));
        let next = || Next {
            request: Request::read("/api/v1/orgs/o1/sites"),
            shape: Shape::default(),
        };
        let handle = pages.keep(&anna, &account, next());
        assert!(pages.get("anna", "a1", &handle).is_some());
        assert!(pages.get("ben", "a1", &handle).is_none());
        assert!(pages.get("anna", "a2", &handle).is_none());
        for _ in 0..OF_CALLER {
            pages.keep(&anna, &account, next());
        }
        assert!(pages.get("anna", "a1", &handle).is_none(), "the oldest went");
    }
}
