//! One session of a client up to 2025-11-25: a record, not a task. Each of its requests is served by itself, so that sessions cost
//! nothing while nobody asks, and one call cannot hold up another.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::StatusCode;
use rmcp::{
    model::{
        ClientJsonRpcMessage, ClientNotification, ClientRequest, InitializeRequestParams, JsonRpcRequest,
        NumberOrString, ProtocolVersion, RequestId, ServerJsonRpcMessage,
    },
    service::serve_directly_with_ct,
    transport::TransportAdapterIdentity,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    super::{front, patience::PLAIN_FOR, plain::Plain, refusal::Refusal, sse},
    exchange::{Exchange, First, Replies},
    wire::Wire,
};
use crate::{
    server::{Mcp, level::SessionLevel},
    tokens::Caller,
    tools::Chosen,
};

/// How long what was streamed is kept for a client that comes back, how many calls of a session, and how many bytes.
const KEPT_FOR: Duration = Duration::from_secs(120);
const KEPT_CALLS: usize = 16;
const KEPT_BYTES: usize = 4 << 20;
/// Streams of one session that wait for what the server says of its own accord.
const STREAMS: usize = 16;

/// A session.
pub(super) struct Session {
    /// Its name, which only its owner may use.
    pub(super) id: Arc<str>,
    /// Whose it is.
    pub(super) owner: Caller,
    client: InitializeRequestParams,
    level: SessionLevel,
    chosen: Chosen,
    /// Fires when it ends: closed by its owner, idle, too old, or its token is no more.
    pub(super) ended: CancellationToken,
    opened: Instant,
    state: Mutex<State>,
}

struct State {
    seen: Instant,
    is_initialized: bool,
    /// Takes no further requests.
    is_ended: bool,
    streams: usize,
    next: u64,
    /// Requests on their way.
    open: HashMap<RequestId, Arc<Exchange>>,
    /// Questions to the client: whose they are, under which id.
    asked: HashMap<i64, (Arc<Exchange>, RequestId)>,
    /// Answered, and kept for a while.
    kept: VecDeque<Arc<Exchange>>,
}

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Idle,
    Lifetime,
    /// By its owner, or because its token is no more.
    Closed,
}

impl Session {
    /// A session of this caller, whose client said this of itself.
    pub(super) fn new(id: Arc<str>, owner: Caller, client: InitializeRequestParams) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            id,
            ended: owner.alive.child_token(),
            owner,
            client,
            level: SessionLevel::default(),
            chosen: Chosen::default(),
            opened: now,
            state: Mutex::new(State {
                seen: now,
                is_initialized: false,
                is_ended: false,
                streams: 0,
                next: 1,
                open: HashMap::new(),
                asked: HashMap::new(),
                kept: VecDeque::new(),
            }),
        })
    }

    /// Why it should end now, if it should. A call on its way is never ended by time.
    pub(super) fn end(&self, now: Instant, idle: Duration, lifetime: Duration) -> Option<End> {
        if self.ended.is_cancelled() {
            return Some(End::Closed);
        }
        let mut state = self.state();
        state.forget(now);
        if !state.open.is_empty() {
            return None;
        }
        let over = |limit: Duration, since: Instant| !limit.is_zero() && now.duration_since(since) >= limit;
        // A client that only ever shook hands is not waited for as long as one that works.
        let idle = if state.is_initialized || idle.is_zero() {
            idle
        } else {
            idle.min(super::HANDSHAKE)
        };
        let end = if over(lifetime, self.opened) {
            Some(End::Lifetime)
        } else if state.streams == 0 && over(idle, state.seen) {
            Some(End::Idle)
        } else {
            None
        };
        state.is_ended = end.is_some();
        end
    }

    /// Whether it is too old for another request.
    pub(super) fn is_over_age(&self, lifetime: Duration) -> bool {
        !lifetime.is_zero() && self.opened.elapsed() >= lifetime
    }

    /// Serves a request: an answer as JSON where that is all, else a stream.
    ///
    /// # Errors
    /// -32600 for an id that is on its way already.
    pub(super) async fn request(
        self: &Arc<Self>,
        mcp: &Mcp,
        plain: &Arc<Plain>,
        request: JsonRpcRequest<ClientRequest>,
    ) -> Result<Response, Refusal> {
        let (exchange, replies) = self.begin(&request.id)?;
        if plain.is_plain(&request.request) {
            self.serve_plain(plain, mcp, exchange.clone(), request);
        } else {
            self.serve_wired(mcp, exchange.clone(), replies, request);
        }
        match exchange.first(Instant::now() + PLAIN_FOR).await {
            First::Answer(answer) => Ok(front::json(answer)),
            First::Nothing => Ok(sse::response(stream::empty())),
            First::More => {
                let is_primed = self.client.protocol_version >= ProtocolVersion::V_2025_11_25;
                Ok(sse::response(exchange.events(0, is_primed, self.ended.clone())))
            }
        }
    }

    fn begin(&self, id: &RequestId) -> Result<(Arc<Exchange>, Replies), Refusal> {
        let mut state = self.state();
        if state.is_ended || self.ended.is_cancelled() {
            return Err(Refusal::no_session());
        }
        if state.open.contains_key(id) {
            let id = serde_json::to_value(id).unwrap_or_default();
            let why = "invalid request: a request with this id is on its way in this session";
            return Err(Refusal::rpc(StatusCode::BAD_REQUEST, id, -32600, why));
        }
        let number = state.next;
        state.next += 1;
        let (exchange, replies) = Exchange::new(number, id.clone(), self.ended.child_token());
        state.open.insert(id.clone(), exchange.clone());
        Ok((exchange, replies))
    }

    /// In a task of its own: a client that goes away has not taken its call back.
    fn serve_plain(
        self: &Arc<Self>,
        plain: &Arc<Plain>,
        mcp: &Mcp,
        exchange: Arc<Exchange>,
        request: JsonRpcRequest<ClientRequest>,
    ) {
        let (session, plain, mcp) = (self.clone(), plain.clone(), mcp.clone());
        tokio::spawn(async move {
            let served = Serving {
                session: &session,
                exchange: &exchange,
            };
            let taken_back = exchange.taken_back.clone();
            let answer = plain
                .answer(&mcp, &session.client.protocol_version, request, taken_back)
                .await;
            session.outgoing(served.exchange, answer);
        });
    }

    fn serve_wired(
        self: &Arc<Self>,
        mcp: &Mcp,
        exchange: Arc<Exchange>,
        replies: Replies,
        request: JsonRpcRequest<ClientRequest>,
    ) {
        let wire = Wire {
            request: Some(ClientJsonRpcMessage::Request(request)),
            replies,
            exchange,
            session: self.clone(),
        };
        let client = Some(self.client.clone());
        let serving = serve_directly_with_ct::<_, _, _, _, TransportAdapterIdentity>(
            mcp.clone().in_session(&self.level, &self.chosen),
            wire,
            client,
            self.ended.child_token(),
        );
        tokio::spawn(async move { serving.waiting().await });
    }

    /// Takes a notification, or an answer to a question of the server.
    pub(super) fn incoming(&self, message: ClientJsonRpcMessage) {
        let mut state = self.state();
        state.seen = Instant::now();
        match message {
            ClientJsonRpcMessage::Notification(notification) => match &notification.notification {
                ClientNotification::InitializedNotification(_) => state.is_initialized = true,
                ClientNotification::CancelledNotification(cancelled) => {
                    let id = cancelled.params.request_id.clone();
                    let exchange = id.and_then(|id| state.open.get(&id).cloned());
                    drop(state);
                    if let Some(exchange) = exchange {
                        exchange.taken_back.cancel();
                        exchange.reply(ClientJsonRpcMessage::Notification(notification));
                        // A request that was taken back is not answered.
                        self.over(&exchange, None);
                    }
                }
                _ => {}
            },
            ClientJsonRpcMessage::Response(mut response) => {
                if let Some((exchange, id)) = state.asked_under(&response.id) {
                    response.id = id;
                    exchange.reply(ClientJsonRpcMessage::Response(response));
                }
            }
            ClientJsonRpcMessage::Error(mut error) => {
                if let Some((exchange, id)) = error.id.as_ref().and_then(|id| state.asked_under(id)) {
                    error.id = Some(id);
                    exchange.reply(ClientJsonRpcMessage::Error(error));
                }
            }
            ClientJsonRpcMessage::Request(_) => {}
        }
    }

    /// Takes what a call sends: its answer, something before it, or a question.
    pub(super) fn outgoing(&self, exchange: &Arc<Exchange>, mut message: ServerJsonRpcMessage) {
        if let ServerJsonRpcMessage::Request(request) = &mut message {
            let mut state = self.state();
            let number = state.next;
            state.next += 1;
            // Every call counts its questions from 0; the client has to see one id for one question.
            let unique = i64::try_from(number).unwrap_or(i64::MAX);
            let id = std::mem::replace(&mut request.id, NumberOrString::Number(unique));
            state.asked.insert(unique, (exchange.clone(), id));
        }
        let json = serde_json::to_vec(&message).unwrap_or_default();
        match message {
            ServerJsonRpcMessage::Response(_) | ServerJsonRpcMessage::Error(_) => {
                self.over(exchange, Some(json.into()));
            }
            _ => exchange.say(&json),
        }
    }

    /// Waits until no request is on its way any more.
    pub(super) async fn answered(&self) {
        let open: Vec<_> = self.state().open.values().cloned().collect();
        for exchange in open {
            exchange.over.cancelled().await;
        }
    }

    /// Ends an exchange, once.
    pub(super) fn over(&self, exchange: &Arc<Exchange>, answer: Option<Bytes>) {
        let mut state = self.state();
        let open = state.open.get(&exchange.id);
        if open.is_none_or(|open| !Arc::ptr_eq(open, exchange)) {
            return exchange.end(answer);
        }
        // Before the client can know of the answer: it may use the id again at once.
        state.open.remove(&exchange.id);
        exchange.end(answer);
        state.asked.retain(|_, (asking, _)| !Arc::ptr_eq(asking, exchange));
        let now = Instant::now();
        state.seen = now;
        if exchange.kept_since().is_some() {
            state.kept.push_back(exchange.clone());
            state.forget(now);
        }
    }

    /// A stream for what the server says of its own accord, or to read on after an event of an earlier stream.
    ///
    /// # Errors
    /// 409 where the session has many already.
    pub(super) fn listen(self: &Arc<Self>, last_event: Option<&str>) -> Result<Response, Refusal> {
        let mut state = self.state();
        state.seen = Instant::now();
        let resumed = last_event.and_then(place).map(|(number, place)| {
            let mut exchanges = state.open.values().chain(&state.kept);
            (exchanges.find(|exchange| exchange.number == number).cloned(), place)
        });
        if state.streams >= STREAMS {
            let why = format!("this session has {STREAMS} streams open, which is the limit");
            return Err(Refusal::new(StatusCode::CONFLICT, "too_many_streams", why));
        }
        state.streams += 1;
        drop(state);
        let open = Listening(self.clone());
        match resumed {
            Some((Some(exchange), place)) => {
                let events = exchange.events(place, false, self.ended.clone());
                return Ok(sse::response(events.map(move |event| open.counts(event))));
            }
            // An error would make clients ask for ever.
            Some((None, _)) => return Ok(sse::response(stream::empty())),
            None => {}
        }
        Ok(sse::response(stream::once(async move {
            open.0.ended.cancelled().await;
            Bytes::new()
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn asked_under(&mut self, id: &RequestId) -> Option<(Arc<Exchange>, RequestId)> {
        match id {
            NumberOrString::Number(number) => self.asked.remove(number),
            NumberOrString::String(_) => None,
        }
    }

    /// Drops what nobody will come back for.
    fn forget(&mut self, now: Instant) {
        let is_old = |exchange: &Arc<Exchange>| {
            exchange
                .kept_since()
                .is_none_or(|since| now.duration_since(since) >= KEPT_FOR)
        };
        let mut bytes: usize = self.kept.iter().map(|exchange| exchange.bytes()).sum();
        while let Some(oldest) = self.kept.front() {
            if self.kept.len() <= KEPT_CALLS && bytes <= KEPT_BYTES && !is_old(oldest) {
                return;
            }
            bytes = bytes.saturating_sub(oldest.bytes());
            self.kept.pop_front();
        }
    }
}

/// A call on its way; however it ends, a client that waits is let go.
struct Serving<'a> {
    session: &'a Session,
    exchange: &'a Arc<Exchange>,
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.session.over(self.exchange, None);
    }
}

/// An open stream; counted until it is dropped.
struct Listening(Arc<Session>);

impl Listening {
    /// Keeps the stream that the event is of counted.
    fn counts(&self, event: Bytes) -> Bytes {
        event
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.streams = state.streams.saturating_sub(1);
        state.seen = Instant::now();
    }
}

/// The exchange and the place in it that an event id names.
fn place(id: &str) -> Option<(u64, u64)> {
    let (number, place) = id.split_once('-')?;
    Some((number.parse().ok()?, place.parse().ok()?))
}
