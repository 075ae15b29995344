//! `export_diagnostics_json`: everything at once, for a support case.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{debug_server_status, diagnosis, kit};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {}

pub(super) fn tool() -> Tool {
    kit::reads(
        "export_diagnostics_json",
        "All diagnostics",
        "Everything that the server knows of its way to the Mist cloud, with the last hundred requests one by one (paths with placeholders, no ids). Long: for a file or a support case.",
        run,
    )
}

async fn run(context: Context, _: Args) -> Result<Typed<Value>> {
    let access = diagnosis::access(&context)?;
    let figures = access.mist().client().figures().snapshot();
    let last = figures.last.iter().rev().take(LAST).map(diagnosis::operation);
    Ok(Typed::compact(json!({
        "status": debug_server_status::status(&context, &access),
        "performance_metrics": diagnosis::performance(&figures),
        "category_performance": diagnosis::categories(&figures, access.specification()),
        "error_analysis": diagnosis::errors(&figures),
        "last_operations": last.collect::<Vec<_>>(),
    })))
}

/// Requests that are listed, newest first.
const LAST: usize = 100;
