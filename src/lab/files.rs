//! What a client of the lab needs in files: inventory, known_hosts, the user's key.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{Kind, Lab, PASSWORD, USER, keys};
use crate::error::Result;

/// File name of the user's private key.
pub(super) const USER_KEY: &str = "id_ed25519";

/// Where [`Lab::write_files`] has put things.
#[derive(Debug, Clone)]
pub struct LabFiles {
    /// The inventory, readable for its owner only.
    pub inventory: PathBuf,
    /// The host keys.
    pub known_hosts: PathBuf,
    /// The user's private key, readable for its owner only.
    pub private_key: PathBuf,
}

impl Lab {
    /// The content of `devices.json`. The EX logs in with the user's key where the lab keeps its keys in a folder, all
    /// others with the password.
    pub fn inventory(&self) -> Value {
        self.inventory_with(self.key_dir.as_ref().map(|dir| dir.join(USER_KEY)).as_deref())
    }

    fn inventory_with(&self, key: Option<&Path>) -> Value {
        let entry = |device: &super::LabDevice| {
            let auth = match key {
                Some(path) if device.kind() == Kind::Ex => json!({"type": "ssh_key", "private_key_path": path}),
                _ => json!({"type": "password", "password": PASSWORD}),
            };
            let role = match device.kind() {
                Kind::Mx => "edge router",
                Kind::Srx => "firewall cluster",
                Kind::Ex => "access switch",
            };
            json!({
                "ip": device.address,
                "port": device.port,
                "username": USER,
                "auth": auth,
                "role": role,
                "site": "lab",
            })
        };
        Value::Object(
            self.devices()
                .iter()
                .map(|d| (d.name.clone(), entry(d)))
                .collect::<Map<_, _>>(),
        )
    }

    /// `known_hosts` lines of all devices.
    pub fn known_hosts(&self) -> String {
        self.devices().iter().map(|d| d.known_hosts_line() + "\n").collect()
    }

    /// The user's private key in OpenSSH's format.
    pub fn private_key(&self) -> &russh::keys::PrivateKey {
        &self.user_key
    }

    /// Writes `devices.json`, `known_hosts` and the user's key into a folder, which is made if needed.
    ///
    /// # Errors
    /// `io`, naming the file.
    pub fn write_files(&self, dir: &Path) -> Result<LabFiles> {
        let files = LabFiles {
            inventory: dir.join("devices.json"),
            known_hosts: dir.join("known_hosts"),
            private_key: dir.join(USER_KEY),
        };
        keys::write(&files.private_key, &self.user_key)?;
        let absolute = std::path::absolute(&files.private_key).unwrap_or_else(|_| files.private_key.clone());
        let content = serde_json::to_string_pretty(&self.inventory_with(Some(&absolute))).unwrap_or_default() + "\n";
        keys::write_private(&files.inventory, content.as_bytes())?;
        keys::write_private(&files.known_hosts, self.known_hosts().as_bytes())?;
        Ok(files)
    }
}
