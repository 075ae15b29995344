//! jmcp: a Model Context Protocol server for Juniper networks.
//!
//! # Layout
//! - [`error`]: the one error type and its closed list of codes.
//! - [`secret`]: strings that cannot print themselves.
//! - [`junos`]: Junos devices over NETCONF/SSH; knows nothing of MCP.

pub mod error;
pub mod junos;
pub mod lab;
pub mod secret;
