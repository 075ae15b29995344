//! What the pool did, per device.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::junos::netconf::session::{RoundTripFigures, RoundTrips};

/// Counts since the start of the process, and what is open now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Logins that succeeded.
    pub connections_opened: u64,
    /// NETCONF channels opened.
    pub channels_opened: u64,
    /// Requests made, repeated ones counted again.
    pub requests: u64,
    /// Reads that were repeated on a fresh session.
    pub retries: u64,
    /// NETCONF channels open now.
    pub channels: u64,
    /// Round trips of requests that waited for no other and had short replies.
    pub round_trips: RoundTripFigures,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) channels: AtomicU64,
    pub(super) requests: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) round_trips: Arc<RoundTrips>,
}

impl Counters {
    pub(super) fn figures(&self, channels: u64) -> Figures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            connections_opened: read(&self.connections),
            channels_opened: read(&self.channels),
            requests: read(&self.requests),
            retries: read(&self.retries),
            channels,
            round_trips: self.round_trips.figures(),
        }
    }
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
