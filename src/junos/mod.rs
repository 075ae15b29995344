//! Everything about Junos devices: inventory, SSH, NETCONF, session pool, configuration. Knows nothing of MCP.

pub mod display;
pub mod facts;
pub mod inventory;
pub mod netconf;
pub mod pipes;
pub mod template;
pub mod transport;

#[cfg(test)]
pub(crate) mod test_xml;
