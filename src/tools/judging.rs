//! The guardrails as a transaction meets them: for one tool, on what its change really changes.

use std::sync::Arc;

use super::{Context, Services};
use crate::{
    error::Result,
    junos::{Control, Judge},
};

/// Judges for one tool.
struct Judging {
    services: Arc<Services>,
    tool: &'static str,
}

impl Judge for Judging {
    fn judge(&self, device: &str, diff: &str) -> Result<()> {
        self.services.policy.load().judge_change(self.tool, device, diff)
    }
}

impl Context {
    /// What ends a change that this tool makes, and what judges it.
    pub fn control(&self, tool: &'static str) -> Control {
        Control {
            cancel: self.cancel.clone(),
            deadline: self.deadline,
            judge: Arc::new(Judging {
                services: self.services.clone(),
                tool,
            }),
        }
    }
}
