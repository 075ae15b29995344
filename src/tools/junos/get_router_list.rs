//! `get_router_list`: the devices of the inventory.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{
    error::Result,
    junos::inventory::Device,
    tools::{Context, Effect, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {}

#[derive(Serialize, JsonSchema)]
struct Output {
    routers: Vec<String>,
    /// Router name to inventory entry, without credentials.
    #[schemars(with = "Map<String, Value>")]
    devices: Devices,
    count: usize,
}

/// Written from the inventory as it is, without a copy of it.
struct Devices(Vec<Arc<Device>>);

impl Serialize for Devices {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|device| (&device.name, &device.public)))
    }
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
    .plain()
    .local()
}

async fn run(context: Context, _args: Args) -> Result<Typed<Output>> {
    let inventory = context.services.junos.inventory();
    let reachable = inventory.devices.values().filter(|device| context.caller.may_reach(&device.name));
    let devices = Devices(reachable.cloned().collect());
    let text = serde_json::to_string_pretty(&devices).unwrap_or_default();
    let routers: Vec<String> = devices.0.iter().map(|device| device.name.clone()).collect();
    Ok(Typed::text(Output { count: routers.len(), routers, devices }, text))
}
