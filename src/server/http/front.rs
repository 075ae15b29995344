//! `/mcp`: who asks, whether the message can be read, whether there is a place for it, and which side of the protocol answers it.

use std::sync::{Arc, Mutex};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use http_body_util::Full;
use rmcp::{
    ServerHandler as _,
    model::{
        ClientJsonRpcMessage, ClientRequest, GetExtensions as _, JsonRpcRequest, ProtocolVersion, ServerJsonRpcMessage,
        ServerResult,
    },
    transport::{
        StreamableHttpServerConfig, StreamableHttpService, streamable_http_server::session::never::NeverSessionManager,
    },
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    accept::Client,
    body::{self, BodyLimits, Room, Share},
    envelope::{self, Envelope, INVALID_PARAMS, Kind},
    gate::Gate,
    mist::{self, Brings},
    patience,
    plain::{self, Plain},
    refusal::Refusal,
    sessions::Sessions,
};
use crate::{
    server::{Mcp, mcp::Inbound, path::Path},
    tokens::Caller,
};

const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";
/// What a proxy may look at instead of the message: said twice, it may mean one thing there and another here.
const ROUTED_BY: [&str; 4] = [SESSION, VERSION, "mcp-method", "mcp-name"];
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What answers at `/mcp`.
pub(super) struct Front {
    path: Arc<Path>,
    gate: Arc<Gate>,
    mcp: Mcp,
    /// None where every request stands for itself.
    sessions: Option<Arc<Sessions>>,
    /// The library's own front, for the protocol since 2026-07-28, which has no sessions, and for older clients where the operator wants
    /// none.
    sessionless: StreamableHttpService<Mcp, NeverSessionManager>,
    plain: Arc<Plain>,
    body: BodyLimits,
    room: Arc<Room>,
}

/// A message that may be served.
struct Message {
    parts: Parts,
    body: Bytes,
    envelope: Envelope,
    caller: Caller,
    /// The room of the body, given back with it.
    _share: Share,
}

impl Front {
    pub(super) fn new(
        path: Arc<Path>,
        gate: Arc<Gate>,
        mcp: Mcp,
        sessions: Option<Arc<Sessions>>,
        body: BodyLimits,
    ) -> Arc<Self> {
        let factory = mcp.clone();
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_sse_keep_alive(None)
            .with_sse_retry(None)
            .with_max_request_body_bytes(usize::MAX)
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let sessionless = StreamableHttpService::new(
            move || Ok(factory.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        Arc::new(Self {
            plain: Plain::new(&mcp),
            path,
            gate,
            mcp,
            sessions,
            sessionless,
            body,
            room: Arc::default(),
        })
    }

    /// Serves a request to `/mcp`.
    pub(super) async fn serve(State(front): State<Arc<Self>>, request: Request<Body>) -> Response {
        front.answer(request).await.unwrap_or_else(Refusal::into_response)
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let has_tokens = self.gate.tokens.is_some();
        let brings = mist::read(&parts, &self.path.services().mist, has_tokens)?;
        let caller = brings.caller(self.gate.caller(&parts)?, has_tokens);
        known(&parts, &caller);
        self.path
            .limits()
            .rate(&caller.principal)
            .map_err(Refusal::rate_limited)?;
        match parts.method {
            Method::POST => self.post(parts, body, caller, brings).await,
            Method::GET => self.listen(&parts, &caller),
            Method::DELETE => self.close(&parts, &caller),
            _ => Err(self.not_allowed()),
        }
    }

    async fn post(&self, mut parts: Parts, body: Body, caller: Caller, brings: Brings) -> Result<Response, Refusal> {
        speaks_json(&mut parts.headers)?;
        for name in ROUTED_BY {
            super::hosts::single(&parts.headers, header::HeaderName::from_static(name), name)?;
        }
        let mut share = Share::of(&self.room, &caller.id);
        let body = body::read(&parts, body, self.body, &mut share).await;
        let body = body.inspect_err(|refusal| {
            if refusal.is(StatusCode::PAYLOAD_TOO_LARGE) || refusal.is(StatusCode::SERVICE_UNAVAILABLE) {
                self.path.figures().limit_hit("request_body", "request_rejected");
            }
        })?;
        let envelope = envelope::open(&body)?;
        // What belongs to calls on their way is taken to the end: answers to questions, and calls taken back.
        if matches!(envelope.kind, Kind::Request(_)) && self.path.is_refusing() {
            return Err(Refusal::going_down());
        }
        let place = match envelope.kind {
            Kind::Request(_) => {
                let entered = self.path.limits().enter(&caller.principal, &envelope.devices).await;
                Some(entered.map_err(|full| Refusal::overloaded(full.as_str()))?)
            }
            _ => None,
        };
        parts.extensions.insert(Inbound {
            caller: caller.clone(),
            place: Arc::new(Mutex::new(place)),
            account: brings.account,
            wanted: brings.wanted,
        });
        let message = Message {
            parts,
            body,
            envelope,
            caller,
            _share: share,
        };
        let in_session = self.sessions.as_ref().filter(|_| message.is_of_a_session());
        match in_session {
            Some(_) if message.envelope.method == "initialize" => self.initialize(message),
            Some(sessions) => self.in_session(sessions, message).await,
            None => self.without_session(message).await,
        }
    }

    /// Begins a session.
    fn initialize(&self, message: Message) -> Result<Response, Refusal> {
        let id = message.id();
        let invalid = |why: String| {
            Refusal::rpc(
                StatusCode::BAD_REQUEST,
                id.clone(),
                INVALID_PARAMS,
                format!("invalid params: {why}"),
            )
        };
        let read = serde_json::from_slice(&message.body).map_err(|e| invalid(e.to_string()))?;
        let ClientJsonRpcMessage::Request(JsonRpcRequest {
            request: ClientRequest::InitializeRequest(request),
            id: request_id,
            ..
        }) = read
        else {
            return Err(invalid(
                "`protocolVersion`, `capabilities` and `clientInfo` are needed".into(),
            ));
        };
        let mut client = request.params;
        let wanted = message.parts.headers.get(VERSION);
        if wanted.is_some_and(|wanted| wanted != client.protocol_version.as_str()) {
            return Err(invalid(
                "the MCP-Protocol-Version header names another version than `protocolVersion`".into(),
            ));
        }
        let mut result = self
            .mcp
            .negotiate_initialize(&client)
            .map_err(|e| invalid(e.message.into_owned()))?;
        result.instructions = Some(self.mcp.instructions_of(message.parts.extensions.get()));
        client.protocol_version = result.protocol_version.clone();
        let sessions = self.sessions.as_ref().ok_or_else(Refusal::no_session)?;
        let session = sessions.open(&message.caller, client)?;
        let answer = ServerJsonRpcMessage::response(ServerResult::InitializeResult(result), request_id);
        let mut response = json(serde_json::to_vec(&answer).unwrap_or_default().into());
        if let Ok(session) = HeaderValue::from_str(&session) {
            response.headers_mut().insert(SESSION, session);
        }
        Ok(response)
    }

    async fn in_session(&self, sessions: &Sessions, message: Message) -> Result<Response, Refusal> {
        let Some(session) = session_id(&message.parts.headers)? else {
            return Err(Refusal::bad_request(
                "no Mcp-Session-Id header: send `initialize` first, or name the protocol version 2026-07-28 in the request",
            ));
        };
        knows_version(&message.parts.headers)?;
        let read = serde_json::from_slice::<ClientJsonRpcMessage>(&message.body);
        let mut typed = read.map_err(|e| message.invalid_params(&e.to_string()))?;
        let inbound = message.parts.extensions.get::<Inbound>();
        if let (ClientJsonRpcMessage::Request(request), Some(inbound)) = (&mut typed, inbound) {
            request.request.extensions_mut().insert(inbound.clone());
        }
        sessions
            .post(&message.caller, session, &self.mcp, &self.plain, typed)
            .await
    }

    async fn without_session(&self, message: Message) -> Result<Response, Refusal> {
        let alive = message.caller.alive.clone();
        if message.envelope.method == "tools/call"
            && let Some(call) = self.plain.newer(&message.parts.headers, &message.body)
            && let Some(inbound) = message.parts.extensions.get::<Inbound>().cloned()
        {
            let plain = self.plain.clone();
            let call = async move { plain::response(&plain.call(call, inbound).await) }.boxed();
            return Ok(patience::until(unrevoked(&alive, patience::answer(call)).await?, alive));
        }
        let refusal = message.invalid_params("the parameters do not fit the method");
        let request = Request::from_parts(message.parts, Full::new(message.body));
        let service = self.sessionless.clone();
        let call = async move { service.handle(request).await.map(Body::new) }.boxed();
        let response = unrevoked(&alive, patience::answer(call)).await?;
        // The library says so of a body that it cannot read; that it is JSON was seen before.
        if response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            return Err(refusal);
        }
        Ok(patience::until(response, alive))
    }

    fn listen(&self, parts: &Parts, caller: &Caller) -> Result<Response, Refusal> {
        let sessions = self.sessions.as_ref().ok_or_else(|| self.not_allowed())?;
        let Some(session) = session_id(&parts.headers)? else {
            return Err(self.not_allowed());
        };
        if !accepts(&parts.headers, "text/event-stream") {
            return Err(Refusal::new(
                StatusCode::NOT_ACCEPTABLE,
                "not_acceptable",
                "a GET is answered with text/event-stream",
            ));
        }
        knows_version(&parts.headers)?;
        if self.path.is_refusing() && !parts.headers.contains_key("last-event-id") {
            return Err(Refusal::going_down());
        }
        sessions.listen(caller, session, &parts.headers)
    }

    fn close(&self, parts: &Parts, caller: &Caller) -> Result<Response, Refusal> {
        let sessions = self.sessions.as_ref().ok_or_else(|| self.not_allowed())?;
        let session = session_id(&parts.headers)?.ok_or_else(|| self.not_allowed())?;
        sessions.close(caller, session)?;
        Ok(status(StatusCode::NO_CONTENT))
    }

    fn not_allowed(&self) -> Refusal {
        let methods = if self.sessions.is_some() {
            "GET, POST, DELETE"
        } else {
            "POST"
        };
        let why = "POST carries messages; GET and DELETE need the Mcp-Session-Id header of a session";
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", why)
            .header(header::ALLOW, HeaderValue::from_static(methods))
    }
}

impl Message {
    /// Clients since 2026-07-28 name their version in each request, or at least in the header of each message.
    fn is_of_a_session(&self) -> bool {
        let newer = self
            .parts
            .headers
            .get(VERSION)
            .is_some_and(|version| version.as_bytes() >= b"2026-07-28".as_slice());
        !newer && !self.envelope.names_version && self.envelope.method != "server/discover"
    }

    fn id(&self) -> Value {
        match &self.envelope.kind {
            Kind::Request(id) => id.clone(),
            _ => Value::Null,
        }
    }

    fn invalid_params(&self, why: &str) -> Refusal {
        Refusal::rpc(
            StatusCode::BAD_REQUEST,
            self.id(),
            INVALID_PARAMS,
            format!("invalid params: {why}"),
        )
    }
}

/// The answer, or that the token is not valid any more, as soon as it is not.
async fn unrevoked(alive: &CancellationToken, answer: impl Future<Output = Response>) -> Result<Response, Refusal> {
    tokio::select! {
        answer = answer => Ok(answer),
        () = alive.cancelled() => Err(Refusal::wrong_token()),
    }
}

/// An answer that is one message.
pub(super) fn json(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// The answer to what wants none.
pub(super) fn accepted() -> Response {
    status(StatusCode::ACCEPTED)
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A client sends JSON and takes JSON and streams. One that says nothing of what it takes, takes both.
pub(super) fn speaks_json(headers: &mut HeaderMap) -> Result<(), Refusal> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let why = "the Content-Type of a message has to be application/json";
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            why,
        ));
    }
    if !accepts(headers, "application/json") || !accepts(headers, "text/event-stream") {
        let why = "a client has to accept both application/json and text/event-stream";
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", why));
    }
    // The library wants both by name.
    headers.insert(
        header::ACCEPT,
        HeaderValue::from_static("application/json, text/event-stream"),
    );
    Ok(())
}

fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let mut lists = headers.get_all(header::ACCEPT).iter().peekable();
    if lists.peek().is_none() {
        return true;
    }
    let family = kind.split('/').next().unwrap_or_default();
    let matches = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight
                .and_then(|weight| weight.trim().parse::<f32>().ok())
                .is_some_and(|weight| weight <= 0.0)
        });
        let named =
            name == "*/*" || name.eq_ignore_ascii_case(kind) || name.strip_suffix("/*").is_some_and(|f| f == family);
        named && !is_refused
    };
    lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(matches)
}

pub(super) fn session_id(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    super::hosts::single(headers, header::HeaderName::from_static(SESSION), "Mcp-Session-Id")
}

pub(super) fn knows_version(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(version) = super::hosts::single(
        headers,
        header::HeaderName::from_static(VERSION),
        "MCP-Protocol-Version",
    )?
    else {
        return Ok(());
    };
    if ProtocolVersion::KNOWN_VERSIONS
        .iter()
        .any(|known| known.as_str() == version)
    {
        return Ok(());
    }
    let known: Vec<&str> = ProtocolVersion::KNOWN_VERSIONS
        .iter()
        .map(ProtocolVersion::as_str)
        .collect();
    Err(Refusal::bad_request(format!(
        "MCP-Protocol-Version is none of {}",
        known.join(", ")
    )))
}

/// Marks the connection as one of this caller.
pub(super) fn known(parts: &Parts, caller: &Caller) {
    if let Some(client) = parts.extensions.get::<Client>() {
        client.belongs_to(&caller.id);
    }
}
