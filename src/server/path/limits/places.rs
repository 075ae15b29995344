//! The places of calls on their way, and the short queue before them.
//!
//! Whoever gives a place back hands it, under the same lock, to the first in the queue who can have it. So nobody in the queue could
//! come in at any moment, and a newcomer who can overtakes nobody.

use std::{
    borrow::Borrow,
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{Full, LimitOptions};
use crate::{
    server::figures::{Figures, REQUEST_REJECTED},
    tools::Principal,
};

/// Who waits at most: a longer queue would be served too late anyway.
const QUEUE: usize = 1024;
/// Who waits at most of one caller, so that it leaves room for others.
const QUEUE_OF_CALLER: usize = 256;
/// A map that was larger than this gives its memory back when it is empty.
const KEPT_CAPACITY: usize = 64;

pub(super) struct Inner {
    pub(super) options: LimitOptions,
    pub(super) figures: Arc<Figures>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    all: usize,
    pub(super) callers: HashMap<Arc<str>, Caller>,
    pub(super) devices: HashMap<String, usize>,
    pub(super) queue: VecDeque<Waiter>,
    /// Number of the last who waited.
    last: u64,
}

#[derive(Default)]
pub(super) struct Caller {
    on_their_way: usize,
    waiting: usize,
}

pub(super) struct Waiter {
    number: u64,
    caller: Arc<str>,
    limit: usize,
    devices: Vec<String>,
    answer: oneshot::Sender<Result<(), Full>>,
}

/// What came of entering.
pub(super) enum Entered {
    In(Place),
    Refused(Full),
    Waits(Waiting),
}

/// A call's place; given back on drop.
pub struct Place {
    of: Arc<Inner>,
    caller: Arc<str>,
    /// Each once, in order.
    devices: Vec<String>,
}

/// Somebody in the queue; leaves it on drop.
pub(super) struct Waiting {
    of: Arc<Inner>,
    number: u64,
    /// What will be held; `None` once it is.
    wanted: Option<(Arc<str>, Vec<String>)>,
    answer: oneshot::Receiver<Result<(), Full>>,
}

impl Inner {
    pub(super) fn new(options: LimitOptions, figures: Arc<Figures>) -> Self {
        Self {
            options,
            figures,
            state: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn limit_of(&self, principal: &Principal) -> usize {
        principal.limits.in_flight.unwrap_or(self.options.per_caller)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.state().all
    }

    pub(super) fn count(&self, full: &Full) {
        self.figures.limit_hit(full.as_str(), REQUEST_REJECTED);
    }

    /// A place at once, a refusal, or a place in the queue.
    pub(super) fn enter(self: &Arc<Self>, principal: &Principal, devices: &[String]) -> Entered {
        // A call to a device out of reach will be refused: it must neither fill the device's places nor learn that they are full.
        let devices = distinct(devices.iter().filter(|device| principal.may_reach(device)));
        let (caller, limit) = (&principal.name, self.limit_of(principal));
        let mut state = self.state();
        if let Some(device) = self.full_device(&state, &devices) {
            return Entered::Refused(Full::Device(device));
        }
        let Some(full) = self.full(&state, caller, limit) else {
            self.take(&mut state, caller, &devices);
            return Entered::In(self.place(caller.clone(), devices));
        };
        let waiting_already = state.callers.get(caller).map_or(0, |caller| caller.waiting);
        if state.queue.len() >= QUEUE || waiting_already >= QUEUE_OF_CALLER {
            return Entered::Refused(full);
        }
        let (answer, receiver) = oneshot::channel();
        state.last += 1;
        let number = state.last;
        state.callers.entry(caller.clone()).or_default().waiting += 1;
        state.queue.push_back(Waiter {
            number,
            caller: caller.clone(),
            limit,
            devices: devices.clone(),
            answer,
        });
        Entered::Waits(Waiting {
            of: self.clone(),
            number,
            wanted: Some((caller.clone(), devices)),
            answer: receiver,
        })
    }

    fn place(self: &Arc<Self>, caller: Arc<str>, devices: Vec<String>) -> Place {
        Place {
            of: self.clone(),
            caller,
            devices,
        }
    }

    fn full(&self, state: &State, caller: &str, limit: usize) -> Option<Full> {
        if reached(state.all, self.options.in_flight) {
            return Some(Full::Global);
        }
        let of_caller = state.callers.get(caller).map_or(0, |caller| caller.on_their_way);
        reached(of_caller, limit).then_some(Full::Caller)
    }

    fn full_device(&self, state: &State, devices: &[String]) -> Option<String> {
        let count = |device: &String| state.devices.get(device).copied().unwrap_or_default();
        let full = devices
            .iter()
            .find(|device| reached(count(device), self.options.per_device));
        full.cloned()
    }

    fn take(&self, state: &mut State, caller: &Arc<str>, devices: &[String]) {
        state.all += 1;
        match state.callers.get_mut(caller) {
            Some(caller) => caller.on_their_way += 1,
            None => {
                let (on_their_way, waiting) = (1, 0);
                state.callers.insert(caller.clone(), Caller { on_their_way, waiting });
            }
        }
        for device in devices {
            add_device(state, device);
        }
        self.figures
            .in_flight()
            .set(i64::try_from(state.all).unwrap_or(i64::MAX));
    }

    fn give_back(&self, caller: &str, devices: &[String]) {
        let mut state = self.state();
        state.all = state.all.saturating_sub(1);
        self.figures
            .in_flight()
            .set(i64::try_from(state.all).unwrap_or(i64::MAX));
        state.change_caller(caller, |caller| {
            caller.on_their_way = caller.on_their_way.saturating_sub(1)
        });
        for device in devices {
            change(
                &mut state.devices,
                device.as_str(),
                |count| *count = count.saturating_sub(1),
                |count| *count == 0,
            );
        }
        self.serve(&mut state);
    }

    /// Hands free places to those who wait, the first first. One who waits for its caller's place holds up nobody else.
    fn serve(&self, state: &mut State) {
        let mut at = 0;
        while !reached(state.all, self.options.in_flight) {
            let Some(waiter) = state.queue.get(at) else { return };
            if self.full(state, &waiter.caller, waiter.limit).is_some() {
                at += 1;
                continue;
            }
            let Some(waiter) = state.leave_queue(at) else { return };
            let outcome = match self.full_device(state, &waiter.devices) {
                Some(device) => Err(Full::Device(device)),
                None => {
                    self.take(state, &waiter.caller, &waiter.devices);
                    Ok(())
                }
            };
            // Its receiver is there: it leaves the queue, under this lock, before it goes.
            let _ = waiter.answer.send(outcome);
        }
    }
}

impl State {
    fn leave_queue(&mut self, at: usize) -> Option<Waiter> {
        let waiter = self.queue.remove(at)?;
        self.change_caller(&waiter.caller, |caller| {
            caller.waiting = caller.waiting.saturating_sub(1)
        });
        if self.queue.is_empty() && self.queue.capacity() > KEPT_CAPACITY {
            self.queue = VecDeque::new();
        }
        Some(waiter)
    }

    fn change_caller(&mut self, caller: &str, by: impl FnOnce(&mut Caller)) {
        let gone = |caller: &Caller| caller.on_their_way == 0 && caller.waiting == 0;
        change(&mut self.callers, caller, by, gone);
    }
}

impl Place {
    /// Counts the call for devices that only became known later. Each device counts once for a call.
    ///
    /// # Errors
    /// The device whose limit is reached; then nothing was added.
    pub fn add_devices(&mut self, devices: &[String]) -> Result<(), Full> {
        let mut new = distinct(devices.iter());
        new.retain(|device| self.devices.binary_search(device).is_err());
        if new.is_empty() {
            return Ok(());
        }
        let mut state = self.of.state();
        if let Some(device) = self.of.full_device(&state, &new) {
            let full = Full::Device(device);
            self.of.count(&full);
            return Err(full);
        }
        new.iter().for_each(|device| add_device(&mut state, device));
        drop(state);
        self.devices.append(&mut new);
        self.devices.sort_unstable();
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.give_back(&self.caller, &self.devices);
    }
}

impl Waiting {
    /// Waits for a place, and no longer than this.
    pub(super) async fn end(mut self, patience: Duration) -> Result<Place, Full> {
        let answered = tokio::time::timeout(patience, &mut self.answer).await;
        match answered {
            Ok(answer) => self.settle(answer.unwrap_or(Err(Full::Global))),
            Err(_) => self.give_up(),
        }
    }

    fn settle(&mut self, answer: Result<(), Full>) -> Result<Place, Full> {
        let wanted = self.wanted.take();
        answer?;
        let (caller, devices) = wanted.ok_or(Full::Global)?;
        Ok(self.of.place(caller, devices))
    }

    /// Out of patience: the place that came in the same moment, or the limit that is still reached.
    fn give_up(&mut self) -> Result<Place, Full> {
        let mut state = self.of.state();
        match state.queue.iter().position(|waiter| waiter.number == self.number) {
            Some(at) => {
                let waiter = state.leave_queue(at);
                let full = waiter.and_then(|waiter| self.of.full(&state, &waiter.caller, waiter.limit));
                drop(state);
                self.wanted = None;
                Err(full.unwrap_or(Full::Global))
            }
            None => {
                drop(state);
                let answer = self.answer.try_recv().unwrap_or(Err(Full::Global));
                self.settle(answer)
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Whoever is gone while a place comes gives it back.
        if self.wanted.is_some() {
            drop(self.give_up());
        }
    }
}

fn distinct<'a>(devices: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut devices: Vec<String> = devices.cloned().collect();
    devices.sort_unstable();
    devices.dedup();
    devices
}

fn reached(count: usize, limit: usize) -> bool {
    limit > 0 && count >= limit
}

fn add_device(state: &mut State, device: &str) {
    match state.devices.get_mut(device) {
        Some(count) => *count += 1,
        None => {
            state.devices.insert(device.to_owned(), 1);
        }
    }
}

/// Changes what is under this key, and removes it where nothing is left of it.
fn change<K: Hash + Eq + Borrow<Q>, Q: Hash + Eq + ?Sized, V>(
    map: &mut HashMap<K, V>,
    key: &Q,
    by: impl FnOnce(&mut V),
    gone: impl FnOnce(&V) -> bool,
) {
    let Some(value) = map.get_mut(key) else { return };
    by(value);
    if gone(value) {
        map.remove(key);
        if map.is_empty() && map.capacity() > KEPT_CAPACITY {
            map.shrink_to_fit();
        }
    }
}
