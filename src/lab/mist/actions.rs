//! Actions on devices: those that stream their output open a session, the others are only done.

use serde_json::{Value, json};

use super::{
    State,
    answer::{Answer, Answered},
    call::Call,
    router::Scope,
    write,
};

/// Utilities whose output comes over the stream.
const STREAMING: &[&str] = &[
    "arp",
    "bounce_port",
    "cable_test",
    "check_radius_server",
    "clear_arp",
    "clear_bgp",
    "clear_dot1x",
    "clear_mac_table",
    "clear_session",
    "monitor_traffic",
    "ping",
    "release_dhcp",
    "release_dhcp_leases",
    "resolve_dns",
    "run_top",
    "service_ping",
    "show_arp",
    "show_bgp_rummary",
    "show_bgp_summary",
    "show_dhcp_leases",
    "show_dot1x",
    "show_evpn_database",
    "show_forwarding_table",
    "show_mac_table",
    "show_ospf_database",
    "show_ospf_interfaces",
    "show_ospf_neighbors",
    "show_ospf_summary",
    "show_route",
    "show_service_path",
    "show_session",
    "traceroute",
];

/// The answer to an action on a device; none for everything else.
pub(super) fn answer(state: &State, call: &Call, scope: &Scope, tail: &[&str]) -> Option<Answered> {
    let ["devices", device, action] = tail else {
        return None;
    };
    if !call.is("POST") {
        return None;
    }
    let known = state
        .store()
        .find("devices", "id", device)
        .is_some_and(|row| scope.holds(row, false));
    if !known {
        return Some(Err(Answer::missing(device)));
    }
    let body = call.body.clone().unwrap_or_else(|| json!({}));
    let answer = match *action {
        "shell" => session(state, call, scope, device, action, body, Some("/ssh")),
        "run_top" | "monitor_traffic" | "clear_policy_hit_count" => {
            session(state, call, scope, device, action, body, Some("/ssh"))
        }
        action if STREAMING.contains(&action) => session(state, call, scope, device, action, body, None),
        _ => return None,
    };
    Some(answer)
}

/// Opens a session; with `socket` it has a WebSocket of its own.
fn session(
    state: &State,
    call: &Call,
    scope: &Scope,
    device: &str,
    action: &str,
    body: Value,
    socket: Option<&str>,
) -> Answered {
    let mut store = state.store();
    let connected = store
        .find("device_stats", "id", device)
        .is_some_and(|row| row.get("status").and_then(Value::as_str) == Some("connected"));
    if !connected {
        return Err(Answer::bad("device is not connected"));
    }
    let id = store.new_id();
    write::audit(&mut store, call, scope, &format!("Utility {action}"));
    drop(store);
    let site = scope.site().unwrap_or_default();
    state.sessions.open(&id, site, device, action, body);
    let mut answer = json!({"session": id});
    if let (Some(path), Some(fields)) = (socket, answer.as_object_mut()) {
        let url = format!("ws://{}{path}?jwt={id}", state.address);
        fields.insert("url".to_owned(), json!(state.sessions.url(url)));
    }
    Ok(Answer::json(answer))
}
