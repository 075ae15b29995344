//! Step 3: whether this caller may use this tool on these devices.

use serde_json::Value;

use crate::{
    error::{Code, Error, Result},
    junos::inventory::Inventory,
    tools::{Arguments, Principal},
};

/// # Errors
/// `unknown_router` for a device out of reach, in the words for a device that does not exist: a refusal never tells.
pub(super) fn check(principal: &Principal, tool: &str, devices: &[String]) -> Result<()> {
    if !principal.may_call(tool) {
        return Err(Error::new(
            Code::ToolScopeDenied,
            format!("caller `{}` may not use `{tool}`", principal.name),
        ));
    }
    match devices.iter().find(|device| !principal.may_reach(device)) {
        Some(device) => Err(Inventory::unknown(device)),
        None => Ok(()),
    }
}

/// The devices that a call names, in the parameters that name devices in every tool.
pub(super) fn targets(arguments: &Arguments) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    for parameter in ["router_name", "router_names"] {
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
