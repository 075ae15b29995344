//! One NETCONF session on a byte stream: a handle to a task that owns the stream and always drains it.
//!
//! Several requests may be outstanding; the device answers them in order (RFC 6241, section 4.5). Dropping a request
//! takes it back: its reply is thrown away when it comes, and where it does not come soon the session is closed, so
//! that the device stops working on it. Closing never sends `<discard-changes/>`: the shared candidate may hold
//! somebody else's edits.

mod actor;
mod pending;
mod round_trips;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot, watch},
};

pub use round_trips::{RoundTripFigures, RoundTrips};

use super::{
    error::Error,
    framing::{Framing, MAX_MESSAGE},
    hello::{BASE_NAMESPACE, Hello},
    reply::Reply,
    rope::Rope,
};
use crate::error::{Code, Error as Report};

/// From this size on a reply is parsed on a thread of its own, so that it does not hold up other tasks.
const PARSE_ASIDE: usize = 512 * 1024;

/// How a session behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the device, for the log.
    pub device: String,
    /// Whether base:1.1 (chunked framing) is offered.
    pub chunked: bool,
    /// The framing that an earlier session with this device agreed on: requests then go out with our hello instead of
    /// waiting for the device's, which saves a round trip.
    pub known: Option<Framing>,
    /// How long a cancelled request may keep the session busy before it is closed.
    pub grace: Duration,
    /// How long the device may take for its hello.
    pub hello_timeout: Duration,
    /// Largest message, in bytes.
    pub max_message: usize,
    /// Where round trips are counted.
    pub round_trips: Arc<RoundTrips>,
}

impl Options {
    /// The defaults: both framings offered, nothing known, 2 s of grace, 60 s for the hello, 256 MiB.
    pub fn new(device: impl Into<String>) -> Self {
        Self {
            device: device.into(),
            chunked: true,
            known: None,
            grace: Duration::from_secs(2),
            hello_timeout: Duration::from_secs(60),
            max_message: MAX_MESSAGE,
            round_trips: Arc::default(),
        }
    }
}

/// What a session carried so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Requests sent.
    pub requests: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
}

/// Where a session stands.
#[derive(Debug, Clone)]
enum Phase {
    Opening,
    Ready,
    Ended(Error),
}

enum Command {
    Request {
        id: u64,
        message: String,
        answer: oneshot::Sender<Result<Rope, Error>>,
    },
    Close(oneshot::Sender<()>),
    Abort,
}

#[derive(Debug, Default)]
struct Shared {
    next_id: AtomicU64,
    outstanding: AtomicUsize,
    agreed: OnceLock<(Arc<Hello>, Framing)>,
    requests: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// A NETCONF session. Dropping it closes the session in the background.
#[derive(Debug)]
pub struct Session {
    commands: mpsc::UnboundedSender<Command>,
    phase: watch::Receiver<Phase>,
    shared: Arc<Shared>,
}

impl Session {
    /// Starts a session and returns at once; the hello exchange goes on in the background. Requests may be made right
    /// away. Has to be called inside of a tokio runtime.
    pub fn start<S>(stream: S, options: Options) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (commands, receiver) = mpsc::unbounded_channel();
        let (sender, phase) = watch::channel(Phase::Opening);
        let shared = Arc::new(Shared::default());
        let actor = actor::Actor::new(stream, options, receiver, sender, Arc::clone(&shared));
        tokio::spawn(actor.run());
        Self {
            commands,
            phase,
            shared,
        }
    }

    /// Starts a session and waits for the device's hello.
    ///
    /// # Errors
    /// As [`Session::ready`].
    pub async fn open<S>(stream: S, options: Options) -> Result<Self, Error>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let session = Self::start(stream, options);
        session.ready().await?;
        Ok(session)
    }

    /// Waits for the end of the hello exchange.
    ///
    /// # Errors
    /// Whatever ended the session: [`Error::NoHello`], [`Error::Refused`], [`Error::HelloTimeout`] ...
    pub async fn ready(&self) -> Result<(), Error> {
        let mut phase = self.phase.clone();
        match phase
            .wait_for(|phase| !matches!(phase, Phase::Opening))
            .await
            .as_deref()
        {
            Ok(Phase::Ended(error)) => Err(error.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(self.ended()),
        }
    }

    /// Sends `<rpc>` with this body and waits for the reply. Errors of the device are in the reply.
    ///
    /// Dropping the future takes the request back.
    ///
    /// # Errors
    /// [`Error::Timeout`] and everything else in [`Error`].
    pub async fn request(&self, body: &str, timeout: Duration) -> Result<Reply, Error> {
        tokio::time::timeout(timeout, self.exchange(body))
            .await
            .unwrap_or(Err(Error::Timeout(timeout)))
    }

    async fn exchange(&self, body: &str) -> Result<Reply, Error> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed) + 1;
        let message = format!("<rpc xmlns=\"{BASE_NAMESPACE}\" message-id=\"{id}\">{body}</rpc>");
        let (answer, reply) = oneshot::channel();
        self.shared.outstanding.fetch_add(1, Ordering::Relaxed);
        if self.commands.send(Command::Request { id, message, answer }).is_err() {
            self.shared.outstanding.fetch_sub(1, Ordering::Relaxed);
            return Err(self.ended());
        }
        let lost = Error::Closed {
            sent: true,
            reply_started: false,
            cause: None,
        };
        parse(reply.await.unwrap_or(Err(lost))?).await
    }

    /// What the device said of itself; `None` before its hello.
    pub fn hello(&self) -> Option<Arc<Hello>> {
        self.shared.agreed.get().map(|(hello, _)| Arc::clone(hello))
    }

    /// The framing in use; `None` before the hello.
    pub fn framing(&self) -> Option<Framing> {
        self.shared.agreed.get().map(|(_, framing)| *framing)
    }

    /// Whether it has ended.
    pub fn is_closed(&self) -> bool {
        self.commands.is_closed() || matches!(*self.phase.borrow(), Phase::Ended(_))
    }

    /// Requests without a reply, those that were taken back included.
    pub fn outstanding(&self) -> usize {
        self.shared.outstanding.load(Ordering::Relaxed)
    }

    /// What it carried so far.
    pub fn figures(&self) -> Figures {
        Figures {
            requests: self.shared.requests.load(Ordering::Relaxed),
            bytes_in: self.shared.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.shared.bytes_out.load(Ordering::Relaxed),
        }
    }

    /// Says `<close-session/>` and waits for the end, for a second at most.
    pub async fn close(&self) {
        let (done, end) = oneshot::channel();
        if self.commands.send(Command::Close(done)).is_ok() {
            let _ = end.await;
        }
    }

    /// Closes the stream without a word. The device gives up locks and private candidates of the session.
    pub fn abort(&self) {
        let _ = self.commands.send(Command::Abort);
    }

    fn ended(&self) -> Error {
        match &*self.phase.borrow() {
            Phase::Ended(error) => error.clone(),
            _ => Error::Closed {
                sent: false,
                reply_started: false,
                cause: None,
            },
        }
    }
}

async fn parse(message: Rope) -> Result<Reply, Error> {
    if message.len() < PARSE_ASIDE {
        return Ok(Reply::parse(message)?);
    }
    let parsed = tokio::task::spawn_blocking(move || Reply::parse(message)).await;
    let broken = |error| {
        Error::Transport(Arc::new(Report::new(
            Code::Internal,
            format!("reading a reply failed: {error}"),
        )))
    };
    Ok(parsed.map_err(broken)??)
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
