//! What statistics come to: counts and rates from the fields that the cloud has for each kind of thing.

use serde_json::{Map, Value, json};

use super::{
    bgp,
    kit::{self, Findings},
};

/// A thing that was seen within this many seconds counts as seen lately.
const LATELY: f64 = 3600.0;
/// An access point whose mean client count is above this is busy.
const BUSY: f64 = 50.0;
/// Below this many percent of connected devices something is wrong with more than one of them.
const CONNECTED: f64 = 95.0;

/// What is found out about rows of this kind, `now` being seconds since the epoch.
pub(super) fn of(kind: &str, rows: &[Value], now: f64) -> Findings {
    let analysis = match kind {
        "general" => return Map::new(),
        "bgp_peers" => return bgp::analyse(rows),
        "devices" => devices(rows),
        "assets" => assets(rows, now),
        "mxedges" => edges(rows),
        "sites" => sites(rows),
        "ports" => ports(rows),
        "tunnels" => tunnels(rows),
        "vpn_peers" => paths(rows),
        "clients" => clients(rows),
        _ => json!({ "total": rows.len() }),
    };
    kit::findings([("analysis", analysis)])
}

/// Counts of a whole organisation or site, from its own statistics.
pub(super) fn whole(body: &Value) -> Findings {
    let (devices, connected) = (
        kit::number(body, "num_devices"),
        kit::number(body, "num_devices_connected"),
    );
    let mut summary = Map::new();
    for (name, field) in [
        ("sites", "num_sites"),
        ("inventory_devices", "num_inventory"),
        ("total_devices", "num_devices"),
        ("connected_devices", "num_devices_connected"),
        ("disconnected_devices", "num_devices_disconnected"),
        ("clients", "num_clients"),
    ] {
        if let Some(number) = body.get(field).filter(|value| value.is_number()) {
            summary.insert(name.into(), number.clone());
        }
    }
    let rate = kit::percent(connected, devices);
    if let Some(rate) = rate {
        summary.insert("connection_rate".into(), json!(rate));
    }
    let mut findings = kit::findings([("metrics_summary", summary.into())]);
    if rate.is_some_and(|rate| rate < CONNECTED) {
        findings.insert(
            "insight".into(),
            format!("less than {CONNECTED} % of the devices are connected").into(),
        );
    }
    if let Some(levels) = body
        .get("sle")
        .and_then(Value::as_array)
        .filter(|levels| !levels.is_empty())
    {
        findings.insert("sle_summary".into(), service_levels(levels));
    }
    findings
}

fn service_levels(levels: &[Value]) -> Value {
    let level = |level: &Value| {
        let minutes = level.get("user_minutes")?;
        let (ok, total) = (kit::number(minutes, "ok"), kit::number(minutes, "total"));
        let shown = json!({ "success_rate_percent": kit::percent(ok, total), "total_user_minutes": total, "ok_user_minutes": ok });
        Some((kit::text(level, "path").to_owned(), shown))
    };
    Value::Object(levels.iter().filter_map(level).collect())
}

fn status(row: &Value) -> &'static str {
    match (kit::text(row, "status"), row.get("connected").and_then(Value::as_bool)) {
        ("connected", _) | ("", Some(true)) => "connected",
        ("", None) => "unknown",
        _ => "disconnected",
    }
}

/// What statistics of devices come to, and those of configured devices that know whether they are connected.
pub(super) fn devices(rows: &[Value]) -> Value {
    let connected = kit::count(rows, |row| status(row) == "connected");
    let busy: Vec<&str> = rows
        .iter()
        .filter(|row| kit::number(row, "num_clients") > BUSY)
        .map(|row| kit::text(row, "name"))
        .take(20)
        .collect();
    let mut analysis = json!({
        "total": rows.len(),
        "by_type": kit::by(rows, "type"),
        "by_status": kit::by_word(rows, status),
        "by_model": kit::by(rows, "model"),
        "connection_rate": kit::percent(kit::float(connected), kit::float(rows.len())),
    });
    if let Some(fields) = analysis.as_object_mut() {
        let versions = kit::count(rows, |row| kit::has(row, "version"));
        if versions > 0 {
            fields.insert("by_version".into(), kit::by(rows, "version"));
        }
        if !busy.is_empty() {
            fields.insert(format!("more_than_{BUSY}_clients"), json!(busy));
        }
    }
    analysis
}

fn assets(rows: &[Value], now: f64) -> Value {
    json!({
        "total": rows.len(),
        "by_manufacturer": kit::by(rows, "manufacture"),
        "location_enabled": kit::count(rows, |row| kit::has(row, "x") && kit::has(row, "y")),
        "recently_seen": kit::count(rows, |row| kit::has(row, "last_seen") && now - kit::number(row, "last_seen") < LATELY),
        "low_battery": kit::count(rows, |row| kit::has(row, "battery_percent") && kit::number(row, "battery_percent") < 20.0),
    })
}

fn edges(rows: &[Value]) -> Value {
    let tunnels: f64 = rows.iter().map(|row| kit::number(row, "num_tunnels")).sum();
    json!({
        "total": rows.len(),
        "by_status": kit::by(rows, "status"),
        "by_model": kit::by(rows, "model"),
        "tunnels": tunnels,
        "tunnel_service_registered": kit::count(rows, |row| kit::is(row, "tunterm_registered")),
        "monitoring_failed": kit::count(rows, |row| row.get("tunterm_stat").is_some_and(|stat| kit::is(stat, "monitoring_failed"))),
    })
}

fn sites(rows: &[Value]) -> Value {
    let sum = |field: &str| -> f64 { rows.iter().map(|row| kit::number(row, field)).sum() };
    let (devices, connected) = (sum("num_devices"), sum("num_devices_connected"));
    let worst: Vec<Value> = rows
        .iter()
        .filter(|row| kit::number(row, "num_devices_connected") < kit::number(row, "num_devices"))
        .take(20)
        .map(|row| json!({ "site": kit::text(row, "name"), "disconnected": kit::number(row, "num_devices") - kit::number(row, "num_devices_connected") }))
        .collect();
    json!({
        "total": rows.len(),
        "total_devices": devices,
        "connected_devices": connected,
        "connection_rate": kit::percent(connected, devices),
        "clients": sum("num_clients"),
        "sites_with_disconnected_devices": worst,
    })
}

fn ports(rows: &[Value]) -> Value {
    let state = |row: &Value| match row.get("up").and_then(Value::as_bool) {
        Some(true) => "up",
        Some(false) => "down",
        None => "unknown",
    };
    let has_errors = |row: &Value| kit::number(row, "rx_errors") + kit::number(row, "tx_errors") > 0.0;
    json!({
        "total": rows.len(),
        "by_status": kit::by_word(rows, state),
        "by_device_type": kit::by(rows, "type"),
        "by_speed": kit::by(rows, "speed"),
        "poe_enabled": kit::count(rows, |row| kit::is(row, "poe_on")),
        "with_lldp": kit::count(rows, |row| kit::has(row, "neighbor_system_name") || kit::has(row, "neighbor_mac")),
        "with_errors": kit::count(rows, has_errors),
        "uplinks": kit::count(rows, |row| kit::is(row, "uplink")),
    })
}

fn tunnels(rows: &[Value]) -> Value {
    let state = |row: &Value| match (row.get("up").and_then(Value::as_bool), kit::text(row, "state")) {
        (Some(true), _) | (None, "established" | "established_with_sessions") => "up",
        (None, "") => "unknown",
        _ => "down",
    };
    json!({
        "total": rows.len(),
        "by_status": kit::by_word(rows, state),
        "by_protocol": kit::by(rows, "protocol"),
        "by_last_event": kit::by(rows, "last_event"),
    })
}

/// VPN peer paths. The cloud has no bandwidth of them, but loss, delay and mean opinion score.
fn paths(rows: &[Value]) -> Value {
    let state = |row: &Value| match row.get("up").and_then(Value::as_bool) {
        Some(true) => "up",
        Some(false) => "down",
        None => "unknown",
    };
    let lossy = kit::count(rows, |row| kit::number(row, "loss") >= 1.0);
    json!({
        "total": rows.len(),
        "by_status": kit::by_word(rows, state),
        "by_site": kit::by(rows, "site_id"),
        "by_type": kit::by(rows, "type"),
        "active": kit::count(rows, |row| kit::is(row, "is_active")),
        "with_loss_of_1_percent_or_more": lossy,
        "mean_latency_ms": mean(rows, "latency"),
        "mean_jitter_ms": mean(rows, "jitter"),
    })
}

fn clients(rows: &[Value]) -> Value {
    let weak = kit::count(rows, |row| kit::has(row, "rssi") && kit::number(row, "rssi") < -70.0);
    json!({
        "total": rows.len(),
        "by_ssid": kit::by(rows, "ssid"),
        "by_band": kit::by(rows, "band"),
        "mean_rssi": mean(rows, "rssi"),
        "weaker_than_minus_70": weak,
    })
}

/// The mean of a field over the rows that have it; none where none has.
pub(super) fn mean(rows: &[Value], field: &str) -> Option<f64> {
    let numbers: Vec<f64> = rows.iter().filter_map(|row| row.get(field)?.as_f64()).collect();
    (!numbers.is_empty()).then(|| (numbers.iter().sum::<f64>() / kit::float(numbers.len()) * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: &str, rows: Value) -> Value {
        of(kind, rows.as_array().unwrap(), 10_000.0)["analysis"].clone()
    }

    #[test]
    fn an_organisation_is_summed_up_from_its_own_counts() {
        let body = json!({"num_sites": 3, "num_devices": 10, "num_devices_connected": 9, "num_devices_disconnected": 1, "num_inventory": 12,
            "sle": [{"path": "coverage", "user_minutes": {"ok": 90, "total": 120}}, {"path": "empty", "user_minutes": {"ok": 0, "total": 0}}, {}]});
        let found = Value::Object(whole(&body));
        assert_eq!(found["metrics_summary"]["connection_rate"], 90.0);
        assert_eq!(found["sle_summary"]["coverage"]["success_rate_percent"], 75.0);
        assert_eq!(found["sle_summary"]["empty"]["success_rate_percent"], Value::Null);
        assert!(found["insight"].as_str().unwrap().contains("95"));
        assert_eq!(Value::Object(whole(&json!({}))), json!({"metrics_summary": {}}));
    }

    #[test]
    fn devices_are_counted_by_what_they_are() {
        let found = found(
            "devices",
            json!([
                {"type": "ap", "status": "connected", "model": "AP45", "num_clients": 51, "name": "hall", "version": "0.14"},
                {"type": "ap", "status": "disconnected", "model": "AP45"}, {"type": "switch", "connected": true}, {}, null
            ]),
        );
        assert_eq!(
            found["by_status"],
            json!({"connected": 2, "unknown": 2, "disconnected": 1})
        );
        assert_eq!(found["by_type"], json!({"(none)": 2, "ap": 2, "switch": 1}));
        assert_eq!(found["connection_rate"], 40.0);
        assert_eq!(found["more_than_50_clients"], json!(["hall"]));
    }

    #[test]
    fn ports_tunnels_paths_and_assets_use_the_clouds_fields() {
        let ports = found(
            "ports",
            json!([
                {"up": true, "type": "switch", "speed": 1000, "poe_on": true, "rx_errors": 4, "neighbor_system_name": "core"}, {"up": false}, {}
            ]),
        );
        assert_eq!(ports["by_status"], json!({"down": 1, "unknown": 1, "up": 1}));
        assert_eq!(
            (&ports["with_errors"], &ports["with_lldp"], &ports["poe_enabled"]),
            (&json!(1), &json!(1), &json!(1))
        );
        let tunnels = found(
            "tunnels",
            json!([{"up": true}, {"state": "established_with_sessions"}, {"state": "idle"}, {}]),
        );
        assert_eq!(tunnels["by_status"], json!({"up": 2, "down": 1, "unknown": 1}));
        let paths = found(
            "vpn_peers",
            json!([{"up": true, "latency": 10, "loss": 2}, {"up": true, "latency": 21}]),
        );
        assert_eq!(
            (&paths["mean_latency_ms"], &paths["with_loss_of_1_percent_or_more"]),
            (&json!(15.5), &json!(1))
        );
        let assets = found(
            "assets",
            json!([{"x": 1, "y": 2, "last_seen": 9000}, {"x": 1, "last_seen": 100}, {"last_seen": null}]),
        );
        assert_eq!(
            (&assets["location_enabled"], &assets["recently_seen"]),
            (&json!(1), &json!(1))
        );
        let sites = found(
            "sites",
            json!([{"name": "A", "num_devices": 2, "num_devices_connected": 1}]),
        );
        assert_eq!(
            sites["sites_with_disconnected_devices"],
            json!([{"site": "A", "disconnected": 1.0}])
        );
        for kind in [
            "devices",
            "assets",
            "mxedges",
            "sites",
            "ports",
            "tunnels",
            "vpn_peers",
            "clients",
            "beacons",
        ] {
            assert_eq!(found(kind, json!([]))["total"], 0, "{kind}");
        }
    }
}
