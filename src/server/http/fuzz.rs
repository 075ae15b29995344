//! Doors for the fuzz targets to what this folder reads of strangers; nothing else uses them.

use http::request::Parts;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{connection::Connection, envelope, envelope::Kind, framing, framing::Head, front, hosts::Hosts};

/// Whether the names of a request let it pass.
#[must_use]
pub fn may_call(hosts: &Hosts, request: &Parts) -> bool {
    hosts.check(request, None).is_ok()
}

/// Whether the headers of a message let it pass after its names.
#[must_use]
pub fn may_post(request: &mut Parts) -> bool {
    front::speaks_json(&mut request.headers).is_ok()
        && front::session_id(&request.headers).is_ok()
        && front::knows_version(&request.headers).is_ok()
}

/// What a body was taken for.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// A request with this id and method.
    Request(serde_json::Value, String),
    /// A notification with this method.
    Notification(String),
    /// An answer.
    Answer,
    /// Nothing that is read further.
    Refused,
}

/// Reads the outside of a body.
#[must_use]
pub fn open(body: &[u8]) -> Message {
    match envelope::open(body) {
        Ok(envelope) => match envelope.kind {
            Kind::Request(id) => Message::Request(id, envelope.method),
            Kind::Notification => Message::Notification(envelope.method),
            Kind::Answer => Message::Answer,
        },
        Err(_) => Message::Refused,
    }
}

/// The heads that the scanner saw on a connection.
#[derive(Clone)]
pub struct Heads(std::sync::Arc<framing::Heads>);

impl Heads {
    /// Whether the request that is served now is ambiguous.
    #[must_use]
    pub fn next_is_ambiguous(&self) -> bool {
        self.0.next() == Head::Ambiguous
    }

    /// How many heads were seen whose requests nobody served.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.left()
    }
}

/// A stream whose bytes are watched as those of clients are.
pub fn watched<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> (impl AsyncRead + AsyncWrite + Unpin, Heads) {
    let connection = Connection::new(stream, std::time::Duration::from_secs(60));
    let heads = Heads(connection.heads());
    (connection, heads)
}
