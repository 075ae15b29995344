//! The commits under way: sent to a device, and how they ended is not known yet. A process that ends now leaves just these behind.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// A commit that was sent and whose outcome is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// The device.
    pub device: String,
    /// What the device's commit history shows of it: the mark in its log, or the whole log of a confirmation.
    pub mark: String,
    /// When it was sent.
    pub since: SystemTime,
}

/// All commits under way.
#[derive(Clone, Default)]
pub(crate) struct Commits(Arc<Mutex<Numbered>>);

#[derive(Default)]
struct Numbered {
    last: u64,
    commits: BTreeMap<u64, UnderWay>,
}

/// One of them; taken out on drop.
pub(super) struct Noted {
    of: Commits,
    number: u64,
}

impl Commits {
    fn lock(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a commit that is about to be sent. To be kept until it is known how it ended.
    pub(super) fn note(&self, device: &str, mark: &str) -> Noted {
        let commit = UnderWay {
            device: device.to_owned(),
            mark: mark.to_owned(),
            since: SystemTime::now(),
        };
        let mut numbered = self.lock();
        numbered.last += 1;
        let number = numbered.last;
        numbered.commits.insert(number, commit);
        drop(numbered);
        Noted {
            of: self.clone(),
            number,
        }
    }

    /// Those under way now, the oldest first.
    pub(crate) fn under_way(&self) -> Vec<UnderWay> {
        self.lock().commits.values().cloned().collect()
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.of.lock().commits.remove(&self.number);
    }
}
