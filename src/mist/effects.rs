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

/// Ends of paths of `POST` operations of a device that only look at it or ask it something.
const READS: &[&str] = &[
    "/arp",
    "/show_arp",
    "/ping",
    "/traceroute",
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
    "/synthetic_test",
];

/// Ends of paths of operations that destroy although their method is not `DELETE`: they take something away, take a service down, or
/// open a way past everything else.
const DESTROYS: &[&str] = &[
    "/delete",
    "/unclaim",
    "/unassign",
    "/unregister",
    "/restart",
    "/reboot",
    "/reprovision",
    "/readopt",
    "/replace",
    "/reset",
    "/reset_radio_config",
    "/delete_admins",
    "/apply_pending",
    "/bounce_port",
    "/disconnect_aps",
    "/clear_arp",
    "/clear_macs",
    "/clear_mac_table",
    "/clear_dot1x",
    "/release_dhcp",
    "/release_dhcp_leases",
    "/vc_port",
    "/coa",
    "/deauth_clients",
    "/zigbee_kick",
    "/preempt_aps",
    "/optimize",
    "/export_idtokens",
    "/link_accounts",
    "/cable_test",
    "/check_radius_server",
    "/upgrade",
    "/upgrade_bios",
    "/upgrade_fpga",
    "/restore_backup_version",
    "/clear_session",
    "/clear_sessions",
    "/clear_bgp",
    "/zeroize",
    "/multi_delete",
    "/unauthorize",
    "/disconnect",
    "/revoke",
    "/regenerate",
    "/truncate",
    "/delete_ha_cluster",
    "/delete_old_passphrase",
    "/ha",
    "/vc",
    "/convert_to_virtualmac",
    "/switch_master",
    "/set_vc_port_mode",
    "/{action}",
    "/shell",
    "/request_ztp_password",
];

/// Parts of paths of what lets others in, or decides who may do what.
const DOORS: &[&str] = &[
    "/apitokens",
    "/invites",
    "/admins",
    "/ssos",
    "/ssoroles",
    "/sdkinvites",
    "/pcap_bucket",
    "/services/",
    "/location/ml/reset",
];

/// Ends of paths that take things away where they are put to: licences and devices.
const PUT_AWAY: &[&str] = &["/inventory", "/licenses", "/orgs"];

/// Beginnings of paths that are about who somebody is: what changes there changes what everything else may do.
const ACCOUNTS: &[&str] = &[
    "/login",
    "/logout",
    "/register",
    "/recover",
    "/invite",
    "/mobile",
    "/self",
];

/// What this operation does.
pub fn deed(operation: &Operation) -> Deed {
    let path = operation.routes.first().map_or("", |route| route.path.as_str());
    of(&operation.method, path)
}

/// What a request does that is none of the specification's.
pub fn unknown(method: &str) -> Deed {
    match method {
        "GET" | "HEAD" => Deed::Reads,
        "DELETE" => Deed::Destroys,
        _ => Deed::Changes,
    }
}

/// What a request with this method on this path (from `/api/v1`, with or without placeholders filled in) does. What is not known to
/// only read changes something.
pub fn of(method: &str, path: &str) -> Deed {
    let path = path.trim_end_matches('/');
    let ends = |list: &[&str]| list.iter().any(|end| path.ends_with(end));
    let below = path.strip_prefix("/api/v1").unwrap_or(path);
    let is_account =
        ACCOUNTS.iter().any(|start| below.starts_with(start)) || DOORS.iter().any(|part| path.contains(part));
    let is_of_device = path.contains("/devices/") && !below.starts_with("/installer");
    match method {
        "GET" | "HEAD" => Deed::Reads,
        "DELETE" => Deed::Destroys,
        _ if is_account => Deed::Destroys,
        "POST" if ends(READS) && (is_of_device || path.ends_with("/synthetic_test")) => Deed::Reads,
        _ if ends(DESTROYS) || (method == "PUT" && ends(PUT_AWAY)) => Deed::Destroys,
        _ => Deed::Changes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_read_changes() {
        for (method, path, deed) in [
            ("GET", "/api/v1/orgs/o1", Deed::Reads),
            ("POST", "/api/v1/sites/s1/devices/d1/ping", Deed::Reads),
            ("POST", "/api/v1/sites/s1/devices/d1/bounce_port", Deed::Destroys),
            ("POST", "/api/v1/sites/s1/devices/d1/snapshot", Deed::Changes),
            ("PUT", "/api/v1/orgs/o1/inventory", Deed::Destroys),
            ("POST", "/api/v1/orgs/o1/webhooks/w1/ping", Deed::Changes),
            ("POST", "/api/v1/sites/s1/devices/d1/locate", Deed::Changes),
            ("POST", "/api/v1/sites/s1/devices/d1/restart/", Deed::Destroys),
            ("POST", "/api/v1/orgs/o1/apitokens", Deed::Destroys),
            ("PUT", "/api/v1/self", Deed::Destroys),
            ("POST", "/api/v1/login", Deed::Destroys),
            ("PATCH", "/api/v1/orgs/o1", Deed::Changes),
            ("DELETE", "/api/v1/orgs/o1", Deed::Destroys),
            ("BREW", "/api/v1/orgs/o1", Deed::Changes),
        ] {
            assert_eq!(of(method, path), deed, "{method} {path}");
        }
    }
}
