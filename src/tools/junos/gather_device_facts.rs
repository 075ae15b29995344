//! `gather_device_facts`: what a device is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::common::{ON, On};
use crate::{
    error::Result,
    tools::{Context, Effect, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
}

/// The facts by name. Those that the device does not have are null.
#[derive(Serialize, JsonSchema)]
struct Output {
    #[serde(flatten)]
    facts: Map<String, Value>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "gather_device_facts",
        Effect::Read,
        "Device facts",
        "Facts of one Junos device: host name, model, version, serial number, routing engines with state and uptime, virtual chassis, \
         cluster. Facts that a platform does not have are null.",
        run,
    )
    .plain()
    .aliases(ON)
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let facts = context.services.junos.facts(&args.on.router_name, context.timeout).await?;
    Ok(Typed::json(Output { facts }))
}
