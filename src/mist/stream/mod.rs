//! What devices say over the cloud's WebSockets.
//!
//! - [`Access::utility`](super::Access::utility): a utility of the cloud (ping, tables, tests), over the channel of the device.
//! - [`Access::shell`](super::Access::shell): a command on the device's own command line.
//! - `socket` is one WebSocket, `event` the messages of the stream; `terminal`, `screen` and `transcript` make text of what a terminal
//!   is sent, and know neither clock nor socket.

mod event;
mod output;
mod screen;
mod shell;
mod socket;
mod terminal;
#[cfg(test)]
mod tests;
mod transcript;
mod utility;

pub(super) use self::socket::client;
pub use self::{
    output::{Ended, LARGEST, Listener, Output},
    shell::Command,
    utility::{Said, Utility, Way},
};
