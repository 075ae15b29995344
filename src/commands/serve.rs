//! `jmcp`: serves MCP on stdin and stdout.

use std::{process::ExitCode, sync::Arc};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use crate::{
    error::Result,
    junos::{Junos, inventory::Inventory},
    policy::Policy,
    server::{path::Path, stdio},
    settings::Settings,
    tools::{Catalogue, Principal, Results, Services},
};

pub(super) async fn run(settings: Settings) -> Result<ExitCode> {
    let path = path(&settings)?;
    on_stdio(path, stop_signal()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Serves one client on stdin and stdout; whether it ever spoke.
pub(super) async fn on_stdio(path: Arc<Path>, stop: CancellationToken) -> Result<bool> {
    let (input, output) = rmcp::transport::io::stdio_pipes();
    let spoke = stdio::serve(path.clone(), Principal::local("stdio"), input, output, stop).await;
    path.services().junos.close().await;
    spoke
}

/// The call path over the inventory of these settings.
///
/// # Errors
/// `inventory_invalid` with all that is wrong, `io`.
pub(super) fn path(settings: &Settings) -> Result<Arc<Path>> {
    let inventory = Inventory::load(&settings.inventory)?;
    for warning in &inventory.warnings {
        tracing::warn!("{warning}");
    }
    let problems = inventory.devices.values().filter_map(|device| device.problem.as_ref());
    problems.for_each(|problem| tracing::warn!("{problem}"));
    let policy = Policy::load(&inventory, settings.default_rules)?;
    let services = Services {
        junos: Junos::new(inventory, settings.pool()),
        results: Results::default(),
        policy: ArcSwap::from_pointee(policy),
        options: settings.tools.clone(),
    };
    let path = Path::new(
        Catalogue::new()?,
        Arc::new(services),
        settings.rules.clone(),
        settings.limits,
        settings.audit()?,
    );
    Ok(Arc::new(path))
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
