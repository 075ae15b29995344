//! Requests that wait for their reply, in the order in which the device will answer.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use tokio::sync::oneshot;

use super::{Error, Rope, Shared, round_trips::RoundTrips};

/// A longer reply tells of its own length rather than of the way to the device.
const SHORT: usize = 16 * 1024;

/// One request.
struct Waiting {
    id: u64,
    /// Not yet encoded: the framing is not known.
    held: Option<String>,
    sent: bool,
    /// When it was sent, where nothing else was outstanding: its reply waits for no other.
    alone_since: Option<Instant>,
    answer: oneshot::Sender<Result<Rope, Error>>,
}

/// The queue.
pub(super) struct Pending {
    queue: VecDeque<Waiting>,
    shared: Arc<Shared>,
    round_trips: Arc<RoundTrips>,
}

impl Pending {
    pub(super) fn new(shared: Arc<Shared>, round_trips: Arc<RoundTrips>) -> Self {
        Self {
            queue: VecDeque::new(),
            shared,
            round_trips,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn add(&mut self, id: u64, message: String, answer: oneshot::Sender<Result<Rope, Error>>) {
        self.queue.push_back(Waiting {
            id,
            held: Some(message),
            sent: false,
            alone_since: None,
            answer,
        });
    }

    /// The messages that still have to be sent. Those taken back meanwhile are forgotten.
    pub(super) fn release(&mut self) -> Vec<(u64, String)> {
        let before = self.queue.len();
        self.queue
            .retain(|waiting| waiting.held.is_none() || !waiting.answer.is_closed());
        self.settle(before - self.queue.len());
        self.queue
            .iter_mut()
            .filter_map(|waiting| Some((waiting.id, waiting.held.take()?)))
            .collect()
    }

    /// Notes that the first byte of the request is on its way.
    pub(super) fn mark_sent(&mut self, id: u64) {
        let alone = self.queue.front().is_some_and(|first| first.id == id);
        if let Some(waiting) = self.queue.iter_mut().find(|waiting| waiting.id == id) {
            waiting.sent = true;
            waiting.alone_since = alone.then(Instant::now);
        }
    }

    /// Hands the reply to its request: by message-id, or to the first where the device gave none. False where nobody
    /// waits for it.
    pub(super) fn answer(&mut self, id: Option<&str>, reply: Rope) -> bool {
        let at = match id.map(str::parse::<u64>) {
            Some(Ok(id)) => self.queue.iter().position(|waiting| waiting.id == id),
            _ => Some(0),
        };
        match at.and_then(|at| self.queue.remove(at)) {
            Some(waiting) => {
                self.settle(1);
                if let Some(since) = waiting.alone_since.filter(|_| reply.len() <= SHORT) {
                    self.round_trips.add(since.elapsed());
                }
                let _ = waiting.answer.send(Ok(reply));
                true
            }
            None => false,
        }
    }

    /// Fails one request, where the error is its own.
    pub(super) fn fail(&mut self, id: u64, error: Error) {
        if let Some(at) = self.queue.iter().position(|waiting| waiting.id == id)
            && let Some(waiting) = self.queue.remove(at)
        {
            self.settle(1);
            let _ = waiting.answer.send(Err(error));
        }
    }

    /// Ends when the first request is taken back.
    pub(super) async fn first_taken_back(&mut self) {
        match self.queue.front_mut() {
            Some(waiting) => waiting.answer.closed().await,
            None => std::future::pending().await,
        }
    }

    /// Forgets the first request where it was never sent; its number.
    pub(super) fn forget_unsent(&mut self) -> Option<u64> {
        let waiting = self
            .queue
            .front()
            .is_some_and(|waiting| !waiting.sent)
            .then(|| self.queue.pop_front())??;
        self.settle(1);
        Some(waiting.id)
    }

    /// Fails everything, each with its own view of the end.
    pub(super) fn fail_all(&mut self, reply_started: bool, error: impl Fn(bool, bool) -> Error) {
        let mut first = true;
        for waiting in std::mem::take(&mut self.queue) {
            self.settle(1);
            let _ = waiting.answer.send(Err(error(waiting.sent, first && reply_started)));
            first = false;
        }
    }

    fn settle(&self, count: usize) {
        self.shared.outstanding.fetch_sub(count, Ordering::Relaxed);
    }
}
