//! Calls that change something, kept with what became of them: whoever made the call finds its outcome also where the answer did not
//! reach the client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use serde_json::{Map, Value};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long an outcome is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// How many operations are kept in all.
const COUNT: usize = 4096;
/// How many bytes of outcomes are kept in all.
const CAPACITY: usize = 64 << 20;
/// Bytes of an operation beside what was answered.
const OVERHEAD: usize = 512;

/// A call that changes something.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name: `op-` and hexadecimal digits.
    pub id: Arc<str>,
    /// The tool.
    pub tool: String,
    /// The devices, and what it reaches of the Mist cloud.
    pub targets: Vec<String>,
    /// When it began.
    pub began: SystemTime,
    /// What became of it; none while it runs.
    pub end: Option<Arc<End>>,
}

/// What became of an operation.
#[derive(Debug, Clone)]
pub struct End {
    /// When it ended.
    pub at: SystemTime,
    /// `ok`, `error`, `denied` or `unsettled`, as in the audit event.
    pub result: String,
    /// The word for what became of the change, such as `committed`, `aborted` or `unknown`.
    pub outcome: Option<String>,
    /// The error's code, where it ended in one.
    pub error_code: Option<String>,
    /// What the caller was or would have been shown.
    pub text: String,
    /// The structured value of that.
    pub structured: Option<Map<String, Value>>,
}

impl End {
    fn bytes(&self) -> usize {
        let structured = self.structured.as_ref().map_or(0, |value| weight(value.values()));
        self.text.len() + structured
    }
}

/// About as many bytes as these values take in memory.
fn weight<'a>(values: impl Iterator<Item = &'a Value>) -> usize {
    values
        .map(|value| match value {
            Value::String(text) => text.len() + 32,
            Value::Array(items) => weight(items.iter()),
            Value::Object(fields) => fields.keys().map(|name| name.len() + 32).sum::<usize>() + weight(fields.values()),
            _ => 32,
        })
        .sum()
}

/// The operations of this process, each its caller's own.
#[derive(Default)]
pub struct Operations(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    bytes: usize,
    /// Counts those that began, so that two of one moment have an order.
    count: u64,
    by_id: HashMap<Arc<str>, Entry>,
}

struct Entry {
    caller: Arc<str>,
    operation: Operation,
    number: u64,
    bytes: usize,
    ended: Option<Instant>,
    /// Fires when it has ended.
    over: CancellationToken,
}

impl Operations {
    /// A name for an operation that is to begin. It cannot be guessed.
    pub fn name() -> Arc<str> {
        format!("op-{:016x}", rand::random::<u64>()).into()
    }

    /// Notes that an operation of this caller runs.
    pub fn begin(&self, caller: &Arc<str>, id: Arc<str>, tool: &str, targets: Vec<String>) {
        let mut kept = self.lock();
        kept.make_room(OVERHEAD, 1);
        kept.count += 1;
        kept.bytes += OVERHEAD;
        let operation = Operation {
            id: id.clone(),
            tool: tool.into(),
            targets,
            began: SystemTime::now(),
            end: None,
        };
        let entry = Entry {
            caller: caller.clone(),
            operation,
            number: kept.count,
            bytes: OVERHEAD,
            ended: None,
            over: CancellationToken::new(),
        };
        kept.by_id.insert(id, entry);
    }

    /// Keeps what became of an operation.
    pub fn finish(&self, id: &str, end: End) {
        let mut kept = self.lock();
        let bytes = end.bytes();
        kept.make_room(bytes, 0);
        let Some(entry) = kept.by_id.get_mut(id) else { return };
        entry.bytes += bytes;
        entry.ended = Some(Instant::now());
        entry.operation.end = Some(Arc::new(end));
        entry.over.cancel();
        kept.bytes += bytes;
    }

    /// This caller's operation of this name, as it is now, and what fires when it has ended.
    pub fn get(&self, caller: &str, id: &str) -> Option<(Operation, CancellationToken)> {
        let mut kept = self.lock();
        kept.drop_old();
        let entry = kept.by_id.get(id).filter(|entry| &*entry.caller == caller)?;
        Some((entry.operation.clone(), entry.over.clone()))
    }

    /// This caller's operations, the newest first.
    pub fn of(&self, caller: &str) -> Vec<Operation> {
        let mut kept = self.lock();
        kept.drop_old();
        let mut own: Vec<&Entry> = kept.by_id.values().filter(|entry| &*entry.caller == caller).collect();
        own.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.number));
        own.into_iter().map(|entry| entry.operation.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn drop_old(&mut self) {
        let now = Instant::now();
        let mut freed = 0;
        self.by_id.retain(|_, entry| {
            let stays = entry.ended.is_none_or(|ended| now.duration_since(ended) < KEPT);
            freed += if stays { 0 } else { entry.bytes };
            stays
        });
        self.bytes = self.bytes.saturating_sub(freed);
    }

    /// Whoever keeps the most makes room with what ended first; what runs stays.
    fn make_room(&mut self, bytes: usize, count: usize) {
        self.drop_old();
        while self.bytes + bytes > CAPACITY || self.by_id.len() + count > COUNT {
            let mut of_callers: HashMap<&Arc<str>, usize> = HashMap::new();
            for entry in self.by_id.values().filter(|entry| entry.ended.is_some()) {
                *of_callers.entry(&entry.caller).or_default() += entry.bytes;
            }
            let most = of_callers.into_iter().max_by_key(|(_, bytes)| *bytes);
            let most = most.map(|(caller, _)| caller.clone());
            let oldest = self
                .by_id
                .iter()
                .filter(|(_, entry)| Some(&entry.caller) == most.as_ref())
                .filter_map(|(id, entry)| Some((entry.ended?, entry.number, id)))
                .min_by_key(|(ended, number, _)| (*ended, *number))
                .map(|(_, _, id)| id.clone());
            let Some(entry) = oldest.and_then(|id| self.by_id.remove(&id)) else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(text: String) -> End {
        End {
            at: SystemTime::UNIX_EPOCH,
            result: "ok".into(),
            outcome: None,
            error_code: None,
            text,
            structured: None,
        }
    }

    fn begin(operations: &Operations, caller: &str) -> Arc<str> {
        let id = Operations::name();
        operations.begin(&caller.into(), id.clone(), "tool", Vec::new());
        id
    }

    #[test]
    fn an_operation_is_its_callers_own() {
        let operations = Operations::default();
        let (first, second) = (begin(&operations, "anna"), begin(&operations, "anna"));
        assert!(operations.get("ben", &first).is_none());
        assert!(operations.of("ben").is_empty());
        let listed: Vec<_> = operations.of("anna").into_iter().map(|it| it.id).collect();
        assert_eq!(listed, [second, first.clone()]);
        let (running, over) = operations.get("anna", &first).unwrap();
        assert!(running.end.is_none() && !over.is_cancelled());
        operations.finish(&first, ended("done".into()));
        assert!(over.is_cancelled());
        assert_eq!(operations.get("anna", &first).unwrap().0.end.unwrap().text, "done");
    }

    #[tokio::test(start_paused = true)]
    async fn outcomes_are_kept_for_a_day_and_what_runs_for_as_long_as_it_does() {
        let operations = Operations::default();
        let (done, running) = (begin(&operations, "anna"), begin(&operations, "anna"));
        operations.finish(&done, ended(String::new()));
        tokio::time::advance(KEPT - Duration::from_secs(1)).await;
        assert!(operations.get("anna", &done).is_some());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(operations.get("anna", &done).is_none());
        assert!(operations.get("anna", &running).is_some());
    }

    #[test]
    fn whoever_keeps_the_most_makes_room_and_what_runs_stays() {
        let operations = Operations::default();
        let small = begin(&operations, "ben");
        operations.finish(&small, ended("small".into()));
        let running = begin(&operations, "anna");
        let large: Vec<_> = (0..9).map(|_| begin(&operations, "anna")).collect();
        for id in &large {
            operations.finish(id, ended("x".repeat(CAPACITY / 8)));
        }
        assert!(operations.get("ben", &small).is_some());
        assert!(operations.get("anna", &large[0]).is_none());
        assert!(operations.get("anna", &large[8]).is_some());
        assert!(operations.get("anna", &running).is_some());
    }

    #[test]
    fn there_are_never_more_than_so_many_that_ended() {
        let operations = Operations::default();
        let first = begin(&operations, "anna");
        operations.finish(&first, ended(String::new()));
        for _ in 0..COUNT {
            let id = begin(&operations, "anna");
            operations.finish(&id, ended(String::new()));
        }
        assert!(operations.get("anna", &first).is_none());
        assert_eq!(operations.of("anna").len(), COUNT);
    }
}
