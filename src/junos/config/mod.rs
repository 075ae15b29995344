//! Changing a device's configuration: one transaction type, and the one way through it.

mod apply;
mod change;
mod commit;
mod discard;
mod history;
mod holders;
mod known;
mod load;
mod pending;
mod settle;
mod transaction;
mod under_way;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    apply::apply,
    discard::{discard, shared_edits},
    history::read as read_history,
    known::Known,
    pending::{cancel, confirm},
};
pub use self::{
    apply::{Control, Judge},
    change::{Agreed, Change, Outcome, Purpose, Report, Source, digest},
    discard::{Discarded, SharedEdits},
    history::{Commit, History, Pending},
    pending::Confirmed,
    transaction::Transaction,
    under_way::UnderWay,
};

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

impl std::fmt::Display for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Database::Private => "private",
            Database::Exclusive => "exclusive",
            Database::Shared => "shared",
        })
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
    /// As `set` commands: the only way for format `set`, and for no other.
    Set,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Action::Merge => "merge",
            Action::Replace => "replace",
            Action::Override => "override",
            Action::Update => "update",
            Action::Set => "set",
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
