//! `get_site_evpn_topologies`: the campus fabrics of a site.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    evpn,
    kit::{self, Shown},
};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_site_evpn_topologies",
        "Campus fabrics of a site",
        "The EVPN campus fabrics that a site has of its own, with the architecture of each. Those of the whole organisation are in \
         get_org_evpn_topologies.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    kit::list(&context, "listSiteEvpnTopologies", &kit::values(&args)?, args.shown, evpn::summary).await
}
