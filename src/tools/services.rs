//! What tools work with: the devices, the kept results, the guardrails, and the operator's choices that concern them.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{Listing, Operations, Plans, Results, mist::Pages};
use crate::{
    error::Result,
    junos::Junos,
    mist::{Mist, MistOptions},
    policy::Policy,
};

/// The operator's choices that concern single tools.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `add_device` and `reload_devices` may not change the inventory.
    pub inventory_readonly: bool,
    /// `add_device` takes passwords.
    pub allow_password_auth_add: bool,
    /// Commits of calls that say nothing of it roll back after so many minutes unless confirmed.
    pub confirm_minutes: Option<u32>,
}

/// Shared by all calls.
pub struct Services {
    /// The devices.
    pub junos: Junos,
    /// Results that were too long to be shown whole.
    pub results: Results,
    /// Plans of changes.
    pub plans: Plans,
    /// Calls that change something, and what became of them.
    pub operations: Operations,
    /// The guardrails in force.
    pub policy: ArcSwap<Policy>,
    /// The Mist cloud.
    pub mist: Arc<Mist>,
    /// Lists of the cloud that go on.
    pub pages: Pages,
    /// What is listed where nobody asks for anything else.
    pub listing: Listing,
    /// The operator's choices.
    pub options: Options,
}

impl Services {
    /// These devices and rules, and nothing that an operator decided otherwise; no account of the Mist cloud.
    ///
    /// # Errors
    /// `internal` where TLS cannot be set up.
    pub fn new(junos: Junos, policy: Policy) -> Result<Self> {
        Ok(Self {
            junos,
            results: Results::default(),
            plans: Plans::default(),
            operations: Operations::default(),
            policy: ArcSwap::from_pointee(policy),
            mist: Mist::new(MistOptions::default())?,
            pages: Pages::default(),
            listing: Listing {
                has_junos: true,
                ..Listing::default()
            },
            options: Options::default(),
        })
    }
}
