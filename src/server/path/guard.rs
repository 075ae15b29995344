//! Step 5: the guardrails, judged on what would really be executed.

use crate::{
    error::Result,
    tools::{Arguments, Judged, Services, Tool},
};

/// # Errors
/// `blocked`, naming the rule; one device that refuses refuses the whole call.
pub(super) fn judge(services: &Services, tool: &Tool, targets: &[String], arguments: &Arguments) -> Result<()> {
    let policy = services.policy.load();
    for judged in (tool.judged)(arguments) {
        for device in targets {
            match &judged {
                Judged::Command(command) => policy.judge_command(tool.name, device, command)?,
                Judged::Pfe(command) => policy.judge_pfe(tool.name, device, command)?,
                Judged::Config { format, text } => policy.judge_config(tool.name, device, format.as_deref(), text)?,
            }
        }
    }
    Ok(())
}
