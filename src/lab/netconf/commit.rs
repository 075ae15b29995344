//! Commits that take time, lose their reply, or fail on one routing engine.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{
    Next, Session,
    envelope::{self, Envelope},
};
use crate::{
    junos::netconf::xml::Element,
    lab::{
        device::Shared,
        faults::{Fault, Lost},
    },
};

/// What is left to do for a commit.
pub(super) enum Outcome {
    /// All of it, as for any request.
    Plain,
    /// As [`Fault::CommitEof`] says.
    Cut { committed: bool },
    /// It is done, and this is its reply.
    Reply(Vec<u8>),
    /// Nothing: the connection has ended.
    Gone,
}

/// What one routing engine says when it does not take a commit.
const REFUSED: &str = "remote lock-configuration failed";

pub(super) fn is_commit(operation: &Element) -> bool {
    matches!(&*operation.name, "commit" | "commit-configuration") && operation.child("check").is_none()
}

pub(super) fn is_check(operation: &Element) -> bool {
    let commit = matches!(&*operation.name, "commit" | "commit-configuration");
    &*operation.name == "validate" || (commit && operation.child("check").is_some())
}

impl Session {
    /// Lets a check take its time.
    pub(super) async fn slow_check(&self) {
        let time = self.shared.faults.take(|f| match f {
            Fault::SlowCheck(time) => Some(*time),
            _ => None,
        });
        if let Some(time) = time {
            tokio::time::sleep(time).await;
        }
    }

    /// Commits as the faults say.
    pub(super) async fn commit(&self, envelope: &Envelope, operation: &Element) -> Outcome {
        let faults = &self.shared.faults;
        let eof = faults.take(|f| match f {
            Fault::CommitEof { committed } => Some(*committed),
            _ => None,
        });
        if let Some(committed) = eof {
            return Outcome::Cut { committed };
        }
        let refuses = faults.take(|f| match f {
            Fault::OneEngineRefuses { committed } => Some(*committed),
            _ => None,
        });
        if let Some(committed) = refuses {
            return Outcome::Reply(self.on_one_engine(operation, committed));
        }
        let down = faults.take(|f| match f {
            Fault::UnreachableAfterCommit(time) => Some(*time),
            _ => None,
        });
        if let Some(time) = down {
            self.answer(operation);
            self.shared.go_down(time);
            return self.vanish().await;
        }
        let lost = faults.take(|f| match f {
            Fault::CommitLost { when, takes } => Some((*when, *takes)),
            _ => None,
        });
        if let Some((when, takes)) = lost {
            return self.lose(envelope, operation, when, takes).await;
        }
        let slow = faults.take(|f| match f {
            Fault::SlowCommit(time) => Some(*time),
            _ => None,
        });
        match slow {
            Some(takes) => self.take_time(operation, takes).await,
            None => Outcome::Plain,
        }
    }

    /// Ends the connection, behind nothing.
    async fn vanish(&self) -> Outcome {
        self.connection.cancel();
        self.connection.cancelled().await;
        Outcome::Gone
    }

    async fn lose(&self, envelope: &Envelope, operation: &Element, when: Lost, takes: Duration) -> Outcome {
        if when != Lost::Before && (takes.is_zero() || self.begin(operation, takes).is_none()) {
            self.answer(operation);
        }
        self.shared
            .note(format!("session {}: a commit lost its connection", self.who.session));
        if when != Lost::During {
            return self.vanish().await;
        }
        let first = self
            .shared
            .kind
            .style()
            .routing_engines
            .first()
            .cloned()
            .unwrap_or_default();
        let begun = format!(
            "<commit-results>\n<routing-engine junos:style=\"normal\">\n<name>{first}</name>\n<commit-check-success/>\n"
        );
        match self.die(envelope, begun.as_bytes()).await {
            Next::GoOn | Next::End => Outcome::Gone,
        }
    }

    async fn take_time(&self, operation: &Element, takes: Duration) -> Outcome {
        let Some(done) = self.begin(operation, takes) else {
            return Outcome::Plain;
        };
        match done.await {
            Ok(Some(body)) => Outcome::Reply(body.into_bytes()),
            Ok(None) | Err(_) => Outcome::Gone,
        }
    }

    /// Begins a commit that comes to its end whatever becomes of this session. `None` where another is in progress.
    fn begin(&self, operation: &Element, takes: Duration) -> Option<oneshot::Receiver<Option<String>>> {
        if !self.shared.store(|store| store.begin_commit(&self.who, operation)) {
            return None;
        }
        let (reply, done) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            tokio::time::sleep(takes).await;
            let body = shared.store(|store| store.finish_commit());
            // Whoever waited may be gone.
            let _ = reply.send(body);
        });
        Some(done)
    }

    /// The second engine says no; the first one has committed or not.
    fn on_one_engine(&self, operation: &Element, committed: bool) -> Vec<u8> {
        if committed {
            self.answer(operation);
        }
        let engines = self.shared.kind.style().routing_engines;
        let mut names = engines.iter().map(String::as_str);
        let (first, second) = (names.next().unwrap_or("re0"), names.next().unwrap_or("re1"));
        let done = if committed { "<commit-success/>\n" } else { "" };
        let refused = envelope::error(
            "application",
            "operation-failed",
            &format!("{REFUSED} on {second}"),
            None,
        );
        format!(
            "<commit-results>\n<routing-engine junos:style=\"normal\">\n<name>{first}</name>\n<commit-check-success/>\n{done}\
             </routing-engine>\n<routing-engine junos:style=\"normal\">\n<name>{second}</name>\n{refused}</routing-engine>\n\
             </commit-results>\n"
        )
        .into_bytes()
    }
}

impl Shared {
    /// Ends every connection, and closes new ones at once for this long.
    fn go_down(&self, time: Duration) {
        self.note("going down");
        self.down_until(tokio::time::Instant::now() + time);
        self.drop_connections();
    }
}
