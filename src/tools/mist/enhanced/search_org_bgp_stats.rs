//! `search_org_bgp_stats`: BGP sessions of an organisation and how healthy they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    super::{answer::Gathered, shape::Shape},
    bgp,
    kit::{self, Shown},
};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    /// Address of the neighbour.
    #[serde(skip_serializing)]
    bgp_peer: Option<String>,
    neighbor_mac: Option<String>,
    site_id: Option<String>,
    vrf_name: Option<String>,
    mac: Option<String>,
    start: Option<String>,
    end: Option<String>,
    #[schemars(extend("default" = "6h"))]
    duration: Option<String>,
    #[schemars(extend("default" = 100))]
    limit: Option<u64>,
    #[serde(skip_serializing)]
    page: Option<u64>,
    /// State of the session, such as established or idle.
    #[serde(skip_serializing)]
    peer_status: Option<String>,
    /// AS number of either side.
    #[serde(skip_serializing)]
    asn: Option<String>,
    /// evpn_overlay, overlay, underlay, ipv4 or ipv6.
    #[serde(skip_serializing)]
    route_type: Option<String>,
    /// Look at everything; so without any filter.
    #[serde(skip_serializing)]
    discovery_mode: Option<bool>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "search_org_bgp_stats",
        "BGP sessions",
        "BGP sessions of an organisation's switches and gateways, underlay and EVPN overlay, with what they come to: how many are \
         established (that is the score), which are down, AS numbers, routes. The first call when a fabric or WAN misbehaves.",
        run,
    )
    .also(&["get_org_bgp_peers_enhanced"])
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    kit::first_page(args.page)?;
    let access = context.mist()?;
    let mut values = kit::values(&args)?;
    values.entry("limit").or_insert(100.into());
    kit::time(&mut values, "6h");
    let here = [
        ("bgp_peer", &args.bgp_peer),
        ("peer_status", &args.peer_status),
        ("asn", &args.asn),
        ("route_type", &args.route_type),
    ];
    let by: Vec<&str> = here.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
    let there = [&args.neighbor_mac, &args.site_id, &args.vrf_name, &args.mac];
    let discovery = args.discovery_mode.unwrap_or(by.is_empty() && there.iter().all(|filter| filter.is_none()));
    let mut shape = Shape::from(args.shown.clone());
    shape.all_pages |= !by.is_empty();
    let done = access.run("searchOrgBgpStats", &values).await?;
    let mut gathered = Gathered::of(&context, &access, done, &shape).await?;
    let filtered = kit::keep(&mut gathered, &by, |row| fits(&args, row));
    let mut findings = kit::found(&gathered, bgp::analyse);
    findings.extend(filtered);
    findings.insert("discovery_mode".into(), discovery.into());
    Ok(gathered.answer(&context, &access, &shape, findings))
}

/// Whether a session is one of those that were asked for: the cloud has no such filters.
fn fits(args: &Args, row: &Value) -> bool {
    let number = |field: &str, wanted: &str| row.get(field).is_some_and(|value| bgp::word(value) == wanted);
    let peer = args.bgp_peer.as_ref().is_none_or(|peer| kit::text(row, "neighbor") == peer);
    let state = args.peer_status.as_ref().is_none_or(|state| match state.to_ascii_lowercase().as_str() {
        "established" | "up" => bgp::is_established(row),
        "down" => !bgp::is_established(row),
        state => kit::text(row, "state") == state,
    });
    let system = args.asn.as_ref().is_none_or(|asn| number("neighbor_as", asn) || number("local_as", asn));
    let kind = args.route_type.as_ref().is_none_or(|kind| match kind.to_ascii_lowercase().as_str() {
        "evpn" => bgp::layer(row) == "evpn_overlay",
        "ipv6" => kit::text(row, "neighbor").contains(':'),
        "ipv4" => kit::has(row, "neighbor") && !kit::text(row, "neighbor").contains(':'),
        kind => bgp::layer(row) == kind,
    });
    peer && state && system && kind
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_cloud_cannot_filter_is_filtered_here() {
        let row = json!({"neighbor": "192.0.2.1", "neighbor_as": 65002, "local_as": "65001", "state": "idle", "evpn_overlay": true});
        let fits = |filter: Value| {
            let mut args = json!({"org_id": "o1"});
            args.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
            super::fits(&serde_json::from_value(args).unwrap(), &row)
        };
        for good in [
            json!({}), json!({"bgp_peer": "192.0.2.1"}), json!({"peer_status": "down"}), json!({"peer_status": "Idle"}),
            json!({"asn": "65002"}), json!({"asn": "65001"}), json!({"route_type": "evpn"}), json!({"route_type": "ipv4"}),
        ] {
            assert!(fits(good.clone()), "{good}");
        }
        for bad in [
            json!({"bgp_peer": "192.0.2.2"}), json!({"peer_status": "established"}), json!({"asn": "6500"}), json!({"route_type": "underlay"}),
        ] {
            assert!(!fits(bad.clone()), "{bad}");
        }
    }
}
