//! Sessions with devices, kept warm and shared.
//!
//! One SSH connection for each device, NETCONF channels on it as needed. Reads share channels and may be repeated once
//! where a session had gone stale; a configuration transaction gets a channel of its own ([`Lease`]) and is never
//! repeated. A device whose address or credentials change never meets an old session.

mod backoff;
mod device;
mod figures;
mod lease;
mod link;
mod slots;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU8, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    inventory::{Device, Inventory},
    netconf::{
        error::{Error as SessionError, copy, seconds},
        framing::MAX_MESSAGE,
        reply::Reply,
    },
    transport::Connect,
};
use crate::error::{Code, Error, Result};
use device::{PerDevice, phase};
use figures::Counters;

pub use figures::Figures;
pub use lease::Lease;

/// How the pool behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Channels for reads on one device.
    pub channels: usize,
    /// Channels on one device at most, those of transactions included. An SRX allows three sessions by default.
    pub max_channels: usize,
    /// Requests outstanding on one channel at most.
    pub depth: usize,
    /// A channel that was not used for so long is closed, and the connection after the last one.
    pub idle: Duration,
    /// How long a transaction waits for a channel.
    pub wait: Duration,
    /// Upper bound of a connect, besides the transport's own.
    pub connect_timeout: Duration,
    /// How long a device may take for its hello.
    pub hello_timeout: Duration,
    /// How long a cancelled request may keep its channel busy before that is closed.
    pub cancel_grace: Duration,
    /// Send reads together with our hello where an earlier session told the framing. Off by default: it saves a round trip, and
    /// there are servers (Yuma's `netconfd`) that lose a request which arrives before they have said their own hello.
    pub pipeline_hello: bool,
    /// Largest message, in bytes.
    pub max_message: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            channels: 2,
            max_channels: 3,
            depth: 8,
            idle: Duration::from_secs(300),
            wait: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(60),
            hello_timeout: Duration::from_secs(60),
            cancel_grace: Duration::from_secs(2),
            pipeline_hello: false,
            max_message: MAX_MESSAGE,
        }
    }
}

/// The sessions of all devices. Cheap to share as an `Arc`; ends its background task when dropped.
pub struct Pool {
    shared: Arc<Shared>,
    reaper: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

struct Shared {
    options: Arc<Options>,
    connect: Arc<dyn Connect>,
    /// By name; more than one under a name while an old one is still in use.
    devices: Mutex<HashMap<String, Vec<Arc<PerDevice>>>>,
    counters: Mutex<BTreeMap<String, Arc<Counters>>>,
}

impl Pool {
    /// A pool that connects with `connect`. Nothing is opened before the first call.
    pub fn new(options: Options, connect: Arc<dyn Connect>) -> Self {
        let shared = Shared {
            options: Arc::new(options),
            connect,
            devices: Mutex::new(HashMap::new()),
            counters: Mutex::new(BTreeMap::new()),
        };
        Self {
            shared: Arc::new(shared),
            reaper: Mutex::new(None),
        }
    }

    /// Sends one reading request and waits for its reply; `timeout` bounds everything, the login included.
    ///
    /// It may be repeated once, on a fresh session, where the session had gone stale: ended before any byte of the
    /// reply arrived. Dropping the future takes the request back.
    ///
    /// # Errors
    /// The device's own problem in the inventory; those of [`Connect::connect`]; `auth_backoff`, `netconf_unavailable`,
    /// `protocol`, `transport`, `timeout`, `connect_timeout`, `overloaded`; those of [`Reply::into_read_result`].
    pub async fn read(&self, device: &Arc<Device>, body: &str, timeout: Duration) -> Result<Reply> {
        let entry = self.entry(device)?;
        let at = AtomicU8::new(phase::CHANNEL);
        let reading = entry.read(body, &at);
        match tokio::time::timeout(timeout, reading).await {
            Ok(result) => result,
            Err(_) => Err(match at.load(Ordering::Relaxed) {
                phase::CHANNEL => entry.busy(timeout),
                phase::CONNECT => {
                    let message = format!("device `{}`: not connected within {}", device.name, seconds(timeout));
                    Error::new(Code::ConnectTimeout, message)
                }
                _ => SessionError::Timeout(timeout).report(&device.name),
            }),
        }
    }

    /// Sends one request that may change something: once, whatever happens, on a channel that nobody shares, so that the
    /// end of somebody else's cancelled read cannot end it half way. `timeout` bounds everything, the login included.
    ///
    /// # Errors
    /// As [`Pool::read`]. Where the request had gone out and no reply can be read, the error says that the device may have
    /// executed it and that it must not be sent again unseen ([`Error::retryable`] is false).
    pub async fn once(&self, device: &Arc<Device>, body: &str, timeout: Duration) -> Result<Reply> {
        let deadline = Instant::now() + timeout;
        let lease = tokio::time::timeout(timeout, self.exclusive(device))
            .await
            .map_err(|_| {
                let message = format!(
                    "device `{}`: no session within {}; nothing was sent",
                    device.name,
                    seconds(timeout)
                );
                Error::new(Code::ConnectTimeout, message)
            })??;
        let remaining = deadline.saturating_duration_since(Instant::now());
        let reply = lease.request_raw(body, remaining).await.map_err(unsettled)?;
        lease.release();
        reply.into_read_result(&device.name)
    }

    /// A session of its own for a configuration transaction, greeted and ready.
    ///
    /// # Errors
    /// Those of [`Connect::connect`], `auth_backoff`, `netconf_unavailable`, `permission_denied`, and `overloaded` where no
    /// channel got free in time.
    pub async fn exclusive(&self, device: &Arc<Device>) -> Result<Lease> {
        self.entry(device)?.exclusive().await
    }

    /// Closes the sessions of all devices that are not in the inventory as they were. What is in use is closed after
    /// its use.
    pub fn retain(&self, inventory: &Inventory) {
        let kept = |entry: &Arc<PerDevice>| {
            inventory
                .devices
                .get(&entry.device.name)
                .is_some_and(|device| is_same(device, &entry.device))
        };
        let mut devices = lock(&self.shared.devices);
        for entry in devices.values().flatten().filter(|entry| !kept(entry)) {
            entry.retire();
        }
        for entries in devices.values_mut() {
            // Refused credentials are remembered: going back to them must not try them again.
            entries.retain(|entry| kept(entry) || entry.is_waiting_for_credentials());
        }
        devices.retain(|_, entries| !entries.is_empty());
        lock(&self.shared.counters)
            .retain(|name, _| inventory.devices.contains_key(name) || devices.contains_key(name));
    }

    /// Closes everything, used or not, and waits for the goodbyes, for a few seconds at most.
    pub async fn close_all(&self) {
        let all: Vec<_> = lock(&self.shared.devices)
            .drain()
            .flat_map(|(_, entries)| entries)
            .collect();
        futures::future::join_all(all.iter().map(|entry| entry.close())).await;
    }

    /// What the pool did and has open, for each device by name.
    pub fn figures(&self) -> BTreeMap<String, Figures> {
        let devices = lock(&self.shared.devices);
        let open = |name: &str| {
            devices
                .get(name)
                .into_iter()
                .flatten()
                .map(|entry| entry.channels() as u64)
                .sum()
        };
        lock(&self.shared.counters)
            .iter()
            .map(|(name, counters)| (name.clone(), counters.figures(open(name))))
            .collect()
    }

    fn entry(&self, device: &Arc<Device>) -> Result<Arc<PerDevice>> {
        if let Some(problem) = &device.problem {
            return Err(copy(problem));
        }
        self.start_reaper();
        let mut devices = lock(&self.shared.devices);
        let entries = devices.entry(device.name.clone()).or_default();
        if let Some(entry) = entries.iter().find(|entry| is_same(&entry.device, device)) {
            entry.revive();
            return Ok(Arc::clone(entry));
        }
        let counters = Arc::clone(lock(&self.shared.counters).entry(device.name.clone()).or_default());
        let (connect, options) = (Arc::clone(&self.shared.connect), Arc::clone(&self.shared.options));
        let entry = PerDevice::new(Arc::clone(device), connect, options, counters);
        entries.push(Arc::clone(&entry));
        Ok(entry)
    }

    /// Starts the task that closes idle sessions, at the first use: a pool may be made outside of a runtime.
    fn start_reaper(&self) {
        let mut reaper = lock(&self.reaper);
        if reaper.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let period = (self.shared.options.idle / 10).max(Duration::from_secs(1));
        let shared = Arc::downgrade(&self.shared);
        *reaper = Some(tokio::spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                let Some(shared) = shared.upgrade() else { return };
                let all: Vec<_> = lock(&shared.devices).values().flatten().cloned().collect();
                for entry in all {
                    entry.reap();
                }
            }
        }));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.reaper).take() {
            task.abort();
        }
    }
}

/// Whether a session with the one is a session with the other: everything but tags and comments.
fn is_same(one: &Arc<Device>, other: &Arc<Device>) -> bool {
    let connects_alike = || {
        one.name == other.name
            && one.host == other.host
            && one.port == other.port
            && one.username == other.username
            && one.auth == other.auth
            && one.ssh_config == other.ssh_config
            && one.legacy == other.legacy
            && one.framing == other.framing
    };
    Arc::ptr_eq(one, other) || connects_alike()
}

/// Says of a request that was sent and not answered that the device may have executed it.
fn unsettled(error: Error) -> Error {
    let unsent = std::error::Error::source(&error)
        .and_then(|cause| cause.downcast_ref::<SessionError>())
        .is_some_and(SessionError::is_unsent);
    if unsent {
        return error;
    }
    let message = format!("{}; the device may have executed it all the same", error.message());
    Error::new(error.code(), message)
        .advise("it was sent once and is not sent again: look at the device before you repeat it")
        .not_again()
        .caused_by(error)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
