//! The bytes of a connection: the scanner sees the messages that the HTTP library sees, however they are cut, or takes them for
//! ambiguous. A head that only one of the two sees would shift what the scanner says of every later request.
//!
//! The first byte is the size of the pieces, the rest is what a client sends.

#![no_main]

use std::{
    cell::Cell,
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use http::{Request, Response, Version, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jmcp::server::http::fuzz;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A client that sends these bytes in pieces and takes every answer.
struct Client {
    bytes: Vec<u8>,
    at: usize,
    size: usize,
}

impl AsyncRead for Client {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let end = (self.at + self.size.min(buf.remaining())).min(self.bytes.len());
        buf.put_slice(&self.bytes[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Client {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(data.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What the two said of one connection.
#[derive(Debug, PartialEq, Clone, Copy, Default)]
struct Seen {
    served: usize,
    /// One was ambiguous: what follows it does not matter.
    ambiguous: bool,
    /// The library ends the connection by itself, so that the rest is nobody's.
    closes: bool,
    left: usize,
}

async fn converse(bytes: &[u8], size: usize) -> (Seen, bool) {
    let (stream, heads) = fuzz::watched(Client {
        bytes: bytes.to_vec(),
        at: 0,
        size,
    });
    let seen = Rc::new(Cell::new(Seen::default()));
    let service = service_fn(|request: Request<Incoming>| {
        let (heads, seen) = (heads.clone(), seen.clone());
        async move {
            let mut now = seen.get();
            now.served += 1;
            now.ambiguous |= heads.next_is_ambiguous();
            let connection = request.headers().get_all(header::CONNECTION).iter();
            let keeps = connection
                .map(|value| value.as_bytes().to_ascii_lowercase())
                .all(|value| value == b"keep-alive");
            now.closes |= !keeps || request.version() != Version::HTTP_11 || request.method() == http::Method::CONNECT;
            seen.set(now);
            let is_whole = request.into_body().collect().await.is_ok();
            now.closes |= !is_whole;
            seen.set(now);
            let mut response = Response::new(Empty::<&[u8]>::new());
            if now.ambiguous || !is_whole {
                response
                    .headers_mut()
                    .insert(header::CONNECTION, header::HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    // The end of what the client sends is none of its connection.
    let server = http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let ended = server.await;
    let mut now = seen.get();
    now.left = heads.left();
    (now, ended.is_ok())
}

fuzz_target!(|input: &[u8]| {
    let Some((size, bytes)) = input.split_first() else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for size in [usize::MAX, usize::from(*size) + 1] {
        let (seen, is_ok) = runtime.block_on(converse(bytes, size));
        if is_ok && !seen.ambiguous && !seen.closes {
            assert_eq!(seen.left, 0, "the scanner saw heads that are none: {seen:?}");
        }
    }
});
