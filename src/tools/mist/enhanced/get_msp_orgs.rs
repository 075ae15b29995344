//! `get_msp_orgs`: the organisations of an MSP.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kit::{self, Shown};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    msp_id: String,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_msp_orgs",
        "Organisations of an MSP",
        "The organisations that a managed service provider looks after, with ids and names.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    kit::list(&context, "listMspOrgs", &kit::values(&args)?, args.shown, |rows| {
        kit::findings([("org_count", rows.len().into())])
    })
    .await
}
