//! A connection that is logged in: the device's, with the jump hosts under it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use russh::{
    Disconnect,
    client::{Handle, Msg},
};

use super::{
    handler::{Client, Server, one_line},
    stream::NetconfStream,
    wire::LineGuard,
};
use crate::{
    error::{Code, Error, Result},
    junos::transport::{Connection, Stream},
};

/// How long a goodbye may take before the stream is cut.
const GOODBYE: Duration = Duration::from_secs(2);

/// One SSH connection that is logged in.
pub(super) struct Session {
    pub(super) handle: Handle<Client>,
    pub(super) state: Arc<Server>,
    /// How errors call the server.
    pub(super) server: String,
    /// Cuts the stream when the session is dropped. Before `below`: the inner connection ends first.
    pub(super) line: LineGuard,
    /// The jump host that carries this connection.
    pub(super) below: Option<Arc<Session>>,
}

impl Session {
    /// Opens a TCP connection from this server onwards.
    pub(super) async fn tunnel(&self, host: &str, port: u16) -> Result<russh::ChannelStream<Msg>> {
        let opened = self
            .handle
            .channel_open_direct_tcpip(host, u32::from(port), "127.0.0.1", 0)
            .await;
        match opened {
            Ok(channel) => Ok(channel.into_stream()),
            Err(russh::Error::ChannelOpenFailure(reason)) => {
                let address = super::route::address(host, port);
                let why = one_line(reason.description()).to_lowercase();
                let text = format!("{} does not connect to `{address}`: {why}", self.server);
                Err(Error::new(Code::ConnectFailed, text).advise(
                    "the jump host must reach the address and allow TCP forwarding (`AllowTcpForwarding`; Junos since \
                     22.2R1 does not by default)",
                ))
            }
            Err(error) => Err(self.gone(&error)),
        }
    }

    /// The connection ended.
    pub(super) fn gone(&self, error: &russh::Error) -> Error {
        let why = self.state.farewell().unwrap_or_else(|| one_line(&error.to_string()));
        Error::new(
            Code::Transport,
            format!("the connection to {} is gone: {why}", self.server),
        )
    }

    fn is_closed(&self) -> bool {
        self.handle.is_closed() || self.state.ended().is_cancelled()
    }

    async fn close(&self) {
        let said = self.handle.disconnect(Disconnect::ByApplication, "done", "en").await;
        if said.is_ok() {
            let _ = tokio::time::timeout(GOODBYE, self.state.ended().cancelled()).await;
        }
        self.line.cut();
    }
}

/// The connection to a device.
pub(super) struct SshConnection {
    session: Arc<Session>,
}

impl SshConnection {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

#[async_trait]
impl Connection for SshConnection {
    async fn open_netconf(&self) -> Result<Box<dyn Stream>> {
        let session = self.session.clone();
        // In a task of its own: a caller that gives up meanwhile must not leave a channel behind that nobody closes.
        let opening = tokio::spawn(async move {
            let channel = match session.handle.channel_open_session().await {
                Ok(channel) => channel,
                Err(russh::Error::ChannelOpenFailure(reason)) => {
                    let why = one_line(reason.description()).to_lowercase();
                    let text = format!("{} opens no more channels: {why}", session.server);
                    return Err(Error::new(Code::NetconfUnavailable, text)
                        .advise("raise `set system services ssh max-sessions-per-connection`, or use fewer sessions"));
                }
                Err(error) => return Err(session.gone(&error)),
            };
            NetconfStream::request(channel, session).await
        });
        match opening.await {
            Ok(opened) => Ok(Box::new(opened?)),
            Err(lost) => Err(Error::new(Code::Internal, lost.to_string())),
        }
    }

    fn is_closed(&self) -> bool {
        self.session.is_closed()
    }

    async fn close(&self) {
        self.session.close().await;
        let mut below = self.session.below.clone();
        while let Some(session) = below {
            session.close().await;
            below = session.below.clone();
        }
    }
}
