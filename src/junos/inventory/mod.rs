//! The inventory: which devices there are and how to log in, read from `devices.json` in both known dialects.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use serde_json::{Map, Value};

use crate::{error::Error, secret::Secret};

/// One device of the inventory.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its name: the key in `devices.json`.
    pub name: String,
    /// Address literal (IPv4, IPv6) or host name, as written in `ip`. Also the alias looked up in `ssh_config`.
    pub host: String,
    /// TCP port of SSH. `ssh_config` may override it.
    pub port: u16,
    /// User name.
    pub username: String,
    /// How to log in.
    pub auth: Auth,
    /// The device's own `ssh_config` file, `~` expanded.
    pub ssh_config: Option<PathBuf>,
    /// Allow the algorithms of old devices (`"legacy": true`): SHA-1, CBC, ssh-rsa.
    pub legacy: bool,
    /// NETCONF framing, where negotiation is to be overruled (`"framing": "eom" | "auto"`).
    pub framing: Framing,
    /// Every field that is not a credential, as written, for `get_router_list` (role, site, tags, blocklist ...).
    pub public: Map<String, Value>,
    /// Why this device cannot be used although the rest of the file can (its key file is missing). Checked at each use.
    pub problem: Option<Arc<Error>>,
}

/// How to log in to a device. Keyboard-interactive is tried with the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// A password.
    Password(Secret),
    /// A private key file, `~` expanded, with its passphrase where it has one.
    Key {
        /// The file.
        path: PathBuf,
        /// Its passphrase.
        passphrase: Option<Secret>,
    },
    /// The keys of the running agent (`"auth": {"type": "ssh_agent"}`).
    Agent,
}

/// NETCONF framing of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// What both hellos agree on.
    #[default]
    Auto,
    /// Always `]]>]]>`: base:1.0 only is offered.
    EndOfMessage,
}

/// The devices by name.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// The devices.
    pub devices: BTreeMap<String, Arc<Device>>,
}
