//! `get_organization_stats`: statistics of an organisation, of one kind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    super::{answer::Gathered, shape::Shape},
    kit::{self, Shown},
    stats,
};
use crate::{
    error::{Code, Error, Result},
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    #[serde(skip_serializing)]
    #[schemars(extend("enum" = KINDS, "default" = "general"))]
    stats_type: Option<String>,
    page: Option<u64>,
    /// 1 to 1000.
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
    site_id: Option<String>,
    /// Of `ports`.
    port_id: Option<String>,
    /// Of `ports`: up or down.
    #[serde(skip_serializing)]
    port_status: Option<String>,
    /// Of `devices`: every field.
    #[serde(skip_serializing, default)]
    full: bool,
    /// Of `tunnels` and `bgp_peers`.
    #[serde(skip_serializing)]
    peer_ip: Option<String>,
    /// Of `bgp_peers` and `vpn_peers`.
    #[serde(skip_serializing)]
    peer_mac: Option<String>,
    sort: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

const KINDS: [&str; 9] = ["general", "assets", "devices", "mxedges", "sites", "bgp_peers", "tunnels", "vpn_peers", "ports"];

/// The operation of each kind, and the one for a single site where the first cannot be told to look at one.
const OPERATIONS: [(&str, &str, Option<&str>); 9] = [
    ("general", "getOrgStats", Some("getSiteStats")),
    ("assets", "listOrgAssetsStats", Some("listSiteAssetsStats")),
    ("devices", "listOrgDevicesStats", None),
    ("mxedges", "listOrgMxEdgesStats", Some("listSiteMxEdgesStats")),
    ("sites", "listOrgSiteStats", Some("getSiteStats")),
    ("bgp_peers", "searchOrgBgpStats", None),
    ("tunnels", "searchOrgTunnelsStats", None),
    ("vpn_peers", "searchOrgPeerPathStats", None),
    ("ports", "searchOrgSwOrGwPorts", Some("searchSiteSwOrGwPorts")),
];

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_organization_stats",
        "Statistics of an organisation",
        "Statistics of an organisation, or of one of its sites with `site_id`: general (counts and SLE), devices, sites, ports, bgp_peers, \
         tunnels, vpn_peers, mxedges or assets, with what they come to: how many are connected, up, lossy, with errors.",
        run,
    )
}

/// The operation for these arguments.
fn operation(args: &Args) -> Result<(&'static str, &'static str)> {
    let kind = args.stats_type.as_deref().unwrap_or("general");
    let found = OPERATIONS.iter().find(|(name, ..)| *name == kind);
    let (name, all, one) = found.ok_or_else(|| {
        Error::new(Code::InvalidInput, format!("`stats_type` cannot be `{}`", kind.escape_debug()))
            .advise(format!("it is one of {}", KINDS.join(", ")))
    })?;
    let operation = match (one, &args.site_id) {
        (Some(one), Some(_)) => one,
        _ => all,
    };
    Ok((name, operation))
}

fn values(args: &Args, kind: &str) -> Result<Map<String, Value>> {
    let mut values = kit::values(args)?;
    values.insert("limit".into(), args.limit.unwrap_or(100).clamp(1, 1000).into());
    kit::time(&mut values, "1d");
    if kind == "devices" {
        values.insert("type".into(), args.device_type.as_deref().unwrap_or("all").into());
        if args.full {
            values.insert("fields".into(), "*".into());
        }
    }
    if let Some(status) = &args.port_status {
        let up = match status.to_ascii_lowercase().as_str() {
            "up" => true,
            "down" => false,
            _ => return Err(Error::new(Code::InvalidInput, "`port_status` is `up` or `down`")),
        };
        values.insert("up".into(), up.into());
    }
    match (kind, &args.peer_ip, &args.peer_mac) {
        ("tunnels", Some(ip), _) => values.insert("peer_ip".into(), json!(ip)),
        ("bgp_peers", _, Some(mac)) => values.insert("neighbor_mac".into(), json!(mac)),
        _ => None,
    };
    Ok(values)
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let (kind, operation) = operation(&args)?;
    let mut values = values(&args, kind)?;
    if access.operation(operation)?.paging != crate::mist::specification::Paging::Pages {
        kit::first_page(args.page)?;
        values.remove("page");
    }
    // What the cloud has no filter for is filtered here, over all pages.
    let (ip, mac) = match kind {
        "bgp_peers" => (args.peer_ip.clone(), None),
        "vpn_peers" => (None, args.peer_mac.clone()),
        _ => (None, None),
    };
    let by: Vec<&str> = [ip.as_ref().map(|_| "peer_ip"), mac.as_ref().map(|_| "peer_mac")].into_iter().flatten().collect();
    let mut shape = Shape::from(args.shown);
    shape.all_pages |= !by.is_empty();
    let done = access.run(operation, &values).await?;
    let body = done.body().clone();
    let mut gathered = Gathered::of(&context, &access, done, &shape).await?;
    let filtered = kit::keep(&mut gathered, &by, |row| {
        ip.as_ref().is_none_or(|ip| kit::text(row, "neighbor") == ip) && mac.as_ref().is_none_or(|mac| kit::text(row, "peer_mac") == mac)
    });
    let mut findings = kit::found(&gathered, |rows| {
        if body.is_object() && (kind == "general" || operation == "getSiteStats") {
            stats::whole(&body)
        } else {
            stats::of(kind, rows, kit::now())
        }
    });
    findings.extend(filtered);
    Ok(gathered.answer(&context, &access, &shape, findings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mist::specification::Specification;

    fn args(value: Value) -> Args {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_kind_has_an_operation_and_a_site_is_never_ignored() {
        for kind in KINDS {
            let args = args(json!({"org_id": "o1", "site_id": "s1", "stats_type": kind}));
            let (_, name) = operation(&args).unwrap();
            let operation = Specification::embedded().operation(name).unwrap();
            let route = &operation.routes[0];
            let mut parameters = route.path_parameters.iter().chain(&route.query);
            assert!(parameters.any(|parameter| parameter.name == "site_id"), "{name}");
        }
        assert!(operation(&args(json!({"org_id": "o1", "stats_type": "x"}))).is_err());
    }

    #[test]
    fn arguments_go_out_under_the_clouds_names() {
        let args = args(json!({"org_id": "o1", "stats_type": "ports", "port_status": "Down", "limit": 5000, "start": "-2h", "end": "now", "duration": "1d"}));
        let values = Value::Object(values(&args, "ports").unwrap());
        assert_eq!(values, json!({"org_id": "o1", "limit": 1000, "start": "-2h", "end": "now", "up": false}));
    }
}
