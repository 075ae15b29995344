//! The sessions of clients up to 2025-11-25: whose they are, how many, and how long. The protocol since 2026-07-28 has none.

mod exchange;
mod session;
mod wire;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::response::Response;
use http::HeaderMap;
use rmcp::model::{ClientJsonRpcMessage, InitializeRequestParams};
use tokio::time::Instant;

use self::session::{End, Session};
use super::{front, plain::Plain, refusal::Refusal};
use crate::{
    server::{Mcp, figures::Figures},
    tokens::Caller,
};

/// How long a session may be silent between the first message and the end of the handshake.
const HANDSHAKE: Duration = Duration::from_secs(60);
/// How often sessions are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// How many sessions, and how long; 0 is no limit.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// Sessions at once.
    pub sessions: usize,
    /// Sessions at once of one caller.
    pub per_caller: usize,
    /// How long a session may be silent.
    pub idle: Duration,
    /// How old a session may get.
    pub lifetime: Duration,
}

/// The open sessions.
pub(super) struct Sessions {
    limits: SessionLimits,
    figures: Arc<Figures>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    by_id: HashMap<Arc<str>, Arc<Session>>,
    per_caller: HashMap<Arc<str>, usize>,
}

impl Sessions {
    /// None yet.
    pub(super) fn new(limits: SessionLimits, figures: Arc<Figures>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            figures,
            open: Mutex::default(),
        })
    }

    /// Opens a session and returns its id.
    ///
    /// # Errors
    /// 503 where there are as many as there may be.
    pub(super) fn open(&self, caller: &Caller, client: InitializeRequestParams) -> Result<Arc<str>, Refusal> {
        let mut open = self.lock();
        let name = &caller.principal.name;
        let per_caller = caller.principal.limits.sessions.unwrap_or(self.limits.per_caller);
        let full = |open: &Open| {
            let mine = open.per_caller.get(name).copied().unwrap_or_default();
            if self.limits.sessions > 0 && open.by_id.len() >= self.limits.sessions {
                Some("session_cap")
            } else if per_caller > 0 && mine >= per_caller {
                Some("token_session_cap")
            } else {
                None
            }
        };
        if full(&open).is_some() {
            self.sweep(&mut open);
        }
        if let Some(limit) = full(&open) {
            self.figures.limit_hit(limit, "session_registration_rejected");
            return Err(Refusal::overloaded(limit));
        }
        let id: Arc<str> = format!("{:032x}", rand::random::<u128>()).into();
        open.by_id
            .insert(id.clone(), Session::new(id.clone(), caller.clone(), client));
        *open.per_caller.entry(name.clone()).or_default() += 1;
        self.figures.sessions().inc();
        Ok(id)
    }

    /// Waits until no request of any session is on its way any more: a call has ended a moment before its answer is handed over.
    pub(super) async fn answered(&self) {
        let sessions: Vec<_> = self.lock().by_id.values().cloned().collect();
        for session in sessions {
            session.answered().await;
        }
    }

    /// Ends every session.
    pub(super) fn close_all(&self) {
        let mut open = self.lock();
        open.by_id.values().for_each(|session| session.ended.cancel());
        self.sweep(&mut open);
    }

    /// Ends sessions whose time has come, for as long as the server runs.
    pub(super) async fn reap(self: Arc<Self>) {
        loop {
            tokio::time::sleep(EVERY).await;
            self.sweep(&mut self.lock());
        }
    }

    /// Serves a message in the session that its headers name.
    ///
    /// # Errors
    /// 404 for a session that is not there, or not this caller's: the two are not told apart.
    pub(super) async fn post(
        &self,
        caller: &Caller,
        id: &str,
        mcp: &Mcp,
        plain: &Arc<Plain>,
        message: ClientJsonRpcMessage,
    ) -> Result<Response, Refusal> {
        let session = self.find(caller, id)?;
        match message {
            // An old session still takes what belongs to the calls that it is at.
            ClientJsonRpcMessage::Request(_) if session.is_over_age(self.limits.lifetime) => Err(Refusal::no_session()),
            ClientJsonRpcMessage::Request(request) => session.request(mcp, plain, request).await,
            other => {
                session.incoming(other);
                Ok(front::accepted())
            }
        }
    }

    /// Opens a stream of the session.
    ///
    /// # Errors
    /// 404 as for messages, 409 where it has too many.
    pub(super) fn listen(&self, caller: &Caller, id: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
        let last_event = headers.get("last-event-id").and_then(|value| value.to_str().ok());
        self.find(caller, id)?.listen(last_event)
    }

    /// Ends the session.
    ///
    /// # Errors
    /// 404 as for messages.
    pub(super) fn close(&self, caller: &Caller, id: &str) -> Result<(), Refusal> {
        let session = self.find(caller, id)?;
        session.ended.cancel();
        self.remove(&mut self.lock(), &session);
        Ok(())
    }

    fn find(&self, caller: &Caller, id: &str) -> Result<Arc<Session>, Refusal> {
        let found = self.lock().by_id.get(id).cloned();
        found
            .filter(|session| session.owner.id == caller.id && !session.ended.is_cancelled())
            .ok_or_else(Refusal::no_session)
    }

    fn sweep(&self, open: &mut Open) {
        let now = Instant::now();
        let ends = open.by_id.values().filter_map(|session| {
            let end = session.end(now, self.limits.idle, self.limits.lifetime)?;
            Some((session.clone(), end))
        });
        for (session, end) in ends.collect::<Vec<_>>() {
            session.ended.cancel();
            self.remove(open, &session);
            match end {
                End::Idle => self.figures.session_reaped("idle"),
                End::Lifetime => self.figures.session_reaped("lifetime"),
                End::Closed => {}
            }
        }
    }

    fn remove(&self, open: &mut Open, session: &Session) {
        if open.by_id.remove(&session.id).is_none() {
            return;
        }
        self.figures.sessions().dec();
        let name = &session.owner.principal.name;
        if let Some(count) = open.per_caller.get_mut(name) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.per_caller.remove(name);
            }
        }
        // A crowd of sessions that has gone should not be remembered by its size.
        if open.by_id.len() * 4 < open.by_id.capacity() {
            open.by_id.shrink_to_fit();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
