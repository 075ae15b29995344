//! `get_site_wlans`: the WLANs of a site.

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
    site_id: String,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_site_wlans",
        "WLANs of a site",
        "The WLANs that a site itself has, with `wlan_analysis`. Those that it gets from templates are not among them: listSiteWlansDerived has all that are in force.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.insert("limit".into(), 1000.into());
    kit::list(&context, "listSiteWlans", &values, args.shown, |rows| {
        kit::findings([("wlan_count", rows.len().into()), ("wlan_analysis", wlans::analyse(rows))])
    })
    .await
}
