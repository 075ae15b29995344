//! Who calls, and which tools and devices that caller reaches.

use std::sync::Arc;

/// A caller and what it may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// A token's name, or `stdio`.
    pub name: Arc<str>,
    /// The tools it may call.
    pub tools: Allowed,
    /// The devices it may reach.
    pub devices: Allowed,
}

/// All, or only these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Everything.
    All,
    /// Only these names.
    Only(Vec<String>),
}

impl Allowed {
    fn has(&self, name: &str) -> bool {
        match self {
            Allowed::All => true,
            Allowed::Only(names) => names.iter().any(|n| n == name),
        }
    }
}

impl Principal {
    /// The person at this machine: stdio and the command line, which the operating system has let in already.
    pub fn local(name: &str) -> Self {
        Self {
            name: name.into(),
            tools: Allowed::All,
            devices: Allowed::All,
        }
    }

    /// Whether it may call this tool.
    pub fn may_call(&self, tool: &str) -> bool {
        self.tools.has(tool)
    }

    /// Whether it may reach this device.
    pub fn may_reach(&self, device: &str) -> bool {
        self.devices.has(device)
    }
}
