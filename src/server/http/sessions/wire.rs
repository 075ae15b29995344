//! The MCP library's view of one exchange: it reads the request and the client's replies, and what it sends goes to the session.

use std::{convert::Infallible, sync::Arc};

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};

use super::{
    exchange::{Exchange, Replies},
    session::Session,
};

/// A transport that carries one request.
pub(super) struct Wire {
    pub(super) request: Option<ClientJsonRpcMessage>,
    pub(super) replies: Replies,
    pub(super) exchange: Arc<Exchange>,
    pub(super) session: Arc<Session>,
}

impl Transport<RoleServer> for Wire {
    type Error = Infallible;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.session.outgoing(&self.exchange, message);
        std::future::ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        if let Some(request) = self.request.take() {
            return Some(request);
        }
        tokio::select! {
            biased;
            reply = self.replies.recv() => reply,
            () = self.exchange.over.cancelled() => None,
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Drop for Wire {
    /// The library ends the wire only when there is no answer to come any more; a client that still waits is let go.
    fn drop(&mut self) {
        self.session.over(&self.exchange, None);
    }
}
