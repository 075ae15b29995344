//! Step 5: the guardrails, judged on what would really be executed.

use crate::{
    error::Result,
    junos,
    tools::{Arguments, Effect, Judged, Services, Tool, string_argument},
};

/// # Errors
/// `blocked`, naming the rule; one device that refuses refuses the whole call.
pub(super) fn judge(services: &Services, tool: &Tool, targets: &[String], arguments: &Arguments) -> Result<()> {
    let policy = services.policy.load();
    // A device that is reached through the cloud has no name in the inventory, and the rules for all devices hold for it too.
    let in_cloud = [string_argument(arguments, "device_id")];
    let targets = if tool.toolset == "mist" { &in_cloud } else { targets };
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

/// What this call does. A tool that runs whatever command it is given only reads where the command does.
pub(super) fn effect(tool: &Tool, arguments: &Arguments) -> Effect {
    let changes = |judged: &Judged| match judged {
        Judged::Command(command) => !junos::reads_only(command),
        Judged::Pfe(command) => command.split_whitespace().next() != Some("show"),
        Judged::Config { .. } => false,
    };
    let own = tool.effect_of_call(arguments);
    if tool.effect == Effect::Read && (tool.judged)(arguments).iter().any(changes) {
        own.max(Effect::Write)
    } else {
        own
    }
}
