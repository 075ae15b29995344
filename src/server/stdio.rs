//! MCP over stdin and stdout. The end of stdin does not end a call that is on its way, and neither does SIGTERM: a call ends in its answer.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use rmcp::ServiceExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::{Mcp, path::Path};
use crate::{
    error::{Code, Error, Result},
    tools::Principal,
};

/// How long calls that only read may go on after the client closed its end.
const AFTER_END: Duration = Duration::from_secs(60);
/// What the last answers get to leave the process.
const FLUSH: Duration = Duration::from_millis(200);

/// Serves one client on these streams until it closes its end, its output breaks or `shutdown` fires; answers whether a client ever spoke.
///
/// # Errors
/// `io` when the streams break before a client has spoken.
pub async fn serve<R, W>(
    path: Arc<Path>,
    principal: Principal,
    input: R,
    output: W,
    shutdown: CancellationToken,
) -> Result<bool>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (stop, ended) = (shutdown.child_token(), CancellationToken::new());
    let handler = Mcp::new(path.clone(), principal).asks_until(ended.clone());
    let input = HeldOpen::new(input, path.clone(), ended);
    let output = Fragile {
        inner: output,
        broken: stop.clone(),
    };
    let spoke = connection(handler, input, output, &path, &stop).await;
    path.drain().await;
    spoke
}

async fn connection<R, W>(
    handler: Mcp,
    input: HeldOpen<R>,
    output: Fragile<W>,
    path: &Path,
    stop: &CancellationToken,
) -> Result<bool>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let handshake = tokio::select! {
        biased;
        handshake = handler.serve((input, output)) => handshake,
        () = stop.cancelled() => return Ok(false),
    };
    let running = match handshake {
        Ok(running) => running,
        // A client that closes its end without a word has not failed.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(false),
        Err(e) => return Err(Error::new(Code::Io, format!("the client's handshake failed: {e}")).caused_by(e)),
    };
    let end = running.cancellation_token();
    let drained = async {
        stop.cancelled().await;
        path.drain().await;
        tokio::time::sleep(FLUSH).await;
        end.cancel();
    };
    tokio::pin!(drained);
    let waiting = running.waiting();
    tokio::pin!(waiting);
    tokio::select! {
        _ = &mut waiting => {}
        () = &mut drained => { let _ = waiting.await; }
    }
    Ok(true)
}

/// An output that tells when it broke: a client that cannot be answered has gone, and what it asked for need not go on.
struct Fragile<W> {
    inner: W,
    broken: CancellationToken,
}

impl<W> Fragile<W> {
    fn watch<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(_)) = &outcome {
            self.broken.cancel();
        }
        outcome
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Fragile<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, data);
        self.watch(outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// An input whose end is held back while calls are on their way: rmcp gives a call 5 s after it sees the end, and a commit can take longer.
struct HeldOpen<R> {
    inner: R,
    path: Arc<Path>,
    /// Fires at the end of the input, when it is still held back.
    ended: CancellationToken,
    idle: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<R> HeldOpen<R> {
    fn new(inner: R, path: Arc<Path>, ended: CancellationToken) -> Self {
        Self {
            inner,
            path,
            ended,
            idle: None,
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for HeldOpen<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.idle.is_none() {
            let before = buf.filled().len();
            let read = Pin::new(&mut self.inner).poll_read(cx, buf);
            if !matches!(read, Poll::Ready(Ok(()))) || buf.filled().len() > before {
                return read;
            }
            self.ended.cancel();
            let path = self.path.clone();
            self.idle = Some(Box::pin(async move { at_rest(&path).await }));
        }
        match &mut self.idle {
            Some(idle) => {
                ready!(idle.as_mut().poll(cx));
                // Whoever reads on after the end sees the end again.
                self.idle = Some(Box::pin(std::future::ready(())));
                Poll::Ready(Ok(()))
            }
            None => Poll::Ready(Ok(())),
        }
    }
}

/// Waits for the calls on their way, and no longer than `AFTER_END` for those that only read.
async fn at_rest(path: &Path) {
    // A request that was read just before the end has yet to become a call.
    tokio::time::sleep(FLUSH / 2).await;
    if tokio::time::timeout(AFTER_END, path.idle()).await.is_err() {
        path.drain().await;
    }
    tokio::time::sleep(FLUSH / 2).await;
}
