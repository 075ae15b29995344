//! What is to be changed on a device, and what became of it.

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Action, Commit, ConfigFormat, Database, Pending};
use crate::error::Error;

/// Where the new configuration comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Configuration to load.
    Text {
        /// The configuration.
        text: String,
        /// Its format.
        format: ConfigFormat,
        /// How it is loaded; `None` for `replace` (`set` commands know only one way).
        action: Option<Action>,
    },
    /// The configuration of an earlier commit, 0 to 49.
    Rollback(u32),
    /// The rescue configuration.
    Rescue,
}

/// How far a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Shows the difference; the device does not check it.
    Compare,
    /// Shows the difference and lets the device check it.
    Check,
    /// Commits it.
    Commit,
}

/// What is to be changed, and how.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where the new configuration comes from.
    pub source: Source,
    /// Where it is edited; `None` for what the inventory says of the device, else private.
    pub database: Option<Database>,
    /// The comment in the commit history.
    pub comment: String,
    /// Roll back after so many minutes unless confirmed.
    pub confirm_minutes: Option<u32>,
    /// How far it goes.
    pub purpose: Purpose,
    /// What somebody has agreed to; the change is refused where it would do anything else.
    pub agreed: Option<Agreed>,
}

impl Change {
    /// Configuration to load and commit.
    pub fn load(text: impl Into<String>, format: ConfigFormat, comment: impl Into<String>) -> Self {
        let source = Source::Text {
            text: text.into(),
            format,
            action: None,
        };
        Self::of(source, comment)
    }

    /// A commit of what comes from there.
    pub fn of(source: Source, comment: impl Into<String>) -> Self {
        Self {
            source,
            database: None,
            comment: comment.into(),
            confirm_minutes: None,
            purpose: Purpose::Commit,
            agreed: None,
        }
    }
}

/// What somebody has seen of a change, and agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// [`digest`] of the difference; `None` where any will do.
    pub diff: Option<String>,
    /// The newest commit of the device by then; `None` where any will do.
    pub base: Option<String>,
}

/// SHA-256 of a difference, in hexadecimal digits.
pub fn digest(diff: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(diff).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Outcome {
    /// The device runs the change.
    Committed,
    /// There was nothing to change; nothing was committed.
    Unchanged,
    /// The device checked the change and would take it; nothing was committed.
    Valid,
    /// The difference is known, and the device was not asked to check it; nothing was committed.
    Compared,
    /// The device refuses the change; nothing was committed.
    Invalid,
    /// Whether the device would take the change could not be found out; nothing was committed.
    CheckFailed,
    /// The commit was sent and did not take effect, as the device's commit history shows.
    NotCommitted,
    /// Whether the device runs the change is not known.
    Unknown,
}

/// What became of a change.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The difference that was or would have been committed, as `show | compare` shows it.
    pub diff: String,
    /// What the device warned of.
    pub warnings: Vec<String>,
    /// Why it was not committed, or is not known to be.
    pub error: Option<Error>,
    /// Where it was edited.
    pub database: Database,
    /// The word that marks this commit in the device's history.
    pub token: String,
    /// The newest commit of the device before the change.
    pub base: Option<String>,
    /// The newest commit of the device after a commit of this change.
    pub now: Option<String>,
    /// The commit as the device's history has it.
    pub commit: Option<Commit>,
    /// The confirmed commit that waits on the device afterwards.
    pub pending: Option<Pending>,
    /// What else an operator should know: a fallback, a cleanup that failed.
    pub notes: Vec<String>,
}

impl Report {
    /// A report of a change that has not begun.
    pub(super) fn new(database: Database) -> Self {
        Self {
            outcome: Outcome::CheckFailed,
            diff: String::new(),
            warnings: Vec::new(),
            error: None,
            database,
            token: format!("jmcp-{:08x}", rand::random::<u32>()),
            base: None,
            now: None,
            commit: None,
            pending: None,
            notes: Vec::new(),
        }
    }
}
