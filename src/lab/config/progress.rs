//! A commit that takes its time: until it is done nobody else can edit, lock or commit, and the history does not show it.

use std::time::SystemTime;

use super::{Store, Who, fault::Fault, moment, rpc};
use crate::junos::netconf::xml::Element;

/// A commit that the device works on.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    who: Who,
    operation: Element,
    since: SystemTime,
    /// Its session has ended meanwhile.
    gone: bool,
}

impl Store {
    /// Begins a commit that [`Store::finish_commit`] brings to its end, whatever becomes of its session; `false` where
    /// another is in progress, so that the request has to be answered at once.
    pub fn begin_commit(&mut self, who: &Who, operation: &Element) -> bool {
        if self.progress.is_some() {
            return false;
        }
        self.progress = Some(Progress {
            who: who.clone(),
            operation: operation.clone(),
            since: self.clock.now(),
            gone: false,
        });
        true
    }

    /// Does the commit that is in progress: the children of its reply. `None` where none is.
    pub fn finish_commit(&mut self) -> Option<String> {
        let progress = self.progress.take()?;
        let reply = rpc::handle(self, &progress.who, &progress.operation);
        if progress.gone {
            self.session_ended(&progress.who);
        }
        reply
    }

    /// Who commits at this moment.
    pub fn committing(&self) -> Option<&Who> {
        self.progress.as_ref().map(|progress| &progress.who)
    }

    /// Whether the end of a session has to wait for its commit; then it happens afterwards.
    pub(super) fn ends_later(&mut self, who: &Who) -> bool {
        let own = self.progress.as_mut().filter(|p| p.who.session == who.session);
        own.map(|progress| progress.gone = true).is_some()
    }

    /// The refusal for everybody but the one who commits.
    pub(super) fn in_progress(&self, who: &Who) -> Result<(), Fault> {
        let Some(progress) = self.progress.as_ref().filter(|p| p.who.session != who.session) else {
            return Ok(());
        };
        let idle = self.clock.now().duration_since(progress.since).unwrap_or_default();
        let message = format!(
            "configuration database locked by:\n  {} on since {}, idle {}\n      commit in progress",
            progress.who.label(),
            moment::text(progress.since),
            moment::clock(idle)
        );
        Err(Fault {
            tag: "lock-denied",
            ..Fault::error(message)
        })
    }
}
