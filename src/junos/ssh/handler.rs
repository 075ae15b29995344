//! What russh calls back: the host key check, the banner, the farewell. Channels that a server wants to open are refused.

use std::sync::{Arc, Mutex, PoisonError};

use russh::{
    Channel,
    client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session},
    keys::{PublicKey, PublicKeyOrCertificate},
};
use tokio_util::sync::CancellationToken;

use super::host_keys::Verifier;
use crate::error::Error;

/// How much of a login banner is kept for error texts, bytes.
const BANNER: usize = 2048;

/// Why a connection cannot come up.
#[derive(Debug)]
pub(super) enum Fault {
    /// The protocol or the stream failed.
    Ssh(russh::Error),
    /// We refuse the server.
    Refused(Box<Error>),
}

impl From<russh::Error> for Fault {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

/// What became known of the server; shared between the handler and the session.
#[derive(Debug, Default)]
pub(super) struct Server {
    ident: Mutex<String>,
    banner: Mutex<String>,
    farewell: Mutex<Option<String>>,
    ended: CancellationToken,
}

impl Server {
    /// The identification string, such as `SSH-2.0-OpenSSH_9.7`; empty before keys were exchanged.
    pub(super) fn ident(&self) -> String {
        self.ident.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The login banner on one line, control characters removed.
    pub(super) fn banner(&self) -> Option<String> {
        let banner = self.banner.lock().unwrap_or_else(PoisonError::into_inner);
        Some(one_line(&banner)).filter(|text| !text.is_empty())
    }

    /// Why the connection ended, where that is known.
    pub(super) fn farewell(&self) -> Option<String> {
        let farewell = self.farewell.lock().unwrap_or_else(PoisonError::into_inner);
        farewell.clone().filter(|text| !text.is_empty())
    }

    /// Done when the connection has ended.
    pub(super) fn ended(&self) -> &CancellationToken {
        &self.ended
    }
}

/// Text of a server for one line of an error: control characters become spaces, runs of spaces one. Backticks go too,
/// because errors quote with them: a server must not be able to end its quotation.
pub(super) fn one_line(text: &str) -> String {
    let plain = |c: char| match c {
        '`' => '\'',
        c if c.is_control() => ' ',
        c => c,
    };
    let clean: String = text.chars().map(plain).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What to do with the host key.
pub(super) enum Check {
    /// Accept it only if it may be trusted.
    Verify(Verifier),
    /// Note it and refuse: nothing but the key is wanted.
    Note(Arc<Mutex<Option<PublicKey>>>),
}

/// The callbacks of one connection.
pub(super) struct Client {
    server: Arc<Server>,
    check: Check,
}

impl Client {
    pub(super) fn new(server: Arc<Server>, check: Check) -> Self {
        Self { server, check }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.server.ended.cancel();
    }
}

impl Handler for Client {
    type Error = Fault;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Fault> {
        match &self.check {
            Check::Verify(verifier) => match verifier.check(&shown.public_key()).await {
                Ok(()) => Ok(true),
                Err(refused) => Err(Fault::Refused(Box::new(refused))),
            },
            Check::Note(place) => {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown.public_key());
                Ok(false)
            }
        }
    }

    async fn kex_done(
        &mut self,
        _shared_secret: Option<&[u8]>,
        names: &russh::Names,
        session: &mut Session,
    ) -> Result<(), Fault> {
        let ident = String::from_utf8_lossy(session.remote_sshid()).into_owned();
        tracing::debug!(%ident, kex = names.kex.as_ref(), host_key = %names.key, cipher = names.cipher.as_ref(), "keys exchanged");
        *self.server.ident.lock().unwrap_or_else(PoisonError::into_inner) = ident;
        Ok(())
    }

    async fn auth_banner(&mut self, banner: &str, _session: &mut Session) -> Result<(), Fault> {
        let mut kept = self.server.banner.lock().unwrap_or_else(PoisonError::into_inner);
        let room = BANNER.saturating_sub(kept.len());
        kept.extend(banner.chars().take(room));
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Fault>) -> Result<(), Fault> {
        let text = match &reason {
            DisconnectReason::ReceivedDisconnect(info) => one_line(&info.message),
            DisconnectReason::Error(Fault::Ssh(russh::Error::Disconnect)) => "closed by the other side".to_owned(),
            DisconnectReason::Error(Fault::Ssh(error)) => error.to_string(),
            DisconnectReason::Error(Fault::Refused(error)) => error.message().to_owned(),
        };
        *self.server.farewell.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        match reason {
            DisconnectReason::ReceivedDisconnect(_) => Ok(()),
            DisconnectReason::Error(error) => Err(error),
        }
    }

    // russh accepts every channel a server opens unless told otherwise. Nothing here ever asks for one, and dropping the
    // handle refuses it.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _refused: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _refused: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        _refused: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        _refused: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _refused: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _refused: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _refused: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Fault> {
        Ok(())
    }
}
