//! What is remembered of changes between calls: commits under way, devices that confirm nothing in private, edits of ours that stayed
//! in a shared candidate.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::under_way::Commits;

/// The memory.
#[derive(Clone, Default)]
pub(crate) struct Known {
    /// The commits under way.
    pub(crate) commits: Commits,
    devices: Arc<Mutex<Devices>>,
}

#[derive(Default)]
struct Devices {
    /// They refuse confirmed commits of a private candidate.
    confirm_exclusively: BTreeSet<String>,
    /// The difference that we left in the shared candidate.
    left: BTreeMap<String, String>,
}

impl Known {
    fn lock(&self) -> MutexGuard<'_, Devices> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The device has refused a confirmed commit of a private candidate.
    pub(super) fn note_confirms_exclusively(&self, device: &str) {
        self.lock().confirm_exclusively.insert(device.to_owned());
    }

    /// Whether it has.
    pub(super) fn confirms_exclusively(&self, device: &str) -> bool {
        self.lock().confirm_exclusively.contains(device)
    }

    /// This difference of ours could not be taken back out of the shared candidate; `None` when it has been.
    pub(super) fn note_left(&self, device: &str, diff: Option<String>) {
        let mut devices = self.lock();
        match diff {
            Some(diff) => devices.left.insert(device.to_owned(), diff),
            None => devices.left.remove(device),
        };
    }

    /// Whether the shared candidate's difference is just what we left there.
    pub(super) fn is_ours(&self, device: &str, diff: &str) -> bool {
        self.lock().left.get(device).is_some_and(|left| left == diff)
    }
}
