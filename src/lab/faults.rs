//! What a lab device can be told to do wrong. Every switch is one that real devices were seen to do.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// One misbehaviour. Those of connections apply to connections opened afterwards, the rest at once.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Closes each new TCP connection before the SSH identification: a device whose connection rate limit is reached.
    EofAtIdent,
    /// Shows another host key than the one on record.
    OtherHostKey,
    /// Tells nothing of rsa-sha2 in `server-sig-algs`, refuses those signatures and calls itself OpenSSH 6.9.
    NoServerSigAlgs,
    /// Offers NIST curves only for the key exchange.
    NistKexOnly,
    /// Offers SHA-1 key exchange, CBC ciphers and SHA-1 MACs only.
    OldAlgorithmsOnly,
    /// Asks for new keys each time this many bytes have gone out.
    RekeyEvery(usize),
    /// Everything the device sends arrives this much later.
    OneWayDelay(Duration),
    /// Accepts keyboard-interactive only.
    KeyboardInteractiveOnly,
    /// Keyboard-interactive asks for the password and then, in a second round, for a token (any text will do).
    TwoPrompts,
    /// Refuses every credential.
    AuthRefused,
    /// Shows this text before the login.
    Banner(String),
    /// Refuses the `netconf` subsystem; `xml-mode netconf need-trailer` still works.
    RefuseSubsystem,
    /// Refuses channels beyond this many open at once on a connection.
    MaxSessions(usize),
    /// Ends the connection when a NETCONF session got nothing for this long.
    DropWhenIdle(Duration),
    /// Ends the connection when the next request arrives, without an answer: a session that went stale in a pool.
    DropOnRequest,
    /// Sends this before the hello.
    NoiseBeforeHello(String),
    /// Sends this message as an error inside the hello: a login class without access.
    ErrorInHello(String),
    /// Never sends a hello.
    NoHello,
    /// Uses `nc:` prefixes in hello and replies.
    NcPrefixes,
    /// Offers base:1.1 in the hello and goes on with `]]>]]>` all the same.
    FramingMismatch,
    /// Writes at most this many bytes at a time.
    TinyWrites(usize),
    /// Writes the end-of-message delimiter in two pieces, the first this long.
    SplitDelimiter(usize),
    /// Ignores `xml-minified` and `json-minified`, as old releases do.
    MinifiedIgnored,
    /// Refuses `lock`, naming this process as the one that holds the lock.
    LockDenied {
        /// Process (and session) id of the holder.
        pid: u32,
    },
    /// Refuses `lock` since somebody's uncommitted edits are in the candidate.
    DatabaseModified,
    /// Refuses to open a private candidate.
    PrivateRefused,
    /// Refuses confirmed commits of a private candidate.
    PrivateConfirmedRefused,
    /// A commit ends the connection in the middle of its reply.
    CommitEof {
        /// Whether the commit took effect.
        committed: bool,
    },
    /// The reply to a commit is lost with its connection. A device that `takes` time goes on with the commit alone: until it
    /// is done the database is locked by the session that is gone, and the history does not show it.
    CommitLost {
        /// What the device had done by then.
        when: Lost,
        /// How long the commit takes, by tokio's clock; nothing with [`Lost::Before`].
        takes: Duration,
    },
    /// A commit takes this long, by tokio's clock, with the database locked meanwhile and nothing in the history. It is done also
    /// when its session ends.
    SlowCommit(Duration),
    /// A check of a candidate (`<check/>`, `<validate>`) takes this long.
    SlowCheck(Duration),
    /// The second routing engine, node or member refuses a commit.
    OneEngineRefuses {
        /// Whether the first one commits all the same.
        committed: bool,
    },
    /// After a commit the device is gone for this long, by tokio's clock: the reply is lost, connections end and new ones are
    /// closed at once.
    UnreachableAfterCommit(Duration),
    /// Refuses a step of a change; what was asked for is not done.
    Denied(Denied),
    /// The next request whose name or command contains `on` waits at the gate, before it is done.
    Hold {
        /// Part of the RPC name or of the command; empty for all.
        on: String,
        /// Where it waits.
        gate: Gate,
    },
    /// As [`Fault::Hold`], after the request was done and before its reply.
    HoldReply {
        /// Part of the RPC name or of the command; empty for all.
        on: String,
        /// Where it waits.
        gate: Gate,
    },
    /// Requests whose name or command contains `on` take this long.
    Slow {
        /// Part of the RPC name or of the command; empty for all.
        on: String,
        /// How long.
        time: Duration,
    },
    /// The reply to requests whose name or command contains `on` is spoilt.
    Reply {
        /// Part of the RPC name or of the command; empty for all.
        on: String,
        /// How.
        how: Spoil,
    },
}

/// When a commit loses its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// When the request arrives: nothing is committed.
    Before,
    /// Amid the reply: it is committed.
    During,
    /// Before any of the reply is sent: it is committed.
    After,
}

/// A step that a device can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Reading the commit history, whose login class it is not in.
    History,
    /// Comparing the candidate with an earlier configuration.
    Compare,
    /// `rollback 0` and `discard-changes`.
    Discard,
    /// Unlocking the shared candidate.
    Unlock,
    /// Closing a private candidate.
    Close,
}

/// How a reply is spoilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoil {
    /// This many mebibytes of CLI text in one text node.
    HugeText(usize),
    /// This many mebibytes of small elements.
    HugeXml(usize),
    /// Bare text instead of an element.
    TextOnly,
    /// `<rpc-reply/>` without content.
    Empty,
    /// An `xnm:error`, the form before NETCONF.
    XnmError,
    /// An `rpc-error` that the login class forbids this.
    PermissionDenied,
    /// A warning, then an error.
    WarningThenError,
    /// A warning beside the real answer, or beside `<ok/>` where that is the answer.
    WarningBeside,
    /// `&` that is not escaped.
    BareAmpersand,
    /// BEL, NUL and Latin-1 bytes.
    ControlBytes,
    /// `ñ` as one character reference per UTF-8 byte.
    ByteReferences,
    /// Attributes with a prefix that is declared nowhere.
    UndeclaredPrefix,
    /// A namespace that is not a URI.
    InvalidNamespace,
    /// The configuration in several `<configuration-output>` with details between.
    SplitConfiguration,
    /// One routing engine answers, the other has an error.
    OneEngineFailed,
    /// `<routing-engine>` opened and never closed.
    UnclosedRoutingEngine,
    /// JSON with a key twice in one object.
    DuplicateKeys,
    /// Only the first half of the reply, then the end of the connection.
    CutOff,
    /// This instead of the reply's content.
    Content(String),
}

/// A place where a request waits until a test lets it go on.
#[derive(Debug, Clone)]
pub struct Gate(Arc<(watch::Sender<bool>, watch::Sender<u32>)>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self(Arc::new((watch::Sender::new(false), watch::Sender::new(0))))
    }

    /// Lets every request through, those that wait and those to come.
    pub fn open(&self) {
        self.0.0.send_replace(true);
    }

    /// Returns when at least one request has come to the gate.
    pub async fn reached(&self) {
        let _ = self.0.1.subscribe().wait_for(|count| *count > 0).await;
    }

    pub(super) async fn pass(&self) {
        self.0.1.send_modify(|count| *count += 1);
        let _ = self.0.0.subscribe().wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// The switches of one device.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<(Fault, Option<u32>)>>);

impl Faults {
    /// Switches a fault on until it is cleared.
    pub fn set(&self, fault: Fault) {
        self.lock().push((fault, None));
    }

    /// Switches a fault on for its next occurrence.
    pub fn once(&self, fault: Fault) {
        self.times(fault, 1);
    }

    /// Switches a fault on for its next `times` occurrences.
    pub fn times(&self, fault: Fault, times: u32) {
        self.lock().push((fault, Some(times)));
    }

    /// Switches every fault off. What waits at a gate goes on waiting for it.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The first fault for which `pick` has an answer; it counts as an occurrence.
    pub(super) fn take<T>(&self, mut pick: impl FnMut(&Fault) -> Option<T>) -> Option<T> {
        let mut all = self.lock();
        let (index, found) = all
            .iter()
            .enumerate()
            .find_map(|(index, (fault, _))| Some((index, pick(fault)?)))?;
        if let Some((_, Some(left))) = all.get_mut(index) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                all.remove(index);
            }
        }
        Some(found)
    }

    /// As [`Faults::take`], without counting.
    pub(super) fn peek<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.lock().iter().find_map(|(fault, _)| pick(fault))
    }

    /// Whether a fault of this shape is on; it counts as an occurrence.
    pub(super) fn hit(&self, is: impl Fn(&Fault) -> bool) -> bool {
        self.take(|fault| is(fault).then_some(())).is_some()
    }

    /// Whether a fault of this shape is on, without counting.
    pub(super) fn is_on(&self, is: impl Fn(&Fault) -> bool) -> bool {
        self.lock().iter().any(|(fault, _)| is(fault))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Fault, Option<u32>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_occurs_as_often_as_told() {
        let faults = Faults::default();
        faults.times(Fault::EofAtIdent, 2);
        faults.set(Fault::NoHello);
        let eof = || faults.hit(|f| matches!(f, Fault::EofAtIdent));
        assert!(eof() && eof() && !eof());
        assert!((0..5).all(|_| faults.hit(|f| matches!(f, Fault::NoHello))));
    }
}
