//! `analyze_token_security`: whether the token may do more than an AI client should be trusted with.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::kit;
use crate::{
    error::Result,
    mist::security,
    tools::{Context, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {}

pub(super) fn tool() -> Tool {
    kit::reads(
        "analyze_token_security",
        "Security of the token",
        "Whether the Mist token reaches more than it should: risks with their severity, thresholds, whether writes are blocked for them, \
         and better ways. Call it when a call was answered with `blocked`.",
        run,
    )
}

async fn run(context: Context, _: Args) -> Result<Typed<Value>> {
    Ok(Typed::compact(security::report(&context.mist()?).await?))
}
