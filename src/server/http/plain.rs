//! Calls whose answer is all that they say: they ask nothing and report nothing before it, so they need no wire back to the client, and
//! are served in place. That is most calls, and a good part of what one costs.

use std::{borrow::Cow, sync::Arc};

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rmcp::{
    RoleServer, Service,
    model::{
        CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientJsonRpcMessage, ClientRequest, ErrorCode,
        GetExtensions as _, GetMeta as _, Implementation, InitializeRequestParams, JsonRpcRequest, ProtocolVersion,
        RequestId, ServerJsonRpcMessage,
    },
    service::{Peer, RequestContext, RunningService, serve_directly},
    transport::{Transport, TransportAdapterIdentity},
};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::{front, hosts::single};
use crate::server::{Mcp, mcp::Inbound};

/// The ends of wires that lead nowhere, one for each protocol version: the library wants one beside every request.
pub(super) struct Plain {
    mcp: Mcp,
    newer: RunningService<RoleServer, Mcp>,
    older: Vec<(ProtocolVersion, RunningService<RoleServer, Mcp>)>,
}

/// A call that may be served in place.
#[derive(Deserialize)]
pub(super) struct PlainCall {
    id: RequestId,
    params: CallToolRequestParams,
}

impl Plain {
    pub(super) fn new(mcp: &Mcp) -> Arc<Self> {
        let nowhere = |version: &ProtocolVersion| {
            let client = InitializeRequestParams::new(ClientCapabilities::default(), Implementation::default());
            let client = client.with_protocol_version(version.clone());
            serve_directly::<_, _, _, _, TransportAdapterIdentity>(mcp.clone(), Nowhere, Some(client))
        };
        let versions = ProtocolVersion::KNOWN_VERSIONS
            .iter()
            .filter(|version| version.has_initialize());
        Arc::new(Self {
            newer: nowhere(&ProtocolVersion::V_2026_07_28),
            older: versions.map(|version| (version.clone(), nowhere(version))).collect(),
            mcp: mcp.clone(),
        })
    }

    /// The call in a message of the protocol since 2026-07-28, where it is plain, and where its headers say exactly what it says. Everything
    /// else is left to those who know every case.
    pub(super) fn newer(&self, headers: &HeaderMap, body: &[u8]) -> Option<PlainCall> {
        let says = |name: &'static str, value: &str| {
            single(headers, http::HeaderName::from_static(name), name).is_ok_and(|said| said == Some(value))
        };
        let newer = ProtocolVersion::V_2026_07_28;
        if !says("mcp-protocol-version", newer.as_str()) || !says("mcp-method", "tools/call") {
            return None;
        }
        let call: PlainCall = serde_json::from_slice(body).ok()?;
        let meta = call.params.meta.as_ref()?;
        let is_whole =
            meta.protocol_version().as_ref() == Some(&newer) && meta.missing_required_keys(&newer).is_empty();
        let says_more = meta.get_progress_token().is_some() || meta.log_level().is_some();
        let is_plain = is_whole && !says_more && self.mcp.is_plain(&call.params.name);
        (is_plain && says("mcp-name", &call.params.name)).then_some(call)
    }

    /// Whether a request in a session is plain.
    pub(super) fn is_plain(&self, request: &ClientRequest) -> bool {
        match request {
            ClientRequest::CallToolRequest(call) => {
                self.mcp.is_plain(&call.params.name) && request.get_meta().get_progress_token().is_none()
            }
            _ => false,
        }
    }

    /// Answers a call of the protocol since 2026-07-28.
    pub(super) async fn call(self: Arc<Self>, call: PlainCall, inbound: Inbound) -> ServerJsonRpcMessage {
        let PlainCall { id, mut params } = call;
        let meta = params.meta.take().unwrap_or_default();
        let mut request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        *request.get_meta_mut() = meta;
        request.extensions_mut().insert(inbound);
        let taken_back = CancellationToken::new();
        // The client takes a call back by not waiting for it.
        let _gone = taken_back.clone().drop_guard();
        let request = JsonRpcRequest::new(id, request);
        self.answer(&self.mcp, &ProtocolVersion::V_2026_07_28, request, taken_back)
            .await
    }

    /// Answers a request on behalf of a client of this version, until `taken_back` fires.
    pub(super) async fn answer(
        &self,
        mcp: &Mcp,
        version: &ProtocolVersion,
        request: JsonRpcRequest<ClientRequest>,
        taken_back: CancellationToken,
    ) -> ServerJsonRpcMessage {
        let JsonRpcRequest { id, mut request, .. } = request;
        let mut context = RequestContext::new(id.clone(), self.peer(version));
        context.ct = taken_back;
        context.meta = std::mem::take(request.get_meta_mut());
        context.extensions = std::mem::take(request.extensions_mut());
        match Box::pin(mcp.handle_request(request, context)).await {
            Ok(result) => ServerJsonRpcMessage::response(result, id),
            Err(error) => ServerJsonRpcMessage::error(error, Some(id)),
        }
    }

    fn peer(&self, version: &ProtocolVersion) -> Peer<RoleServer> {
        let of_version = self.older.iter().find(|(known, _)| known == version);
        of_version.map_or(&self.newer, |(_, service)| service).peer().clone()
    }
}

/// The answer with the status that the protocol since 2026-07-28 gives it.
pub(super) fn response(message: &ServerJsonRpcMessage) -> Response {
    let mut response = front::json(serde_json::to_vec(message).unwrap_or_default().into());
    if let ServerJsonRpcMessage::Error(error) = message {
        *response.status_mut() = match error.error.code {
            ErrorCode::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
            ErrorCode::UNSUPPORTED_PROTOCOL_VERSION
            | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
            | ErrorCode::HEADER_MISMATCH => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
    }
    response
}

/// A wire that never says anything.
struct Nowhere;

impl Transport<RoleServer> for Nowhere {
    type Error = std::convert::Infallible;

    fn name() -> Cow<'static, str> {
        "nowhere".into()
    }

    fn send(
        &mut self,
        _message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        std::future::ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        std::future::pending().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
