//! Results that were too long to be shown whole: kept for a while, read on by handle.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rand::Rng as _;

/// How long a result is kept after it was last read.
const KEPT: Duration = Duration::from_secs(30 * 60);
/// How many bytes are kept in all.
const CAPACITY: usize = 64 << 20;

/// The kept results. A handle belongs to the caller that got it.
#[derive(Default)]
pub struct Results(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    bytes: usize,
    by_handle: HashMap<String, Entry>,
}

struct Entry {
    caller: Arc<str>,
    text: Arc<String>,
    used: Instant,
}

impl Results {
    /// Keeps a text and returns its handle.
    pub fn keep(&self, caller: &Arc<str>, text: String) -> String {
        let handle = format!("r-{:016x}", rand::rng().next_u64());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.make_room(text.len());
        kept.bytes += text.len();
        let entry = Entry {
            caller: caller.clone(),
            text: Arc::new(text),
            used: Instant::now(),
        };
        kept.by_handle.insert(handle.clone(), entry);
        handle
    }

    /// The text under a handle; `None` when there is none for this caller.
    pub fn get(&self, caller: &str, handle: &str) -> Option<Arc<String>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.drop_old();
        let entry = kept
            .by_handle
            .get_mut(handle)
            .filter(|entry| &*entry.caller == caller)?;
        entry.used = Instant::now();
        Some(entry.text.clone())
    }
}

impl Kept {
    fn drop_old(&mut self) {
        let now = Instant::now();
        let mut freed = 0;
        self.by_handle.retain(|_, entry| {
            let stays = now.duration_since(entry.used) < KEPT;
            freed += if stays { 0 } else { entry.text.len() };
            stays
        });
        self.bytes = self.bytes.saturating_sub(freed);
    }

    /// Whoever keeps the most makes room: nobody's results go because another reads much.
    fn make_room(&mut self, wanted: usize) {
        self.drop_old();
        while self.bytes + wanted > CAPACITY {
            let mut of_callers: HashMap<&Arc<str>, usize> = HashMap::new();
            for entry in self.by_handle.values() {
                *of_callers.entry(&entry.caller).or_default() += entry.text.len();
            }
            let most = of_callers.into_iter().max_by_key(|(_, bytes)| *bytes);
            let most = most.map(|(caller, _)| caller.clone());
            let oldest = self
                .by_handle
                .iter()
                .filter(|(_, entry)| Some(&entry.caller) == most.as_ref())
                .min_by_key(|(_, entry)| entry.used)
                .map(|(handle, _)| handle.clone());
            let Some(entry) = oldest.and_then(|handle| self.by_handle.remove(&handle)) else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(entry.text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_belongs_to_its_caller() {
        let results = Results::default();
        let handle = results.keep(&"anna".into(), "text".into());
        assert_eq!(results.get("anna", &handle).map(|t| t.to_string()), Some("text".into()));
        assert_eq!(results.get("ben", &handle), None);
    }

    #[test]
    fn whoever_keeps_the_most_makes_room() {
        let results = Results::default();
        let small = results.keep(&"ben".into(), "small".into());
        let handles: Vec<String> = (0..9)
            .map(|_| results.keep(&"anna".into(), "x".repeat(CAPACITY / 8)))
            .collect();
        assert!(results.get("ben", &small).is_some());
        assert_eq!(results.get("anna", &handles[0]), None);
        assert!(results.get("anna", &handles[8]).is_some());
    }

    #[test]
    fn the_oldest_make_room() {
        let results = Results::default();
        let first = results.keep(&"anna".into(), "x".repeat(CAPACITY / 2));
        let second = results.keep(&"anna".into(), "y".repeat(CAPACITY / 2 + 1));
        assert_eq!(results.get("anna", &first), None);
        assert!(results.get("anna", &second).is_some());
    }
}
