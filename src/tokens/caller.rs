//! A caller with a token, and what is held of each token in force.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use rand::Rng as _;
use tokio_util::sync::CancellationToken;

use super::{Digest, Entry};
use crate::tools::{Allowed, CallerLimits, Principal};

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

    /// Everybody, where the server has nothing of its own: only the tools for the Mist cloud, with the account that a request brings.
    pub fn with_account_only() -> Self {
        let everybody = Self::anonymous();
        Self {
            principal: Arc::new(Principal {
                toolsets: Allowed::names(["mist", "results"]),
                // Whoever could add a device could reach everything that this machine reaches.
                devices: Allowed::names::<String>([]),
                ..(*everybody.principal).clone()
            }),
            ..everybody
        }
    }

    /// This caller, with this account of the Mist cloud. What is kept for it is kept from those who bring another; one who showed no
    /// token is somebody by it, with the limits of a caller.
    #[must_use]
    pub fn with_account(&self, account: &str, has_token: bool) -> Self {
        let mut principal = (*self.principal).clone();
        if has_token {
            principal.id = format!("{} with {account}", principal.id).into();
            return Self {
                principal: Arc::new(principal),
                ..self.clone()
            };
        }
        let name: Arc<str> = format!("mist:{account}").into();
        principal.name = name.clone();
        principal.id = name.clone();
        principal.limits = CallerLimits::default();
        Self {
            principal: Arc::new(principal),
            id: name,
            ..self.clone()
        }
    }

    /// This caller, of whom nothing is known: what is kept for it nobody can ask for.
    #[must_use]
    pub fn unknown(&self) -> Self {
        Self {
            principal: Arc::new(Principal {
                id: format!("{} {:016x}", self.id, rand::rng().next_u64()).into(),
                ..(*self.principal).clone()
            }),
            ..self.clone()
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
