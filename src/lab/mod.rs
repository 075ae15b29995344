//! The lab: simulated Junos devices behind a real SSH server, and a simulated Mist cloud, on loopback, to try jmcp and to test it.
//!
//! - [`Lab::start`] brings up one device of each [`Kind`], and copies of them where asked.
//! - `ssh` is the SSH server, `netconf` the session on it, `operational` the commands, `config` the configuration.
//! - [`Faults`] makes a device misbehave.
//! - [`mist`] is the cloud.

pub mod config;
pub mod mist;

mod clock;
mod device;
mod faults;
mod files;
mod keys;
mod kind;
mod netconf;
mod operational;
mod operator;
mod pipe;
mod ssh;
mod wire;

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use russh::keys::PrivateKey;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::{
    clock::ManualClock,
    device::{Counters, LabDevice},
    faults::{Denied, Fault, Faults, Gate, Lost, Spoil},
    files::LabFiles,
    kind::Kind,
    operator::{Done, Operator},
};
use self::{
    config::{Clock, Store},
    device::{Identity, Shared},
};
use crate::error::{Code, Error, Result};

/// The user of every lab device.
pub const USER: &str = "lab";
/// The password of [`USER`]. No secret: the lab listens on loopback and holds nothing.
pub const PASSWORD: &str = "lab-password";

/// How to start a lab.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// The port of the first device, the others follow; ports picked by the system where there is none.
    pub base_port: Option<u16>,
    /// The clock of the devices; the machine's where there is none.
    pub clock: Option<Arc<ManualClock>>,
    /// How many devices in all; those after the third are copies (`mx-lab-2`, `srx-lab-2`, ...).
    pub devices: usize,
    /// A folder that keeps host keys and the user's key, so that what was pasted from one run works in the next.
    pub key_dir: Option<PathBuf>,
    /// Channels that a device lets one connection have open at once (Junos: `max-sessions-per-connection`, default 10).
    pub max_sessions: usize,
}

impl Default for LabOptions {
    /// Three devices on ports picked by the system, keys of this run, the machine's clock.
    fn default() -> Self {
        Self {
            base_port: None,
            clock: None,
            devices: 3,
            key_dir: None,
            max_sessions: 10,
        }
    }
}

/// A running lab. Dropping it ends every device and connection.
pub struct Lab {
    devices: Vec<LabDevice>,
    user_key: PrivateKey,
    key_dir: Option<PathBuf>,
    stop: CancellationToken,
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Lab {
    /// Starts the devices; they accept connections when this returns.
    ///
    /// # Errors
    /// `io` when a port or a file cannot be had, `internal` when an initial configuration is not accepted.
    pub async fn start(options: LabOptions) -> Result<Lab> {
        let clock: Arc<dyn Clock> = match &options.clock {
            Some(manual) => Arc::clone(manual) as Arc<dyn Clock>,
            None => Arc::new(clock::WallClock),
        };
        let user_key = keys::keep(options.key_dir.as_deref(), files::USER_KEY)?;
        let mut lab = Lab {
            devices: Vec::new(),
            user_key,
            key_dir: options.key_dir.clone(),
            stop: CancellationToken::new(),
        };
        for index in 0..options.devices {
            let device = lab.device_number(index, &options, &clock).await?;
            lab.devices.push(device);
        }
        if options.clock.is_none() {
            tokio::spawn(tick(lab.devices.clone(), lab.stop.clone()));
        }
        Ok(lab)
    }

    async fn device_number(&self, index: usize, options: &LabOptions, clock: &Arc<dyn Clock>) -> Result<LabDevice> {
        let kind = Kind::ALL.into_iter().cycle().nth(index).unwrap_or(Kind::Mx);
        let name = format!("{}-lab-{}", kind.word(), index / Kind::ALL.len() + 1);
        let port = options
            .base_port
            .map_or(0, |base| base.saturating_add(u16::try_from(index).unwrap_or(u16::MAX)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|e| {
            Error::new(
                Code::Io,
                format!("lab device `{name}` cannot listen on 127.0.0.1:{port}"),
            )
            .advise("choose another port, or none to let the system pick")
            .caused_by(e)
        })?;
        let port = listener.local_addr().map_or(port, |address| address.port());
        let configuration = kind
            .initial_configuration()
            .replace(&format!("{}-lab-1", kind.word()), &name);
        let store = Store::new(&configuration, kind.style(), Arc::clone(clock))
            .map_err(|e| Error::new(Code::Internal, format!("the initial configuration of `{name}`: {e}")))?;
        let identity = Identity {
            host_key: keys::keep(options.key_dir.as_deref(), &format!("host_key_{name}"))?,
            other_key: keys::generate()?,
            user_key: self.user_key.public_key().clone(),
            max_sessions: options.max_sessions,
            name,
            kind,
        };
        let shared = Arc::new(Shared::new(identity, store, Arc::clone(clock), self.stop.child_token()));
        tokio::spawn(ssh::serve(Arc::clone(&shared), listener));
        Ok(LabDevice {
            name: shared.name.clone(),
            address: Ipv4Addr::LOCALHOST.to_string(),
            port,
            shared,
        })
    }

    /// The devices, in the order of their ports.
    pub fn devices(&self) -> &[LabDevice] {
        &self.devices
    }

    /// The device of this name.
    pub fn device(&self, name: &str) -> Option<&LabDevice> {
        self.devices.iter().find(|d| d.name == name)
    }
}

/// Confirmed commits end also when nobody looks.
async fn tick(devices: Vec<LabDevice>, stop: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = every.tick() => devices.iter().for_each(|d| d.store(|_| ())),
            () = stop.cancelled() => return,
        }
    }
}
