//! The configuration of a simulated Junos device: candidates, locks, commits and rollbacks, without any I/O.
//!
//! [`Store`] answers NETCONF operations and CLI commands that concern the configuration, in the words and shapes of
//! Junos. What Junos does is taken from its documentation and from what its users report: private copies, the shared candidate
//! and its lock, `commit confirmed` that any later commit or check confirms, warnings that ride along with success.

mod check;
mod command;
mod commit;
mod compare;
mod databases;
mod event;
mod fault;
mod filter;
mod inherit;
mod json;
mod load;
mod merge;
mod moment;
mod owners;
mod pattern;
mod print;
mod progress;
mod rpc;
mod schema;
mod set;
mod show;
mod text;
mod tree;
mod words;
mod xml;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, collections::VecDeque, fmt, sync::Arc, time::SystemTime};

pub use event::{Action, Event};
pub use owners::SharedEdit;

use crate::junos::netconf::xml::Element;
use commit::{Pending, Revision};
use databases::{Lock, Private};
use owners::Owners;
use progress::Progress;
use tree::Node;

/// The configuration of an MX with two routing engines, BGP and OSPF.
pub const MX: &str = include_str!("initial/mx-lab-1.conf");
/// The configuration of an SRX cluster with zones, policies and a VPN.
pub const SRX: &str = include_str!("initial/srx-lab-1.conf");
/// The configuration of an EX virtual chassis with VLANs.
pub const EX: &str = include_str!("initial/ex-lab-1.conf");

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Number of the NETCONF session.
    pub session: u32,
    /// User name.
    pub user: String,
    /// Process id of the session's management process, as lock messages name it.
    pub pid: u32,
    /// The terminal (`p0`); empty for a session without one.
    pub terminal: String,
}

impl Who {
    /// How the commit history calls the way a commit came.
    fn client(&self) -> &'static str {
        if self.terminal.is_empty() { "netconf" } else { "cli" }
    }

    /// `anna terminal pts/1 (pid 4711)`, as lock messages have it.
    fn label(&self) -> String {
        let Self {
            user, pid, terminal, ..
        } = self;
        if terminal.is_empty() {
            format!("{user} (pid {pid})")
        } else {
            format!("{user} terminal {terminal} (pid {pid})")
        }
    }
}

/// A commit that waits for its confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCommit {
    /// Who committed it.
    pub user: String,
    /// When it is taken back, by the device's clock.
    pub deadline: SystemTime,
}

/// How a kind of device talks.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// The names of the routing engines or nodes, the one that answers first. Commit replies list one
    /// `<routing-engine>` for each; where there are none, they are a plain `<ok/>`.
    pub routing_engines: Vec<String>,
    /// Commit replies open `<routing-engine>` and do not close it, as clusters are known to do.
    pub unclosed_routing_engine: bool,
    /// `commit confirmed` works in a private copy; many devices refuse it.
    pub private_confirmed: bool,
    /// `[edit system services netconf] rfc-compliant`: plain `<ok/>`, no warnings, `<data/>` when empty.
    pub rfc_compliant: bool,
}

/// Tells the time. Tests set it.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// The configuration of one device.
pub struct Store {
    style: Style,
    clock: Arc<dyn Clock>,
    running: Node,
    /// The shared candidate.
    shared: Node,
    owners: Owners,
    /// When a candidate was last changed.
    changed: SystemTime,
    lock: Option<Lock>,
    progress: Option<Progress>,
    private: BTreeMap<u32, Private>,
    /// Newest first; the first is the running configuration.
    archive: VecDeque<Revision>,
    pending: Option<Pending>,
    rescue: Option<Node>,
    commits: u64,
    events: Vec<Event>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("style", &self.style)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// A device that was started with this configuration, in text format. An error names what cannot be read.
    pub fn new(initial_text_config: &str, style: Style, clock: Arc<dyn Clock>) -> Result<Store, String> {
        let running = text::configuration(initial_text_config).map_err(|fault| {
            let near = fault.bad_element.unwrap_or_default();
            format!("[edit {}]: {} near `{near}`", fault.path.join(" "), fault.message)
        })?;
        let now = clock.now();
        let mut store = Store {
            style,
            clock,
            shared: running.clone(),
            running,
            changed: now,
            owners: Owners::default(),
            lock: None,
            progress: None,
            private: BTreeMap::new(),
            archive: VecDeque::new(),
            pending: None,
            rescue: None,
            commits: 0,
            events: Vec::new(),
        };
        store.archive(now, "root", "other", None, None);
        Ok(store)
    }

    /// Answers a configuration operation (the element inside `<rpc>`) with the children of `<rpc-reply>` as XML text,
    /// which may be malformed where the style says so. `None`: not one of ours.
    pub fn handle(&mut self, who: &Who, operation: &Element) -> Option<String> {
        rpc::handle(self, who, operation)
    }

    /// Answers a configuration command in `format` (`text`, `xml`, `json`) with the children of `<rpc-reply>` as XML
    /// text. `None`: not one of ours.
    pub fn command(&mut self, who: &Who, command: &str, format: &str) -> Option<String> {
        command::run(self, who, command, format)
    }

    /// The value of a leaf of the running configuration, groups applied: `value("system host-name")`. List entries
    /// are named by their key: `interfaces ge-0/0/0 description`.
    pub fn value(&self, path: &str) -> Option<String> {
        self.with_effective(path, |node| node.values.first().cloned()).flatten()
    }

    /// The names of the entries of all lists below a path of the running configuration, groups applied:
    /// `names("interfaces")`.
    pub fn names(&self, path: &str) -> Vec<String> {
        let names = |node: &Node| node.children.iter().filter_map(|c| c.keys.first().cloned()).collect();
        self.with_effective(path, names).unwrap_or_default()
    }

    fn with_effective<R>(&self, path: &str, action: impl FnOnce(&Node) -> R) -> Option<R> {
        let steps = set::path(path).ok()?;
        let effective = inherit::expand(&self.running, self.here()).active();
        let node = steps.iter().try_fold(&effective, |node, step| node.find(step))?;
        Some(action(node))
    }

    /// The running configuration in set format.
    pub fn running_set(&self) -> String {
        print::set(&self.running, &[])
    }

    /// The running configuration in set format as it takes effect on a routing engine or node (`re0`, `node1`): groups
    /// applied, inactive parts left out.
    pub fn effective_set(&self, here: &str) -> String {
        print::set(&inherit::expand(&self.running, here).active(), &[])
    }

    /// The shared candidate in set format.
    pub fn candidate_set(&self) -> String {
        print::set(&self.shared, &[])
    }

    /// What happened so far, oldest first.
    pub fn log(&self) -> &[Event] {
        &self.events
    }

    /// Leaves another user's uncommitted edits in the shared candidate, as somebody at the CLI would. Lines that
    /// cannot be read are left out.
    pub fn dirty_by(&mut self, user: &str, set_lines: &str) {
        set::run(&mut self.shared, set_lines);
        let who = Who {
            session: 0,
            user: user.to_owned(),
            pid: 0,
            terminal: "p0".to_owned(),
        };
        self.changed = self.clock.now();
        self.attribute(&who);
        self.record(&who, Action::Load, "set, shared");
    }

    /// The routing engine or node that answers.
    fn here(&self) -> &str {
        self.style.routing_engines.first().map_or("re0", String::as_str)
    }

    fn record(&mut self, who: &Who, action: Action, detail: impl Into<String>) {
        self.record_for(who, action, detail, Vec::new());
    }

    /// Records what became of the uncommitted edits of `owners`.
    fn record_for(&mut self, who: &Who, action: Action, detail: impl Into<String>, owners: Vec<String>) {
        let at = self.clock.now();
        self.events.push(Event {
            at,
            session: who.session,
            user: who.user.clone(),
            action,
            detail: detail.into(),
            owners,
        });
    }
}
