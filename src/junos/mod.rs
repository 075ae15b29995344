//! Everything about Junos devices: inventory, SSH, NETCONF, session pool, configuration. Knows nothing of MCP.

pub mod inventory;
pub mod netconf;
pub mod pool;
pub mod transport;
