//! The NETCONF channels of one device and who gets which.

use std::{sync::Arc, time::Duration};

use futures::future::{BoxFuture, Shared};
use tokio::time::Instant;

use super::Options;
use crate::{error::Error, junos::netconf::session::Session};

/// A channel that is being opened, or is open: cheap to clone, the same session for everybody.
pub(super) type Opening = Shared<BoxFuture<'static, Result<Arc<Session>, Arc<Error>>>>;

/// One channel.
struct Slot {
    id: u64,
    opening: Opening,
    /// Callers that use it or wait for it.
    users: usize,
    /// Lent out for a configuration transaction.
    exclusive: bool,
    /// To be closed once nobody uses it: the device was changed or removed.
    retired: bool,
    idle_since: Instant,
}

impl Slot {
    /// The session, once it is open.
    fn session(&self) -> Option<&Arc<Session>> {
        self.opening.peek().and_then(|opened| opened.as_ref().ok())
    }

    fn is_dead(&self) -> bool {
        match self.opening.peek() {
            Some(Ok(session)) => session.is_closed(),
            Some(Err(_)) => true,
            None => false,
        }
    }

    /// Requests under way, those that were taken back included.
    fn load(&self) -> usize {
        self.users
            .max(self.session().map_or(0, |session| session.outstanding()))
    }
}

/// What a caller gets.
pub(super) enum Choice {
    /// This channel.
    Use(u64, Opening),
    /// A new one is to be opened.
    Open,
    /// Nothing until something changes.
    Wait,
}

/// How long a channel that nobody uses is taken to work without being tried.
const FRESH: Duration = Duration::from_secs(30);

/// The channels of one device.
pub(super) struct Slots {
    slots: Vec<Slot>,
    next_id: u64,
    /// Most channels: what the options say, or less where the device refused one.
    limit: usize,
    /// Transactions that wait for a channel.
    pub(super) exclusive_waiting: usize,
    options: Arc<Options>,
}

impl Slots {
    pub(super) fn new(options: Arc<Options>) -> Self {
        Self {
            slots: Vec::new(),
            next_id: 0,
            limit: options.max_channels.max(1),
            exclusive_waiting: 0,
            options,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Forgets channels that have ended.
    pub(super) fn purge(&mut self) {
        self.slots.retain(|slot| !slot.is_dead());
        if self.slots.is_empty() {
            self.limit = self.options.max_channels.max(1);
        }
    }

    /// A channel for a read: an idle one, else a new one, else the least loaded one.
    pub(super) fn choose_shared(&mut self) -> Choice {
        self.purge();
        let full = self.slots.len() >= self.limit;
        if full && self.exclusive_waiting > 0 && self.may_take_over() {
            return Choice::Wait;
        }
        // The one used last is the warmest; the others may grow idle and close.
        let idle = self
            .shared()
            .filter(|slot| slot.load() == 0)
            .max_by_key(|slot| slot.idle_since)
            .map(|slot| slot.id);
        if let Some(id) = idle {
            return self.enter(id, false);
        }
        if !full && self.shared().count() < self.options.channels.max(1) {
            return Choice::Open;
        }
        let depth = self.options.depth;
        let least = self
            .shared()
            .filter(|slot| slot.load() < depth)
            .min_by_key(|slot| slot.load())
            .map(|slot| slot.id);
        least.map_or(Choice::Wait, |id| self.enter(id, false))
    }

    /// A channel for a transaction: an idle one that was used a moment ago, else a new one, so that it is known to work, else any
    /// idle one. One, or the room for one, is left for reads where the device allows more than one.
    pub(super) fn choose_exclusive(&mut self) -> Choice {
        self.purge();
        let lent = self.slots.iter().filter(|slot| slot.exclusive).count();
        let may_lend = self.limit == 1 || lent + 1 < self.limit;
        if may_lend && (self.slots.len() < self.limit || self.may_take_over()) {
            let idle = self
                .shared()
                .filter(|slot| slot.load() == 0 && slot.session().is_some());
            let fresh = idle.filter(|slot| slot.idle_since.elapsed() < FRESH);
            let warmest = fresh.max_by_key(|slot| slot.idle_since).map(|slot| slot.id);
            if let Some(id) = warmest {
                return self.enter(id, true);
            }
        }
        if self.slots.len() < self.limit && may_lend {
            return Choice::Open;
        }
        if !self.may_take_over() {
            return Choice::Wait;
        }
        let idle = self
            .shared()
            .filter(|slot| slot.load() == 0 && slot.session().is_some());
        let warmest = idle.max_by_key(|slot| slot.idle_since).map(|slot| slot.id);
        warmest.map_or(Choice::Wait, |id| self.enter(id, true))
    }

    /// Whether a transaction may take a channel from the reads.
    fn may_take_over(&self) -> bool {
        self.limit == 1 || self.shared().count() > 1
    }

    /// Adds a channel, with its first user.
    pub(super) fn add(&mut self, opening: Opening, exclusive: bool) -> u64 {
        self.next_id += 1;
        let idle_since = Instant::now();
        self.slots.push(Slot {
            id: self.next_id,
            opening,
            users: 1,
            exclusive,
            retired: false,
            idle_since,
        });
        self.next_id
    }

    fn enter(&mut self, id: u64, exclusive: bool) -> Choice {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == id) else {
            return Choice::Wait;
        };
        slot.users += 1;
        slot.exclusive = exclusive;
        Choice::Use(id, slot.opening.clone())
    }

    /// A user is done with it. Gives the channel back where it is to be closed.
    pub(super) fn leave(&mut self, id: u64) -> Option<Opening> {
        let slot = self.slots.iter_mut().find(|slot| slot.id == id)?;
        slot.users = slot.users.saturating_sub(1);
        slot.idle_since = Instant::now();
        if slot.retired && slot.users == 0 {
            self.remove(id)
        } else {
            None
        }
    }

    /// A transaction is done with it and left nothing behind. Gives the channel back where it is to be closed.
    pub(super) fn release(&mut self, id: u64) -> Option<Opening> {
        let enough = self.shared().count() >= self.options.channels.max(1);
        let slot = self.slots.iter_mut().find(|slot| slot.id == id)?;
        if enough || slot.session().is_none_or(|session| session.outstanding() > 0) {
            return self.remove(id);
        }
        slot.exclusive = false;
        self.leave(id)
    }

    /// Takes it out.
    pub(super) fn remove(&mut self, id: u64) -> Option<Opening> {
        let at = self.slots.iter().position(|slot| slot.id == id)?;
        Some(self.slots.remove(at).opening)
    }

    /// A channel could not be opened. True where others are there, which is then all that the device allows
    /// (`max-sessions-per-connection`).
    pub(super) fn refused(&mut self, id: u64) -> bool {
        self.remove(id);
        self.purge();
        if self.slots.is_empty() {
            return false;
        }
        self.limit = self.slots.len();
        true
    }

    /// Takes out what nobody has used for so long.
    pub(super) fn take_idle(&mut self, idle: Duration) -> Vec<Opening> {
        self.purge();
        let now = Instant::now();
        let old = |slot: &mut Slot| !slot.exclusive && slot.load() == 0 && now - slot.idle_since >= idle;
        self.slots.extract_if(.., old).map(|slot| slot.opening).collect()
    }

    /// Takes out what nobody uses; the rest is closed when it is left.
    pub(super) fn retire(&mut self) -> Vec<Opening> {
        for slot in &mut self.slots {
            slot.retired = true;
        }
        self.slots
            .extract_if(.., |slot| slot.users == 0)
            .map(|slot| slot.opening)
            .collect()
    }

    /// Takes out everything, used or not.
    pub(super) fn take_all(&mut self) -> Vec<Opening> {
        std::mem::take(&mut self.slots)
            .into_iter()
            .map(|slot| slot.opening)
            .collect()
    }

    fn shared(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| !slot.exclusive)
    }
}
