//! One NETCONF session of a device (RFC 6241, RFC 6242, in Junos' dialect): hello, requests, replies.

mod answer;
mod commit;
mod envelope;
pub(super) mod spoil;

use std::sync::{Arc, atomic::AtomicBool};

use russh::server::Handle;
use tokio_util::sync::CancellationToken;

use self::envelope::Envelope;
use super::{
    config::Who,
    device::Shared,
    faults::Fault,
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
        handle,
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
        handle,
        private: AtomicBool::new(false),
        framing: Framing::EndOfMessage,
        offers_chunks: false,
        answers_chunks: false,
    };
    shared.note(format!("session {id} opened"));
    tokio::select! {
        () = session.run(&mut input) => {}
        () = kill.cancelled() => {
            let killed = !session.connection.is_cancelled();
            shared.note(format!("session {id} {}", if killed { "killed" } else { "lost its connection" }));
        }
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
    handle: Handle,
    /// A private candidate is open.
    private: AtomicBool,
    framing: Framing,
    offers_chunks: bool,
    answers_chunks: bool,
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
        self.answers_chunks = self.shared.kind.rfc_compliant() && !mismatch;
        self.offers_chunks = self.answers_chunks || mismatch;
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
                let theirs = envelope::offers_chunks(&root);
                let of = |chunked: bool| {
                    if chunked {
                        Framing::Chunked
                    } else {
                        Framing::EndOfMessage
                    }
                };
                self.framing = of(self.answers_chunks && theirs);
                decoder.agree(of(self.offers_chunks && theirs));
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
        let mut begun = Begun::new(&self.shared, format!("session {id}: {label}"));
        tokio::select! {
            next = self.perform(&envelope, operation, &label) => {
                begun.end();
                next
            }
            () = input.closed() => Next::End,
        }
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

/// A request that is being done. Whatever ends it, the log has it: also a connection that goes away.
struct Begun<'a> {
    shared: &'a Shared,
    request: String,
    word: &'static str,
}

impl<'a> Begun<'a> {
    fn new(shared: &'a Shared, request: String) -> Self {
        shared.note(format!("{request} begun"));
        Self {
            shared,
            request,
            word: "aborted",
        }
    }

    fn end(&mut self) {
        self.word = "ended";
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.shared.note(format!("{} {}", self.request, self.word));
    }
}

/// How a request is called in the log and by faults: the RPC's name, and the command of a `<command>`.
fn label(operation: &Element) -> String {
    match &*operation.name {
        "command" => format!("command `{}`", operation.text().trim()),
        name => name.to_owned(),
    }
}
