//! `jmcp`: serves MCP on stdin and stdout.

use std::{process::ExitCode, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{
    error::Result,
    server::{path::Path, stdio},
    settings::Settings,
    tools::Principal,
};

pub(super) async fn run(settings: Settings) -> Result<ExitCode> {
    on_stdio(settings.path()?, stop_signal()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Serves one client on stdin and stdout; whether it ever spoke.
pub(super) async fn on_stdio(path: Arc<Path>, stop: CancellationToken) -> Result<bool> {
    let (input, output) = rmcp::transport::io::stdio_pipes();
    let spoke = stdio::serve(path.clone(), Principal::local("stdio"), input, output, stop).await;
    path.services().junos.close().await;
    spoke
}

/// Fires at SIGTERM and SIGINT.
pub(super) fn stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let fire = stop.clone();
    tokio::spawn(async move {
        wait_for_signal().await;
        fire.cancel();
    });
    stop
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
