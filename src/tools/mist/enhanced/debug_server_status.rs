//! `debug_server_status`: how the server is set up.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{diagnosis, kit};
use crate::{
    error::Result,
    mist::{Access, Brought},
    tools::{Context, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {}

pub(super) fn tool() -> Tool {
    kit::reads(
        "debug_server_status",
        "State of the server",
        "How the server is set up: version, host, limits, time-outs, security thresholds, tools, and a short summary of performance. Shows no secrets.",
        run,
    )
}

async fn run(context: Context, _: Args) -> Result<Typed<Value>> {
    let access = diagnosis::access(&context)?;
    Ok(Typed::compact(status(&context, &access)))
}

/// Everything but the figures.
pub(super) fn status(context: &Context, access: &Access) -> Value {
    let client = access.mist().client();
    let (options, security) = (client.options(), access.mist().guard().options());
    let figures = client.figures().snapshot();
    let mist = context.catalogue.iter().filter(|tool| tool.toolset == "mist").count();
    let mut status = json!({
        "server_info": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "os": std::env::consts::OS, "arch": std::env::consts::ARCH },
        "configuration": {
            "host": access.account().cloud().host(),
            "tokens": access.account().keys().len(),
            "own_account": matches!(context.account, Brought::Nothing),
            "max_concurrent": options.concurrent,
            "request_timeout_s": options.timeout.as_secs(),
            "connect_timeout_s": options.connect_timeout.as_secs(),
            "mode": context.services.listing.mode.as_str(),
            "writes": context.permits.mist_writes && !context.permits.read_only,
        },
        "security_configuration": {
            "strict": security.strict,
            "acknowledged_by_operator": security.acknowledged,
            "max_admin_orgs": security.max_admin_orgs,
            "max_write_orgs": security.max_write_orgs,
            "max_admin_msps": security.max_admin_msps,
            "max_write_msps": security.max_write_msps,
            "max_orgs_per_msp": security.max_orgs_per_msp,
        },
        "tool_registry": {
            "tools": context.catalogue.iter().count(),
            "mist_tools": mist,
            "indexed_operations": access.specification().names().count(),
        },
        "performance_summary": diagnosis::health(&figures),
    });
    if let Some(status) = status.as_object_mut() {
        status.insert("api_client_status".into(), diagnosis::resources(access).into());
    }
    status
}
