//! `get_org_wlans`: the WLANs of an organisation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    kit::{self, Shown},
    wlans,
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
        "get_org_wlans",
        "WLANs of an organisation",
        "The WLANs in an organisation's templates: SSID, how clients log in, bands, VLAN; `wlan_analysis` counts them and names open ones. They are long: give fields=ssid,enabled,auth.type,bands,vlan_id.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.insert("limit".into(), 1000.into());
    kit::list(&context, "listOrgWlans", &values, args.shown, |rows| {
        kit::findings([("wlan_count", rows.len().into()), ("wlan_analysis", wlans::analyse(rows))])
    })
    .await
}
