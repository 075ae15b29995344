//! `jmcp`: serves MCP on stdin and stdout, or over HTTP.

use std::{process::ExitCode, sync::Arc};

use futures::{Stream, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::serve_http;
use crate::{
    error::Result,
    server::{path::Path, stdio},
    settings::Settings,
    tools::Principal,
};

pub(super) async fn run(settings: Settings) -> Result<ExitCode> {
    match settings.http.clone() {
        Some(http) => serve_http::run(settings, http).await,
        None => {
            on_stdio(settings.path()?, stop_signal()).await?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Serves one client on stdin and stdout; whether it ever spoke.
pub(super) async fn on_stdio(path: Arc<Path>, stop: CancellationToken) -> Result<bool> {
    let (input, output) = rmcp::transport::io::stdio_pipes();
    tracing::debug!("serving on stdin and stdout");
    rotate_on_signal(&path);
    let gone = stop.child_token();
    let watch = tokio::spawn(fire_when_nobody_reads(gone.clone()));
    let spoke = stdio::serve(path.clone(), Principal::local("stdio"), input, output, gone).await;
    watch.abort();
    path.services().junos.close().await;
    spoke
}

/// Fires when the reader of stdout has gone. A client that was killed leaves an end of stdin like one that only has nothing more to
/// say; this tells them apart before something is committed that nobody waits for.
#[cfg(unix)]
async fn fire_when_nobody_reads(gone: CancellationToken) {
    use std::os::fd::AsFd as _;
    use tokio::io::{Interest, unix::AsyncFd};
    let Ok(stdout) = std::io::stdout().as_fd().try_clone_to_owned() else {
        return;
    };
    #[expect(
        deprecated,
        reason = "its successor is unsafe for the sake of types that do not own their descriptor; this one does"
    )]
    let stdout = AsyncFd::with_interest(stdout, Interest::WRITABLE);
    // A file cannot be watched and has no reader to lose.
    let Ok(stdout) = stdout else {
        return;
    };
    while let Ok(mut ready) = stdout.writable().await {
        if ready.ready().is_write_closed() {
            tracing::info!("the client has gone");
            return gone.cancel();
        }
        ready.clear_ready();
    }
}

#[cfg(not(unix))]
async fn fire_when_nobody_reads(_gone: CancellationToken) {}

/// Fires at SIGTERM and SIGINT. Further signals are taken note of and change nothing: what writes comes to its end first.
pub(super) fn stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    // Signals are caught from here on, not only once the task runs.
    let signals = signals();
    tokio::spawn(heed(signals, stop.clone()));
    stop
}

async fn heed(signals: impl Stream<Item = ()>, stop: CancellationToken) {
    tokio::pin!(signals);
    while signals.next().await.is_some() {
        if stop.is_cancelled() {
            tracing::warn!("told to stop again: waiting for a change on a device to come to its end");
        } else {
            tracing::info!("told to stop");
        }
        stop.cancel();
    }
}

/// Opens the audit file again at SIGHUP and SIGUSR1, so that it can be moved away. Where there is none these signals keep their meaning.
pub(super) fn rotate_on_signal(path: &Arc<Path>) {
    #[cfg(unix)]
    if path.audit().has_file() {
        use tokio::signal::unix::{SignalKind, signal};
        for kind in [SignalKind::hangup(), SignalKind::user_defined1()] {
            let Ok(mut heard) = signal(kind) else { continue };
            let path = path.clone();
            tokio::spawn(async move {
                while heard.recv().await.is_some() {
                    path.audit().reopen();
                }
            });
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(unix)]
pub(super) fn signals() -> impl Stream<Item = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let caught = [SignalKind::terminate(), SignalKind::interrupt()]
        .into_iter()
        .filter_map(|kind| signal(kind).ok());
    let streams = caught.map(|signal| {
        stream::unfold(signal, |mut signal| async move {
            signal.recv().await.map(|()| ((), signal))
        })
        .boxed()
    });
    stream::select_all(streams.collect::<Vec<_>>())
}

#[cfg(not(unix))]
pub(super) fn signals() -> impl Stream<Item = ()> + Send + 'static {
    stream::unfold((), |()| async { tokio::signal::ctrl_c().await.ok().map(|()| ((), ())) })
}
