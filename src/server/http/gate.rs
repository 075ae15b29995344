//! Who may come in: the checks that every request meets before anything else, and the token of those that need one.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{Request, header, request::Parts};

use super::{
    accept::Client,
    hosts::{Hosts, single},
    refusal::Refusal,
};
use crate::{
    server::figures::Figures,
    tokens::{Caller, Tokens},
};

/// The names that the server goes by, and the tokens.
pub(super) struct Gate {
    pub(super) hosts: Hosts,
    /// None where the operator lets everybody in.
    pub(super) tokens: Option<Arc<Tokens>>,
    pub(super) anonymous: Caller,
    pub(super) figures: Arc<Figures>,
    /// Whether the address that a connection came in on counts as a name of the server.
    pub(super) knows_own_address: bool,
}

impl Gate {
    /// Refuses what is ambiguous, or called by a name that is not allowed, whatever it asks for.
    pub(super) async fn guard(State(gate): State<Arc<Self>>, request: Request<Body>, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        match gate.check(&parts) {
            Ok(()) => next.run(Request::from_parts(parts, body)).await,
            Err(refusal) => refusal.into_response(),
        }
    }

    fn check(&self, parts: &Parts) -> Result<(), Refusal> {
        let client = parts.extensions.get::<Client>();
        if client.is_some_and(|client| client.is_ambiguous) {
            let why = "the length of the message is said twice, or cannot be read";
            return Err(Refusal::bad_request(why).header(header::CONNECTION, http::HeaderValue::from_static("close")));
        }
        // Orchestrators probe by address, and a page cannot make its name point at another address than it names.
        let is_probe = self.knows_own_address || matches!(parts.uri.path(), "/healthz" | "/readyz");
        let own = client.filter(|_| is_probe).map(|client| client.own);
        self.hosts.check(parts, own)
    }

    /// The caller with the token of this request.
    ///
    /// # Errors
    /// 401 without a token, or with one that is not valid; 400 with two.
    pub(super) fn caller(&self, parts: &Parts) -> Result<Caller, Refusal> {
        let Some(tokens) = &self.tokens else {
            return Ok(self.anonymous.clone());
        };
        let counted = |refusal: Refusal| {
            self.figures.auth_failed();
            refusal
        };
        let value = single(&parts.headers, header::AUTHORIZATION, "Authorization")?
            .ok_or_else(|| counted(Refusal::no_token("missing Authorization header")))?;
        let (scheme, secret) = value.trim().split_once(' ').unwrap_or_default();
        let secret = secret.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || secret.is_empty() {
            return Err(counted(Refusal::no_token(
                "Authorization header must use Bearer scheme",
            )));
        }
        let caller = tokens.authenticate(secret).ok_or_else(|| {
            let address = parts.extensions.get::<Client>().map(|client| client.address.ip());
            tracing::warn!(?address, "a request came with a token that is not valid");
            counted(Refusal::wrong_token())
        })?;
        Ok(caller)
    }
}
