//! Who may edit what: the shared candidate, its lock, and private copies.

use std::time::SystemTime;

use super::{
    Action, Store, Who,
    fault::{Checked, Fault},
    moment,
    tree::Node,
};

/// The lock on the shared candidate.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    owner: Who,
    since: SystemTime,
    used: SystemTime,
}

/// A private copy.
#[derive(Debug, Clone)]
pub(super) struct Private {
    /// The running configuration when it was opened or last committed.
    pub(super) base: Node,
    /// With the edits made since.
    pub(super) edited: Node,
}

/// What other users get to hear while private copies are open.
const PRIVATE_IN_USE: &str = "private edits in use. Try 'configure private' or 'configure exclusive'.";
/// Somebody's uncommitted edits stand in the way.
const MODIFIED: &str = "configuration database modified";
/// What a private commit is told then.
pub(super) const SHARED_MODIFIED: &str = "shared configuration database modified

Please temporarily use 'configure shared' to commit
outstanding changes in the shared database, exit,
and return to configuration mode using 'configure private'";

impl Store {
    /// Whether the shared candidate holds uncommitted edits.
    pub(super) fn is_dirty(&self) -> bool {
        self.shared != self.running
    }

    /// The candidate that a session sees.
    pub(super) fn candidate(&self, who: &Who) -> &Node {
        self.private.get(&who.session).map_or(&self.shared, |p| &p.edited)
    }

    /// `private` or `shared`, for the record.
    pub(super) fn database(&self, who: &Who) -> &'static str {
        if self.private.contains_key(&who.session) {
            "private"
        } else {
            "shared"
        }
    }

    /// Refuses where another session holds the lock.
    pub(super) fn unlocked(&self, who: &Who) -> Checked<()> {
        match &self.lock {
            Some(lock) if lock.owner.session != who.session => Err(self.locked_by(lock)),
            _ => self.in_progress(who),
        }
    }

    fn locked_by(&self, lock: &Lock) -> Fault {
        let now = self.clock.now();
        let owner = lock.owner.label();
        let idle = moment::clock(now.duration_since(lock.used).unwrap_or_default());
        let since = moment::text(lock.since);
        let message = format!(
            "configuration database locked by:\n  {owner} on since {since}, idle {idle}\n      exclusive [edit]"
        );
        Fault {
            tag: "lock-denied",
            ..Fault::error(message)
        }
    }

    /// The candidate that a session may edit.
    pub(super) fn editable(&mut self, who: &Who) -> Checked<&mut Node> {
        let now = self.clock.now();
        if !self.private.contains_key(&who.session) {
            self.unlocked(who)?;
            if self.lock.is_none() && !self.private.is_empty() {
                return Err(Fault::error(PRIVATE_IN_USE));
            }
        }
        if let Some(lock) = self.lock.as_mut().filter(|l| l.owner.session == who.session) {
            lock.used = now;
        }
        self.changed = now;
        Ok(match self.private.get_mut(&who.session) {
            Some(private) => &mut private.edited,
            None => &mut self.shared,
        })
    }

    /// Opens a private copy; the reply carries a warning.
    pub(super) fn open_private(&mut self, who: &Who) -> Checked<Fault> {
        if self.private.contains_key(&who.session) {
            return Err(Fault::error("Configuration database is already open"));
        }
        if self.lock.as_ref().is_some_and(|l| l.owner.session == who.session) {
            return Err(Fault::error(
                "private edits are not possible while this session holds the configuration lock",
            ));
        }
        let copy = Private {
            base: self.running.clone(),
            edited: self.running.clone(),
        };
        self.private.insert(who.session, copy);
        self.record(who, Action::Open, "private");
        Ok(Fault::warning("uncommitted changes will be discarded on exit"))
    }

    /// Closes the private copy.
    pub(super) fn close_private(&mut self, who: &Who) -> Checked<()> {
        match self.private.remove(&who.session) {
            Some(_) => {
                self.record(who, Action::Close, "private");
                Ok(())
            }
            None => Err(Fault::error("Configuration database is not open")),
        }
    }

    /// Locks the shared candidate.
    pub(super) fn lock(&mut self, who: &Who) -> Checked<()> {
        if let Some(lock) = &self.lock {
            return Err(self.locked_by(lock));
        }
        self.in_progress(who)?;
        if self.private.contains_key(&who.session) {
            return Err(Fault::error("Configuration database is already open"));
        }
        if self.is_dirty() {
            return Err(Fault {
                tag: "lock-denied",
                ..Fault::error(MODIFIED)
            });
        }
        let now = self.clock.now();
        self.lock = Some(Lock {
            owner: who.clone(),
            since: now,
            used: now,
        });
        self.record(who, Action::Lock, "shared");
        Ok(())
    }

    /// Unlocks the shared candidate; what was not committed is discarded, as on Junos.
    pub(super) fn unlock(&mut self, who: &Who) -> Checked<()> {
        if self.lock.as_ref().is_none_or(|l| l.owner.session != who.session) {
            return Err(Fault::error("Configuration database is not open"));
        }
        self.lock = None;
        self.discard_shared(who, "unlocked");
        self.record(who, Action::Unlock, "shared");
        Ok(())
    }

    fn discard_shared(&mut self, who: &Who, why: &str) {
        if self.is_dirty() {
            let owners = self.editors();
            self.owners.clear();
            self.shared = self.running.clone();
            self.record_for(who, Action::Discard, format!("shared, {why}"), owners);
        }
    }

    /// Throws away the edits of the session's candidate. In the shared one that includes those of others.
    pub(super) fn discard(&mut self, who: &Who) -> Checked<()> {
        let running = self.running.clone();
        let candidate = self.editable(who)?;
        let rest = if *candidate == running {
            ", nothing to discard"
        } else {
            ""
        };
        *candidate = running.clone();
        if let Some(private) = self.private.get_mut(&who.session) {
            private.base = running;
        }
        let database = self.database(who);
        let owners = if database == "shared" {
            self.editors()
        } else {
            Vec::new()
        };
        if database == "shared" {
            self.owners.clear();
        }
        self.record_for(who, Action::Discard, format!("{database}{rest}"), owners);
        Ok(())
    }

    /// A session is gone: its private copy, its lock and what it edited under the lock go with it. Edits made in the
    /// shared candidate without a lock stay, and so does a commit that waits for its confirmation. A commit in progress is done
    /// first.
    pub fn session_ended(&mut self, who: &Who) {
        if self.ends_later(who) {
            return;
        }
        if self.private.remove(&who.session).is_some() {
            self.record(who, Action::Close, "private, session ended");
        }
        if self.lock.as_ref().is_some_and(|l| l.owner.session == who.session) {
            self.lock = None;
            self.discard_shared(who, "session ended");
            self.record(who, Action::Unlock, "session ended");
        }
    }

    /// A session was killed by somebody: a confirmed commit of its that waits is taken back.
    pub fn session_killed(&mut self, session: u32) {
        if self.pending.as_ref().is_some_and(|p| p.session == session) {
            self.take_back("session killed");
        }
    }

    /// Who holds the lock on the shared candidate, or commits.
    pub fn lock_holder(&self) -> Option<&Who> {
        self.lock.as_ref().map(|lock| &lock.owner).or_else(|| self.committing())
    }

    /// The sessions with a private copy.
    pub fn private_copies(&self) -> Vec<u32> {
        self.private.keys().copied().collect()
    }
}
