//! Step 7: how many calls may be on their way at once, and how many a caller may begin. Full is a refusal that says when to try again,
//! not a queue without end.

mod places;
mod rates;

use std::{sync::Arc, time::Duration};

pub use self::places::Place;
use self::{
    places::{Entered, Inner},
    rates::Rates,
};
use crate::{
    error::{Code, Error},
    server::figures::{Figures, REQUEST_REJECTED},
    tools::Principal,
};

/// How long a call waits for the server's and its caller's place, so that a burst of short calls is not refused.
const PATIENCE: Duration = Duration::from_millis(250);

/// How many calls may be on their way, and how many a caller may begin; 0 is no limit. A caller's own limits come before these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitOptions {
    /// In all.
    pub in_flight: usize,
    /// Of one caller.
    pub per_caller: usize,
    /// To one device.
    pub per_device: usize,
    /// Begun by one caller in a second, on average.
    pub per_second: u32,
    /// Begun by one caller at once; as many as in a second where this is 0.
    pub burst: u32,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            in_flight: 256,
            per_caller: 256,
            per_device: 64,
            per_second: 0,
            burst: 0,
        }
    }
}

/// Which limit is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Full {
    /// That of the server.
    Global,
    /// That of the caller.
    Caller,
    /// That of this device.
    Device(String),
}

impl Full {
    /// The word in answers and figures.
    pub fn as_str(&self) -> &'static str {
        match self {
            Full::Global => "global_concurrency",
            Full::Caller => "token_concurrency",
            Full::Device(_) => "router_concurrency",
        }
    }
}

/// Counts the calls on their way, whichever transport they come by. Every refusal is counted in the figures.
pub struct Limits {
    inner: Arc<Inner>,
    rates: Rates,
}

impl Limits {
    /// These limits.
    pub fn new(options: LimitOptions, figures: Arc<Figures>) -> Self {
        Self {
            inner: Arc::new(Inner::new(options, figures)),
            rates: Rates::new(options.per_second, options.burst),
        }
    }

    /// A place for a call of this principal to these devices. Waits 250 ms for the server's and the caller's place, first come first
    /// served; never for a device's.
    ///
    /// # Errors
    /// The limit that is reached.
    pub async fn enter(&self, principal: &Principal, devices: &[String]) -> Result<Place, Full> {
        let entered = self.inner.enter(principal, devices);
        let outcome = match entered {
            Entered::In(place) => Ok(place),
            Entered::Refused(full) => Err(full),
            Entered::Waits(waiting) => waiting.end(PATIENCE).await,
        };
        outcome.inspect_err(|full| self.inner.count(full))
    }

    /// Counts a call that this principal begins.
    ///
    /// # Errors
    /// When to try again.
    pub fn rate(&self, principal: &Principal) -> Result<(), Duration> {
        let outcome = self.rates.check(principal);
        if outcome.is_err() {
            self.inner.figures.limit_hit("token_rate", REQUEST_REJECTED);
        }
        outcome
    }

    /// The limits of callers that have none of their own.
    pub fn options(&self) -> LimitOptions {
        self.inner.options
    }

    /// How many calls hold a place.
    pub fn in_flight(&self) -> usize {
        self.inner.in_flight()
    }

    /// The refusal as an answer to the caller.
    pub(super) fn refusal(&self, full: &Full, principal: &Principal) -> Error {
        let options = &self.inner.options;
        let (whose, count) = match full {
            Full::Global => ("the server".into(), options.in_flight),
            Full::Caller => ("this caller".into(), self.inner.limit_of(principal)),
            Full::Device(device) => (format!("device `{device}`"), options.per_device),
        };
        Error::new(
            Code::Overloaded,
            format!("{count} calls of {whose} are on their way, which is the limit"),
        )
        .advise("wait for one of them to end, then call again")
    }
}

#[cfg(test)]
mod tests;
