//! `get_msp_info`: one MSP.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::kit;
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    msp_id: String,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_msp_info",
        "An MSP",
        "The record of a managed service provider: name, tier, times. get_user_info has the ids of those that the token reaches.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let done = access.run("getMspDetails", &kit::values(&args)?).await?;
    Ok(kit::object(&access, done.body(), Map::new()))
}
