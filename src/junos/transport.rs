//! What the session pool needs from a transport: connect to a device, open NETCONF byte streams on that connection.
//!
//! `ssh` implements it on russh; tests implement it on in-memory pipes.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use super::inventory::Device;
use crate::error::Result;

/// A byte stream that carries one NETCONF session.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Brings up connections to devices.
#[async_trait]
pub trait Connect: Send + Sync {
    /// Connects to the device and logs in. Cancel safe: dropping the future closes what was opened.
    ///
    /// # Errors
    /// `connect_failed`, `connect_timeout`, `auth_failed`, `host_key_*`, `known_hosts_missing`, `no_common_algorithm`,
    /// each naming the device.
    async fn connect(&self, device: &Device) -> Result<Arc<dyn Connection>>;
}

/// One authenticated connection to one device; streams on it are opened as needed.
#[async_trait]
pub trait Connection: Send + Sync {
    /// Opens a stream to the device's NETCONF subsystem. Returns as soon as the request is on its way: a refusal of the
    /// subsystem shows up as an `io::Error` on the first read, whose inner error is a [`crate::error::Error`] with code
    /// `netconf_unavailable`.
    ///
    /// # Errors
    /// `transport` when the connection is gone, `netconf_unavailable` when the device opens no more channels.
    async fn open_netconf(&self) -> Result<Box<dyn Stream>>;

    /// Whether the connection is known to be dead.
    fn is_closed(&self) -> bool;

    /// Says goodbye and closes.
    async fn close(&self);
}
