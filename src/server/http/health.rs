//! Whether the server lives, whether it is ready, and its figures.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Request, StatusCode, header};
use serde_json::{Value, json};

use super::{front, gate::Gate, refusal::Refusal};
use crate::server::{figures, path::Path};

/// What a server works with that can be wrong.
pub const PARTS: [&str; 4] = ["inventory", "tokens", "rules", "certificate"];

/// What is known of the server's state.
pub struct Health {
    path: Arc<Path>,
    started: Instant,
    /// The parts that are wrong in their files; what was there before is in use.
    wrong: Mutex<Vec<&'static str>>,
}

impl Health {
    /// Everything is well when a server starts: it does not start otherwise.
    pub fn new(path: Arc<Path>) -> Arc<Self> {
        Arc::new(Self {
            path,
            started: Instant::now(),
            wrong: Mutex::default(),
        })
    }

    /// What the last reload found wrong, of `PARTS`.
    pub fn set_wrong(&self, parts: Vec<&'static str>) {
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = parts;
    }

    /// Answers as long as the process does.
    pub(super) async fn live(State(health): State<Arc<Self>>) -> Response {
        let body = json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": health.started.elapsed().as_secs(),
        });
        answer(StatusCode::OK, &body)
    }

    /// Says whether calls should be sent here: not while the server goes down, and not while a file that it works with is wrong. Which
    /// device or token it is stands in the log, and not here: whoever asks is not known.
    pub(super) async fn ready(State(health): State<Arc<Self>>) -> Response {
        let wrong = health.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_draining = health.path.is_refusing();
        // Whatever changes something is refused meanwhile.
        let is_recorded = !health.path.audit().is_failing();
        let status = match (is_draining, wrong.is_empty() && is_recorded) {
            (true, _) => "draining",
            (false, false) => "not ready",
            (false, true) => "ready",
        };
        let mut body = json!({ "status": status });
        for part in PARTS {
            let word = if wrong.contains(&part) {
                "invalid; the state before is in use"
            } else {
                "ok"
            };
            if let Some(body) = body.as_object_mut() {
                body.insert(part.into(), word.into());
            }
        }
        if let Some(body) = body.as_object_mut().filter(|_| !is_recorded) {
            body.insert("audit".into(), "cannot be written; nothing is changed".into());
        }
        let code = if status == "ready" {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        answer(code, &body)
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(format!("{body}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The figures, and who may see them.
pub(super) struct Metrics {
    pub(super) path: Arc<Path>,
    /// None on a listener of its own, which is not for clients.
    pub(super) gate: Option<Arc<Gate>>,
}

impl Metrics {
    /// All figures: they name devices and tools, so a token that may not use all of them does not see them.
    pub(super) async fn show(State(metrics): State<Arc<Self>>, request: Request<Body>) -> Response {
        metrics.text(request).unwrap_or_else(Refusal::into_response)
    }

    fn text(&self, request: Request<Body>) -> Result<Response, Refusal> {
        let parts = request.into_parts().0;
        if let Some(gate) = &self.gate {
            let caller = gate.caller(&parts)?;
            front::known(&parts, &caller);
            if !caller.principal.is_unrestricted() {
                let why = "the figures are for tokens that may use every tool and device";
                return Err(Refusal::new(StatusCode::FORBIDDEN, "insufficient_scope", why));
            }
        }
        let services = self.path.services();
        let text = self.path.figures().render(&services.junos, &services.mist);
        let mut response = Response::new(Body::from(text));
        // The older format takes what the newer one has more for comments.
        let accepted = parts
            .headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok());
        let is_newer = accepted.is_some_and(|accept| accept.contains("application/openmetrics-text"));
        let kind = HeaderValue::from_static(if is_newer {
            figures::CONTENT_TYPE
        } else {
            figures::OLDER_CONTENT_TYPE
        });
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        Ok(response)
    }
}
