//! Who suffers from what a service level measures.

use serde_json::{Value, json};

use super::{Level, Series, shares};
use crate::lab::mist::{
    answer::{Answer, Answered},
    documented::Asked,
    pages, world,
};

/// Who suffers: devices of the site, or its clients; the name of the list and all rows of it.
pub(super) fn rows(asked: &Asked, series: &Series, level: &Level, what: &str) -> Option<(&'static str, Vec<Value>)> {
    let suffering = |n: usize, mut row: Value| {
        let total = 100 + world::noise(&series.salt, n, 400);
        let degraded = world::noise(&format!("{}/bad", series.salt), n, total / shares(level));
        pages::set(&mut row, "total", json!(total));
        pages::set(&mut row, "degraded", json!(degraded));
        pages::set(&mut row, "duration", json!(degraded * 60));
        row
    };
    let devices = |kind: &'static str, row: fn(&world::Device) -> Value| -> Vec<Value> {
        let all = asked.state.world.devices.iter();
        let here = all.filter(|device| Some(device.site()) == asked.scope.site() && device.kind() == kind);
        here.enumerate().map(|(n, device)| suffering(n, row(device))).collect()
    };
    match what {
        "aps" => Some(("aps", devices("ap", |it| json!({"ap_mac": it.mac(), "name": it.name})))),
        "switches" => Some((
            "switches",
            devices("switch", |it| {
                json!({
                    "switch_mac": it.mac(), "name": it.name, "switch_model": it.model(), "switch_version": it.version(),
                    "interface": [],
                })
            }),
        )),
        "gateways" => Some((
            "gateways",
            devices("gateway", |it| {
                json!({
                    "gateway_mac": it.mac(), "name": it.name, "gateway_model": it.model(), "gateway_version": it.version(),
                })
            }),
        )),
        "chassis" => Some((
            "chassis",
            devices(
                "switch",
                |it| json!({"switch_mac": it.mac(), "switch_name": it.name, "chassis": it.serial(), "role": "master"}),
            ),
        )),
        "users" => {
            let mut store = asked.state.store();
            let clients = store
                .rows("wireless_clients")
                .iter()
                .filter(|row| asked.scope.holds(row, false));
            let user = |row: &Value| {
                json!({
                    "mac": row.get("mac"), "name": row.get("last_hostname"), "ap_mac": row.get("last_ap"), "ssid": row.get("last_ssid"),
                    "wlan_id": row.get("last_wlan_id"), "device_os": row.get("last_os"), "device_type": row.get("last_device"),
                })
            };
            Some((
                "users",
                clients.enumerate().map(|(n, row)| suffering(n, user(row))).collect(),
            ))
        }
        _ => None,
    }
}

/// A page of those who suffer.
pub(super) fn page(asked: &Asked, series: &Series, metric: &str, list: &str, rows: &[Value]) -> Answered {
    let (start, end) = series.ends();
    let asked_for = |name: &str| asked.call.parameter(name).unwrap_or_default().to_owned();
    let limit = pages::limit(asked.call)?;
    let rows: Vec<&Value> = rows.iter().collect();
    let (page, part) = pages::part(asked.call, &rows, limit)?;
    let mut body = json!({
        "start": start, "end": end, "metric": metric, "classifier": asked_for("classifier"), "failure": "",
        "limit": limit, "page": page, "total_count": rows.len(),
    });
    pages::set(&mut body, list, Value::Array(part));
    Ok(Answer::json(body))
}
