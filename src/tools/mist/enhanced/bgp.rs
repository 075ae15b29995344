//! What BGP sessions come to. The score is the part of sessions that are established, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::kit::{self, Findings};

/// A session that is up for less than this many seconds came up lately: it was down before.
const YOUNG: f64 = 3600.0;

/// What is found out about rows of BGP peers.
pub(super) fn analyse(rows: &[Value]) -> Findings {
    let established = kit::count(rows, is_established);
    let score = kit::percent(kit::float(established), kit::float(rows.len()));
    kit::findings([
        ("peer_count", rows.len().into()),
        ("bgp_analysis", analysis(rows, established, score)),
        ("health_summary", health(rows, established, score)),
    ])
}

fn analysis(rows: &[Value], established: usize, score: Option<f64>) -> Value {
    let up: Vec<Value> = rows.iter().filter(|row| is_established(row)).cloned().collect();
    let routes: f64 = up.iter().map(|row| kit::number(row, "rx_routes")).sum();
    let systems: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| [row.get("local_as"), row.get("neighbor_as")])
        .flatten()
        .map(word)
        .collect();
    let is_ipv6 = |row: &Value| kit::text(row, "neighbor").contains(':');
    json!({
        "peer_status_summary": kit::by(rows, "state"),
        "as_distribution": kit::by(rows, "neighbor_as"),
        "route_type_distribution": kit::by_word(rows, layer),
        "health_indicators": {
            "total": rows.len(),
            "established": established,
            "down": rows.len() - established,
            "idle": kit::count(rows, |row| kit::text(row, "state") == "idle"),
            "health_score": score,
        },
        "performance_metrics": {
            "average_uptime_s": super::stats::mean(&up, "uptime"),
            "total_routes_received": routes,
            "established_without_routes": kit::count(&up, |row| kit::number(row, "rx_routes") == 0.0),
            "came_up_within_the_last_hour": kit::count(&up, |row| kit::has(row, "uptime") && kit::number(row, "uptime") < YOUNG),
            "high_performing_peers": kit::count(&up, |row| kit::number(row, "rx_routes") > 0.0 && kit::number(row, "uptime") >= YOUNG),
        },
        "network_topology": {
            "unique_asns": systems,
            "total_unique_asns": systems.len(),
            "evpn_peers": kit::count(rows, |row| kit::is(row, "evpn_overlay")),
            "ipv4_peers": kit::count(rows, |row| kit::has(row, "neighbor") && !is_ipv6(row)),
            "ipv6_peers": kit::count(rows, is_ipv6),
        },
    })
}

/// Sessions that are down, so that nobody has to look for them in the rows.
fn health(rows: &[Value], established: usize, score: Option<f64>) -> Value {
    let Some(score) = score else {
        return json!({ "overall_status": "NO_DATA", "recommendation": "no BGP session was seen in this time: ask for a longer `duration`" });
    };
    let status = match score {
        score if score >= 90.0 => "EXCELLENT",
        score if score >= 75.0 => "GOOD",
        score if score >= 60.0 => "FAIR",
        _ => "POOR",
    };
    let down: Vec<Value> = rows
        .iter()
        .filter(|row| !is_established(row))
        .take(20)
        .map(|row| json!({ "mac": row.get("mac"), "neighbor": row.get("neighbor"), "state": row.get("state"), "layer": layer(row) }))
        .collect();
    let overlay_down = down.iter().any(|peer| kit::text(peer, "layer") != "underlay");
    let recommendation = match (down.is_empty(), overlay_down) {
        (true, _) => "every session is established",
        (false, false) => "look at the links of the sessions that are down: cabling, addresses, AS numbers",
        (false, true) => {
            "repair sessions of the underlay first; where all of them are up, look at loopbacks, AS numbers and BFD"
        }
    };
    json!({
        "overall_status": status,
        "health_score": score,
        "quick_stats": format!("{established}/{} peers established", rows.len()),
        "down": down,
        "recommendation": recommendation,
    })
}

pub(super) fn is_established(row: &Value) -> bool {
    match kit::text(row, "state") {
        "" => kit::is(row, "up"),
        state => state == "established",
    }
}

/// What a session carries.
pub(super) fn layer(row: &Value) -> &'static str {
    if kit::is(row, "evpn_overlay") {
        "evpn_overlay"
    } else if kit::is(row, "for_overlay") {
        "overlay"
    } else {
        "underlay"
    }
}

/// A number or text as text: AS numbers come as both.
pub(super) fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: Value) -> Value {
        Value::Object(analyse(rows.as_array().unwrap()))
    }

    #[test]
    fn one_session_of_four_is_poor() {
        let found = found(json!([
            {"state": "established", "up": true, "uptime": 90_000, "rx_routes": 12, "local_as": 65001, "neighbor_as": "65002", "neighbor": "192.0.2.1"},
            {"state": "idle", "local_as": "65001", "neighbor_as": 65003, "neighbor": "2001:db8::1", "evpn_overlay": true, "mac": "5c5b35000001"},
            {"state": "active", "for_overlay": true}, {"state": "connect"}
        ]));
        let health = &found["health_summary"];
        assert_eq!(
            (&health["overall_status"], &health["health_score"]),
            (&json!("POOR"), &json!(25.0))
        );
        assert_eq!(health["quick_stats"], "1/4 peers established");
        assert_eq!(health["down"].as_array().unwrap().len(), 3);
        assert!(health["recommendation"].as_str().unwrap().contains("underlay first"));
        let analysis = &found["bgp_analysis"];
        assert_eq!(
            analysis["network_topology"]["unique_asns"],
            json!(["65001", "65002", "65003"])
        );
        assert_eq!(analysis["network_topology"]["ipv6_peers"], 1);
        assert_eq!(analysis["performance_metrics"]["total_routes_received"], 12.0);
        assert_eq!(
            analysis["route_type_distribution"],
            json!({"underlay": 2, "evpn_overlay": 1, "overlay": 1})
        );
    }

    #[test]
    fn no_session_is_not_a_good_one() {
        let found = found(json!([]));
        assert_eq!(found["health_summary"]["overall_status"], "NO_DATA");
        assert_eq!(found["bgp_analysis"]["health_indicators"]["health_score"], Value::Null);
    }

    #[test]
    fn a_score_follows_the_sessions() {
        for (up, down, status) in [(10, 0, "EXCELLENT"), (8, 2, "GOOD"), (6, 4, "FAIR"), (1, 69, "POOR")] {
            let rows: Vec<Value> = std::iter::repeat_n(json!({"state": "established"}), up)
                .chain(std::iter::repeat_n(json!({"up": false}), down))
                .collect();
            assert_eq!(found(json!(rows))["health_summary"]["overall_status"], status);
        }
    }
}
