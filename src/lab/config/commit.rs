//! Checks, commits, confirmed commits and the archive of earlier configurations.

use std::time::{Duration, SystemTime};

use super::{
    Action, PendingCommit, Store, Who, check,
    databases::SHARED_MODIFIED,
    fault::{Checked, Fault},
    inherit, merge,
    tree::Node,
};

/// How many configurations Junos keeps: `rollback 0` to `rollback 49`.
const ARCHIVE: usize = 50;

/// One commit in the archive.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) tree: Node,
    pub(super) at: SystemTime,
    pub(super) user: String,
    /// How it came: `netconf`, `cli`, `other`.
    pub(super) client: &'static str,
    /// The comment given with the commit.
    pub(super) comment: Option<String>,
    /// The minutes within which it had to be confirmed.
    pub(super) confirmed: Option<u64>,
    /// Counts all commits of this device.
    pub(super) number: u64,
}

/// A commit that waits for its confirmation.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// What comes back if nobody confirms.
    restore: Node,
    pub(super) deadline: SystemTime,
    user: String,
    pub(super) session: u32,
}

/// What a commit is asked to do.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// Only check.
    pub(super) check: bool,
    /// Take it back after this long unless it is confirmed.
    pub(super) confirmed: Option<Duration>,
    /// The comment.
    pub(super) comment: Option<String>,
}

impl Store {
    /// Checks or commits the session's candidate: the warnings, or everything that stands against it.
    pub(super) fn commit(&mut self, who: &Who, request: Request) -> Result<Vec<Fault>, Vec<Fault>> {
        let outcome = self.try_commit(who, request);
        if let Err(faults) = &outcome {
            let why = faults
                .iter()
                .filter(|f| f.is_error())
                .map(|f| f.message.as_str())
                .collect::<Vec<_>>()
                .join("; ");
            self.record(who, Action::Refuse, format!("commit: {why}"));
        }
        outcome
    }

    fn try_commit(&mut self, who: &Who, request: Request) -> Result<Vec<Fault>, Vec<Fault>> {
        let candidate = self.to_commit(who)?;
        if request.confirmed.is_some() && self.database(who) == "private" && !self.style.private_confirmed {
            return Err(vec![Fault::error(
                "commit confirmed not supported for private configuration",
            )]);
        }
        let mut faults = check::check(&inherit::expand(&candidate, self.here()).active());
        if faults.iter().any(Fault::is_error) {
            faults.push(Fault::error("configuration check-out failed"));
            return Err(faults);
        }
        // On Junos a check confirms as well as a commit does.
        if request.confirmed.is_none() && self.pending.take().is_some() {
            self.record(
                who,
                Action::Confirm,
                if request.check { "by commit check" } else { "by commit" },
            );
        }
        if request.check {
            let database = self.database(who);
            self.record(who, Action::Check, database);
        } else {
            self.install(who, candidate, &request);
        }
        Ok(faults)
    }

    /// The configuration that a commit of this session would bring.
    fn to_commit(&self, who: &Who) -> Result<Node, Vec<Fault>> {
        self.unlocked(who).map_err(|fault| vec![fault])?;
        match self.private.get(&who.session) {
            None => Ok(self.shared.clone()),
            Some(_) if self.is_dirty() => Err(vec![Fault::error(SHARED_MODIFIED)]),
            Some(private) => merge::merge(&private.base, &private.edited, &self.running),
        }
    }

    fn install(&mut self, who: &Who, candidate: Node, request: &Request) {
        let now = self.clock.now();
        let owners = if self.private.contains_key(&who.session) {
            Vec::new()
        } else {
            self.editors()
        };
        self.owners.clear();
        let previous = std::mem::replace(&mut self.running, candidate.clone());
        if let Some(private) = self.private.get_mut(&who.session) {
            private.base = candidate.clone();
            private.edited = candidate.clone();
        }
        self.shared = candidate;
        let mut detail = self.database(who).to_owned();
        if let Some(time) = request.confirmed {
            let restore = self.pending.take().map_or(previous, |p| p.restore);
            self.pending = Some(Pending {
                restore,
                deadline: now + time,
                user: who.user.clone(),
                session: who.session,
            });
            detail.push_str(&format!(", confirmed within {} minutes", time.as_secs() / 60));
        }
        if let Some(comment) = &request.comment {
            detail.push_str(&format!(", {comment}"));
        }
        let confirmed = request.confirmed.map(|time| time.as_secs() / 60);
        self.archive(now, &who.user, who.client(), request.comment.clone(), confirmed);
        self.record_for(who, Action::Commit, detail, owners);
    }

    /// Puts the running configuration at the head of the archive.
    pub(super) fn archive(
        &mut self,
        at: SystemTime,
        user: &str,
        client: &'static str,
        comment: Option<String>,
        confirmed: Option<u64>,
    ) {
        self.commits += 1;
        let (tree, user, number) = (self.running.clone(), user.to_owned(), self.commits);
        self.archive.push_front(Revision {
            tree,
            at,
            user,
            client,
            comment,
            confirmed,
            number,
        });
        self.archive.truncate(ARCHIVE);
    }

    /// The configuration of `rollback N`.
    pub(super) fn revision(&self, number: &str) -> Checked<&Revision> {
        let wrong = || Fault::error(format!("invalid rollback number: {number}")).at_word(number);
        let place: usize = number.parse().map_err(|_| wrong())?;
        if place >= ARCHIVE {
            return Err(wrong());
        }
        let missing = || Fault::error(format!("rollback {place} not found"));
        self.archive.get(place).ok_or_else(missing)
    }

    /// The commit that waits for its confirmation.
    pub fn pending_commit(&self) -> Option<PendingCommit> {
        self.pending.as_ref().map(|pending| PendingCommit {
            user: pending.user.clone(),
            deadline: pending.deadline,
        })
    }

    /// How much time is left to confirm.
    pub(super) fn time_left(&self) -> Option<Duration> {
        let pending = self.pending.as_ref()?;
        Some(pending.deadline.duration_since(self.clock.now()).unwrap_or_default())
    }

    /// Tells the device that time has passed: a commit that nobody confirmed is taken back. Returns lines for the
    /// system log.
    pub fn tick(&mut self) -> Vec<String> {
        match &self.pending {
            Some(pending) if pending.deadline <= self.clock.now() => {
                let line = format!(
                    "UI_COMMIT_NOT_CONFIRMED: Commit was not confirmed; automatic rollback complete ({})",
                    pending.user
                );
                self.take_back("automatic rollback");
                vec![line]
            }
            _ => Vec::new(),
        }
    }

    /// Takes back the commit that waits for its confirmation; whether there was one.
    pub(super) fn take_back(&mut self, why: &str) -> bool {
        let Some(pending) = self.pending.take() else {
            return false;
        };
        let dirty = self.is_dirty();
        self.running = pending.restore;
        if !dirty {
            self.shared = self.running.clone();
        }
        self.archive(self.clock.now(), "root", "other", None, None);
        let device = Who {
            session: 0,
            user: "root".to_owned(),
            pid: 0,
            terminal: String::new(),
        };
        self.record(&device, Action::Rollback, why);
        self.attribute(&device);
        true
    }
}
