//! The WebSockets of the simulated cloud: the channels of the devices' utilities, and the sockets of shells and of what draws on a screen.
//!
//! As in the real cloud, what is said on a channel before it was asked for is lost, all commands of a device share its channel, and keys
//! that are typed before a shell has greeted go nowhere.

mod channel;
mod console;
mod shell;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use futures::SinkExt as _;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::{body::Incoming, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::broadcast;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};
use tokio_util::sync::CancellationToken;

use super::{State, answer::Answer, encoding, seen::Seen, serve};
use crate::lab::Gate;

/// Sessions that wait to be told of, at most.
const WAITING: usize = 64;

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

/// What the WebSockets can be told to do wrong.
#[derive(Debug, Clone)]
pub enum StreamFault {
    /// The channel is refused.
    RefuseChannel,
    /// Nothing more comes after this many lines.
    SilentAfter(usize),
    /// The connection ends after this many lines.
    CloseAfter(usize),
    /// The second line waits here; on a shell the greeting does.
    Hold(Gate),
    /// The answer to the POST names this URL in place of the session's own.
    Url(String),
    /// The shell stops at every page, whatever was set.
    AlwaysPages,
}

/// The sessions that are open.
pub(super) struct Sessions {
    open: Mutex<Vec<Session>>,
    /// Tells the channels of new ones.
    news: broadcast::Sender<Session>,
    faults: Mutex<Vec<StreamFault>>,
    end: CancellationToken,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            news: broadcast::channel(WAITING).0,
            faults: Mutex::default(),
            end: CancellationToken::new(),
        }
    }
}

impl Sessions {
    pub(super) fn open(&self, id: &str, site: &str, device: &str, action: &str, body: Value) {
        let session = Session {
            id: id.to_owned(),
            site: site.to_owned(),
            device: device.to_owned(),
            action: action.to_owned(),
            body,
        };
        self.lock().push(session.clone());
        // An error is that nobody listens; then it is lost, as it is there.
        let _ = self.news.send(session);
    }

    pub(super) fn all(&self) -> Vec<Session> {
        self.lock().clone()
    }

    /// Where a session's own socket is.
    pub(super) fn url(&self, own: String) -> String {
        let faulty = self.fault(|fault| match fault {
            StreamFault::Url(url) => Some(url.clone()),
            _ => None,
        });
        faulty.unwrap_or(own)
    }

    /// Switches a fault on for all sockets that are opened from now on.
    pub(super) fn set(&self, fault: StreamFault) {
        self.faults().push(fault);
    }

    /// Switches every fault off.
    pub(super) fn clear(&self) {
        self.faults().clear();
    }

    /// Ends every socket.
    pub(super) fn close(&self) {
        self.end.cancel();
    }

    fn fault<T>(&self, pick: impl FnMut(&StreamFault) -> Option<T>) -> Option<T> {
        self.faults().iter().find_map(pick)
    }

    /// The session of this id, which nobody else gets.
    fn take(&self, id: &str) -> Option<Session> {
        let mut open = self.lock();
        let at = open.iter().position(|session| session.id == id)?;
        Some(open.remove(at))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Vec<StreamFault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One socket of a client.
type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The answer to a request for a WebSocket; none where there is no WebSocket at this path.
pub(super) fn upgrade(state: &Arc<State>, request: &mut Request<Incoming>) -> Option<Response<Body>> {
    let path = request.uri().path().to_owned();
    if !matches!(path.as_str(), "/api-ws/v1/stream" | "/ssh") {
        return None;
    }
    let name = format!("{} {}", request.method(), request.uri());
    let seen = seen(request);
    let place = state.log.add(seen);
    let refuse = |answer: Answer| {
        state.log.change(&place, |seen| seen.status = Some(answer.status));
        Some(serve::response(state, &name, answer))
    };
    if let Some(answer) = serve::instead(state, &name, &path) {
        return refuse(answer);
    }
    let accept = request
        .headers()
        .get("sec-websocket-key")
        .map(|key| derive_accept_key(key.as_bytes()));
    let Some(accept) = accept.and_then(|accept| HeaderValue::from_str(&accept).ok()) else {
        return refuse(Answer::bad("no WebSocket key"));
    };
    let upgrading = hyper::upgrade::on(&mut *request);
    let serving = Arc::clone(state);
    if path == "/ssh" {
        let query = encoding::pairs(request.uri().query().unwrap_or_default());
        let id = query.iter().find(|(name, _)| name == "jwt").map(|(_, id)| id.as_str());
        let Some(session) = id.and_then(|id| state.sessions.take(id)) else {
            return refuse(Answer::forbidden());
        };
        spawn(state, upgrading, async move |socket| {
            shell::serve(&serving, socket, session).await
        });
    } else {
        let token = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let caller = match state.access.admit(token, state.now()) {
            Ok(caller) => caller,
            Err(refusal) => return refuse(refusal),
        };
        spawn(state, upgrading, async move |socket| {
            channel::serve(&serving, socket, caller).await
        });
    }
    state.log.change(&place, |seen| seen.status = Some(101));
    Some(accepted(accept))
}

fn seen(request: &Request<Incoming>) -> Seen {
    let text = |headers: &HeaderMap| headers.get(header::USER_AGENT)?.to_str().ok().map(str::to_owned);
    Seen {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: encoding::pairs(request.uri().query().unwrap_or_default()),
        authorized: request.headers().contains_key(header::AUTHORIZATION),
        user_agent: text(request.headers()),
        body: None,
        status: None,
    }
}

fn accepted(accept: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-accept", accept);
    response
}

/// Serves a socket once the answer has gone out, until the lab ends.
fn spawn<F>(state: &State, upgrading: hyper::upgrade::OnUpgrade, serve: impl FnOnce(Socket) -> F + Send + 'static)
where
    F: Future<Output = ()> + Send,
{
    let end = state.sessions.end.clone();
    tokio::spawn(end.run_until_cancelled_owned(async move {
        // An error is the peer's leaving before the answer.
        if let Ok(wire) = upgrading.await {
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(wire), Role::Server, None).await;
            serve(socket).await;
        }
    }));
}

/// Sends a message; false when the client is gone.
async fn send(socket: &mut Socket, message: Message) -> bool {
    socket.send(message).await.is_ok()
}
