use super::*;

/// An ERB fabric with one of everything that can be wrong.
fn fabric() -> Value {
    json!({
        "id": "t1", "name": "campus", "evpn_options": {"routed_at": "distribution", "core_as_border": true, "underlay": {"as_base": 65001}},
        "pod_names": {"1": "north"},
        "switches": [
            {"mac": "5c5b35000001", "role": "core", "model": "EX9204", "router_id": "172.16.254.1", "downlinks": ["5c5b35000002"]},
            {"mac": "5c5b35000002", "role": "distribution", "pod": 1, "router_id": "172.16.254.2", "uplinks": ["5c5b35000001"],
             "config": {"networks": {"staff": {"vlan_id": 10}}, "other_ip_configs": {"staff": {"ip": "192.0.2.1", "evpn_anycast": true}}}},
            {"mac": "5c5b35000003", "role": "distribution", "pod": 1, "router_id": "172.16.254.2", "uplinks": ["5c5b35000001", "5c5b35000009"],
             "config": {"networks": {"staff": {"vlan_id": "11"}}}}
        ]
    })
}

#[test]
fn the_architecture_is_what_the_switches_are() {
    let named = |routed_at: &str, role: &str| {
        Architecture::of(&json!({"evpn_options": {"routed_at": routed_at}, "switches": [{"role": role}]}))
    };
    assert_eq!(named("edge", "access"), Architecture::IpClos);
    assert_eq!(named("distribution", "core"), Architecture::Erb);
    assert_eq!(named("core", "core"), Architecture::Crb);
    assert_eq!(named("core", "collapsed-core"), Architecture::Multihoming);
    assert_eq!(named("", ""), Architecture::Unknown);
    assert_eq!(Architecture::of(&json!({})), Architecture::Unknown);
}

#[test]
fn a_fabric_is_put_in_order() {
    let details = details(&fabric());
    assert_eq!(details["fabric_architecture"]["type"], "Core-Distribution ERB");
    assert_eq!(
        details["switch_infrastructure"]["roles"],
        json!({"distribution": 2, "core": 1})
    );
    assert_eq!(
        details["pod_organization"],
        json!([{"pod": "(none)", "switches": 1}, {"pod": "1", "name": "north", "switches": 2}])
    );
    assert_eq!(
        details["irb_configuration"]["staff"],
        json!({"switches": 1, "addresses": ["192.0.2.1"], "gateway": "anycast"})
    );
    assert_eq!(super::details(&json!({}))["switch_infrastructure"]["num_switches"], 0);
}

#[test]
fn what_differs_between_switches_is_said() {
    let found = contradictions(&fabric());
    for part in [
        "names `5c5b35000009` in uplinks",
        "router id 172.16.254.2 is that of 5c5b35000002 and 5c5b35000003",
        "network `staff` has VLAN 10 and 11",
        "`5c5b35000003` has `5c5b35000001` as uplink, which does not have it as downlink",
        "network `staff` has a gateway on some distribution switches, but not on 5c5b35000003",
    ] {
        assert!(found.iter().any(|line| line.contains(part)), "{part}: {found:?}");
    }
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(contradictions(&json!({"switches": [{}, null]})).is_empty());
    let gateway = |ip: &str| json!({"role": "access", "config": {"other_ip_configs": {"staff": {"ip": ip, "evpn_anycast": true}}}});
    let fabric = |second: &str| json!({"switches": [gateway("192.0.2.1"), gateway(second)]});
    assert!(contradictions(&fabric("192.0.2.1")).is_empty());
    assert!(contradictions(&fabric("192.0.2.2"))[0].contains("2 different addresses"));
}

#[test]
fn a_list_says_which_fabrics_there_are() {
    let rows = [
        json!({"id": "t1", "name": "a", "site_id": "s1", "evpn_options": {"routed_at": "edge", "core_as_border": true}}),
        json!({}),
    ];
    let found = summary(&rows);
    assert_eq!(found["org_topology_summary"][0]["type"], "IP Clos");
    assert_eq!(found["org_topology_summary"][0]["site_specific_fabric"], true);
    assert_eq!(found["org_topology_summary"][0]["border_leaf"], false);
    assert_eq!(found["topology_count"], 2);
}
