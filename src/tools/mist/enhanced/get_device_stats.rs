//! `get_device_stats`: how a site's devices are doing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    kit::{self, Shown},
    stats,
};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    /// Id or MAC; absent: all devices.
    device_id: Option<String>,
    /// Only this field of the statistics, such as if_stat.
    #[serde(skip_serializing)]
    metric: Option<String>,
    #[schemars(extend("enum" = ["ap", "switch", "gateway", "all"], "default" = "all"))]
    r#type: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_device_stats",
        "Statistics of devices",
        "How a device of a site is doing (CPU, memory, ports, radios, version, last contact), or all of them with `device_analysis`.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let mut values = kit::values(&args)?;
    if args.device_id.is_some() {
        let done = access.run("getSiteDeviceStats", &values).await?;
        let body = args.metric.as_ref().map_or_else(|| done.body().clone(), |metric| only(done.body(), metric));
        return Ok(kit::object(&access, &body, Map::new()));
    }
    values.entry("type").or_insert("all".into());
    let mut shown = args.shown;
    if let Some(metric) = args.metric {
        shown.fields.get_or_insert_with(|| ["name", "mac", "type"].map(str::to_owned).to_vec()).push(metric);
    }
    kit::list(&context, "listSiteDevicesStats", &values, shown, |rows| {
        kit::findings([("device_analysis", stats::devices(rows))])
    })
    .await
}

/// What names the device, and this field of its statistics.
fn only(body: &Value, metric: &str) -> Value {
    let wanted = |name: &str| matches!(name, "id" | "mac" | "name" | "type" | "model" | "status") || name == metric;
    let fields = body.as_object().into_iter().flatten().filter(|(name, _)| wanted(name));
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}
