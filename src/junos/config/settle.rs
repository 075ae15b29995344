//! After a commit whose reply is lost: what the device's history says of it. Nothing is sent again.
//!
//! A commit that is not in the history may still be under way. While it is, the device holds the configuration lock; so its absence
//! counts only when the lock could be had and the history was read under it.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{History, Pending, history};
use crate::{
    error::{Code, Error},
    junos::{inventory::Device, pool::Pool},
};

/// At what distance the device is asked; the last goes on.
const LOOKS: [Duration; 6] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(25),
];
/// How long a device that holds the lock is waited for: its commit may take that long.
const LONGEST: Duration = Duration::from_secs(600);
/// What each question may take.
const QUESTION: Duration = Duration::from_secs(30);

/// The commit that is looked for.
pub(super) struct Sought {
    /// What its comment has.
    pub(super) mark: String,
    /// The newest commit before it.
    pub(super) base: Option<String>,
    /// It waits for its confirmation; some releases put that in place of the comment.
    pub(super) is_confirmed: bool,
}

/// What became of it.
pub(super) enum Settled {
    /// It is in the history.
    Committed(History),
    /// It is not, and cannot come any more.
    NotCommitted(History),
    /// Neither could be found out, and why.
    Unknown(String),
}

impl Sought {
    fn is_in(&self, history: &History, user: &str) -> bool {
        let is_new = history.base() != self.base;
        // Another server may use the same login: what has a comment of its own is another's.
        let is_like_ours = |pending: &&Pending| pending.user == user && pending.comment.is_none();
        let waits = history.pending.as_ref().filter(is_like_ours).is_some();
        history.marked(&self.mark).is_some() || (self.is_confirmed && is_new && waits)
    }
}

/// What one look showed.
enum Look {
    /// The history, and whether nothing can be under way.
    History {
        history: History,
        is_quiet: bool,
        held: Option<String>,
    },
    /// The device did not answer.
    Nothing(Error),
}

/// Looks until it is known.
pub(super) async fn settle(pool: &Pool, device: &Arc<Device>, sought: &Sought) -> Settled {
    let until = Instant::now() + LONGEST;
    let mut why = String::new();
    let mut pauses = LOOKS.into_iter();
    let mut pause = pauses.next();
    while let Some(wait) = pause {
        tokio::time::sleep(wait).await;
        pause = pauses.next();
        match look(pool, device).await {
            Look::History { history, .. } if sought.is_in(&history, &device.username) => {
                return Settled::Committed(history);
            }
            Look::History {
                history,
                is_quiet: true,
                ..
            } => return Settled::NotCommitted(history),
            Look::History { held, .. } => {
                why = "the device's commit history does not show it so far".into();
                if let Some(held) = held {
                    why.push_str(&format!("; it may still be under way: {held}"));
                    pause = pause.or(LOOKS.last().copied()).filter(|_| Instant::now() < until);
                }
            }
            Look::Nothing(error) => {
                why = format!("the device cannot be asked at the moment ({})", error.message());
            }
        }
    }
    Settled::Unknown(why)
}

/// Locks, reads and unlocks in one flight. The lock can only be had where nobody edits, so it discards nothing.
async fn look(pool: &Pool, device: &Arc<Device>) -> Look {
    let opened = tokio::time::timeout(QUESTION, pool.exclusive(device)).await;
    let lease = match opened {
        Ok(Ok(lease)) => lease,
        Ok(Err(error)) => return Look::Nothing(error),
        Err(_) => return Look::Nothing(Error::new(Code::Timeout, "no session in time")),
    };
    let (locked, history, unlocked) = tokio::join!(
        lease.request("<lock-configuration/>", QUESTION),
        lease.request(history::REQUEST, QUESTION),
        lease.request("<unlock-configuration/>", QUESTION),
    );
    let history = match history {
        Ok(reply) => History::of(reply.root()),
        Err(error) => return Look::Nothing(error),
    };
    let (is_quiet, held) = match locked {
        Ok(_) => (true, None),
        Err(error) if error.code() == Code::ConfigurationLocked => (false, Some(error.message().to_owned())),
        Err(_) => (false, None),
    };
    if !is_quiet || unlocked.is_ok() {
        lease.release();
    }
    Look::History {
        history,
        is_quiet,
        held,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junos::netconf::xml::Element;

    #[test]
    fn a_confirmed_commit_is_known_without_its_mark() {
        let of = |entry: &str| {
            let text = format!(
                "<rpc-reply><commit-information><commit-history>{entry}</commit-history></commit-information></rpc-reply>"
            );
            History::of(&Element::parse(text.as_bytes()).unwrap())
        };
        let before = of("<user>anna</user><log>old</log>");
        let sought = Sought {
            mark: "jmcp-1".into(),
            base: before.base(),
            is_confirmed: true,
        };
        let waits = of("<user>robot</user><comment>commit confirmed, rollback in 5mins</comment>");
        assert!(sought.is_in(&waits, "robot") && !sought.is_in(&waits, "anna"));
        assert!(!sought.is_in(&before, "anna"));
        assert!(sought.is_in(&of("<user>anna</user><log>x [jmcp-1]</log>"), "robot"));
    }
}
