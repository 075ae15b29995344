//! One device of the pool: its connection, its channels, its pauses.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    Options,
    backoff::Backoff,
    figures::{Counters, count},
    lease::Lease,
    link::{Link, dispose, say_goodbye, take_up},
    slots::{Choice, Opening, Slots},
};
use crate::{
    error::{Code, Error, Result},
    junos::{
        inventory::Device,
        netconf::{
            error::{Error as SessionError, copy, seconds},
            framing::Framing,
            reply::Reply,
            session::Session,
        },
        transport::Connect,
    },
};

/// What changes.
pub(super) struct State {
    pub(super) link: Link,
    /// Connections so far.
    pub(super) links: u64,
    pub(super) slots: Slots,
    pub(super) backoff: Backoff,
    /// What an earlier session agreed on.
    pub(super) framing: Option<Framing>,
    pub(super) retired: bool,
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
    pub(super) connect: Arc<dyn Connect>,
    pub(super) options: Arc<Options>,
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
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
            count(&self.counters.requests);
            match ask(&session, body, at).await {
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

    pub(super) fn gone(&self) -> Error {
        let message = format!(
            "device `{}` was changed or removed in the inventory meanwhile",
            self.device.name
        );
        Error::new(Code::Transport, message).advise("try again")
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

/// Makes the request and notes when the hello has come.
async fn ask(session: &Session, body: &str, at: &AtomicU8) -> Result<Reply, SessionError> {
    let mut reply = std::pin::pin!(session.request(body, Duration::MAX));
    tokio::select! {
        biased;
        reply = &mut reply => return reply,
        _ = session.ready() => at.store(phase::REPLY, Ordering::Relaxed),
    }
    reply.await
}

/// Whether a device that allows fewer channels would say this.
fn is_channel_refusal(code: Code) -> bool {
    matches!(code, Code::NetconfUnavailable | Code::Transport)
}
