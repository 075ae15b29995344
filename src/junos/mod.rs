//! Everything about Junos devices: inventory, SSH, NETCONF, session pool, configuration. Knows nothing of MCP.
//!
//! [`Junos`] is the door: the tools use it and nothing behind it.

mod compare;
mod config;
mod devices;
pub mod display;
pub mod facts;
pub mod grammar;
pub mod inventory;
pub mod netconf;
mod operational;
pub mod pipes;
pub mod pool;
pub mod ssh;
pub mod template;
pub mod transport;

pub use self::{
    compare::{Compared, Comparison, Form, Point},
    config::{
        Action, Agreed, Change, Commit, ConfigFormat, Confirmed, Control, Database, Discarded, History, Judge, Outcome,
        Pending, Purpose, Report, SharedEdits, Source, Transaction, UnderWay, digest,
    },
    devices::{Junos, Reloaded},
    grammar::reads_only,
    operational::{Answered, CommandFormat, ConfigQuery},
};
