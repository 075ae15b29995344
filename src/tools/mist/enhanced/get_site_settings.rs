//! `get_site_settings`: the settings in force at a site.

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
    site_id: String,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_site_settings",
        "Settings of a site",
        "The settings in force at a site, templates and the site's own merged: networks, port profiles, upgrades, thresholds, variables.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let done = access.run("getSiteSettingDerived", &kit::values(&args)?).await?;
    Ok(kit::object(&access, done.body(), Map::new()))
}
