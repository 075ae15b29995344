//! How many calls a caller may begin in a time: one bucket of tokens for each caller.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware, state::keyed::HashMapStateStore};
use tokio::time::Instant;

use crate::tools::Principal;

/// How often buckets that are full again are dropped.
const SWEEP: Duration = Duration::from_secs(1);

type Buckets = RateLimiter<Arc<str>, HashMapStateStore<Arc<str>>, Ticks, NoOpMiddleware<Duration>>;

/// Calls in a second, and at a burst.
type Rate = (NonZeroU32, NonZeroU32);

pub(super) struct Rates {
    per_second: u32,
    burst: u32,
    clock: Ticks,
    state: Mutex<State>,
}

struct State {
    /// The buckets of all callers with one rate.
    kinds: HashMap<Rate, Buckets>,
    swept: Duration,
}

/// Time since a beginning.
#[derive(Debug, Clone)]
struct Ticks(Instant);

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Rates {
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        Self {
            per_second,
            burst,
            clock: Ticks(Instant::now()),
            state: Mutex::new(State {
                kinds: HashMap::new(),
                swept: Duration::ZERO,
            }),
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// When there will be one.
    pub(super) fn check(&self, principal: &Principal) -> Result<(), Duration> {
        let Some(rate) = self.rate(principal) else {
            return Ok(());
        };
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(state.swept) >= SWEEP {
            state.sweep(now);
        }
        let buckets = state.kinds.entry(rate).or_insert_with(|| {
            let (per_second, burst) = rate;
            RateLimiter::hashmap_with_clock(Quota::per_second(per_second).allow_burst(burst), self.clock.clone())
        });
        let taken = buckets.check_key(&principal.name);
        taken.map_err(|not_until| not_until.wait_time_from(now))
    }

    fn rate(&self, principal: &Principal) -> Option<Rate> {
        let own = principal.limits;
        let per_second = NonZeroU32::new(own.per_second.unwrap_or(self.per_second))?;
        let burst = NonZeroU32::new(own.burst.unwrap_or(self.burst)).unwrap_or(per_second);
        Some((per_second, burst))
    }

    #[cfg(test)]
    pub(super) fn buckets(&self) -> usize {
        self.state.lock().unwrap().kinds.values().map(RateLimiter::len).sum()
    }
}

impl State {
    /// Drops what is as if it had never been.
    fn sweep(&mut self, now: Duration) {
        self.swept = now;
        self.kinds.retain(|_, buckets| {
            buckets.retain_recent();
            buckets.shrink_to_fit();
            !buckets.is_empty()
        });
    }
}
