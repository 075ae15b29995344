//! Doing a request: waiting and failing where a fault says so, asking the configuration or the commands, replying.

use std::{sync::atomic::Ordering, time::Duration};

use super::{
    Next, Session,
    commit::{self, Outcome},
    envelope::{self, Envelope},
    spoil,
};
use crate::{
    junos::netconf::{framing::Framing, xml::Element},
    lab::{
        clock,
        faults::{Fault, Gate},
        operational::{Answer, Format, Query},
    },
};

impl Session {
    /// Does a request and sends its reply.
    pub(super) async fn perform(&self, envelope: &Envelope, operation: &Element, label: &str) -> Next {
        self.wait(label, false).await;
        if commit::is_check(operation) {
            self.slow_check().await;
        }
        let cut = if commit::is_commit(operation) {
            match self.commit(envelope, operation).await {
                Outcome::Plain => None,
                Outcome::Cut { committed: false } => return self.die(envelope, b"<commit-results>\n").await,
                Outcome::Cut { committed: true } => Some(true),
                Outcome::Reply(body) => return self.hand_over(envelope, label, body).await,
                Outcome::Gone => return Next::End,
            }
        } else {
            None
        };
        let Some(body) = self.answer(operation) else {
            self.reply(envelope, b"<ok/>\n".to_vec()).await;
            if self.framing == Framing::EndOfMessage {
                self.output
                    .send(format!("<!-- session end at {} -->\n", clock::stamp(self.shared.now())))
                    .await;
            }
            return Next::End;
        };
        self.wait(label, true).await;
        if cut == Some(true) {
            return self.die(envelope, body.get(..body.len() / 2).unwrap_or_default()).await;
        }
        self.hand_over(envelope, label, body).await
    }

    /// Sends a reply, spoilt where a fault says so.
    async fn hand_over(&self, envelope: &Envelope, label: &str, body: Vec<u8>) -> Next {
        if let Some(spoilt) = spoil::reply(&self.shared.faults, label, &body) {
            if spoilt.cut_off {
                return self.die(envelope, &spoilt.body).await;
            }
            return if self
                .send(&envelope.wrap(self.shared.kind, self.nc, spoilt.body, spoilt.spoil_envelope))
                .await
            {
                Next::GoOn
            } else {
                Next::End
            };
        }
        if self.reply(envelope, body).await {
            Next::GoOn
        } else {
            Next::End
        }
    }

    /// Waits where a fault says so.
    async fn wait(&self, label: &str, done: bool) {
        let gate: Option<Gate> = self.shared.faults.take(|f| match f {
            Fault::Hold { on, gate } if !done && label.contains(on.as_str()) => Some(gate.clone()),
            Fault::HoldReply { on, gate } if done && label.contains(on.as_str()) => Some(gate.clone()),
            _ => None,
        });
        if let Some(gate) = gate {
            gate.pass().await;
        }
        let slow: Option<Duration> = self.shared.faults.take(|f| match f {
            Fault::Slow { on, time } if !done && label.contains(on.as_str()) => Some(*time),
            _ => None,
        });
        if let Some(time) = slow {
            tokio::time::sleep(time).await;
        }
    }

    /// The content of the reply; `None` when the session is to end with `<ok/>`.
    pub(super) fn answer(&self, operation: &Element) -> Option<Vec<u8>> {
        match &*operation.name {
            "close-session" | "request-end-session" => return None,
            "kill-session" => return Some(self.kill(operation).into_bytes()),
            _ => {}
        }
        let private = self.private.load(Ordering::Relaxed);
        if let Some(refused) = spoil::refusal(&self.shared.faults, operation, private) {
            return Some(refused.into_bytes());
        }
        if let Some(body) = self.shared.store(|store| store.handle(&self.who, operation)) {
            match &*operation.name {
                "open-configuration" if !body.contains("<error-severity>error<") => {
                    self.private
                        .store(operation.child("private").is_some(), Ordering::Relaxed);
                }
                "close-configuration" => self.private.store(false, Ordering::Relaxed),
                _ => {}
            }
            return Some(body.into_bytes());
        }
        Some(self.operational(&Query::of(operation)).into_bytes())
    }

    fn operational(&self, query: &Query) -> String {
        if query.command.is_some() {
            let (words, format) = (query.configuration_command(), query.format.word());
            if let Some(body) = self.shared.store(|store| store.command(&self.who, &words, format)) {
                return body;
            }
        }
        let minified_ignored = self.shared.faults.is_on(|f| matches!(f, Fault::MinifiedIgnored));
        match self.shared.operational.answer(&self.shared, &self.who, query) {
            Answer::Xml(xml) if query.format == Format::XmlMinified && !minified_ignored => envelope::minified(&xml),
            Answer::Xml(xml) => xml,
            Answer::Text(text) => envelope::output(&text),
            Answer::Texts(texts) => envelope::outputs(&texts),
            Answer::Json(json) => envelope::escaped(&json),
            Answer::Error(body) => body,
        }
    }

    fn kill(&self, operation: &Element) -> String {
        let id = operation.text_at(&["session-id"]).and_then(|id| id.parse().ok());
        match id {
            Some(id) if id != self.who.session && self.shared.kill_session(id) => {
                self.shared.store(|store| store.session_killed(id));
                "<ok/>\n".to_owned()
            }
            _ => envelope::error("protocol", "invalid-value", "no such session", Some("session-id")),
        }
    }

    /// Sends the beginning of a reply, and ends the connection.
    pub(super) async fn die(&self, envelope: &Envelope, body: &[u8]) -> Next {
        let begun = envelope.begin(self.shared.kind, self.nc, body);
        self.output.send(begun).await;
        // Goes the same way as the data, behind it: what was sent arrives.
        let _ = self
            .handle
            .disconnect(russh::Disconnect::ByApplication, String::new(), String::new())
            .await;
        self.connection.cancelled().await;
        Next::End
    }
}
