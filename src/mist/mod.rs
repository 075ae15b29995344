//! The Mist cloud: its API's facts, and the client. Knows nothing of MCP.
//!
//! - [`specification`]: every operation of the API, as data.

pub mod specification;
