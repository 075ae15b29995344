//! Changing a device's configuration: one transaction type, and the one way through it.

mod apply;
mod commit;
mod history;
mod load;
mod transaction;
mod under_way;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{apply::Control, transaction::Transaction, under_way::UnderWay};
pub(crate) use self::{apply::apply, commit::confirm, under_way::Commits};
use crate::error::Error;

/// A format of configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ConfigFormat {
    /// `set` commands.
    #[default]
    Set,
    /// Curly braces.
    Text,
    /// XML.
    Xml,
    /// JSON.
    Json,
}

impl ConfigFormat {
    /// The word in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            ConfigFormat::Set => "set",
            ConfigFormat::Text => "text",
            ConfigFormat::Xml => "xml",
            ConfigFormat::Json => "json",
        }
    }
}

/// How configuration is brought into the candidate (Junos XML protocol, `load-configuration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Action {
    /// Adds to what is there.
    Merge,
    /// As merge, and statements tagged `replace:` replace.
    Replace,
    /// The whole configuration.
    Override,
    /// The whole configuration, and only what differs counts as changed.
    Update,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Action::Merge => "merge",
            Action::Replace => "replace",
            Action::Override => "override",
            Action::Update => "update",
        }
    }
}

/// Where edits are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Database {
    /// A candidate of our own: nobody else's edits are seen, committed or lost.
    #[default]
    Private,
    /// The shared candidate, locked.
    Exclusive,
    /// The shared candidate, not locked.
    Shared,
}

/// What is to be changed, and how.
#[derive(Debug, Clone)]
pub struct Change {
    /// The configuration.
    pub text: String,
    /// Its format.
    pub format: ConfigFormat,
    /// How it is loaded; `None` for `replace` (`set` commands know only one way).
    pub action: Option<Action>,
    /// Where it is edited; `None` for private, or exclusive where the commit is to be confirmed.
    pub database: Option<Database>,
    /// The comment in the commit history.
    pub comment: String,
    /// Roll back after so many minutes unless confirmed.
    pub confirm_minutes: Option<u32>,
    /// Check and show the difference only.
    pub check_only: bool,
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
    /// The device refuses the change; nothing was committed.
    Invalid,
    /// Whether the device would take the change could not be found out; nothing was committed.
    CheckFailed,
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
    /// What else an operator should know: a fallback, a cleanup that failed.
    pub notes: Vec<String>,
}
