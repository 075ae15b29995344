//! `get_service_health_report`: rates, times and errors since the start.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{diagnosis, kit};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_service_health_report",
        "Health of the service",
        "How the way to the Mist cloud does since the start: success rate, response times with percentiles, the paths asked most, errors, memory, cache, what is left of the hourly budget, and whether the token's risks block writes.",
        run,
    )
}

async fn run(context: Context, _: Args) -> Result<Typed<Value>> {
    let access = diagnosis::access(&context)?;
    let figures = access.mist().client().figures().snapshot();
    let categories = diagnosis::categories(&figures, access.specification());
    let guard = access.mist().guard();
    let mut report = json!({
        "service_health": diagnosis::health(&figures),
        "performance_metrics": diagnosis::performance(&figures),
        "api_insights": {
            "categories_used": categories.len(),
            "unique_endpoints": figures.by_path.len(),
            "most_active_category": categories.first().and_then(|row| row.get("category")),
        },
        "error_analysis": diagnosis::errors(&figures),
        "security_status": { "strict": guard.options().strict, "acknowledged_by_operator": guard.options().acknowledged },
    });
    if let Some(report) = report.as_object_mut() {
        report.extend(diagnosis::resources(&access));
    }
    Ok(Typed::compact(report))
}
