//! The byte stream of one NETCONF session: an SSH channel with the `netconf` subsystem (RFC 6242 section 3).

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::ReusableBoxFuture;

use super::{handler::one_line, session::Session};
use crate::error::{Code, Error, Result};

/// How much standard error of the subsystem is kept for error texts, bytes.
const COMPLAINT: usize = 4096;

type Next = (ChannelReadHalf, Option<ChannelMsg>);

async fn next(mut from: ChannelReadHalf) -> Next {
    let message = from.wait().await;
    (from, message)
}

/// The stream. Dropping it closes the channel.
pub(super) struct NetconfStream {
    incoming: ReusableBoxFuture<'static, Next>,
    outgoing: Pin<Box<dyn AsyncWrite + Send>>,
    control: Option<ChannelWriteHalf<Msg>>,
    unread: Bytes,
    heard: bool,
    ended: bool,
    complaint: Vec<u8>,
    session: Arc<Session>,
}

impl NetconfStream {
    /// Asks for the subsystem, and does not wait for the answer: what is written next travels with the request.
    pub(super) async fn request(channel: Channel<Msg>, session: Arc<Session>) -> Result<Self> {
        let (from, control) = channel.split();
        let outgoing = Box::pin(control.make_writer());
        let stream = Self {
            incoming: ReusableBoxFuture::new(next(from)),
            outgoing,
            control: Some(control),
            unread: Bytes::new(),
            heard: false,
            ended: false,
            complaint: Vec::new(),
            session,
        };
        if let Some(control) = &stream.control
            && let Err(error) = control.request_subsystem(true, "netconf").await
        {
            return Err(stream.session.gone(&error));
        }
        Ok(stream)
    }

    /// Takes one message of the channel: `None` at the end of the stream.
    fn take(&mut self, message: Option<ChannelMsg>) -> io::Result<Option<()>> {
        match message {
            Some(ChannelMsg::Data { data }) => {
                self.heard |= !data.is_empty();
                self.unread = data;
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => {
                let room = COMPLAINT.saturating_sub(self.complaint.len());
                self.complaint.extend(data.iter().take(room));
            }
            Some(ChannelMsg::Failure) => {
                self.ended = true;
                let refused = self.unavailable("refused the NETCONF subsystem");
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, refused));
            }
            Some(ChannelMsg::Eof | ChannelMsg::Close) if !self.heard => {
                self.ended = true;
                let refused = self.unavailable("closed the NETCONF session before it said anything");
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, refused));
            }
            Some(ChannelMsg::Eof | ChannelMsg::Close) => {
                self.ended = true;
                return Ok(None);
            }
            None => {
                self.ended = true;
                let lost = self.session.gone(&russh::Error::Disconnect);
                return Err(io::Error::new(io::ErrorKind::ConnectionReset, lost));
            }
            Some(_) => {}
        }
        Ok(Some(()))
    }

    fn unavailable(&self, what: &str) -> Error {
        let said = one_line(&String::from_utf8_lossy(&self.complaint));
        let said = if said.is_empty() { said } else { format!(": `{said}`") };
        Error::new(
            Code::NetconfUnavailable,
            format!("{} {what}{said}", self.session.server),
        )
        .advise(
            "configure `set system services netconf ssh`; the login class of the user must allow it, and the limit of \
             sessions must not be reached",
        )
    }
}

impl AsyncRead for NetconfStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.unread.has_remaining() {
                let take = this.unread.len().min(buffer.remaining());
                buffer.put_slice(&this.unread.split_to(take));
                return Poll::Ready(Ok(()));
            }
            if this.ended || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            let (from, message) = ready!(this.incoming.poll(context));
            this.incoming.set(next(from));
            if this.take(message)?.is_none() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for NetconfStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.outgoing.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.as_mut().poll_shutdown(context)
    }
}

impl Drop for NetconfStream {
    fn drop(&mut self) {
        let (Some(control), Ok(runtime)) = (self.control.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let session = self.session.clone();
        runtime.spawn(async move {
            let _ = control.close().await;
            drop(session);
        });
    }
}
