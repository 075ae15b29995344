//! MCP over streamable HTTP, for a team: the assembly of what each file here is for.
//!
//! A request passes, in this order: the connection's limits (`accept`, `connection`), the names that the server goes by and the pages
//! that may call it (`gate`, `hosts`), its token (`gate`), the rate of its caller, its body (`body`), the outside of its message
//! (`envelope`), and a place among the calls on their way. Then it is MCP (`front`): in a session (`sessions`) or by itself.

mod accept;
mod body;
mod connection;
mod envelope;
mod framing;
mod front;
#[doc(hidden)]
pub mod fuzz;
mod gate;
mod health;
mod hosts;
mod mist;
mod patience;
mod plain;
mod refusal;
mod sessions;
mod sse;
mod tls;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    middleware::from_fn_with_state,
    response::IntoResponse as _,
    routing::{any, get},
};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::{
    accept::ConnectionLimits,
    body::BodyLimits,
    health::{Health, PARTS},
    hosts::Hosts,
    sessions::SessionLimits,
    tls::{Renewed, Tls},
};
use self::{accept::Door, front::Front, gate::Gate, health::Metrics, refusal::Refusal, sessions::Sessions};
use super::{Mcp, path::Path};
use crate::{
    error::Result,
    tokens::{Caller, Tokens},
};

/// What is left of answers when the server goes down gets this long to reach its clients.
const FLUSH: Duration = Duration::from_secs(5);

/// What an operator decided about the HTTP server.
pub struct Options {
    /// The names that it goes by.
    pub hosts: Hosts,
    /// Who may come in; none where everybody may.
    pub tokens: Option<Arc<Tokens>>,
    /// Whether callers get nothing but what accounts of the Mist cloud that they bring give them.
    pub for_accounts: bool,
    /// The certificate; none without TLS.
    pub tls: Option<Arc<Tls>>,
    /// Every request stands for itself, and clients up to 2025-11-25 cannot be asked anything.
    pub stateless: bool,
    /// Limits on bodies.
    pub body: BodyLimits,
    /// Limits on connections.
    pub connections: ConnectionLimits,
    /// Limits on sessions.
    pub sessions: SessionLimits,
    /// Whether there are figures at `/metrics`.
    pub metrics: bool,
    /// How long calls that only read may go on when the server goes down.
    pub grace: Duration,
}

/// The ends that the server listens on.
pub struct Listeners {
    /// For clients.
    pub clients: Vec<TcpListener>,
    /// For figures alone; where there is none, they are on the clients' listeners behind a token.
    pub metrics: Vec<TcpListener>,
}

/// Serves until `stop` fires, then lets calls that write come to their end and the others for a while, and returns when every answer
/// has gone out.
///
/// # Errors
/// `internal` when there is no random key or no TLS.
pub async fn serve(
    path: Arc<Path>,
    options: Options,
    listeners: Listeners,
    health: Arc<Health>,
    stop: CancellationToken,
) -> Result<()> {
    let (closing, over) = (CancellationToken::new(), CancellationToken::new());
    let _background = over.clone().drop_guard();
    let sessions = (!options.stateless).then(|| Sessions::new(options.sessions, path.figures().clone()));
    let doors = doors(&path, &options, &listeners, &health, sessions.clone(), &closing)?;
    for (door, listeners) in [(&doors.clients, listeners.clients), (&doors.metrics, listeners.metrics)] {
        for listener in listeners {
            tokio::spawn(door.clone().serve(listener));
        }
    }
    if let Some(sessions) = sessions.clone() {
        tokio::spawn(over.clone().run_until_cancelled_owned(sessions.reap()));
    }
    if let Some(tokens) = options.tokens.clone() {
        tokio::spawn(over.run_until_cancelled_owned(keep_time(tokens)));
    }
    stop.cancelled().await;
    tracing::info!("going down: {} calls on their way", path.in_flight());
    path.drain_within(options.grace).await;
    closing.cancel();
    if let Some(sessions) = sessions {
        let _ = tokio::time::timeout(FLUSH, sessions.answered()).await;
        sessions.close_all();
    }
    doors.clients.emptied(FLUSH).await;
    options.tokens.map_or(Ok(()), |tokens| tokens.save_used())
}

struct Doors {
    clients: Arc<Door>,
    metrics: Arc<Door>,
}

fn doors(
    path: &Arc<Path>,
    options: &Options,
    listeners: &Listeners,
    health: &Arc<Health>,
    sessions: Option<Arc<Sessions>>,
    closing: &CancellationToken,
) -> Result<Doors> {
    let gate = |knows_own_address| {
        Arc::new(Gate {
            hosts: options.hosts.clone(),
            tokens: options.tokens.clone(),
            anonymous: if options.for_accounts {
                Caller::with_account_only()
            } else {
                Caller::anonymous()
            },
            figures: path.figures().clone(),
            knows_own_address,
        })
    };
    let guard = gate(false);
    let mcp = Mcp::over_http(path.clone());
    let front = Front::new(path.clone(), guard.clone(), mcp, sessions, options.body);
    let metrics = (options.metrics && listeners.metrics.is_empty()).then(|| Metrics {
        path: path.clone(),
        gate: Some(guard.clone()),
    });
    let acceptor = options.tls.as_ref().map(|tls| tls.acceptor()).transpose()?;
    let figures = path.figures().clone();
    let counted = move |by| {
        figures.connections().inc_by(by);
    };
    let router = guarded(clients(front, health.clone(), metrics), guard);
    let alone = guarded(figures_only(path.clone(), health.clone()), gate(true));
    let limits = options.connections;
    Ok(Doors {
        clients: Door::new(router, acceptor, limits, closing.clone(), counted),
        metrics: Door::new(alone, None, limits, closing.clone(), |_| {}),
    })
}

/// What clients reach.
fn clients(front: Arc<Front>, health: Arc<Health>, metrics: Option<Metrics>) -> Router {
    let mcp = Router::new()
        .route("/mcp", any(Front::serve))
        .route("/mcp/", any(Front::serve))
        .with_state(front);
    match metrics {
        Some(metrics) => mcp.merge(probes(health)).merge(shown(metrics)),
        None => mcp.merge(probes(health)),
    }
}

fn figures_only(path: Arc<Path>, health: Arc<Health>) -> Router {
    probes(health).merge(shown(Metrics { path, gate: None }))
}

fn probes(health: Arc<Health>) -> Router {
    Router::new()
        .route("/healthz", get(Health::live))
        .route("/readyz", get(Health::ready))
        .with_state(health)
}

fn shown(metrics: Metrics) -> Router {
    Router::new()
        .route("/metrics", get(Metrics::show))
        .with_state(Arc::new(metrics))
}

fn guarded(router: Router, gate: Arc<Gate>) -> Router {
    let unknown = || async { Refusal::new(StatusCode::NOT_FOUND, "not_found", "MCP is at /mcp").into_response() };
    router.fallback(unknown).layer(from_fn_with_state(gate, Gate::guard))
}

/// Ends tokens whose time is over, and writes down now and then when each was used.
async fn keep_time(tokens: Arc<Tokens>) {
    for second in 1_u64.. {
        tokio::time::sleep(Duration::from_secs(1)).await;
        tokens.end_expired();
        if second % 60 == 0 {
            let tokens = tokens.clone();
            let saved = tokio::task::spawn_blocking(move || tokens.save_used()).await;
            if let Ok(Err(e)) = saved {
                tracing::warn!("{e}");
            }
        }
    }
}
