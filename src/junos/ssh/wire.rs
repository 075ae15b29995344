//! The byte stream under an SSH connection, with a switch that ends it from outside.
//!
//! russh drives a connection in a task of its own. That task does not notice that nobody waits for it any more while keys
//! are exchanged, and it waits for a silent peer without end; cutting the stream under it ends it at once.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::junos::transport::Stream;

/// How many of the first bytes are kept.
const FIRST: usize = 512;

/// What is known about a stream while and after it lives.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    cut: CancellationToken,
    first: Arc<Mutex<Vec<u8>>>,
}

impl Line {
    /// Ends the stream now.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    /// The first bytes the peer sent.
    pub(super) fn first(&self) -> Vec<u8> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, bytes: &[u8]) {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let room = FIRST.saturating_sub(first.len());
        first.extend(bytes.iter().take(room));
    }

    /// Cuts the line when dropped.
    pub(super) fn guard(&self) -> LineGuard {
        LineGuard(self.clone())
    }
}

/// Cuts its line on drop.
#[derive(Debug)]
pub(super) struct LineGuard(Line);

impl LineGuard {
    /// Cuts the line now.
    pub(super) fn cut(&self) {
        self.0.cut();
    }
}

impl Drop for LineGuard {
    fn drop(&mut self) {
        self.0.cut();
    }
}

/// A stream that ends when its [`Line`] is cut.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    line: Line,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    noted: usize,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> (Self, Line) {
        let line = Line::default();
        let cut = Box::pin(line.cut.clone().cancelled_owned());
        (
            Self {
                stream,
                line: line.clone(),
                cut,
                noted: 0,
            },
            line,
        )
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "given up here")),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Err(cut) = self.check(context) {
            return Poll::Ready(Err(cut));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.noted < FIRST
            && let Some(new) = buffer.filled().get(before..)
        {
            self.line.note(new);
            self.noted += new.len();
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Err(cut) = self.check(context) {
            return Poll::Ready(Err(cut));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Err(cut) = self.check(context) {
            return Poll::Ready(Err(cut));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.check(context).is_err() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_cut_line_ends_a_waiting_reader() {
        let (near, mut far) = tokio::io::duplex(64);
        let (mut wire, line) = Wire::new(Box::new(near));
        assert!(line.first().is_empty());
        far.write_all(b"SSH").await.unwrap();
        let mut three = [0; 3];
        wire.read_exact(&mut three).await.unwrap();
        assert_eq!(line.first(), b"SSH");
        let waiting = tokio::spawn(async move { wire.read_u8().await });
        tokio::task::yield_now().await;
        drop(line.guard());
        assert_eq!(
            waiting.await.unwrap().unwrap_err().kind(),
            io::ErrorKind::ConnectionAborted
        );
    }
}
