//! What tools work with: the devices, the kept results, the guardrails, and the operator's choices that concern them.

use arc_swap::ArcSwap;

use super::Results;
use crate::{junos::Junos, policy::Policy};

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
