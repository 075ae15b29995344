//! Step 5: the guardrails, judged on what would really be executed; and what a call does, as far as its commands tell.

use serde_json::Value;

use crate::{
    error::{Code, Error, Result},
    junos::{grammar, inventory::Inventory},
    redact,
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
    refuse_placeholders(tool, arguments)?;
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

/// Arguments that say why, and are loaded nowhere.
const REMARKS: &[&str] = &["commit_comment", "comment"];

/// # Errors
/// `invalid_input` where what a call would write holds secrets that were covered when they were read: they would overwrite the real ones.
fn refuse_placeholders(tool: &Tool, arguments: &Arguments) -> Result<()> {
    let is_covered = |judged: &Judged| matches!(judged, Judged::Config { text, .. } if redact::has_placeholder(text));
    let in_config = (tool.judged)(arguments).iter().any(is_covered);
    let mut written = arguments.iter().filter(|(name, _)| !REMARKS.contains(&name.as_str()));
    if in_config || (tool.effect != Effect::Read && written.any(|(_, value)| holds_placeholder(value))) {
        return Err(Error::new(
            Code::InvalidInput,
            format!(
                "what `{}` is to write holds a secret that was covered when it was read (`{}` or `/* SECRET-DATA */`); it would \
                 overwrite the real one",
                tool.name,
                redact::PLACEHOLDER
            ),
        )
        .advise("leave these statements or attributes out, and they stay as they are, or give the real value"));
    }
    Ok(())
}

fn holds_placeholder(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(redact::PLACEHOLDER),
        Value::Array(items) => items.iter().any(holds_placeholder),
        Value::Object(map) => map.values().any(holds_placeholder),
        _ => false,
    }
}

/// What this call does. A tool that runs whatever command it is given does what the worst of its commands does.
pub(super) fn effect(tool: &Tool, arguments: &Arguments) -> Effect {
    let of_command = |judged: &Judged| match judged {
        Judged::Command(command) => grammar::mark(command).into(),
        Judged::Pfe(command) => grammar::mark_pfe(command).into(),
        Judged::Config { .. } => Effect::Read,
    };
    let own = tool.effect_of_call(arguments);
    if tool.effect != Effect::Read {
        return own;
    }
    (tool.judged)(arguments).iter().map(of_command).fold(own, Effect::max)
}
