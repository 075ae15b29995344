//! The commits under way: sent to a device, and how they ended is not known yet. A process that ends now leaves just these behind.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::time::rfc3339;

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

impl fmt::Display for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        write!(
            f,
            "a commit on device `{}` is under way (`{}` in its log, sent at {})",
            self.device,
            self.mark.escape_debug(),
            rfc3339(since)
        )
    }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_commit_is_noted_until_its_note_is_dropped() {
        let commits = Commits::default();
        let first = commits.note("mx", "jmcp-1");
        let second = commits.note("mx", "jmcp-1");
        drop(first);
        assert_eq!(commits.under_way().len(), 1);
        drop(second);
        assert_eq!(commits.under_way(), []);
    }

    #[test]
    fn a_line_of_the_log_names_all_that_a_person_needs() {
        let commit = UnderWay {
            device: "mx".into(),
            mark: "jmcp-1\n".into(),
            since: SystemTime::UNIX_EPOCH + Duration::from_secs(1),
        };
        assert_eq!(
            commit.to_string(),
            "a commit on device `mx` is under way (`jmcp-1\\n` in its log, sent at 1970-01-01T00:00:01.000Z)"
        );
    }
}
