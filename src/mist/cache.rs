//! Answers that are asked for by several at once are fetched once, and those that do not change are kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use tokio::time::Instant;

use super::{Failure, Request, Response};

/// What everybody who waits for an answer gets.
pub(super) type Outcome = Result<Arc<Response>, Failure>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

/// Bytes of bodies that are kept, as they came.
const CAPACITY: usize = 4 << 20;
/// The longest body that is kept.
const LONGEST: usize = 1 << 20;

/// How long an answer may be kept; none where it may change at any time.
fn lasts(request: &Request) -> Option<Duration> {
    if request.method != "GET" {
        return None;
    }
    if request.path.starts_with("/api/v1/const/") {
        return Some(Duration::from_secs(3600));
    }
    (request.path == "/api/v1/self").then_some(Duration::from_secs(30))
}

/// The kept answers and those on their way, by account and request.
#[derive(Default)]
pub(super) struct Cache(Mutex<State>);

#[derive(Default)]
struct State {
    kept: HashMap<String, Kept>,
    bytes: usize,
    flying: HashMap<String, WeakShared<BoxFuture<'static, Outcome>>>,
    hits: u64,
    misses: u64,
}

struct Kept {
    response: Arc<Response>,
    until: Instant,
}

/// What the cache did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct CacheFigures {
    /// Reads that needed no request of their own.
    pub hits: u64,
    /// Reads that did.
    pub misses: u64,
    /// Answers kept.
    pub entries: usize,
    /// Bytes of them.
    pub bytes: usize,
}

impl Cache {
    /// The answer to a read: a kept one, the one on its way, or what `fetch` brings.
    pub(super) async fn read<F>(&self, account: &str, request: &Request, fetch: impl FnOnce() -> F) -> Outcome
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let key = format!("{account} {}", request.target());
        let flight = {
            let mut state = self.lock();
            if let Some(kept) = state.kept.get(&key).filter(|kept| kept.until > Instant::now()) {
                let response = kept.response.clone();
                state.hits += 1;
                return Ok(response);
            }
            match state.flying.get(&key).and_then(WeakShared::upgrade) {
                Some(flight) => {
                    state.hits += 1;
                    flight
                }
                None => {
                    state.misses += 1;
                    let flight: Flight = fetch().boxed().shared();
                    state.flying.retain(|_, flying| flying.upgrade().is_some());
                    if let Some(weak) = flight.downgrade() {
                        state.flying.insert(key.clone(), weak);
                    }
                    flight
                }
            }
        };
        let outcome = flight.await;
        let mut state = self.lock();
        state.flying.remove(&key);
        if let (Ok(response), Some(lasts)) = (&outcome, lasts(request)) {
            state.keep(key, response, lasts);
        }
        outcome
    }

    /// Forgets what is kept of an account, after it changed something.
    pub(super) fn forget(&self, account: &str) {
        let mut state = self.lock();
        // The callers of an account are apart in the keys.
        let own = format!("{account} ");
        state
            .kept
            .retain(|key, _| !(key.starts_with(&own) && key.contains(" /api/v1/self")));
        state.count();
    }

    pub(super) fn figures(&self) -> CacheFigures {
        let state = self.lock();
        CacheFigures {
            hits: state.hits,
            misses: state.misses,
            entries: state.kept.len(),
            bytes: state.bytes,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, key: String, response: &Arc<Response>, lasts: Duration) {
        let now = Instant::now();
        if response.bytes > LONGEST {
            return;
        }
        self.kept.retain(|_, kept| kept.until > now);
        self.count();
        while self.bytes + response.bytes > CAPACITY {
            let soonest = self
                .kept
                .iter()
                .min_by_key(|(_, kept)| kept.until)
                .map(|(key, _)| key.clone());
            match soonest.and_then(|key| self.kept.remove(&key)) {
                Some(kept) => self.bytes -= kept.response.bytes.min(self.bytes),
                None => return,
            }
        }
        self.kept.insert(
            key,
            Kept {
                response: response.clone(),
                until: now + lasts,
            },
        );
        self.count();
    }

    fn count(&mut self) {
        self.bytes = self.kept.values().map(|kept| kept.response.bytes).sum();
    }
}
