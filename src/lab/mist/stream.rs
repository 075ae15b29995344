//! The WebSockets of the simulated cloud: the sessions that shells and device utilities open.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use serde_json::Value;

use super::State;

/// A session that a shell or a utility opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id, as the answer to the POST named it.
    pub id: String,
    /// The site of the device.
    pub site: String,
    /// The device.
    pub device: String,
    /// `shell`, `ping`, ...
    pub action: String,
    /// The body of the POST.
    pub body: Value,
}

/// The sessions that are open.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Vec<Session>>);

impl Sessions {
    pub(super) fn open(&self, id: &str, site: &str, device: &str, action: &str, body: Value) {
        self.lock().push(Session {
            id: id.to_owned(),
            site: site.to_owned(),
            device: device.to_owned(),
            action: action.to_owned(),
            body,
        });
    }

    pub(super) fn all(&self) -> Vec<Session> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to a request for a WebSocket; none where there is no WebSocket at this path.
pub(super) fn upgrade(_state: &State, _request: &mut Request<Incoming>) -> Option<Response<Body>> {
    None
}
