//! A simulated Mist cloud on loopback, over plain HTTP: to try jmcp's Mist tools without a network and to test them.
//!
//! - [`MistLab::start`] brings it up; its world (an MSP, organisations, sites, devices, clients) is the same in every run.
//! - `world` is what there is, `rows` the objects made of it, `store` what became of them by writes.
//! - `serve` is the HTTP server, `access` its tokens and their hourly budget, `router` the way to an answer.
//! - `collection`, `query`, `pages`, `count`, `write` are how lists behave; `special` are the operations that are no lists.
//! - [`MistFaults`] makes it misbehave; [`Seen`] is what arrived.

mod access;
mod actions;
mod answer;
mod call;
mod collection;
mod count;
mod documented;
mod encoding;
mod faults;
mod fill;
mod names;
mod pages;
mod query;
mod router;
mod rows;
mod seen;
mod serve;
mod sle;
mod special;
mod store;
mod stream;
mod synth;
mod tables;
mod world;
mod write;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::{access::Access, store::Store, world::World};
pub use self::{
    faults::{Generation, MistFault, MistFaults, RetryAfter},
    seen::Seen,
    stream::{Session, StreamFault},
};
use super::{ManualClock, clock::WallClock, config::Clock};
use crate::error::{Code, Error, Result};

/// The token that may do everything in both organisations of the MSP. No secret: the lab listens on loopback and holds nothing.
pub const TOKEN: &str = "lab-mist-token";
/// A token with the role `read` in the first organisation.
pub const READ_TOKEN: &str = "lab-mist-token-read";
/// A token that belongs to the first organisation and not to a person: `/self` has a name and no e-mail address.
pub const ORG_TOKEN: &str = "lab-mist-token-org";

/// How to start the cloud.
#[derive(Debug, Clone)]
pub struct MistLabOptions {
    /// The port; picked by the system where there is none.
    pub port: Option<u16>,
    /// The clock; the machine's where there is none.
    pub clock: Option<Arc<ManualClock>>,
    /// Calls that each token may make in an hour of the clock.
    pub calls_per_hour: u32,
}

impl Default for MistLabOptions {
    /// A port picked by the system, the machine's clock, 5,000 calls an hour as in the real cloud.
    fn default() -> Self {
        Self {
            port: None,
            clock: None,
            calls_per_hour: 5_000,
        }
    }
}

/// A running cloud. Dropping it ends it and every connection to it.
pub struct MistLab {
    state: Arc<State>,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for MistLab {
    fn drop(&mut self) {
        self.stop.cancel();
        self.state.sessions.close();
    }
}

/// What requests share.
struct State {
    clock: Arc<dyn Clock>,
    /// The clock is the machine's: time goes on by itself.
    moves: bool,
    world: World,
    store: Mutex<Store>,
    shapes: documented::Shapes,
    access: Access,
    faults: MistFaults,
    log: seen::Log,
    sessions: stream::Sessions,
    address: SocketAddr,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl State {
    /// Seconds since the epoch by the lab's clock.
    fn now(&self) -> f64 {
        self.clock
            .now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64())
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MistLab {
    /// Starts the cloud; it accepts connections when this returns.
    ///
    /// # Errors
    /// `io` when the port cannot be had, `internal` when the embedded world is broken.
    pub async fn start(options: MistLabOptions) -> Result<MistLab> {
        let port = options.port.unwrap_or(0);
        let listening = async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = listening.await.map_err(|e: std::io::Error| {
            Error::new(
                Code::Io,
                format!("the lab's Mist cloud cannot listen on 127.0.0.1:{port}"),
            )
            .advise("choose another port, or none to let the system pick")
            .caused_by(e)
        })?;
        let stop = CancellationToken::new();
        let moves = options.clock.is_none();
        let clock: Arc<dyn Clock> = match options.clock {
            Some(manual) => manual,
            None => Arc::new(WallClock),
        };
        let mut state = State {
            clock,
            moves,
            world: World::embedded()?,
            store: Mutex::default(),
            shapes: documented::Shapes::default(),
            access: Access::new(options.calls_per_hour),
            faults: MistFaults::default(),
            log: seen::Log::default(),
            sessions: stream::Sessions::default(),
            address,
            running: AtomicUsize::default(),
            most: AtomicUsize::default(),
        };
        state.store = Mutex::new(Store::new(&state.world, state.now())?);
        let state = Arc::new(state);
        tokio::spawn(serve::serve(Arc::clone(&state), listener, stop.clone()));
        Ok(MistLab { state, address, stop })
    }

    /// Where it listens, on 127.0.0.1.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands before `/api/v1`: `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token that may do everything.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// Every request that arrived, in the order of arrival.
    pub fn requests(&self) -> Vec<Seen> {
        self.state.log.all()
    }

    /// Forgets the requests that arrived, and how many ran at once.
    pub fn forget(&self) {
        self.state.log.forget();
        self.state.most.store(0, Ordering::Relaxed);
    }

    /// The most requests that ran at the same time.
    pub fn most_at_once(&self) -> usize {
        self.state.most.load(Ordering::Relaxed)
    }

    /// The switches of what it does wrong.
    pub fn faults(&self) -> &MistFaults {
        &self.state.faults
    }

    /// Switches a misbehaviour of the WebSockets on, for those that are opened from now on.
    pub fn set_stream(&self, fault: StreamFault) {
        self.state.sessions.set(fault);
    }

    /// Lets the WebSockets behave again.
    pub fn clear_streams(&self) {
        self.state.sessions.clear();
    }

    /// The sessions that shells and utilities opened and nobody has taken yet.
    pub fn sessions(&self) -> Vec<Session> {
        self.state.sessions.all()
    }

    /// The objects of a collection as they are now, such as `sites` or `wireless_clients`; empty for unknown names.
    pub fn rows(&self, collection: &str) -> Vec<serde_json::Value> {
        self.state.store().rows(collection).to_vec()
    }

    /// A documented path (`/api/v1/sites/{site_id}/wlans/{wlan_id}`) with its placeholders filled by what the cloud has.
    pub fn path(&self, documented: &str) -> String {
        fill::fill(&self.state, documented)
    }

    /// The MSP.
    pub fn msp(&self) -> &str {
        &self.state.world.msp.id
    }

    /// The first organisation, which has nearly everything.
    pub fn org(&self) -> &str {
        self.state.world.org("main")
    }

    /// The other organisation of the MSP.
    pub fn other_org(&self) -> &str {
        self.state.world.org("other")
    }

    /// An organisation that no token of the lab reaches.
    pub fn foreign_org(&self) -> &str {
        self.state.world.org("foreign")
    }

    /// The largest site of the first organisation, with an EVPN fabric.
    pub fn site(&self) -> &str {
        self.state.world.site("DEN")
    }

    /// A site of the other organisation.
    pub fn other_site(&self) -> &str {
        self.state.world.site("DUB")
    }

    /// A site that no token of the lab reaches.
    pub fn foreign_site(&self) -> &str {
        self.state.world.site("FOR")
    }

    /// An access point of [`MistLab::site`].
    pub fn ap_id(&self) -> &str {
        self.state.world.device("den-ap-1")
    }

    /// A switch of [`MistLab::site`].
    pub fn switch_id(&self) -> &str {
        self.state.world.device("den-sw-1")
    }

    /// A gateway (SRX) of [`MistLab::site`].
    pub fn gateway_id(&self) -> &str {
        self.state.world.device("den-gw-1")
    }

    /// A device that is not connected: an access point of [`MistLab::site`].
    pub fn offline_id(&self) -> &str {
        self.state.world.device("den-ap-8")
    }
}
