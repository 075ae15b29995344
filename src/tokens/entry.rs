//! One token of a file that has no mistakes.

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use super::Digest;
use crate::tools::{Allowed, Principal};

/// One token of a file that has no mistakes.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) digest: Digest,
    pub(super) id: Arc<str>,
    pub(super) principal: Arc<Principal>,
    pub(super) expires: Option<SystemTime>,
    pub(super) fingerprint: [u8; 32],
    pub(super) listed: Listed,
}

/// The entry's words for people.
#[derive(Debug, Clone, Default)]
pub(super) struct Listed {
    pub(super) devices: Vec<String>,
    pub(super) routers: String,
    pub(super) tools: String,
    pub(super) created: Option<String>,
    pub(super) description: Option<String>,
}

impl Entry {
    /// The token's name.
    pub fn name(&self) -> &str {
        &self.principal.name
    }

    /// What identifies the caller: name and short digest.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the caller may use.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// When it is over; `None` is never.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// The devices, as the file lists them; `*` is all.
    pub fn routers(&self) -> &str {
        &self.listed.routers
    }

    /// The tools, as the file lists them; `*` is all.
    pub fn tools(&self) -> &str {
        &self.listed.tools
    }

    /// When it was made, as the file has it.
    pub fn created(&self) -> Option<&str> {
        self.listed.created.as_deref()
    }

    /// A word for each device in its scope that the inventory does not have, and for each pattern that matches none of its devices.
    pub(super) fn unknown_devices(&self, devices: &BTreeSet<String>) -> Vec<String> {
        let is_known = |entry: &str| {
            let matches = |one: Allowed| devices.iter().any(|device| one.has(device));
            devices.contains(entry) || Allowed::patterns([entry]).is_ok_and(matches)
        };
        let name = self.name().escape_debug();
        let unknown = self
            .listed
            .devices
            .iter()
            .filter(|entry| *entry != "*" && !is_known(entry));
        unknown
            .map(|entry| format!("token `{name}`: the inventory has no device `{}`", entry.escape_debug()))
            .collect()
    }

    /// What it is for.
    pub fn description(&self) -> Option<&str> {
        self.listed.description.as_deref()
    }
}
