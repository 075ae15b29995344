//! One device of the pool: its connection, its channels, its pauses.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, join_all},
};
use tokio::sync::Notify;

use super::{
    Options,
    backoff::Backoff,
    figures::{Counters, count},
    lease::Lease,
    slots::{Choice, Opening, Slots},
};
use crate::{
    error::{Code, Error, Result},
    junos::{
        inventory::{self, Device},
        netconf::{
            error::{Error as SessionError, copy, seconds},
            framing::Framing,
            reply::Reply,
            session::{self, Session},
        },
        transport::{Connect, Connection},
    },
};

/// How long a connection may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// A connect that is under way, the same for everybody who waits.
type Connecting = Shared<BoxFuture<'static, Result<Up, Arc<Error>>>>;

/// A connection and its number, by which a later one can be told from it.
type Up = (u64, Arc<dyn Connection>);

/// The way to the device.
enum Link {
    Down,
    Connecting(Connecting),
    Up(Up),
}

struct State {
    link: Link,
    links: u64,
    slots: Slots,
    backoff: Backoff,
    /// What an earlier session agreed on.
    framing: Option<Framing>,
    retired: bool,
}

/// What a read is waiting for, so that a time-out can say it.
pub(super) mod phase {
    pub(in super::super) const CHANNEL: u8 = 0;
    pub(in super::super) const CONNECT: u8 = 1;
    pub(in super::super) const REPLY: u8 = 2;
}

/// One device with one address and one set of credentials.
pub(super) struct PerDevice {
    pub(super) device: Arc<Device>,
    connect: Arc<dyn Connect>,
    options: Arc<Options>,
    pub(super) counters: Arc<Counters>,
    state: Mutex<State>,
    changed: Notify,
}

/// What a call has tried so far.
struct Attempts {
    /// Number of the connection when it began.
    links: u64,
    repeated: bool,
    relinked: bool,
}

/// Use of a channel by a read; given back on drop.
struct Ticket {
    of: Arc<PerDevice>,
    id: u64,
    opening: Opening,
    /// Whether the channel was opened for this read.
    fresh: bool,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let closing = self.of.state().slots.leave(self.id);
        self.of.after(closing);
    }
}

impl PerDevice {
    pub(super) fn new(
        device: Arc<Device>,
        connect: Arc<dyn Connect>,
        options: Arc<Options>,
        counters: Arc<Counters>,
    ) -> Arc<Self> {
        let state = State {
            link: Link::Down,
            links: 0,
            slots: Slots::new(Arc::clone(&options)),
            backoff: Backoff::default(),
            framing: None,
            retired: false,
        };
        Arc::new(Self {
            device,
            connect,
            options,
            counters,
            state: Mutex::new(state),
            changed: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A read: see [`super::Pool::read`]. Has to be bounded by the caller.
    pub(super) async fn read(self: &Arc<Self>, body: &str, at: &AtomicU8) -> Result<Reply> {
        let mut attempts = self.attempts();
        loop {
            at.store(phase::CHANNEL, Ordering::Relaxed);
            let ticket = self.channel().await?;
            at.store(phase::CONNECT, Ordering::Relaxed);
            let session = match ticket.opening.clone().await {
                Ok(session) => session,
                Err(error) if is_channel_refusal(error.code()) && self.refused(ticket.id) => continue,
                Err(error) => return Err(copy(&error)),
            };
            at.store(phase::REPLY, Ordering::Relaxed);
            count(&self.counters.requests);
            match session.request(body, Duration::MAX).await {
                Ok(reply) => {
                    self.learn_framing(&session);
                    return reply.into_read_result(&self.device.name);
                }
                Err(error) if self.may_repeat(&mut attempts, ticket.id, &error, &session, ticket.fresh) => {}
                Err(error) => return Err(error.report(&self.device.name)),
            }
        }
    }

    /// A channel of its own: see [`super::Pool::exclusive`].
    pub(super) async fn exclusive(self: &Arc<Self>) -> Result<Lease> {
        let mut attempts = self.attempts();
        loop {
            let (id, opening, _) = self.own_channel().await?;
            // From here on dropping this future gives the channel back.
            let mut lease = Lease::new(Arc::clone(self), id);
            let session = match opening.await {
                Ok(session) => session,
                Err(error) if is_channel_refusal(error.code()) && self.refused(id) => continue,
                Err(error) => return Err(copy(&error)),
            };
            match session.ready().await {
                Ok(()) => {
                    self.learn_framing(&session);
                    lease.begin(session);
                    return Ok(lease);
                }
                Err(error) if self.may_repeat(&mut attempts, id, &error, &session, true) => {}
                Err(error) => return Err(error.report(&self.device.name)),
            }
        }
    }

    fn attempts(&self) -> Attempts {
        Attempts {
            links: self.state().links,
            repeated: false,
            relinked: false,
        }
    }

    /// Whether a request that got no answer on this session may be made on another. It may where the device has not
    /// seen it, and once where the session had gone stale, as opposed to ending because of this request.
    fn may_repeat(
        &self,
        attempts: &mut Attempts,
        id: u64,
        error: &SessionError,
        session: &Session,
        fresh: bool,
    ) -> bool {
        let by_us = matches!(error, SessionError::NeverAnswered | SessionError::FramingChanged);
        if session.hello().is_none() && !by_us {
            // It never became a session. With other channels there, the device allows no more than those.
            if self.refused(id) {
                return true;
            }
            // A connection that died unnoticed looks like this.
            let silence = matches!(error, SessionError::Closed { .. })
                || matches!(error, SessionError::NoHello { said } if said.is_empty());
            if !silence || attempts.relinked || attempts.links != self.state().links {
                return false;
            }
            attempts.relinked = true;
            self.drop_link(attempts.links);
        } else {
            if attempts.repeated || !error.is_unanswered() || (fresh && !by_us) {
                return false;
            }
            attempts.repeated = true;
            if matches!(error, SessionError::FramingChanged) {
                self.state().framing = None;
            }
        }
        count(&self.counters.retries);
        true
    }

    async fn channel(self: &Arc<Self>) -> Result<Ticket> {
        let (id, opening, fresh) = self.choose(Slots::choose_shared, false).await?;
        Ok(Ticket {
            of: Arc::clone(self),
            id,
            opening,
            fresh,
        })
    }

    async fn own_channel(self: &Arc<Self>) -> Result<(u64, Opening, bool)> {
        let _waiting = Waiting::new(self);
        let wait = self.options.wait;
        let chosen = tokio::time::timeout(wait, self.choose(Slots::choose_exclusive, true)).await;
        chosen.unwrap_or_else(|_| Err(self.busy(wait)))
    }

    /// The error for no channel in time.
    pub(super) fn busy(&self, wait: Duration) -> Error {
        let message = format!(
            "device `{}`: all NETCONF channels were busy for {}",
            self.device.name,
            seconds(wait)
        );
        Error::new(Code::Overloaded, message).advise("try again when other calls to this device have ended")
    }

    /// A channel, and whether it is opened for this call.
    async fn choose(
        self: &Arc<Self>,
        choose: impl Fn(&mut Slots) -> Choice,
        exclusive: bool,
    ) -> Result<(u64, Opening, bool)> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let mut state = self.state();
                if state.retired {
                    return Err(self.gone());
                }
                match choose(&mut state.slots) {
                    Choice::Use(id, opening) => return Ok((id, opening, false)),
                    Choice::Open => {
                        let opening = self.open();
                        return Ok((state.slots.add(opening.clone(), exclusive), opening, true));
                    }
                    Choice::Wait => {}
                }
            }
            changed.await;
        }
    }

    fn gone(&self) -> Error {
        let message = format!(
            "device `{}` was changed or removed in the inventory meanwhile",
            self.device.name
        );
        Error::new(Code::Transport, message).advise("try again")
    }

    /// Opens a channel in the background: it goes on when those who wait give up.
    fn open(self: &Arc<Self>) -> Opening {
        let task = tokio::spawn(Arc::clone(self).open_channel());
        async move { task.await.unwrap_or_else(|error| Err(Arc::new(panicked(&error)))) }
            .boxed()
            .shared()
    }

    async fn open_channel(self: Arc<Self>) -> Result<Arc<Session>, Arc<Error>> {
        let mut again = true;
        loop {
            let connecting = self.connection()?;
            let (number, connection) = connecting.await?;
            match connection.open_netconf().await {
                Ok(stream) => {
                    count(&self.counters.channels);
                    return Ok(Arc::new(Session::start(stream, self.session_options())));
                }
                // It had died unnoticed; nothing was sent yet.
                Err(error) if again && error.code() == Code::Transport => {
                    again = false;
                    self.drop_link(number);
                }
                Err(error) => return Err(Arc::new(error)),
            }
        }
    }

    fn session_options(&self) -> session::Options {
        session::Options {
            chunked: self.device.framing == inventory::Framing::Auto,
            known: match self.device.framing {
                inventory::Framing::Auto => self.state().framing,
                inventory::Framing::EndOfMessage => Some(Framing::EndOfMessage),
            }
            .filter(|_| self.options.pipeline_hello),
            grace: self.options.cancel_grace,
            hello_timeout: self.options.hello_timeout,
            max_message: self.options.max_message,
            ..session::Options::new(self.device.name.clone())
        }
    }

    /// The connection, or the one connect that is under way for everybody.
    fn connection(self: &Arc<Self>) -> Result<Connecting, Arc<Error>> {
        let mut state = self.state();
        match &state.link {
            Link::Connecting(connecting) => return Ok(connecting.clone()),
            Link::Up(up) if !up.1.is_closed() => return Ok(futures::future::ready(Ok(up.clone())).boxed().shared()),
            Link::Up(_) | Link::Down => {}
        }
        if state.retired {
            return Err(Arc::new(self.gone()));
        }
        state.backoff.check(&self.device).map_err(Arc::new)?;
        let task = tokio::spawn(Arc::clone(self).bring_up());
        let connecting = async move { task.await.unwrap_or_else(|error| Err(Arc::new(panicked(&error)))) }
            .boxed()
            .shared();
        state.link = Link::Connecting(connecting.clone());
        Ok(connecting)
    }

    async fn bring_up(self: Arc<Self>) -> Result<Up, Arc<Error>> {
        let limit = self.options.connect_timeout;
        let connected = tokio::time::timeout(limit, self.connect.connect(&self.device))
            .await
            .unwrap_or_else(|_| {
                let message = format!("device `{}`: no connection within {}", self.device.name, seconds(limit));
                Err(Error::new(Code::ConnectTimeout, message))
            });
        let mut state = self.state();
        match connected {
            Ok(connection) if state.retired => {
                drop(state);
                dispose(Vec::new(), Some(connection));
                Err(Arc::new(self.gone()))
            }
            Ok(connection) => {
                count(&self.counters.connections);
                state.backoff.succeeded();
                state.links += 1;
                let up = (state.links, connection);
                state.link = Link::Up(up.clone());
                Ok(up)
            }
            Err(error) => {
                state.backoff.failed(&error);
                state.link = Link::Down;
                Err(Arc::new(error))
            }
        }
    }

    fn drop_link(&self, number: u64) {
        let mut state = self.state();
        if matches!(&state.link, Link::Up((up, _)) if *up == number) {
            state.link = Link::Down;
        }
    }

    fn refused(&self, id: u64) -> bool {
        let others = self.state().slots.refused(id);
        self.changed.notify_waiters();
        others
    }

    fn learn_framing(&self, session: &Session) {
        if let Some(framing) = session.framing() {
            self.state().framing = Some(framing);
        }
    }

    /// A transaction ended and left nothing behind.
    pub(super) fn release(&self, id: u64) {
        let closing = self.state().slots.release(id);
        self.after(closing);
    }

    /// A transaction ended otherwise: its channel is not used again.
    pub(super) fn discard(&self, id: u64) {
        let closing = self.state().slots.remove(id);
        self.after(closing);
    }

    /// Closes what was taken out, and the connection with the last channel of a retired device.
    fn after(&self, closing: Option<Opening>) {
        let connection = {
            let mut state = self.state();
            if state.retired && state.slots.is_empty() {
                take_up(&mut state.link)
            } else {
                None
            }
        };
        self.changed.notify_waiters();
        dispose(closing.into_iter().collect(), connection);
    }

    /// Closes what was idle for long, and the connection after the last channel.
    pub(super) fn reap(&self) {
        let mut state = self.state();
        let idle = state.slots.take_idle(self.options.idle);
        let connection = if state.slots.is_empty() {
            take_up(&mut state.link)
        } else {
            None
        };
        drop(state);
        dispose(idle, connection);
    }

    /// The device was changed or removed: nothing new is opened, and what is in use is closed after its use.
    pub(super) fn retire(&self) {
        let mut state = self.state();
        state.retired = true;
        let idle = state.slots.retire();
        let connection = if state.slots.is_empty() {
            take_up(&mut state.link)
        } else {
            None
        };
        drop(state);
        self.changed.notify_waiters();
        dispose(idle, connection);
    }

    /// Closes everything, used or not.
    pub(super) async fn close(&self) {
        let (openings, connection) = {
            let mut state = self.state();
            state.retired = true;
            (state.slots.take_all(), take_up(&mut state.link))
        };
        self.changed.notify_waiters();
        say_goodbye(openings, connection).await;
    }

    pub(super) fn channels(&self) -> usize {
        let mut state = self.state();
        state.slots.purge();
        state.slots.len()
    }

    pub(super) fn is_waiting_for_credentials(&self) -> bool {
        self.state().backoff.is_waiting_for_credentials()
    }

    /// Takes a device back that was retired and kept for its pause.
    pub(super) fn revive(&self) {
        self.state().retired = false;
    }
}

/// Counts a transaction that waits, so that reads let it pass.
struct Waiting(Arc<PerDevice>);

impl Waiting {
    fn new(of: &Arc<PerDevice>) -> Self {
        of.state().slots.exclusive_waiting += 1;
        Self(Arc::clone(of))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.slots.exclusive_waiting = state.slots.exclusive_waiting.saturating_sub(1);
        drop(state);
        self.0.changed.notify_waiters();
    }
}

/// Whether a device that allows fewer channels would say this.
fn is_channel_refusal(code: Code) -> bool {
    matches!(code, Code::NetconfUnavailable | Code::Transport)
}

fn take_up(link: &mut Link) -> Option<Arc<dyn Connection>> {
    match std::mem::replace(link, Link::Down) {
        Link::Up((_, connection)) => Some(connection),
        connecting @ Link::Connecting(_) => {
            *link = connecting;
            None
        }
        Link::Down => None,
    }
}

/// Says goodbye in the background.
fn dispose(openings: Vec<Opening>, connection: Option<Arc<dyn Connection>>) {
    if openings.is_empty() && connection.is_none() {
        return;
    }
    // Without a runtime everything is going down anyway, and dropping closes.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(say_goodbye(openings, connection));
    }
}

async fn say_goodbye(openings: Vec<Opening>, connection: Option<Arc<dyn Connection>>) {
    let sessions = openings
        .iter()
        .filter_map(|opening| opening.peek().and_then(|opened| opened.as_ref().ok()));
    join_all(sessions.map(|session| session.close())).await;
    drop(openings);
    if let Some(connection) = connection {
        let _ = tokio::time::timeout(GOODBYE, connection.close()).await;
    }
}

fn panicked(error: &tokio::task::JoinError) -> Error {
    Error::new(Code::Internal, format!("opening a session failed: {error}"))
}
