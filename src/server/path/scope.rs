//! Step 3: whether this caller may use this tool on these devices.

use serde_json::Value;

use crate::{
    error::{Code, Error, Result},
    junos::inventory::Inventory,
    tools::{Arguments, Effect, Principal, Services, Tool},
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

/// Whether any of these devices is there and kept from the caller: for the record only, never for the answer.
pub(super) fn hides(principal: &Principal, devices: &[String], inventory: &Inventory) -> bool {
    let mut devices = devices.iter();
    devices.any(|name| !principal.may_reach(name) && inventory.devices.contains_key(name))
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

/// The devices that a call reaches: those in the parameters that name devices in every tool, and those of the plan that it names.
pub(super) fn targets(services: &Services, caller: &Principal, arguments: &Arguments) -> Vec<String> {
    let plan = arguments.get("plan_id").and_then(Value::as_str);
    let plan = plan.and_then(|id| services.plans.get(&caller.id, id).ok());
    let steps = plan.iter().flat_map(|plan| &plan.steps);
    let mut targets: Vec<String> = steps.map(|step| step.router.clone()).collect();
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
