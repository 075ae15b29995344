//! The inventory: which devices there are and how to log in, read from `devices.json` in both known dialects.

mod edit;
mod entry;
mod fields;
mod load;
mod public;
mod reload;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Map, Value};

pub use self::{
    edit::NewDevice,
    reload::{Changes, resolve},
};
use super::config::Database;
use crate::{
    error::{Code, Error, Result},
    secret::Secret,
};

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
    /// Where its configuration is edited where a call does not say (`"database": "private" | "exclusive" | "shared"`).
    pub database: Option<Database>,
    /// Nothing may be changed on it (`"read_only": true`).
    pub read_only: bool,
    /// How commands and changes are judged, where the device says it itself (`"mode": "deny-listed" | "allow-listed"`).
    pub mode: Option<Mode>,
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

/// How the commands and changes of a device are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// What no rule forbids is allowed.
    #[default]
    DenyListed,
    /// Only what a rule allows is allowed; what a rule forbids is forbidden all the same.
    AllowListed,
}

impl Mode {
    /// The word in the inventory.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::DenyListed => "deny-listed",
            Mode::AllowListed => "allow-listed",
        }
    }

    /// The mode of this word.
    pub fn of(word: &str) -> Option<Self> {
        [Mode::DenyListed, Mode::AllowListed]
            .into_iter()
            .find(|mode| mode.as_str() == word)
    }

    /// The one that this is not.
    pub fn other(self) -> Self {
        match self {
            Mode::DenyListed => Mode::AllowListed,
            Mode::AllowListed => Mode::DenyListed,
        }
    }
}

/// The devices by name, and what else the file says.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// The devices.
    pub devices: BTreeMap<String, Arc<Device>>,
    /// `_blocklist_defaults` as written: the block rules that hold for every device.
    pub blocklist_defaults: Option<Value>,
    /// `_mode_default`: how devices are judged that say nothing themselves.
    pub default_mode: Option<Mode>,
    /// What an operator should know: files with passwords that others can read, deprecated fields.
    pub warnings: Vec<String>,
    /// The file it was read from.
    path: Option<PathBuf>,
    /// SHA-256 of that file's text.
    digest: [u8; 32],
}

impl Inventory {
    /// The device of this name, usable or not.
    ///
    /// # Errors
    /// `unknown_router`.
    pub fn device(&self, name: &str) -> Result<&Arc<Device>> {
        self.devices.get(name).ok_or_else(|| Self::unknown(name))
    }

    /// What is said of a device that is not there, and of one that the caller may not know to be there.
    pub fn unknown(name: &str) -> Error {
        Self::unknown_all(&[name])
    }

    /// The same of several. Message and advice have the words of both servers whose users' prompts may look for them.
    pub fn unknown_all(names: &[&str]) -> Error {
        let escaped: Vec<String> = names.iter().map(|name| name.escape_debug().to_string()).collect();
        let (message, known) = match escaped.as_slice() {
            [name] => (
                format!("router '{name}' not found in device mapping"),
                format!("Router {name} not found in the device mapping."),
            ),
            names => (
                format!("routers '{}' not found in device mapping", names.join("', '")),
                format!(
                    "The following routers not found in device mapping: {}.",
                    names.join(", ")
                ),
            ),
        };
        Error::new(Code::UnknownRouter, message)
            .advise(format!("{known} `get_router_list` names the routers there are"))
    }

    /// The file it was read from, where it was read from one.
    pub fn path(&self) -> Option<&std::path::Path> {
        self.path.as_deref()
    }

    /// Refuses an inventory without devices: legal in itself, but never what a reload is meant to bring.
    ///
    /// # Errors
    /// `inventory_invalid`.
    pub fn require_devices(&self) -> Result<()> {
        if self.devices.is_empty() {
            return Err(Error::new(Code::InventoryInvalid, "inventory is empty (no devices)"));
        }
        Ok(())
    }
}

impl Device {
    /// The device's own block rules (`blocklist`), as written.
    pub fn blocklist(&self) -> Option<&Value> {
        self.public.get("blocklist")
    }

    /// The device's own time limit for one call (`timeout`, in seconds), where it has one.
    pub fn timeout(&self) -> Option<Duration> {
        let value = self.public.get("timeout")?;
        fields::seconds(value).ok().map(Duration::from_secs)
    }

    /// Whether the device can be used now. Where its key file was missing, looks again: it may have been put there since.
    ///
    /// # Errors
    /// `not_found` naming the device and the key file.
    pub fn usable(&self) -> Result<()> {
        if self.problem.is_none() {
            return Ok(());
        }
        entry::key_problem(&self.name, &self.auth).map_or(Ok(()), Err)
    }
}

/// Two devices are equal when every field is, their visible fields included; a problem counts by its text.
impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        let problem = |device: &Self| device.problem.as_ref().map(|p| p.message().to_owned());
        self.name == other.name
            && self.host == other.host
            && self.port == other.port
            && self.username == other.username
            && self.auth == other.auth
            && self.ssh_config == other.ssh_config
            && self.legacy == other.legacy
            && self.framing == other.framing
            && self.read_only == other.read_only
            && self.mode == other.mode
            && self.public == other.public
            && problem(self) == problem(other)
    }
}
