//! Other people at a device, for tests: they edit, lock, commit and leave, by the same requests as everybody.

use std::{fmt, sync::Arc};

use super::{config::Who, device::Shared};
use crate::junos::netconf::xml::{Element, escape};

/// A person at a terminal of a device. What they do is done at once; an error is the device's own words.
///
/// Nothing of it ends with this value: edits, locks and open candidates stay until the person undoes them or
/// [leaves](Operator::leaves).
#[derive(Clone)]
pub struct Operator {
    who: Who,
    shared: Arc<Shared>,
}

/// What a person gets to hear: themselves, to go on, or why the device refuses.
pub type Done<'a> = Result<&'a Operator, String>;

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator")
            .field("who", &self.who)
            .finish_non_exhaustive()
    }
}

impl Operator {
    pub(super) fn new(shared: &Arc<Shared>, user: &str) -> Self {
        let mut all = shared.operators();
        let who = match all.iter().find(|who| who.user == user) {
            Some(who) => who.clone(),
            None => {
                let (session, _) = shared.new_session(&shared.stop);
                shared.forget_session(session);
                let who = Who {
                    session,
                    user: user.to_owned(),
                    pid: session,
                    terminal: format!("pts/{}", all.len() + 1),
                };
                all.push(who.clone());
                who
            }
        };
        drop(all);
        Self {
            who,
            shared: Arc::clone(shared),
        }
    }

    /// Session, user, process and terminal, as lock messages name them.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// Sends a request (the element inside `<rpc>`): the children of the reply.
    pub fn asks(&self, operation: &str) -> Result<String, String> {
        let element = Element::parse(operation.as_bytes()).map_err(|e| e.to_string())?;
        let reply = self.shared.store(|store| store.handle(&self.who, &element));
        let reply = reply.ok_or_else(|| format!("{} is not about the configuration", element.name))?;
        let parsed = Element::parse(format!("<reply xmlns:junos=\"junos\">{reply}</reply>").as_bytes());
        let Ok(parsed) = parsed else { return Ok(reply) };
        let is_error = |fault: &&Element| fault.text_at(&["error-severity"]).as_deref() == Some("error");
        let errors = parsed.descendants("rpc-error");
        let words: Vec<String> = errors
            .into_iter()
            .filter(is_error)
            .filter_map(|fault| fault.text_at(&["error-message"]))
            .collect();
        if words.is_empty() {
            Ok(reply)
        } else {
            Err(words.join("; "))
        }
    }

    fn does(&self, operation: &str) -> Done<'_> {
        self.asks(operation).map(|_| self)
    }

    /// Runs set lines in the private candidate where one is open, else in the shared one.
    pub fn edits(&self, set_lines: &str) -> Done<'_> {
        let lines = escape(set_lines);
        self.does(&format!(
            "<load-configuration action=\"set\" format=\"text\"><configuration-set>{lines}</configuration-set></load-configuration>"
        ))
    }

    /// `configure exclusive`.
    pub fn locks(&self) -> Done<'_> {
        self.does("<lock-configuration/>")
    }

    /// Gives the lock back; what was not committed is gone.
    pub fn unlocks(&self) -> Done<'_> {
        self.does("<unlock-configuration/>")
    }

    /// `configure private`.
    pub fn opens_private(&self) -> Done<'_> {
        self.does("<open-configuration><private/></open-configuration>")
    }

    /// Leaves the private candidate; what was not committed is gone.
    pub fn closes_private(&self) -> Done<'_> {
        self.does("<close-configuration/>")
    }

    /// `rollback 0`.
    pub fn discards(&self) -> Done<'_> {
        self.does("<load-configuration rollback=\"0\"/>")
    }

    /// `commit`, which also confirms a commit that waits.
    pub fn commits(&self, log: &str) -> Done<'_> {
        let log = escape(log);
        self.does(&format!(
            "<commit-configuration><log>{log}</log></commit-configuration>"
        ))
    }

    /// `commit confirmed`, to be confirmed within so many minutes.
    pub fn commits_confirmed(&self, minutes: u32) -> Done<'_> {
        self.does(&format!(
            "<commit-configuration><confirmed/><confirm-timeout>{minutes}</confirm-timeout></commit-configuration>"
        ))
    }

    /// `commit check`, which confirms a commit that waits.
    pub fn checks(&self) -> Done<'_> {
        self.does("<commit-configuration><check/></commit-configuration>")
    }

    /// Takes back the commit that waits.
    pub fn cancels_commit(&self) -> Done<'_> {
        self.does("<cancel-commit/>")
    }

    /// Changes the running configuration: a private candidate, an edit, a commit, and out.
    pub fn changes(&self, set_lines: &str) -> Done<'_> {
        self.opens_private()?;
        let done = self.edits(set_lines).and_then(|_| self.commits("changed by hand"));
        self.closes_private()?;
        done
    }

    /// Logs out: the lock and the private candidate go; edits in the shared candidate stay.
    pub fn leaves(self) {
        self.shared.store(|store| store.session_ended(&self.who));
        self.shared.operators().retain(|who| *who != self.who);
    }
}
