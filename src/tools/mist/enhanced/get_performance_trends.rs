//! `get_performance_trends`: requests by hour, category and path.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{diagnosis, kit};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// 1 to 168.
    #[schemars(extend("default" = 24))]
    hours: Option<u64>,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_performance_trends",
        "Trends of performance",
        "How requests to the Mist cloud went hour by hour, up to a week back while the server ran, and by category and path of the API.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = diagnosis::access(&context)?;
    let hours = args.hours.unwrap_or(24).clamp(1, 168);
    let figures = access.mist().client().figures().snapshot();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let (activity, all) = diagnosis::hours(&figures, now.as_secs(), hours);
    Ok(Typed::compact(json!({
        "hours": hours,
        "overall_stats": {
            "requests": all.count,
            "failed": all.failed,
            "success_rate": diagnosis::percent(&all),
            "avg_response_time_ms": all.mean().map(diagnosis::milliseconds),
        },
        "hourly_activity": activity,
        "since_start": { "category_performance": diagnosis::categories(&figures, access.specification()), "top_endpoints": diagnosis::top(&figures) },
    })))
}
