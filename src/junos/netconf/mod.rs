//! NETCONF as Junos speaks it: framing, hello, requests and replies (RFC 6241, RFC 6242).
//!
//! From the wire upwards:
//! - [`framing`]: where a message ends, and [`rope`]: a message as the pieces it arrived in.
//! - [`reader`]: a tolerant XML reader from a rope into [`xml::Element`].
//! - [`hello`]: capabilities and what follows from them.
//! - [`reply`]: `<rpc-reply>`: errors, warnings, routing engines, text.
//! - [`session`]: one NETCONF session on a byte stream.
//! - [`error`]: what can go wrong below the device's own words.

mod clean;
pub mod error;
pub mod framing;
pub mod hello;
pub mod reader;
mod repair;
pub mod reply;
pub mod rope;
pub mod session;
mod text;
pub mod xml;
