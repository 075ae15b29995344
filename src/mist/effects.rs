//! What a request does: what its method says, but for the requests that read or destroy with `POST`.

use super::specification::Operation;

/// What a request does to the cloud and its devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Changes nothing.
    Reads,
    /// Changes something that can be changed back.
    Changes,
    /// Cannot be undone, or takes a service down.
    Destroys,
}

/// Ends of paths of `POST` operations that only read: they look at a device or ask the cloud a question.
const READS: &[&str] = &[
    "/arp",
    "/show_arp",
    "/ping",
    "/traceroute",
    "/cable_test",
    "/show_mac_table",
    "/show_dot1x",
    "/show_bgp_summary",
    "/show_bgp_rummary",
    "/show_forwarding_table",
    "/show_ospf_database",
    "/show_ospf_interfaces",
    "/show_ospf_neighbors",
    "/show_ospf_summary",
    "/show_route",
    "/show_session",
    "/show_service_path",
    "/service_ping",
    "/resolve_dns",
    "/show_dhcp_leases",
    "/show_evpn_database",
    "/run_top",
    "/monitor_traffic",
    "/poll_stats",
    "/check_radius_server",
    "/synthetic_test",
    "/locate",
    "/unlocate",
];

/// Ends of paths of operations that destroy although their method is not `DELETE`: they take something away, or a service down.
const DESTROYS: &[&str] = &[
    "/delete",
    "/unclaim",
    "/unassign",
    "/restart",
    "/reprovision",
    "/readopt",
    "/replace",
    "/reset",
    "/upgrade",
    "/upgrade_bios",
    "/upgrade_fpga",
    "/restore_backup_version",
    "/clear_session",
    "/clear_sessions",
    "/zeroize",
    "/multi_delete",
    "/unauthorize",
    "/disconnect",
    "/revoke",
    "/shell",
    "/request_ztp_password",
];

/// What this operation does.
pub fn deed(operation: &Operation) -> Deed {
    let path = operation.routes.first().map_or("", |route| route.path.as_str());
    of(&operation.method, path)
}

/// What a request with this method on this path (with or without placeholders filled in) does.
pub fn of(method: &str, path: &str) -> Deed {
    let ends = |list: &[&str]| list.iter().any(|end| path.ends_with(end));
    match method {
        "GET" | "HEAD" => Deed::Reads,
        "DELETE" => Deed::Destroys,
        "POST" if ends(READS) => Deed::Reads,
        _ if ends(DESTROYS) => Deed::Destroys,
        _ => Deed::Changes,
    }
}
