//! That the world of the simulated cloud holds together.

use std::collections::BTreeSet;

use jmcp::mist::specification::Specification;
use serde_json::Value;

use super::{good, lab};

#[tokio::test]
async fn ids_hold_together() {
    let lab = lab().await;
    let org = lab.org();
    let ids = |rows: &Value, field: &str| -> Vec<String> {
        let rows = rows.as_array().or(rows["results"].as_array()).unwrap();
        rows.iter()
            .filter_map(|row| row[field].as_str().map(str::to_owned))
            .collect()
    };
    let sites = ids(&good(&lab, &format!("/orgs/{org}/sites")).await, "id");
    assert_eq!(sites.len(), 6);
    let inventory = good(&lab, &format!("/orgs/{org}/inventory?limit=1000")).await;
    let macs = ids(&inventory, "mac");
    let mut at_sites = 0;
    for site in &sites {
        let devices = good(&lab, &format!("/sites/{site}/devices?type=all")).await;
        for mac in ids(&devices, "mac") {
            assert!(macs.contains(&mac), "{mac}");
            let id = format!("00000000-0000-0000-1000-{mac}");
            let stats = good(&lab, &format!("/sites/{site}/stats/devices/{id}")).await;
            assert_eq!(stats["mac"], mac.as_str());
            at_sites += 1;
        }
        let clients = good(&lab, &format!("/sites/{site}/clients/search?duration=2w&limit=1000")).await;
        for ap in ids(&clients, "last_ap") {
            assert!(macs.contains(&ap), "{ap}");
        }
    }
    assert_eq!(at_sites + 2, macs.len(), "two devices wait for a site");
    let wlans = ids(&good(&lab, &format!("/orgs/{org}/wlans")).await, "id");
    let clients = good(&lab, &format!("/orgs/{org}/clients/search?duration=2w&limit=1000")).await;
    assert_eq!(clients["total"], 150);
    for wlan in ids(&clients, "last_wlan_id") {
        assert!(wlans.contains(&wlan), "{wlan}");
    }
    for site in ids(&clients, "site_id") {
        assert!(sites.contains(&site), "{site}");
    }
}

#[tokio::test]
async fn objects_are_as_heavy_as_real_ones() {
    let lab = lab().await;
    let devices = good(&lab, &format!("/sites/{}/devices?type=all", lab.site())).await;
    for device in devices.as_array().unwrap() {
        let fields = device.as_object().unwrap();
        assert!(fields.len() >= 30, "{}: {}", device["name"], fields.len());
        assert!(fields.values().any(Value::is_null));
        assert!(!fields.keys().any(|name| name.starts_with('_')));
    }
}

/// Fields that name a row of another collection, and which.
const REFERENCES: &[(&str, &str)] = &[
    ("org_id", "orgs"),
    ("site_id", "sites"),
    ("msp_id", "msps"),
    ("peer_site_id", "sites"),
    ("rftemplate_id", "rftemplates"),
    ("networktemplate_id", "networktemplates"),
    ("gatewaytemplate_id", "gatewaytemplates"),
    ("sitetemplate_id", "sitetemplates"),
    ("alarmtemplate_id", "alarmtemplates"),
    ("secpolicy_id", "secpolicies"),
    ("sitegroup_ids", "sitegroups"),
    ("template_id", "templates"),
    ("map_id", "maps"),
    ("wlan_id", "wlans"),
    ("last_wlan_id", "wlans"),
    ("psk_id", "psks"),
    ("last_psk_id", "psks"),
    ("ap_id", "devices"),
    ("nacrule_id", "nacrules"),
    ("last_nacrule_id", "nacrules"),
    ("apply_tags", "nactags"),
    ("evpntopo_id", "evpn_topologies"),
    ("mxcluster_id", "mxclusters"),
];

/// Where rows with such fields are.
const REFERRING: &[&str] = &[
    "alarms",
    "audit_logs",
    "bgp_peers",
    "config_history",
    "device_events",
    "device_search",
    "device_stats",
    "devices",
    "evpn_topologies",
    "guests",
    "inventory",
    "inventory_search",
    "maps",
    "mxedge_search",
    "mxedge_stats",
    "mxedges",
    "nac_clients",
    "nac_events",
    "nacrules",
    "networks",
    "orgs",
    "ospf_peers",
    "ports",
    "psks",
    "settings",
    "site_search",
    "site_stats",
    "sites",
    "tunnels",
    "vpn_peers",
    "wan_clients",
    "webhooks",
    "wired_clients",
    "wireless_clients",
    "wireless_events",
    "wireless_sessions",
    "wireless_stats",
    "wlans",
];

#[tokio::test]
async fn every_id_that_is_named_exists() {
    let lab = lab().await;
    let ids = |collection: &str| -> BTreeSet<String> {
        let rows = lab.rows(collection);
        rows.iter()
            .filter_map(|row| row["id"].as_str().map(str::to_owned))
            .collect()
    };
    let known: Vec<(&str, BTreeSet<String>)> = REFERENCES.iter().map(|(field, at)| (*field, ids(at))).collect();
    let mut checked = 0;
    for collection in REFERRING {
        let rows = lab.rows(collection);
        assert!(!rows.is_empty(), "{collection}");
        for row in rows {
            for (field, ids) in &known {
                let values = match &row[*field] {
                    Value::Array(values) => values.clone(),
                    other => vec![other.clone()],
                };
                for value in values
                    .iter()
                    .filter_map(Value::as_str)
                    .filter(|value| !value.is_empty())
                {
                    assert!(ids.contains(value), "{collection}.{field}: {value}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 2000, "{checked}");
}

#[tokio::test]
async fn macs_are_those_of_devices() {
    let lab = lab().await;
    let inventory = lab.rows("inventory");
    let macs: BTreeSet<&str> = inventory.iter().filter_map(|row| row["mac"].as_str()).collect();
    for (collection, field) in [
        ("devices", "mac"),
        ("device_stats", "mac"),
        ("device_events", "mac"),
        ("ports", "mac"),
        ("bgp_peers", "mac"),
        ("vpn_peers", "peer_mac"),
        ("wireless_clients", "last_ap"),
        ("wireless_events", "ap"),
        ("alarms", "switches"),
    ] {
        for row in lab.rows(collection) {
            let values = row[field]
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![row[field].clone()]);
            for mac in values.iter().filter_map(Value::as_str) {
                assert!(macs.contains(mac), "{collection}.{field}: {mac}");
            }
        }
    }
    let topology = lab.rows("evpn_topologies");
    let switches = topology[0]["switches"].as_array().unwrap();
    assert_eq!(switches.len(), 7);
    for switch in switches {
        assert!(macs.contains(switch["mac"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn two_clouds_have_the_same_world() {
    let (one, other) = (lab().await, lab().await);
    for collection in REFERRING {
        assert_eq!(one.rows(collection), other.rows(collection), "{collection}");
    }
}

#[tokio::test]
async fn documents_are_at_documented_paths() {
    let lab = lab().await;
    let documents = lab.rows("documents");
    assert!(documents.len() > 15);
    for document in documents {
        let path = document["path"].as_str().unwrap();
        let found = Specification::embedded().find("GET", &lab.path(path));
        assert_eq!(found.map(|(_, route)| route.path.as_str()), Some(path));
    }
}
