//! `jmcp -t streamable-http`: serves MCP over HTTP until it is told to stop.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use futures::StreamExt as _;
use tokio::{net::TcpListener, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{say, serve};
use crate::{
    error::{Code, Error, Result},
    server::{
        http::{self, Health, Listeners, Tls},
        path::Path,
        reload::Reloader,
    },
    settings::{HttpSettings, Settings},
    tokens::{Known, Tokens},
};

pub(super) async fn run(settings: Settings, http: HttpSettings) -> Result<ExitCode> {
    // Signals are caught before anything is open that they should close.
    let (stop, again) = stop_signals();
    let asked = reload_signal();
    let path = settings.path()?;
    serve::rotate_on_signal(&path);
    let tokens = tokens(&http, &path)?;
    let tls = http
        .tls
        .clone()
        .map(|(certificate, key)| Tls::open(certificate, key))
        .transpose()?
        .map(Arc::new);
    let listeners = listeners(&http).await?;
    let who = whom(&http, tokens.as_deref());
    announce(&listeners, tls.is_some(), &who);
    let health = Health::new(path.clone());
    let over = CancellationToken::new();
    let reloader = Reloader {
        path: path.clone(),
        policy: settings.policy,
        tokens: tokens.clone(),
        tls: tls.clone(),
        health: health.clone(),
    };
    tokio::spawn(reloader.run(asked, over.clone()));
    let options = http.options(tokens, tls);
    tokio::select! {
        served = http::serve(path.clone(), options, listeners, health, stop) => served?,
        () = again.cancelled() => return Ok(at_once(&path)),
    }
    over.cancel();
    path.services().junos.close().await;
    tracing::info!("every call has come to its end");
    Ok(ExitCode::SUCCESS)
}

/// The second word to stop: no waiting, but nobody shall have to guess what a device was at.
fn at_once(path: &Path) -> ExitCode {
    let under_way = path.services().junos.commits_under_way();
    for commit in &under_way {
        tracing::error!(
            "told to stop again, and {commit}: whether it takes effect is not known here; look at the device's commit history"
        );
    }
    tracing::warn!(
        "told to stop again: ending with {} calls on their way",
        path.in_flight()
    );
    ExitCode::FAILURE
}

fn tokens(http: &HttpSettings, path: &Path) -> Result<Option<Arc<Tokens>>> {
    let Some(file) = http.tokens.clone() else {
        if http.for_accounts {
            tracing::info!(
                "no inventory and no Mist token: the tools for the Mist cloud serve callers who bring their own account"
            );
            return Ok(None);
        }
        tracing::warn!("no tokens: whoever reaches this port from this machine may use every tool on every device");
        return Ok(None);
    };
    let inventory = path.services().junos.inventory();
    let known = Known::of(path.catalogue()).with_devices(inventory.devices.keys());
    Tokens::open(file, &known).map(|tokens| Some(Arc::new(tokens)))
}

async fn listeners(http: &HttpSettings) -> Result<Listeners> {
    let mut clients: Vec<TcpListener> = Vec::new();
    let mut failed = None;
    for address in &http.listen {
        let mut address = *address;
        // All addresses of a name have one port, also where the system picks it.
        if let (0, Some(Ok(first))) = (address.port(), clients.first().map(TcpListener::local_addr)) {
            address.set_port(first.port());
        }
        match bind(address).await {
            Ok(listener) => clients.push(listener),
            // A machine without IPv6 has a `localhost` all the same.
            Err(e) => failed = Some(e),
        }
    }
    match failed {
        Some(e) if clients.is_empty() => return Err(e),
        Some(e) => tracing::warn!("{e}"),
        None => {}
    }
    let mut metrics = Vec::new();
    if let Some(address) = http.metrics_listen {
        metrics.push(bind(address).await?);
    }
    Ok(Listeners { clients, metrics })
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|e| {
        Error::new(Code::Io, format!("cannot listen on {address}: {e}"))
            .advise("another program may have this port; give another with --port")
            .caused_by(e)
    })
}

/// Who is served.
fn whom(http: &HttpSettings, tokens: Option<&Tokens>) -> String {
    match tokens {
        Some(tokens) => format!("for {} tokens of {}", tokens.len(), tokens.path().display()),
        None if http.for_accounts => "for callers who bring an account of the Mist cloud".to_owned(),
        None => "for everybody on this machine".to_owned(),
    }
}

fn announce(listeners: &Listeners, is_tls: bool, who: &str) {
    let scheme = if is_tls { "https" } else { "http" };
    for address in listeners
        .clients
        .iter()
        .filter_map(|listener| listener.local_addr().ok())
    {
        say(&format!("jmcp: serving {scheme}://{address}/mcp {who}"));
    }
    for address in listeners
        .metrics
        .iter()
        .filter_map(|listener| listener.local_addr().ok())
    {
        say(&format!("jmcp: figures at http://{address}/metrics"));
    }
}

/// Fires the first at SIGTERM or SIGINT, the second at the next of them.
fn stop_signals() -> (CancellationToken, CancellationToken) {
    let (stop, again) = (CancellationToken::new(), CancellationToken::new());
    let signals = serve::signals();
    let tokens = (stop.clone(), again.clone());
    tokio::spawn(async move {
        tokio::pin!(signals);
        while signals.next().await.is_some() {
            if stop.is_cancelled() {
                again.cancel();
            } else {
                tracing::info!("told to stop");
                stop.cancel();
            }
        }
    });
    tokens
}

/// Hears SIGHUP.
fn reload_signal() -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::hangup()) {
            Ok(mut hangup) => {
                tokio::spawn(async move {
                    while hangup.recv().await.is_some() {
                        let _ = sender.try_send(());
                    }
                });
            }
            Err(e) => tracing::warn!("SIGHUP cannot be heard: {e}"),
        }
    }
    #[cfg(not(unix))]
    std::mem::forget(sender);
    receiver
}
