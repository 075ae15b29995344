//! `get_site_stats`: statistics of a site, of one kind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    kit::{self, Shown},
    stats,
};
use crate::{
    error::{Code, Error, Result},
    mist::specification::Paging,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    #[serde(skip_serializing)]
    #[schemars(extend("enum" = KINDS, "default" = "general"))]
    stats_type: Option<String>,
    page: Option<u64>,
    #[schemars(extend("default" = 100))]
    limit: Option<u64>,
    start: Option<String>,
    end: Option<String>,
    #[schemars(extend("default" = "1d"))]
    duration: Option<String>,
    /// Of `devices`.
    #[serde(skip_serializing)]
    #[schemars(extend("enum" = ["ap", "switch", "gateway", "all"], "default" = "all"))]
    device_type: Option<String>,
    /// Only this one of `mxedges`.
    mxedge_id: Option<String>,
    /// Only this one of `clients`.
    client_mac: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

const KINDS: [&str; 10] =
    ["general", "assets", "devices", "mxedges", "clients", "beacons", "bgp_peers", "ports", "discovered_switches", "apps"];

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_site_stats",
        "Statistics of a site",
        "Statistics of a site: general (counts), devices, clients, ports, bgp_peers, mxedges, assets, beacons, discovered_switches or apps, \
         with what they come to.",
        run,
    )
    .aliases(&[("metric", "stats_type")])
}

fn operation(kind: &str, edge: bool, client: bool) -> Result<&'static str> {
    Ok(match kind {
        "general" => "getSiteStats",
        "assets" => "listSiteAssetsStats",
        "devices" => "listSiteDevicesStats",
        "mxedges" if edge => "getSiteMxEdgeStats",
        "mxedges" => "listSiteMxEdgesStats",
        "clients" if client => "getSiteWirelessClientStats",
        "clients" => "listSiteWirelessClientsStats",
        "beacons" => "listSiteBeaconsStats",
        "bgp_peers" => "searchSiteBgpStats",
        "ports" => "searchSiteSwOrGwPorts",
        "discovered_switches" => "searchSiteDiscoveredSwitches",
        "apps" => "countSiteApps",
        _ => {
            return Err(Error::new(Code::InvalidInput, format!("`stats_type` cannot be `{}`", kind.escape_debug()))
                .advise(format!("it is one of {}", KINDS.join(", "))));
        }
    })
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let kind = args.stats_type.clone().unwrap_or_else(|| "general".into());
    let name = operation(&kind, args.mxedge_id.is_some(), args.client_mac.is_some())?;
    let mut values = kit::values(&args)?;
    values.insert("limit".into(), args.limit.unwrap_or(100).clamp(1, 1000).into());
    kit::time(&mut values, "1d");
    match kind.as_str() {
        "devices" => values.insert("type".into(), args.device_type.as_deref().unwrap_or("all").into()),
        "apps" => values.insert("distinct".into(), "app".into()),
        _ => None,
    };
    if access.operation(name)?.paging != Paging::Pages {
        kit::first_page(args.page)?;
        values.remove("page");
    }
    let done = access.run(name, &values).await?;
    if kind == "general" {
        let findings = stats::whole(done.body());
        return Ok(kit::object(&access, done.body(), findings));
    }
    kit::listed(&context, &access, done, args.shown, |rows| {
        if name.starts_with("get") { kit::Findings::new() } else { stats::of(&kind, rows, kit::now()) }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mist::specification::Specification;

    #[test]
    fn every_kind_is_an_operation_of_a_site() {
        for kind in KINDS {
            for one in [false, true] {
                let name = operation(kind, one, one).unwrap();
                let found = Specification::embedded().operation(name).unwrap_or_else(|| panic!("{name}"));
                assert!(found.routes[0].path.starts_with("/api/v1/sites/{site_id}/stats"), "{name}");
            }
        }
        assert!(operation("x", false, false).is_err());
    }
}
