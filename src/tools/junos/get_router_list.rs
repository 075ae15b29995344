//! `get_router_list`: the devices of the inventory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    error::Result,
    tools::{Context, Effect, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {}

#[derive(Serialize, JsonSchema)]
struct Output {
    routers: Vec<String>,
    /// Router name to inventory entry, without credentials.
    devices: Map<String, Value>,
    count: usize,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "get_router_list",
        Effect::Read,
        "List routers",
        "List the Junos devices that can be reached, with address and whatever the inventory says of them (role, site, tags). Start \
         here: the names are the router_name of every other tool.",
        run,
    )
    .local()
}

async fn run(context: Context, _args: Args) -> Result<Typed<Output>> {
    let inventory = context.services.junos.inventory();
    let reachable = inventory.devices.values().filter(|device| context.caller.may_reach(&device.name));
    let devices: Map<String, Value> =
        reachable.map(|device| (device.name.clone(), Value::Object(device.public.clone()))).collect();
    let text = serde_json::to_string_pretty(&devices).unwrap_or_default();
    let routers: Vec<String> = devices.keys().cloned().collect();
    Ok(Typed::text(Output { count: routers.len(), routers, devices }, text))
}
