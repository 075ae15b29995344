//! The native SSH client: reaches devices (directly, through jump hosts or a proxy command), checks their host keys, logs
//! in and opens NETCONF channels.
//!
//! [`SshConnector`] is what the session pool uses; [`scan()`] serves `jmcp known-hosts scan`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    inventory::Device,
    transport::{Connect, Connection},
};
use crate::error::{Error, Result};

mod algorithms;
mod auth;
mod config;
mod connect;
mod failure;
mod handler;
mod host_keys;
mod keys;
mod known_hosts;
mod pattern;
mod proxy_command;
mod route;
mod scan;
mod session;
mod stream;
mod wire;

pub use host_keys::HostKeys;
pub use scan::{ScannedKey, scan};

/// How connections are made. [`Options::new`] gives the defaults.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which host keys are trusted.
    pub host_keys: HostKeys,
    /// How long one server on the way (jump host or device) may take to be reached and to exchange keys; then as long
    /// again to log in. `ConnectTimeout` of `ssh_config` overrides it per host. Default 30 s.
    pub connect_timeout: Duration,
    /// A silent connection is probed after this time. Default 30 s.
    pub keepalive: Duration,
    /// This many probes without an answer end the connection. Default 3.
    pub keepalive_max: usize,
    /// The `ssh_config` of devices that name none of their own. `None`: `~/.ssh/config`, if it exists.
    pub ssh_config: Option<PathBuf>,
    /// The socket of the SSH agent. Default: `SSH_AUTH_SOCK`.
    pub agent: Option<PathBuf>,
    /// Whether `ProxyCommand` of `ssh_config` may run programs. Default true.
    pub proxy_command: bool,
    /// The home directory, for `~` and the default keys of jump hosts. Default: that of the user.
    pub home: Option<PathBuf>,
}

impl Options {
    /// The defaults, with the given trust in host keys.
    pub fn new(host_keys: HostKeys) -> Self {
        Self {
            host_keys,
            connect_timeout: Duration::from_secs(30),
            keepalive: Duration::from_secs(30),
            keepalive_max: 3,
            ssh_config: None,
            agent: std::env::var_os("SSH_AUTH_SOCK")
                .filter(|socket| !socket.is_empty())
                .map(PathBuf::from),
            proxy_command: true,
            home: std::env::home_dir(),
        }
    }
}

/// Brings up SSH connections.
#[derive(Debug, Clone)]
pub struct SshConnector {
    options: Arc<Options>,
}

impl SshConnector {
    /// A connector with these options. Nothing is opened or read yet.
    pub fn new(options: Options) -> Self {
        Self {
            options: Arc::new(options),
        }
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }
}

#[async_trait]
impl Connect for SshConnector {
    async fn connect(&self, device: &Device) -> Result<Arc<dyn Connection>> {
        if let Some(problem) = &device.problem {
            let repeated = Error::new(problem.code(), problem.message());
            return Err(match problem.advice() {
                Some(advice) => repeated.advise(advice),
                None => repeated,
            });
        }
        let route = route::Route::to_device(&self.options, device).await?;
        let session = connect::climb(&self.options, route).await?;
        Ok(Arc::new(session::SshConnection::new(session)))
    }
}
