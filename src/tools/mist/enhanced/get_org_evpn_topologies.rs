//! `get_org_evpn_topologies`: the campus fabrics of an organisation.

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
    org_id: String,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_org_evpn_topologies",
        "Campus fabrics of an organisation",
        "The EVPN campus fabrics of an organisation and of its sites, with the architecture of each. Give an id of them to \
         get_evpn_topologies_details; `site_specific_fabric` there is as here.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.insert("for_site".into(), "any".into());
    kit::list(&context, "listOrgEvpnTopologies", &values, args.shown, evpn::summary).await
}
