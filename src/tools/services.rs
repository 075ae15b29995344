//! What tools work with: the devices, the kept results, the guardrails, and the operator's choices that concern them.

use arc_swap::ArcSwap;

use super::Results;
use crate::{
    error::Result,
    junos::{Junos, inventory::Inventory},
    policy::Policy,
};

/// The operator's choices that concern single tools.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `add_device` and `reload_devices` may not change the inventory.
    pub inventory_readonly: bool,
    /// `add_device` takes passwords.
    pub allow_password_auth_add: bool,
}

/// Shared by all calls.
pub struct Services {
    /// The devices.
    pub junos: Junos,
    /// Results that were too long to be shown whole.
    pub results: Results,
    /// The guardrails in force.
    pub policy: ArcSwap<Policy>,
    /// The operator's choices.
    pub options: Options,
}

impl Services {
    /// Brings the guardrails of an inventory into force, before the inventory itself: no device is reached without its rules.
    ///
    /// # Errors
    /// `inventory_invalid`; then the present rules stay in force.
    pub fn guard(&self, inventory: &Inventory) -> Result<()> {
        let policy = self.policy.load().with_inventory(inventory)?;
        self.policy.store(policy.into());
        Ok(())
    }
}
