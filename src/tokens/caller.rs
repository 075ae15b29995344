//! A caller with a token, and what is held of each token in force.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use tokio_util::sync::CancellationToken;

use super::{Digest, Entry};
use crate::tools::{CallerLimits, Principal};

/// Who calls. Clones share everything.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What it may use.
    pub principal: Arc<Principal>,
    /// The token's name and a short digest of its secret's hash: a rotated token is another id. Says nothing about the secret.
    pub id: Arc<str>,
    /// Cancelled when the token is gone, has another secret or is over: what the caller holds open has to end then.
    pub alive: CancellationToken,
    /// When the token is over; `None` is never.
    pub expires: Option<SystemTime>,
}

impl Caller {
    /// Everybody, where the operator allows calls over HTTP without tokens.
    pub fn anonymous() -> Self {
        Self {
            principal: Arc::new(Principal {
                // They are many under one name: only the limits of the whole server hold.
                limits: CallerLimits {
                    in_flight: Some(0),
                    per_second: Some(0),
                    burst: Some(0),
                    sessions: Some(0),
                },
                ..Principal::local("anonymous")
            }),
            id: "anonymous".into(),
            alive: CancellationToken::new(),
            expires: None,
        }
    }
}

/// What is held of one token.
pub(super) struct Held {
    /// Handed out to those who have the secret.
    pub(super) caller: Caller,
    /// Hash of the token's entry in the file.
    pub(super) fingerprint: [u8; 32],
    /// Milliseconds since the epoch at the last use; 0 is never. Outlives the installation of another set.
    pub(super) used: Arc<AtomicU64>,
}

impl Held {
    /// What is held of the entry from now on; `old` finds what was held of a secret.
    pub(super) fn of<'a>(entry: Entry, old: impl Fn(&Digest) -> Option<&'a Held>) -> Self {
        let before = old(&entry.digest).filter(|old| old.caller.id == entry.id);
        // The caller of an expired token that is valid again gets a life of its own.
        let alive = before
            .map(|old| old.caller.alive.clone())
            .filter(|alive| !alive.is_cancelled());
        Self {
            fingerprint: entry.fingerprint,
            used: before.map_or_else(Arc::default, |old| old.used.clone()),
            caller: Caller {
                principal: entry.principal,
                id: entry.id,
                alive: alive.unwrap_or_default(),
                expires: entry.expires,
            },
        }
    }

    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        self.caller.expires.is_some_and(|end| now >= end)
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("caller", &self.caller)
            .field("used", &self.used.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}
