//! What was asked of the cloud and how it went: for diagnostics and for Prometheus. Memory is bounded: the last thousand requests, and
//! sums for each documented path.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// Requests that are remembered one by one.
const REMEMBERED: usize = 1000;
/// Paths that are counted by themselves; the API has fewer.
const PATHS: usize = 2000;

/// One request, as it went.
#[derive(Debug, Clone)]
pub struct Done {
    /// When it was answered.
    pub at: SystemTime,
    /// Method and documented path.
    pub what: String,
    /// The status; none where there was no answer.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// Bytes of the body that came.
    pub bytes: usize,
    /// What went wrong.
    pub error: Option<String>,
}

impl Done {
    /// Whether it was answered well.
    pub fn is_good(&self) -> bool {
        self.error.is_none()
    }
}

/// Sums of one path.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    /// Requests.
    pub count: u64,
    /// Those that failed.
    pub failed: u64,
    /// Time of all.
    pub time: Duration,
    /// Bytes of all bodies.
    pub bytes: u64,
}

/// The figures of one client.
#[derive(Debug)]
pub struct Figures {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: VecDeque<Done>,
    by_path: BTreeMap<String, Sums>,
    all: Sums,
    retries: u64,
    limited: u64,
}

/// All figures at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Since when is counted.
    pub up: Duration,
    /// Sums of everything.
    pub all: Sums,
    /// Sums by method and documented path.
    pub by_path: BTreeMap<String, Sums>,
    /// The last requests, oldest first.
    pub last: Vec<Done>,
    /// Requests that were sent again.
    pub retries: u64,
    /// Answers with status 429.
    pub limited: u64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            state: Mutex::default(),
        }
    }
}

impl Figures {
    /// Counts a request.
    pub(super) fn record(&self, done: Done) {
        let mut state = self.lock();
        let what = if state.by_path.len() < PATHS || state.by_path.contains_key(&done.what) {
            done.what.as_str()
        } else {
            "other"
        };
        let what = what.to_owned();
        let failed = u64::from(!done.is_good());
        let add = |sums: &mut Sums| {
            sums.count += 1;
            sums.failed += failed;
            sums.time += done.took;
            sums.bytes += u64::try_from(done.bytes).unwrap_or_default();
        };
        add(state.by_path.entry(what).or_default());
        add(&mut state.all);
        state.limited += u64::from(done.status == Some(429));
        if state.last.len() == REMEMBERED {
            state.last.pop_front();
        }
        state.last.push_back(done);
    }

    /// Counts a request that is sent again.
    pub(super) fn retried(&self) {
        self.lock().retries += 1;
    }

    /// The figures now.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.lock();
        Snapshot {
            up: self.started.elapsed(),
            all: state.all,
            by_path: state.by_path.clone(),
            last: state.last.iter().cloned().collect(),
            retries: state.retries,
            limited: state.limited,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot {
    /// The part of requests that were answered well, 0 to 1; none where there were none.
    pub fn success_rate(&self) -> Option<f64> {
        let count = u32::try_from(self.all.count).unwrap_or(u32::MAX);
        let failed = u32::try_from(self.all.failed).unwrap_or(u32::MAX);
        (count > 0).then(|| 1.0 - f64::from(failed) / f64::from(count))
    }

    /// The time within which this part (0 to 1) of the remembered requests was answered (nearest rank); none where there were none.
    pub fn percentile(&self, part: f64) -> Option<Duration> {
        let mut times: Vec<Duration> = self.last.iter().map(|done| done.took).collect();
        times.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "at most a thousand"
        )]
        let rank = (part * times.len() as f64).ceil() as usize;
        times.get(rank.max(1) - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_percentiles_are_of_what_happened() {
        let figures = Figures::default();
        assert_eq!(figures.snapshot().success_rate(), None);
        assert_eq!(figures.snapshot().percentile(0.5), None);
        for ms in 1..=100 {
            figures.record(Done {
                at: SystemTime::UNIX_EPOCH,
                what: "GET /api/v1/self".into(),
                status: Some(if ms % 4 == 0 { 500 } else { 200 }),
                took: Duration::from_millis(ms),
                bytes: 10,
                error: (ms % 4 == 0).then(|| "upstream_error".into()),
            });
        }
        let snapshot = figures.snapshot();
        assert_eq!(snapshot.success_rate(), Some(0.75));
        assert_eq!(snapshot.percentile(0.5), Some(Duration::from_millis(50)));
        assert_eq!(snapshot.percentile(0.99), Some(Duration::from_millis(99)));
        assert_eq!(snapshot.by_path["GET /api/v1/self"].failed, 25);
    }

    #[test]
    fn memory_is_bounded() {
        let figures = Figures::default();
        for number in 0..3 * PATHS {
            figures.record(Done {
                at: SystemTime::UNIX_EPOCH,
                what: format!("GET /{number}"),
                status: None,
                took: Duration::ZERO,
                bytes: 0,
                error: Some("timeout".into()),
            });
        }
        let snapshot = figures.snapshot();
        assert_eq!(snapshot.last.len(), REMEMBERED);
        assert!(snapshot.by_path.len() <= PATHS + 1);
    }
}
