//! Step 7: how many calls may be on their way at once. Full is a refusal that says when to try again, not a queue without end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::error::{Code, Error, Result};

/// How many calls may be on their way; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitOptions {
    /// In all.
    pub in_flight: usize,
    /// Of one caller.
    pub per_caller: usize,
    /// To one device.
    pub per_device: usize,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            in_flight: 256,
            per_caller: 256,
            per_device: 64,
        }
    }
}

/// Counts the calls on their way.
pub struct Limits {
    options: LimitOptions,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    callers: HashMap<Arc<str>, usize>,
    devices: HashMap<String, usize>,
}

/// A call's place; given back on drop.
pub(super) struct Place {
    counts: Arc<Mutex<Counts>>,
    caller: Arc<str>,
    devices: Vec<String>,
}

impl Limits {
    /// These limits.
    pub fn new(options: LimitOptions) -> Self {
        Self {
            options,
            counts: Arc::default(),
        }
    }

    /// A place for a call of this caller to these devices.
    ///
    /// # Errors
    /// `overloaded`, naming the limit.
    pub(super) fn enter(&self, caller: &Arc<str>, devices: &[String]) -> Result<Place> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |count: usize, limit: usize| limit > 0 && count >= limit;
        let of = |map: &HashMap<String, usize>, name: &str| map.get(name).copied().unwrap_or_default();
        if full(counts.all, self.options.in_flight) {
            return Err(refusal("the server", counts.all));
        }
        let mine = counts.callers.get(caller).copied().unwrap_or_default();
        if full(mine, self.options.per_caller) {
            return Err(refusal("this caller", mine));
        }
        for device in devices {
            let count = of(&counts.devices, device);
            if full(count, self.options.per_device) {
                return Err(refusal(&format!("device `{device}`"), count));
            }
        }
        counts.all += 1;
        *counts.callers.entry(caller.clone()).or_default() += 1;
        for device in devices {
            *counts.devices.entry(device.clone()).or_default() += 1;
        }
        Ok(Place {
            counts: self.counts.clone(),
            caller: caller.clone(),
            devices: devices.to_vec(),
        })
    }
}

fn refusal(whose: &str, count: usize) -> Error {
    Error::new(
        Code::Overloaded,
        format!("{count} calls of {whose} are on their way, which is the limit"),
    )
    .advise("wait for one of them to end, then call again")
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        give_back(&mut counts.callers, &self.caller);
        for device in &self.devices {
            give_back(&mut counts.devices, device);
        }
    }
}

fn give_back<K: std::hash::Hash + Eq + std::borrow::Borrow<Q>, Q: std::hash::Hash + Eq + ?Sized>(
    map: &mut HashMap<K, usize>,
    key: &Q,
) {
    if let Some(count) = map.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            map.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back() {
        let limits = Limits::new(LimitOptions {
            in_flight: 0,
            per_caller: 0,
            per_device: 1,
        });
        let caller: Arc<str> = "anna".into();
        let place = limits.enter(&caller, &["mx".into()]).unwrap();
        assert_eq!(
            limits.enter(&caller, &["mx".into()]).err().unwrap().code(),
            Code::Overloaded
        );
        assert!(limits.enter(&caller, &["ex".into()]).is_ok());
        drop(place);
        assert!(limits.enter(&caller, &["mx".into()]).is_ok());
        assert!(limits.counts.lock().unwrap().devices.is_empty());
    }
}
