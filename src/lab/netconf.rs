//! One NETCONF session of a device (RFC 6241, RFC 6242, in Junos' dialect): hello, requests, replies.

mod envelope;
pub(super) mod spoil;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use self::envelope::Envelope;
use super::{
    clock,
    config::Who,
    device::Shared,
    faults::{Fault, Gate},
    operational::{Answer, Format, Query},
    pipe::{Input, Output, Pipe},
};
use crate::junos::netconf::{
    framing::{self, Decoder, Framing},
    xml::Element,
};

/// The `<rpc-error>` for what the device does not know.
pub(super) fn envelope_error(message: &str, bad_element: Option<&str>) -> String {
    envelope::error("protocol", "operation-failed", message, bad_element)
}

/// Runs a session on a channel until one side ends it.
pub(super) async fn serve(shared: Arc<Shared>, user: String, pipe: Pipe) {
    let Pipe {
        mut input,
        output,
        connection,
    } = pipe;
    let (id, kill) = shared.new_session(&connection);
    let who = Who {
        session: id,
        user,
        pid: id,
        terminal: String::new(),
    };
    let mut session = Session {
        nc: shared.kind.rfc_compliant() || shared.faults.hit(|f| matches!(f, Fault::NcPrefixes)),
        shared: Arc::clone(&shared),
        who,
        output,
        connection,
        framing: Framing::EndOfMessage,
        offers_chunks: false,
    };
    shared.note(format!("session {id} opened"));
    tokio::select! {
        () = session.run(&mut input) => {}
        () = kill.cancelled() => shared.note(format!("session {id} killed")),
    }
    shared.store(|store| store.session_ended(&session.who));
    shared.forget_session(id);
    shared.note(format!("session {id} closed"));
    session.output.finish(0).await;
}

struct Session {
    shared: Arc<Shared>,
    who: Who,
    output: Output,
    connection: CancellationToken,
    framing: Framing,
    offers_chunks: bool,
    nc: bool,
}

/// What follows after a request was answered.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

impl Session {
    async fn run(&mut self, input: &mut Input) {
        if !self.hello().await {
            return;
        }
        let mut decoder = Decoder::new();
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => {
                    let message = message.to_vec();
                    if self.receive(&message, &mut decoder, input).await == Next::End {
                        return;
                    }
                }
                Ok(None) => match self.read(input).await {
                    Some(bytes) => decoder.push(bytes),
                    None => return,
                },
                Err(error) => {
                    self.shared
                        .note(format!("session {} sent what is no NETCONF: {error}", self.who.session));
                    return;
                }
            }
        }
    }

    /// The next bytes; ends the connection where an idle one is to be dropped.
    async fn read(&self, input: &mut Input) -> Option<bytes::Bytes> {
        let idle = self.shared.faults.peek(|f| match f {
            Fault::DropWhenIdle(time) => Some(*time),
            _ => None,
        });
        let Some(idle) = idle else { return input.next().await };
        let read = tokio::time::timeout(idle, input.next()).await;
        read.unwrap_or_else(|_| {
            self.shared
                .note(format!("session {} dropped when idle", self.who.session));
            self.connection.cancel();
            None
        })
    }

    async fn hello(&mut self) -> bool {
        let faults = &self.shared.faults;
        if faults.hit(|f| matches!(f, Fault::NoHello)) {
            std::future::pending::<()>().await;
        }
        let mismatch = faults.hit(|f| matches!(f, Fault::FramingMismatch));
        self.offers_chunks = self.shared.kind.rfc_compliant() && !mismatch;
        let noise = faults.take(|f| match f {
            Fault::NoiseBeforeHello(text) => Some(text.clone()),
            _ => None,
        });
        let error = faults.take(|f| match f {
            Fault::ErrorInHello(message) => Some(message.clone()),
            _ => None,
        });
        let mut hello = noise.unwrap_or_default().into_bytes();
        hello.extend(envelope::hello(self.shared.kind, &self.who, self.nc, mismatch, error.as_deref()).into_bytes());
        self.send(&hello).await
    }

    async fn receive(&mut self, message: &[u8], decoder: &mut Decoder, input: &mut Input) -> Next {
        let Ok(root) = Element::parse(message) else {
            self.shared
                .note(format!("session {} sent malformed XML", self.who.session));
            let body = envelope::error(
                "protocol",
                "operation-failed",
                "syntax error, expecting <rpc>",
                Some("rpc"),
            );
            self.reply(&Envelope::unasked(), body.into_bytes()).await;
            return Next::End;
        };
        match &*root.name {
            "hello" => {
                let both = self.offers_chunks && envelope::offers_chunks(&root);
                self.framing = if both { Framing::Chunked } else { Framing::EndOfMessage };
                decoder.agree(self.framing);
                Next::GoOn
            }
            "rpc" => self.request(&root, input).await,
            other => {
                let body = envelope::error(
                    "protocol",
                    "operation-failed",
                    "syntax error, expecting <rpc>",
                    Some(other),
                );
                if self.reply(&Envelope::unasked(), body.into_bytes()).await {
                    Next::GoOn
                } else {
                    Next::End
                }
            }
        }
    }

    /// One request from arrival to reply. A client that closes the channel meanwhile aborts it.
    async fn request(&mut self, rpc: &Element, input: &mut Input) -> Next {
        let envelope = Envelope::of(rpc);
        let Some(operation) = rpc.elements().next() else {
            let body = envelope::error(
                "protocol",
                "operation-failed",
                "syntax error, expecting <rpc-operation>",
                None,
            );
            return if self.reply(&envelope, body.into_bytes()).await {
                Next::GoOn
            } else {
                Next::End
            };
        };
        self.shared.rpcs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let label = label(operation);
        let id = self.who.session;
        if self.shared.faults.hit(|f| matches!(f, Fault::DropOnRequest)) {
            self.shared.note(format!("session {id}: {label} dropped"));
            self.connection.cancel();
            return Next::End;
        }
        self.shared.note(format!("session {id}: {label} begun"));
        let outcome = tokio::select! {
            outcome = self.perform(&envelope, operation, &label) => Some(outcome),
            () = input.closed() => None,
        };
        let word = if outcome.is_some() { "ended" } else { "aborted" };
        self.shared.note(format!("session {id}: {label} {word}"));
        outcome.unwrap_or(Next::End)
    }

    async fn perform(&self, envelope: &Envelope, operation: &Element, label: &str) -> Next {
        self.wait(label, false).await;
        let cut = if is_commit(operation) { self.commit_eof() } else { None };
        if cut == Some(false) {
            return self.die(envelope, b"<commit-results>\n").await;
        }
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

    fn commit_eof(&self) -> Option<bool> {
        self.shared.faults.take(|f| match f {
            Fault::CommitEof { committed } => Some(*committed),
            _ => None,
        })
    }

    /// The content of the reply; `None` when the session is to end with `<ok/>`.
    fn answer(&self, operation: &Element) -> Option<Vec<u8>> {
        match &*operation.name {
            "close-session" | "request-end-session" => return None,
            "kill-session" => return Some(self.kill(operation).into_bytes()),
            _ => {}
        }
        if let Some(refused) = spoil::refusal(&self.shared.faults, operation) {
            return Some(refused.into_bytes());
        }
        if let Some(body) = self.shared.store(|store| store.handle(&self.who, operation)) {
            return Some(body.into_bytes());
        }
        let query = Query::of(operation);
        if query.command.is_some() {
            let format = query.format.word();
            let words = query.configuration_command();
            if let Some(body) = self.shared.store(|store| store.command(&self.who, &words, format)) {
                return Some(body.into_bytes());
            }
        }
        let minified_ignored = self.shared.faults.is_on(|f| matches!(f, Fault::MinifiedIgnored));
        let body = match self.shared.operational.answer(&self.shared, &self.who, &query) {
            Answer::Xml(xml) if query.format == Format::XmlMinified && !minified_ignored => envelope::minified(&xml),
            Answer::Xml(xml) => xml,
            Answer::Text(text) => format!("<output>\n{}</output>\n", crate::junos::netconf::xml::escape(&text)),
            Answer::Json(json) => json,
            Answer::Error(body) => body,
        };
        Some(body.into_bytes())
    }

    fn kill(&self, operation: &Element) -> String {
        let id = operation.text_at(&["session-id"]).and_then(|id| id.parse().ok());
        match id {
            Some(id) if id != self.who.session && self.shared.kill_session(id) => "<ok/>\n".to_owned(),
            _ => envelope::error("protocol", "invalid-value", "no such session", Some("session-id")),
        }
    }

    /// Sends the beginning of a reply, and ends the connection.
    async fn die(&self, envelope: &Envelope, body: &[u8]) -> Next {
        let begun = envelope.begin(self.shared.kind, self.nc, body);
        self.output.send(begun).await;
        self.output.finish(255).await;
        // The connection ends once what was sent is on its way: its own task sends in order.
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.connection.cancel();
        Next::End
    }

    async fn reply(&self, envelope: &Envelope, body: Vec<u8>) -> bool {
        self.send(&envelope.wrap(self.shared.kind, self.nc, body, spoil::EnvelopeSpoil::None))
            .await
    }

    async fn send(&self, message: &[u8]) -> bool {
        let bytes = match framing::encode(self.framing, message) {
            Ok(bytes) if self.framing == Framing::EndOfMessage => [&bytes, &b"\n"[..]].concat().into(),
            Ok(bytes) => bytes,
            Err(_) => return false,
        };
        let piece = self.shared.faults.take(|f| match f {
            Fault::TinyWrites(size) => Some((*size).max(1)),
            _ => None,
        });
        if let Some(size) = piece {
            for part in bytes.chunks(size) {
                if !self.output.send(part.to_vec()).await {
                    return false;
                }
            }
            return true;
        }
        let split = self.shared.faults.take(|f| match f {
            Fault::SplitDelimiter(first) => Some(*first),
            _ => None,
        });
        let tail = match (split, self.framing) {
            (None, _) => return self.output.send(bytes).await,
            (Some(first), Framing::EndOfMessage) => framing::END_OF_MESSAGE.len() + 1 - first.min(7),
            (Some(first), Framing::Chunked) => 4 - first.min(4),
        };
        let at = bytes.len().saturating_sub(tail);
        self.output.send(bytes.slice(..at)).await && self.output.send(bytes.slice(at..)).await
    }
}

/// How a request is called in the log and by faults: the RPC's name, and the command of a `<command>`.
fn label(operation: &Element) -> String {
    match &*operation.name {
        "command" => format!("command `{}`", operation.text().trim()),
        name => name.to_owned(),
    }
}

fn is_commit(operation: &Element) -> bool {
    matches!(&*operation.name, "commit" | "commit-configuration") && operation.child("check").is_none()
}
