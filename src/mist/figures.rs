//! What was asked of the cloud and how it went: for diagnostics and for Prometheus. Memory is bounded: the last thousand requests, and
//! sums for each documented path.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Requests that are remembered one by one.
const REMEMBERED: usize = 1000;
/// Paths that are counted by themselves; the API has fewer.
const PATHS: usize = 2000;

/// Hours whose sums are remembered: a week.
pub const HOURS: usize = 168;
/// Upper bounds of a request's duration, in seconds.
pub const SECONDS: [f64; 12] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0];

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
    by_hour: BTreeMap<u64, Sums>,
    by_outcome: BTreeMap<String, u64>,
    durations: [u64; SECONDS.len() + 1],
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
    /// Sums by hour since the epoch, of the last week.
    pub by_hour: BTreeMap<u64, Sums>,
    /// Requests by how they ended: `ok`, or the code of the error.
    pub by_outcome: BTreeMap<String, u64>,
    /// Requests that took at most as long as each of [`SECONDS`] and longer than the one before; the last took longer than all.
    pub durations: Vec<u64>,
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
        let hour = done.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 3600;
        add(state.by_hour.entry(hour).or_default());
        while state.by_hour.len() > HOURS {
            state.by_hour.pop_first();
        }
        let outcome = done.error.clone().unwrap_or_else(|| "ok".into());
        *state.by_outcome.entry(outcome).or_default() += 1;
        let seconds = done.took.as_secs_f64();
        let bucket = SECONDS
            .iter()
            .position(|bound| seconds <= *bound)
            .unwrap_or(SECONDS.len());
        if let Some(count) = state.durations.get_mut(bucket) {
            *count += 1;
        }
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
            by_hour: state.by_hour.clone(),
            by_outcome: state.by_outcome.clone(),
            durations: state.durations.to_vec(),
            last: state.last.iter().cloned().collect(),
            retries: state.retries,
            limited: state.limited,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sums {
    /// The part that was answered well, 0 to 1; none where there were none.
    pub fn success_rate(&self) -> Option<f64> {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        let failed = u32::try_from(self.failed).unwrap_or(u32::MAX);
        (count > 0).then(|| 1.0 - f64::from(failed) / f64::from(count))
    }

    /// The mean time of a request; none where there were none.
    pub fn mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        (count > 0).then(|| self.time / count)
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.time += other.time;
        self.bytes += other.bytes;
    }
}

impl Snapshot {
    /// The part of requests that were answered well, 0 to 1; none where there were none.
    pub fn success_rate(&self) -> Option<f64> {
        self.all.success_rate()
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
        assert_eq!(
            snapshot.by_outcome,
            BTreeMap::from([("ok".into(), 75), ("upstream_error".into(), 25)])
        );
        assert_eq!(snapshot.durations.get(..3), Some(&[25, 25, 50][..]));
        assert_eq!(snapshot.by_hour[&0].count, 100);
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
