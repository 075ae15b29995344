//! Step 3: whether this caller may use this tool on these devices.

use serde_json::Value;

use crate::{
    error::{Code, Error, Result},
    junos::inventory::Inventory,
    tools::{Arguments, Effect, Principal, Tool},
};

/// # Errors
/// `unknown_router` for devices that do not exist, and in the same words for devices out of reach: a refusal never tells.
/// `tool_scope_denied` for what a call would do beyond the caller's effects.
pub(super) fn check(
    principal: &Principal,
    tool: &Tool,
    effect: Effect,
    devices: &[String],
    inventory: &Inventory,
) -> Result<()> {
    if !principal.may_do(effect) {
        return Err(Error::new(
            Code::ToolScopeDenied,
            format!(
                "caller `{}` may not make a call of `{}` that would {}",
                principal.name,
                tool.name,
                effect.deeds()
            ),
        ));
    }
    let reachable = |name: &&String| principal.may_reach(name) && inventory.devices.contains_key(*name);
    let missing: Vec<&str> = devices
        .iter()
        .filter(|name| !reachable(name))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Inventory::unknown_all(&missing))
    }
}

/// Everything that a call names, for the record: the devices, and what it reaches of the Mist cloud.
pub(super) fn named(devices: &[String], arguments: &Arguments) -> Vec<String> {
    let named = ["org_id", "site_id", "msp_id", "device_id"]
        .into_iter()
        .filter_map(|parameter| {
            let value = arguments.get(parameter)?.as_str()?;
            Some(format!("{parameter}={}", value.chars().take(64).collect::<String>()))
        });
    devices.iter().cloned().chain(named).collect()
}

/// The devices that a call names, in the parameters that name devices in every tool.
pub(super) fn targets(arguments: &Arguments) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    for parameter in ["router_name", "router_names", "other_router"] {
        match arguments.get(parameter) {
            Some(Value::String(name)) => targets.push(name.clone()),
            Some(Value::Array(names)) => targets.extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }
    targets.sort_unstable();
    targets.dedup();
    targets
}
