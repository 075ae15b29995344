//! Step 5: the guardrails, judged on what would really be executed; and what a call does, as far as its commands tell.

use crate::{
    error::{Code, Error, Result},
    junos::{self, grammar, inventory::Inventory},
    tools::{Arguments, Effect, Judged, Services, Tool, changes, string_argument},
};

/// Refuses what is not plainly one command, before anything else is asked of it.
///
/// # Errors
/// `invalid_input`.
pub(super) fn well_formed(tool: &Tool, arguments: &Arguments) -> Result<()> {
    let judged = (tool.judged)(arguments);
    judged.iter().try_for_each(|judged| match judged {
        Judged::Command(command) | Judged::Pfe(command) => grammar::check_one(command),
        Judged::Config { .. } => Ok(()),
    })
}

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

/// Refuses what changes anything on a device that may only be read.
///
/// # Errors
/// `read_only`, naming the device.
pub(super) fn writable(inventory: &Inventory, tool: &Tool, effect: Effect, targets: &[String]) -> Result<()> {
    let is_fixed = |name: &&String| inventory.devices.get(*name).is_some_and(|device| device.read_only);
    match targets.iter().find(is_fixed).filter(|_| effect != Effect::Read) {
        None => Ok(()),
        Some(device) => {
            let message = format!("{} and device `{device}` is read-only", changes(tool));
            Err(Error::new(Code::ReadOnly, message)
                .advise("an operator can change `read_only` in the inventory; trying again does not help"))
        }
    }
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
