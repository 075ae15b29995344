//! Server-sent events (WHATWG HTML, section 9.2): how a message is written, and a body that never falls silent, so that neither a proxy
//! nor the client takes a long call for a dead one.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::Stream;
use http::{HeaderValue, header};
use tokio::time::{Instant, Sleep};

/// How often a silent stream says that it lives.
const EVERY: Duration = Duration::from_secs(15);
/// A comment, which clients pass over.
const ALIVE: &[u8] = b": alive\n\n";
/// When a client whose stream broke comes back, in milliseconds.
const RETRY: u32 = 1000;

/// One event with a JSON-RPC message. `id` is what a client names to read on after it (Last-Event-ID).
pub(super) fn message(id: Option<&str>, json: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(json.len() + 64);
    if let Some(id) = id {
        event.put_slice(b"id: ");
        event.put_slice(id.as_bytes());
        event.put_u8(b'\n');
    }
    event.put_slice(b"event: message\ndata: ");
    event.put_slice(json);
    event.put_slice(b"\n\n");
    event.freeze()
}

/// An event without message, which gives the client an id to come back with before there is anything to say.
pub(super) fn priming(id: &str) -> Bytes {
    format!("id: {id}\nretry: {RETRY}\ndata:\n\n").into()
}

/// A response that is this stream of events.
pub(super) fn response(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let body = Body::new(Living {
        events: Box::pin(events),
        silent: Box::pin(tokio::time::sleep(EVERY)),
        opened: false,
    });
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    headers.insert(
        header::HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

struct Living {
    events: Pin<Box<dyn Stream<Item = Bytes> + Send>>,
    silent: Pin<Box<Sleep>>,
    opened: bool,
}

impl http_body::Body for Living {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let data = match this.events.as_mut().poll_next(cx) {
            Poll::Ready(Some(event)) => event,
            Poll::Ready(None) => return Poll::Ready(None),
            // At once the first time: some clients wait for a first byte before they believe in the stream.
            Poll::Pending if !this.opened => Bytes::from_static(ALIVE),
            Poll::Pending => match this.silent.as_mut().poll(cx) {
                Poll::Ready(()) => Bytes::from_static(ALIVE),
                Poll::Pending => return Poll::Pending,
            },
        };
        this.opened = true;
        this.silent.as_mut().reset(Instant::now() + EVERY);
        Poll::Ready(Some(Ok(http_body::Frame::data(data))))
    }
}
