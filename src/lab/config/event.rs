//! What a device recorded about its configuration, for tests that must prove what happened.

use std::time::SystemTime;

/// Something that happened to the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, by the device's clock.
    pub at: SystemTime,
    /// The session; 0 for the device itself.
    pub session: u32,
    /// The user.
    pub user: String,
    /// What.
    pub action: Action,
    /// Particulars: which database, how a load was done, the comment of a commit, why something was refused.
    pub detail: String,
    /// The users whose uncommitted edits in the shared candidate were committed, thrown away or overwritten by this.
    pub owners: Vec<String>,
}

/// What can happen to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A private copy was opened.
    Open,
    /// A private copy was closed, its uncommitted edits with it.
    Close,
    /// The shared candidate was locked.
    Lock,
    /// The shared candidate was unlocked.
    Unlock,
    /// Statements were loaded, wholly or up to an error.
    Load,
    /// A candidate was checked.
    Check,
    /// A candidate became the running configuration.
    Commit,
    /// A commit that waited for its confirmation was confirmed.
    Confirm,
    /// An earlier configuration was loaded into a candidate, or an unconfirmed commit was taken back.
    Rollback,
    /// Uncommitted edits were thrown away, or overwritten by somebody else; [`Event::owners`] says whose.
    Discard,
    /// A request was refused.
    Refuse,
}
