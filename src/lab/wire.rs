//! The TCP stream of one connection, with what tests want to know and to spoil about it: bytes, round trips, delay, sudden death.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    sync::mpsc,
    time::Instant,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How much a delayed connection holds between the SSH server and the delay line, in bytes.
const DELAY_BUFFER: usize = 1 << 20;

/// What is counted on one connection.
#[derive(Debug, Default)]
pub(super) struct Meter {
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// The round trip whose data is being sent now; the first one begins with the connection.
    current: AtomicU64,
    /// The newest round trip of which the client has got data.
    delivered: AtomicU64,
}

impl Meter {
    /// Bytes received and sent, SSH overhead included.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (
            self.bytes_in.load(Ordering::Relaxed),
            self.bytes_out.load(Ordering::Relaxed),
        )
    }

    /// Round trips begun: what the client sends without having got an answer to its last flight belongs to that flight.
    pub(super) fn flights(&self) -> u64 {
        self.current.load(Ordering::Relaxed).max(1)
    }

    fn received(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
        let next = self.delivered.load(Ordering::Relaxed) + 1;
        self.current.fetch_max(next, Ordering::Relaxed);
    }

    fn delivered(&self, bytes: usize, flight: u64) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
        self.delivered.fetch_max(flight, Ordering::Relaxed);
    }
}

/// A stream that counts and that dies at once when told.
pub(super) struct Wire<S> {
    inner: S,
    meter: Arc<Meter>,
    end: Pin<Box<WaitForCancellationFutureOwned>>,
    counts_out: bool,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Wire<S> {
    /// Counts on `meter`; ends the stream when `end` is cancelled.
    pub(super) fn new(inner: S, meter: Arc<Meter>, end: CancellationToken) -> Self {
        Self {
            inner,
            meter,
            end: Box::pin(end.cancelled_owned()),
            counts_out: true,
        }
    }

    /// The same, with everything that goes out arriving `delay` later, as over a long line of any bandwidth.
    pub(super) fn delayed(
        inner: S,
        meter: Arc<Meter>,
        end: CancellationToken,
        delay: Duration,
    ) -> Wire<tokio::io::DuplexStream> {
        let (near, far) = tokio::io::duplex(DELAY_BUFFER);
        tokio::spawn(delay_line(inner, far, Arc::clone(&meter), end.clone(), delay));
        Wire {
            inner: near,
            meter,
            end: Box::pin(end.cancelled_owned()),
            counts_out: false,
        }
    }
}

async fn delay_line<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    socket: S,
    server: tokio::io::DuplexStream,
    meter: Arc<Meter>,
    end: CancellationToken,
    delay: Duration,
) {
    let (mut from_client, mut to_client) = tokio::io::split(socket);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (queue, mut due) = mpsc::unbounded_channel::<(Instant, u64, Vec<u8>)>();
    let collect = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            let bytes = buffer.get(..read).unwrap_or_default().to_vec();
            if queue.send((Instant::now() + delay, meter.flights(), bytes)).is_err() {
                break;
            }
        }
        drop(queue);
        std::future::pending::<()>().await;
    };
    let deliver = async {
        while let Some((when, flight, bytes)) = due.recv().await {
            tokio::time::sleep_until(when).await;
            meter.delivered(bytes.len(), flight);
            if to_client.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _ = to_client.shutdown().await;
    };
    let forward = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = collect => {}
        () = deliver => {}
        () = forward => {}
        () = end.cancelled() => {}
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        let read = buf.filled().len() - before;
        if read > 0 {
            self.meter.received(read);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let flight = self.meter.flights();
        let result = Pin::new(&mut self.inner).poll_write(cx, data);
        if let (Poll::Ready(Ok(written)), true) = (&result, self.counts_out) {
            self.meter.delivered(*written, flight);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
