//! `get_device_events`: what happened to a site's devices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::kit::{self, Shown};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    /// Such as AP_CONFIG_CHANGED_BY_USER; listDeviceEventsDefinitions has all.
    #[serde(rename(serialize = "type"))]
    event_type: Option<String>,
    start: Option<String>,
    end: Option<String>,
    #[schemars(extend("default" = "1d"))]
    duration: Option<String>,
    #[schemars(extend("default" = 100))]
    limit: Option<u64>,
    #[serde(skip_serializing)]
    page: Option<u64>,
    /// Only this device.
    mac: Option<String>,
    /// Part of the text.
    text: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_device_events",
        "Device events",
        "What happened to a site's devices: restarts, upgrades, configuration, ports, BGP, newest first; `event_analysis` counts by type and \
         device.",
        run,
    )
    .aliases(&[("type", "event_type")])
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    kit::first_page(args.page)?;
    let mut values = kit::values(&args)?;
    values.entry("limit").or_insert(100.into());
    kit::time(&mut values, "1d");
    kit::list(&context, "searchSiteDeviceEvents", &values, args.shown, |rows| {
        kit::findings([(
            "event_analysis",
            json!({ "by_type": kit::by(rows, "type"), "by_device_type": kit::by(rows, "device_type"), "by_device": kit::by(rows, "mac") }),
        )])
    })
    .await
}
