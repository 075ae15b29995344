//! How long a device takes to answer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of the buckets, in microseconds; the last bucket has none.
const BOUNDS: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
];
const BUCKETS: usize = BOUNDS.len() + 1;

/// Counts round trips of one device, whichever session makes them.
#[derive(Debug, Default)]
pub struct RoundTrips {
    buckets: [AtomicU64; BUCKETS],
    microseconds: AtomicU64,
}

/// Round trips so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundTripFigures {
    buckets: [u64; BUCKETS],
    microseconds: u64,
}

impl RoundTrips {
    pub(super) fn add(&self, duration: Duration) {
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS.partition_point(|bound| *bound < microseconds);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn figures(&self) -> RoundTripFigures {
        RoundTripFigures {
            buckets: std::array::from_fn(|at| self.buckets.get(at).map_or(0, |b| b.load(Ordering::Relaxed))),
            microseconds: self.microseconds.load(Ordering::Relaxed),
        }
    }
}

impl RoundTripFigures {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// How long they took together, in seconds.
    pub fn seconds(&self) -> f64 {
        Duration::from_micros(self.microseconds).as_secs_f64()
    }

    /// How many took no longer than this many seconds and longer than the bound before; the last bound is infinite.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = BOUNDS.iter().map(|bound| Duration::from_micros(*bound).as_secs_f64());
        bounds.chain([f64::INFINITY]).zip(self.buckets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_falls_into_the_bucket_that_bounds_it() {
        let trips = RoundTrips::default();
        for milliseconds in [1, 2, 60_000] {
            trips.add(Duration::from_millis(milliseconds));
        }
        let figures = trips.figures();
        let filled: Vec<(f64, u64)> = figures.buckets().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0.001, 1), (0.0025, 1), (f64::INFINITY, 1)]);
        assert_eq!((figures.count(), figures.seconds()), (3, 60.003));
    }
}
