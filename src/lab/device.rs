//! One simulated device: what tests look at and what its sessions share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::SystemTime,
};

use russh::keys::{PrivateKey, PublicKey};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    config::{Clock, Event, PendingCommit, SharedEdit, Store, Who},
    faults::Faults,
    keys,
    kind::Kind,
    operational::Operational,
    operator::Operator,
    wire::Meter,
};

/// A running device of the lab.
#[derive(Clone)]
pub struct LabDevice {
    /// Its name in the inventory, and its host name at start.
    pub name: String,
    /// The address where its SSH server listens.
    pub address: String,
    /// The port where its SSH server listens.
    pub port: u16,
    pub(super) shared: Arc<Shared>,
}

/// What a device has counted since it was started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// TCP connections accepted.
    pub ssh_connections: u64,
    /// Login attempts with a credential, successful or not.
    pub auth_attempts: u64,
    /// SSH channels opened.
    pub channels: u64,
    /// Requests received.
    pub rpcs: u64,
    /// Bytes received, SSH overhead included.
    pub bytes_in: u64,
    /// Bytes sent, SSH overhead included.
    pub bytes_out: u64,
    /// Round trips of the newest connection: how often the client had to wait for an answer before it could send on. The
    /// first begins with the connection. Exact when [`Fault::OneWayDelay`](super::Fault::OneWayDelay) is longer than what
    /// both sides need to compute.
    pub flights: u64,
    /// The same for every connection, in the order of their beginning.
    pub flights_per_connection: Vec<u64>,
}

impl LabDevice {
    /// What it simulates.
    pub fn kind(&self) -> Kind {
        self.shared.kind
    }

    /// Its host key: algorithm and base64, as in `known_hosts` after the host.
    pub fn host_key(&self) -> String {
        keys::public_line(&self.shared.host_key)
    }

    /// Its `known_hosts` line.
    pub fn known_hosts_line(&self) -> String {
        format!("[{}]:{} {}", self.address, self.port, self.host_key())
    }

    /// Its switches.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// What it saw: logins, channels, requests begun, ended and aborted, and what became of its configuration.
    pub fn log(&self) -> Vec<String> {
        self.shared.store(|_| ());
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the first line of the log that contains `part`, as soon as there is one.
    pub async fn logged(&self, part: &str) -> String {
        let mut news = self.shared.news.subscribe();
        loop {
            news.borrow_and_update();
            if let Some(line) = self.log().into_iter().find(|line| line.contains(part)) {
                return line;
            }
            if news.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// What it counted.
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// What became of its configuration so far, oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.store(|store| store.log().to_vec())
    }

    /// Another person at this device, at a terminal of its own. The same name is the same person until it leaves.
    pub fn operator(&self, user: &str) -> Operator {
        Operator::new(&self.shared, user)
    }

    /// The sessions that have a private candidate open.
    pub fn open_candidates(&self) -> Vec<u32> {
        self.store(|store| store.private_copies())
    }

    /// Who holds the lock on the shared candidate, also for the time of a commit.
    pub fn lock_holder(&self) -> Option<Who> {
        self.store(|store| store.lock_holder().cloned())
    }

    /// Who commits at this moment.
    pub fn committing(&self) -> Option<Who> {
        self.store(|store| store.committing().cloned())
    }

    /// What the shared candidate holds that was not committed, and whose it is.
    pub fn shared_edits(&self) -> Vec<SharedEdit> {
        self.store(|store| store.shared_edits())
    }

    /// The commit that waits for its confirmation.
    pub fn pending_commit(&self) -> Option<PendingCommit> {
        self.store(|store| store.pending_commit())
    }

    /// Works on its configuration, past any session.
    pub fn store<R>(&self, f: impl FnOnce(&mut Store) -> R) -> R {
        self.shared.store(f)
    }

    /// Ends every connection at once, as a power failure does. The device goes on listening.
    pub fn drop_connections(&self) {
        self.shared.drop_connections();
    }
}

/// What all sessions of a device share.
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) faults: Faults,
    pub(super) host_key: PrivateKey,
    pub(super) other_key: PrivateKey,
    pub(super) user_key: PublicKey,
    pub(super) max_sessions: usize,
    pub(super) operational: Operational,
    pub(super) stop: CancellationToken,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) auth_attempts: AtomicU64,
    pub(super) channels: AtomicU64,
    pub(super) rpcs: AtomicU64,
    configuration: Mutex<Configuration>,
    log: Mutex<Vec<String>>,
    /// Changes with every line of the log.
    news: watch::Sender<()>,
    meters: Mutex<Vec<Arc<Meter>>>,
    connections: Mutex<CancellationToken>,
    sessions: Mutex<BTreeMap<u32, CancellationToken>>,
    next_session: AtomicU32,
    down_until: Mutex<Option<Instant>>,
    operators: Mutex<Vec<Who>>,
}

struct Configuration {
    store: Store,
    events_seen: usize,
}

/// What [`Shared::new`] is told.
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) host_key: PrivateKey,
    pub(super) other_key: PrivateKey,
    pub(super) user_key: PublicKey,
    pub(super) max_sessions: usize,
}

/// What became of the configuration, as a line of the log.
fn line(event: &Event) -> String {
    let Event {
        session,
        user,
        action,
        detail,
        ..
    } = event;
    format!("configuration: {action:?} by {user} (session {session}) {detail}")
        .trim_end()
        .to_owned()
}

impl Shared {
    pub(super) fn new(identity: Identity, store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) -> Self {
        let Identity {
            name,
            kind,
            host_key,
            other_key,
            user_key,
            max_sessions,
        } = identity;
        Self {
            operational: Operational::new(kind, clock.now()),
            name,
            kind,
            faults: Faults::default(),
            host_key,
            other_key,
            user_key,
            max_sessions,
            connections: Mutex::new(stop.child_token()),
            stop,
            clock,
            auth_attempts: AtomicU64::new(0),
            channels: AtomicU64::new(0),
            rpcs: AtomicU64::new(0),
            configuration: Mutex::new(Configuration { store, events_seen: 0 }),
            log: Mutex::default(),
            news: watch::Sender::new(()),
            meters: Mutex::default(),
            sessions: Mutex::default(),
            next_session: AtomicU32::new(20_001),
            down_until: Mutex::default(),
            operators: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Works on the configuration after what is due has been done; what happened goes into the log.
    pub(super) fn store<R>(&self, f: impl FnOnce(&mut Store) -> R) -> R {
        let mut configuration = self.configuration.lock().unwrap_or_else(PoisonError::into_inner);
        configuration.store.tick();
        let result = f(&mut configuration.store);
        let new: Vec<String> = configuration
            .store
            .log()
            .iter()
            .skip(configuration.events_seen)
            .map(line)
            .collect();
        configuration.events_seen += new.len();
        drop(configuration);
        if !new.is_empty() {
            self.log_lock().extend(new);
            self.news.send_replace(());
        }
        result
    }

    pub(super) fn note(&self, line: impl Into<String>) {
        self.log_lock().push(line.into());
        self.news.send_replace(());
    }

    fn log_lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A meter and an end for a new connection.
    pub(super) fn new_connection(&self) -> (Arc<Meter>, CancellationToken) {
        let meter = Arc::new(Meter::default());
        self.meters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&meter));
        let end = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .child_token();
        (meter, end)
    }

    /// Closes new connections at once until then.
    pub(super) fn down_until(&self, end: Instant) {
        *self.down_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }

    pub(super) fn is_down(&self) -> bool {
        let end = *self.down_until.lock().unwrap_or_else(PoisonError::into_inner);
        end.is_some_and(|end| Instant::now() < end)
    }

    /// The people at terminals.
    pub(super) fn operators(&self) -> MutexGuard<'_, Vec<Who>> {
        self.operators.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn drop_connections(&self) {
        let mut all = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        all.cancel();
        *all = self.stop.child_token();
    }

    /// An id for a new session, and what ends it.
    pub(super) fn new_session(&self, end: &CancellationToken) -> (u32, CancellationToken) {
        let id = self.next_session.fetch_add(1, Ordering::Relaxed);
        let kill = end.child_token();
        self.sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, kill.clone());
        (id, kill)
    }

    pub(super) fn forget_session(&self, id: u32) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Ends another session; `false` where there is none of this id.
    pub(super) fn kill_session(&self, id: u32) -> bool {
        let session = self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        session.inspect(CancellationToken::cancel).is_some()
    }

    fn counters(&self) -> Counters {
        let meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        let flights_per_connection: Vec<u64> = meters.iter().map(|m| m.flights()).collect();
        Counters {
            ssh_connections: meters.len() as u64,
            auth_attempts: self.auth_attempts.load(Ordering::Relaxed),
            channels: self.channels.load(Ordering::Relaxed),
            rpcs: self.rpcs.load(Ordering::Relaxed),
            bytes_in: meters.iter().map(|m| m.bytes().0).sum(),
            bytes_out: meters.iter().map(|m| m.bytes().1).sum(),
            flights: flights_per_connection.last().copied().unwrap_or(0),
            flights_per_connection,
        }
    }
}
