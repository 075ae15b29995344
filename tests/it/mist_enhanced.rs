//! The tools of the Enhanced Mist server: that they are there with their parameters, and that each works against the simulated cloud.

use std::collections::BTreeSet;

use jmcp::tools::{Catalogue, Effect, Shelf};
use serde_json::{Value, json};

use crate::support::mist::{MistBench, Setup};

/// The tools of its README, other names that it answered to, and the parameters that it took.
const TOOLS: &[(&str, &[&str], &str)] = &[
    ("get_user_info", &[], ""),
    ("get_audit_logs", &[], "org_id site_id limit duration"),
    ("analyze_token_security", &[], ""),
    ("acknowledge_security_risks", &[], "confirmation"),
    ("get_organizations", &["get_organization"], "org_id"),
    (
        "get_organization_stats",
        &[],
        "org_id stats_type page limit start end duration device_type site_id port_id port_status full peer_ip peer_mac sort",
    ),
    (
        "search_org_bgp_stats",
        &["get_org_bgp_peers_enhanced"],
        "org_id bgp_peer neighbor_mac site_id vrf_name mac start end duration limit page peer_status asn route_type discovery_mode",
    ),
    ("get_org_inventory", &[], "org_id device_type page limit"),
    ("get_org_sites", &[], "org_id"),
    ("get_org_templates", &[], "org_id template_type"),
    ("get_org_settings", &[], "org_id"),
    ("search_org_devices", &[], "org_id query limit"),
    ("get_org_networks", &[], "org_id"),
    ("get_org_wlans", &[], "org_id"),
    ("count_org_nac_clients", &[], "org_id"),
    ("get_site_info", &[], "site_id"),
    ("get_site_devices", &[], "site_id device_type"),
    ("get_site_wlans", &[], "site_id"),
    (
        "get_site_stats",
        &[],
        "site_id stats_type page limit start end duration device_type mxedge_id client_mac",
    ),
    ("get_site_insights", &[], "site_id metric"),
    ("get_site_settings", &[], "site_id"),
    ("get_device_stats", &[], "site_id device_id metric type"),
    ("device_action", &[], "site_id device_id action action_params"),
    ("execute_custom_shell_command", &[], "site_id device_id command timeout"),
    ("get_enhanced_device_info", &[], "site_id device_id include_shell_data"),
    (
        "get_device_events",
        &[],
        "site_id event_type start end duration limit page",
    ),
    ("get_org_evpn_topologies", &[], "org_id"),
    ("get_site_evpn_topologies", &[], "site_id"),
    (
        "get_evpn_topologies_details",
        &[],
        "topology_id site_specific_fabric site_id org_id",
    ),
    (
        "search_org_wireless_clients",
        &[],
        "org_id site_id mac ip_address hostname band device os model ap psk_id psk_name username vlan ssid text limit start end duration",
    ),
    (
        "search_org_wired_clients",
        &[],
        "org_id auth_state auth_method source site_id device_mac mac port_id vlan ip_address manufacture text nacrule_id dhcp_hostname \
         dhcp_fqdn dhcp_client_identifier dhcp_vendor_class_identifier dhcp_request_params limit start end duration",
    ),
    (
        "search_org_nac_clients",
        &[],
        "org_id nacrule_id nacrule_matched auth_type vlan nas_vendor idp_id ssid username timestamp site_id ap mac mdm_managed status type \
         mdm_compliance family model os hostname mfg mdm_provider sort usermac_label ingress_vlan start end duration limit page",
    ),
    ("get_alarms", &[], "org_id site_id severity duration limit"),
    ("get_msp_info", &[], "msp_id"),
    ("get_msp_orgs", &[], "msp_id"),
    ("make_mist_api_call", &[], "endpoint method org_id site_id data params"),
    ("get_service_health_report", &[], ""),
    ("test_mist_connectivity", &[], ""),
    ("debug_server_status", &[], ""),
    ("export_diagnostics_json", &[], ""),
    ("get_performance_trends", &[], "hours"),
];

#[test]
fn the_earlier_servers_tools_are_there_with_their_parameters() {
    let catalogue = Catalogue::new().unwrap();
    assert_eq!(TOOLS.len(), 41);
    for (name, also, parameters) in TOOLS {
        let tool = catalogue.find(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(tool.shelf, Shelf::Category("enhanced"), "{name}");
        assert!(
            tool.about.len() > 50 && tool.about.ends_with('.') && tool.title != tool.name,
            "{name}"
        );
        for other in *also {
            assert_eq!(catalogue.find(other).unwrap().name, *name);
        }
        let schema = tool.input();
        jsonschema::meta::validate(schema).unwrap_or_else(|e| panic!("{name}: {e}"));
        for parameter in parameters.split_whitespace() {
            assert!(schema["properties"].get(parameter).is_some(), "{name}: {parameter}");
        }
        let may_change = ["acknowledge_security_risks"].contains(name);
        assert_eq!(tool.effect == Effect::Read, !may_change, "{name}");
    }
    let all: BTreeSet<&str> = TOOLS.iter().map(|(name, ..)| *name).collect();
    let shelf: BTreeSet<&str> = catalogue
        .iter()
        .filter(|tool| tool.shelf == Shelf::Category("enhanced"))
        .map(|tool| tool.name)
        .collect();
    assert_eq!(shelf, all);
}

#[test]
fn defaults_are_those_of_the_earlier_server() {
    let catalogue = Catalogue::new().unwrap();
    for (tool, parameter, default) in [
        ("get_audit_logs", "limit", json!(100)),
        ("get_audit_logs", "duration", json!("1d")),
        ("get_organization_stats", "stats_type", json!("general")),
        ("get_organization_stats", "device_type", json!("all")),
        ("search_org_bgp_stats", "duration", json!("6h")),
        ("get_org_inventory", "limit", json!(1000)),
        ("get_org_templates", "template_type", json!("rf")),
        ("search_org_devices", "limit", json!(50)),
        ("make_mist_api_call", "method", json!("GET")),
        ("get_performance_trends", "hours", json!(24)),
    ] {
        let schema = catalogue.find(tool).unwrap().input();
        assert_eq!(
            schema["properties"][parameter]["default"], default,
            "{tool}: {parameter}"
        );
    }
}

/// Calls of each tool with what the simulated cloud has, and a name that must be in the answer.
fn calls(bench: &MistBench) -> Vec<(&'static str, Value, &'static str)> {
    let lab = &bench.lab;
    let (org, site, msp, device) = (lab.org(), lab.site(), lab.msp(), lab.switch_id());
    let of_org = || json!({ "org_id": org });
    let of_site = || json!({ "site_id": site });
    let topology = lab
        .rows("evpn_topologies")
        .first()
        .map(|row| row["id"].clone())
        .unwrap_or_default();
    vec![
        ("get_user_info", json!({}), "access_summary"),
        ("get_audit_logs", of_site(), "by_admin"),
        ("analyze_token_security", json!({}), "security_risks"),
        ("get_organizations", json!({}), "results"),
        ("get_organization", of_org(), "name"),
        ("get_organization_stats", of_org(), "metrics_summary"),
        ("get_org_bgp_peers_enhanced", of_org(), "health_summary"),
        ("get_org_inventory", of_org(), "device_type_breakdown"),
        ("get_org_sites", of_org(), "site_analysis"),
        ("get_org_templates", of_org(), "template_count"),
        ("get_org_settings", of_org(), "security_recommendations"),
        (
            "search_org_devices",
            json!({ "org_id": org, "query": "5c5b35" }),
            "device_analysis",
        ),
        ("get_org_networks", of_org(), "network_summary"),
        ("get_org_wlans", of_org(), "wlan_analysis"),
        ("count_org_nac_clients", of_org(), "nac_client_count"),
        ("get_site_info", of_site(), "site_capabilities"),
        ("get_site_devices", of_site(), "device_analysis"),
        ("get_site_wlans", of_site(), "wlan_analysis"),
        ("get_site_stats", of_site(), "metrics_summary"),
        (
            "get_site_insights",
            json!({ "site_id": site, "metric": "num_clients" }),
            "results",
        ),
        ("get_site_settings", of_site(), "site_id"),
        ("get_device_stats", of_site(), "device_analysis"),
        (
            "get_device_stats",
            json!({ "site_id": site, "device_id": device }),
            "mac",
        ),
        (
            "get_enhanced_device_info",
            json!({ "site_id": site, "device_id": device }),
            "device_stats",
        ),
        ("get_device_events", of_site(), "event_analysis"),
        ("get_org_evpn_topologies", of_org(), "org_topology_summary"),
        ("get_site_evpn_topologies", of_site(), "topology_count"),
        (
            "get_evpn_topologies_details",
            json!({ "topology_id": topology, "org_id": org, "site_specific_fabric": "false" }),
            "smart_verification_plan",
        ),
        ("search_org_wireless_clients", of_org(), "client_analysis"),
        ("search_org_wired_clients", of_org(), "client_analysis"),
        ("search_org_nac_clients", of_org(), "client_analysis"),
        ("get_alarms", of_org(), "alarm_analysis"),
        ("get_alarms", of_site(), "alarm_analysis"),
        ("get_msp_info", json!({ "msp_id": msp }), "name"),
        ("get_msp_orgs", json!({ "msp_id": msp }), "org_count"),
        (
            "device_action",
            json!({ "site_id": site, "device_id": device, "action": "poll_stats" }),
            "status",
        ),
        (
            "execute_custom_shell_command",
            json!({ "site_id": site, "device_id": device, "command": "show version" }),
            "output",
        ),
        (
            "make_mist_api_call",
            json!({ "endpoint": "/orgs/{org_id}/sites", "org_id": org }),
            "security_context",
        ),
        ("get_service_health_report", json!({}), "service_health"),
        ("test_mist_connectivity", json!({}), "success_rate"),
        ("debug_server_status", json!({}), "tool_registry"),
        ("export_diagnostics_json", json!({}), "last_operations"),
        ("get_performance_trends", json!({}), "hourly_activity"),
    ]
}

#[tokio::test]
async fn each_tool_works_against_a_cloud() {
    let bench = MistBench::with(Setup {
        max_result_chars: 10_000_000,
        ..Setup::writing()
    })
    .await;
    let mut called = BTreeSet::new();
    let mut wrong = Vec::new();
    let catalogue = Catalogue::new().unwrap();
    for (tool, arguments, expected) in calls(&bench) {
        called.insert(catalogue.find(tool).unwrap().name);
        let answered = bench.call(tool, arguments).await;
        let answer: Value = serde_json::from_str(&answered.text).unwrap_or_default();
        if answered.failed || answer.get(expected).is_none() {
            wrong.push(format!(
                "{tool}: {}",
                answered.text.chars().take(400).collect::<String>()
            ));
        }
        assert!(answered.structured.is_none(), "{tool}: nothing comes twice");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    called.insert("acknowledge_security_risks");
    assert_eq!(called.len(), 41);
}

#[tokio::test]
async fn kinds_of_statistics_and_templates_all_work() {
    let bench = MistBench::with(Setup {
        max_result_chars: 10_000_000,
        ..Setup::default()
    })
    .await;
    let (org, site) = (bench.lab.org().to_owned(), bench.lab.site().to_owned());
    for kind in [
        "general",
        "assets",
        "devices",
        "mxedges",
        "sites",
        "bgp_peers",
        "tunnels",
        "vpn_peers",
        "ports",
    ] {
        bench
            .good("get_organization_stats", json!({ "org_id": org, "stats_type": kind }))
            .await;
        let of_site = json!({ "org_id": org, "site_id": site, "stats_type": kind });
        bench.good("get_organization_stats", of_site).await;
    }
    for kind in [
        "general",
        "assets",
        "devices",
        "mxedges",
        "clients",
        "beacons",
        "bgp_peers",
        "ports",
        "discovered_switches",
        "apps",
    ] {
        bench
            .good("get_site_stats", json!({ "site_id": site, "stats_type": kind }))
            .await;
    }
    for kind in [
        "rf",
        "network",
        "ap",
        "gateway",
        "site",
        "wlan",
        "alarm",
        "device_profile",
    ] {
        bench
            .good("get_org_templates", json!({ "org_id": org, "template_type": kind }))
            .await;
    }
    for seen in bench.arrived() {
        assert_eq!(seen.status, Some(200), "{} {}", seen.method, seen.path);
    }
}

/// What the earlier server got wrong on the wire.
#[tokio::test]
async fn requests_are_those_that_the_cloud_knows() {
    let bench = MistBench::start().await;
    let (org, site) = (bench.lab.org().to_owned(), bench.lab.site().to_owned());
    let last = async |tool: &str, arguments: Value| {
        bench.lab.forget();
        bench.good(tool, arguments).await;
        bench.arrived()
    };
    let logs = last("get_audit_logs", json!({ "site_id": site })).await;
    assert!(
        logs.iter()
            .any(|seen| seen.path.starts_with(&format!("/api/v1/orgs/{org}/logs"))
                && seen.parameter("site_id") == Some(&site))
    );
    let devices = last("get_site_devices", json!({ "site_id": site })).await;
    assert!(
        devices
            .iter()
            .any(|seen| seen.path == format!("/api/v1/sites/{site}/devices") && seen.parameter("type") == Some("all"))
    );
    let found = last(
        "search_org_devices",
        json!({ "org_id": org, "query": "5C:5B:35:00:00:01" }),
    )
    .await;
    assert!(found[0].path.ends_with("/inventory/search") && found[0].parameter("text") == Some("5c5b35000001"));
    let clients = last(
        "search_org_wireless_clients",
        json!({ "org_id": org, "ip_address": "192.0.2.7", "start": "-1h" }),
    )
    .await;
    assert_eq!(
        (clients[0].parameter("ip"), clients[0].parameter("start")),
        (Some("192.0.2.7"), Some("-1h"))
    );
    assert_eq!(clients[0].parameter("duration"), None);
    let insights = last("get_site_insights", json!({ "site_id": site, "metric": "num_clients" })).await;
    assert_eq!(insights[0].parameter("metrics"), Some("num_clients"));
    let (code, _) = bench
        .bad("search_org_nac_clients", json!({ "org_id": org, "page": 2 }))
        .await;
    assert_eq!(code, "invalid_input");
    let (code, text) = bench.bad("get_alarms", json!({})).await;
    assert_eq!(code, "invalid_input", "{text}");
}

#[tokio::test]
async fn an_analysis_says_of_how_many_rows_it_is() {
    let bench = MistBench::start().await;
    let org = bench.lab.org().to_owned();
    let part = bench
        .good("search_org_wireless_clients", json!({ "org_id": org, "limit": 3 }))
        .await;
    assert_eq!(
        (&part["analysed"]["rows"], &part["client_analysis"]["total"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(part["analysed"]["of"], part["total"]);
    let names = json!({ "org_id": org, "limit": 50, "all_pages": true, "fields": "mac" });
    let all = bench.good("search_org_wireless_clients", names).await;
    assert_eq!(all["client_analysis"]["total"], part["total"]);
    assert_eq!(all.get("analysed"), None);
    let order: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(order.last().unwrap().as_str(), "results");
}

#[tokio::test]
async fn nothing_that_is_written_down_reaches_another_place() {
    let bench = MistBench::with(Setup::writing()).await;
    let (site, device) = (bench.lab.site().to_owned(), bench.lab.switch_id().to_owned());
    for endpoint in [
        "https://192.0.2.1/api/v1/self",
        "//192.0.2.1/x",
        "/orgs/../../x",
        "/sites/{site_id}/x",
        "/api/v2/self",
    ] {
        let (code, _) = bench.bad("make_mist_api_call", json!({ "endpoint": endpoint })).await;
        assert_eq!(code, "invalid_input", "{endpoint}");
    }
    let hostile = json!({ "site_id": site, "device_id": device, "action": "../../../orgs/o1" });
    let (code, text) = bench.bad("device_action", hostile).await;
    assert_eq!(code, "invalid_input");
    assert!(text.contains("restart"), "it says which actions there are: {text}");
    assert!(bench.arrived().is_empty(), "{:?}", bench.arrived());
}
