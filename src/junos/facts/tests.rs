//! Tests of facts: on own fixtures, and on captured replies where `JMCP_TEST_DATA` says where they are.

use std::collections::BTreeMap;

use super::*;

fn parse(text: &str) -> Element {
    Element::parse(text).unwrap()
}

fn dual() -> Vec<(&'static str, Element)> {
    vec![
        ("software", parse(include_str!("fixtures/dual_software.xml"))),
        ("route_engines", parse(include_str!("fixtures/dual_route_engines.xml"))),
        (
            "internal_interfaces",
            parse(include_str!("fixtures/dual_internal_interfaces.xml")),
        ),
    ]
}

fn cluster() -> Vec<(&'static str, Element)> {
    vec![
        ("software", parse(include_str!("fixtures/cluster_software.xml"))),
        ("cluster", parse(include_str!("fixtures/cluster_status.xml"))),
        ("chassis", parse(include_str!("fixtures/cluster_chassis.xml"))),
    ]
}

#[test]
fn every_key_is_there_even_without_a_reply() {
    let facts = collect(&[]).0;
    for key in
        "2RE HOME RE0 RE1 RE_hw_mi current_re domain fqdn hostname hostname_info ifd_style junos_info master model \
                model_info personality re_info re_master serialnumber srx_cluster srx_cluster_id \
                srx_cluster_redundancy_group switch_style vc_capable vc_fabric vc_master vc_mode version version_RE0 \
                version_RE1 version_info virtual vmhost vmhost_info serial_number route_engines master_re is_cluster"
            .split_whitespace()
    {
        assert!(facts.contains_key(key), "{key}");
    }
    assert_eq!(facts["model"], Value::Null);
    assert_eq!(facts["route_engines"], json!([]));
}

#[test]
fn two_routing_engines() {
    let mut replies = dual();
    let names: Vec<&str> = follow_up(&replies).iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["software_all", "resolver"]);
    replies.push(("software_all", parse(include_str!("fixtures/dual_software_all.xml"))));
    replies.push((
        "resolver",
        parse("<rpc-reply><file-content>\n# domain no\ndomain example.net\n</file-content></rpc-reply>"),
    ));
    let facts = collect(&replies).0;
    assert_eq!(
        facts["current_re"],
        json!(["master", "node", "fwdd", "member", "pfem", "re1"])
    );
    assert_eq!(facts["hostname"], "core1-re1");
    assert_eq!(facts["fqdn"], "core1-re1.example.net");
    assert_eq!(facts["model"], "MX480");
    assert_eq!(facts["version"], "23.4R1.9");
    assert_eq!(
        (&facts["version_RE0"], &facts["version_RE1"]),
        (&json!("23.2R1.14"), &json!("23.4R1.9"))
    );
    assert_eq!(
        facts["version_info"],
        json!({"type": "R", "major": [23, 4], "minor": "1", "build": 9})
    );
    assert_eq!(facts["hostname_info"], json!({"re0": "core1-re0", "re1": "core1-re1"}));
    assert_eq!(
        (&facts["2RE"], &facts["master"], &facts["master_re"]),
        (&json!(true), &json!("RE1"), &json!(1))
    );
    assert_eq!(facts["RE0"]["up_time"], "2 hours");
    assert_eq!(facts["re_info"]["default"]["default"], facts["re_info"]["default"]["0"]);
    assert_eq!(facts["re_master"], json!({"default": "1"}));
    let expected = json!({"slot": 1, "status": "OK", "model": "RE-S-EXAMPLE", "mastership_state": "master",
                          "uptime": "1 day", "memory_total": "32768 MB"});
    assert_eq!(facts["route_engines"][1], expected);
    assert_eq!(
        (&facts["personality"], &facts["virtual"]),
        (&json!("MX"), &json!(false))
    );
}

#[test]
fn one_engine_alone_is_named_by_its_address() {
    let facts = collect(&dual()).0;
    assert_eq!(facts["model_info"], json!({"re1": "MX480"}));
    assert_eq!(facts["version_RE0"], Value::Null);
}

#[test]
fn a_cluster() {
    let replies = cluster();
    let facts = collect(&replies).0;
    assert_eq!(
        (&facts["is_cluster"], &facts["srx_cluster"], &facts["srx_cluster_id"]),
        (&json!(true), &json!(true), &json!("3"))
    );
    let group = &facts["srx_cluster_redundancy_group"]["0"];
    assert_eq!(group["failover_count"], "2");
    assert_eq!(
        group["node1"],
        json!({"priority": "100", "status": "secondary", "preempt": "no", "failover_mode": "no"})
    );
    assert_eq!(facts["serial_number"], "EXAMPLE0001");
    assert_eq!(
        (&facts["RE_hw_mi"], &facts["personality"]),
        (&json!(true), &json!("SRX_BRANCH"))
    );
    assert_eq!(
        (&facts["version_RE0"], &facts["version_RE1"]),
        (&json!("22.4R3.25"), &json!("22.4R3.25"))
    );
}

#[test]
fn the_answering_node_is_told_by_its_address() {
    let address = |first: u8| {
        parse(&format!(
            "<interface-information><address-family><address-family-name>inet</address-family-name><interface-address>\
             <ifa-local>{first}.48.0.1/2</ifa-local></interface-address></address-family></interface-information>"
        ))
    };
    let mut replies = cluster();
    replies.push(("internal_interfaces", address(130)));
    let facts = collect(&replies).0;
    assert_eq!(
        (&facts["current_re"], &facts["hostname"]),
        (&json!(["node1"]), &json!("fw1-n1"))
    );
}

#[test]
fn a_virtual_chassis() {
    let facts = collect(&[("virtual_chassis", parse(include_str!("fixtures/members_status.xml")))]).0;
    assert_eq!(
        (&facts["vc_capable"], &facts["vc_mode"]),
        (&json!(true), &json!("Mixed"))
    );
    assert_eq!((&facts["vc_master"], &facts["vc_fabric"]), (&json!("3"), &json!(false)));
}

/// Captured replies by platform: the name of a file is `PLATFORM_RPC.xml`.
fn captures() -> Option<BTreeMap<String, Vec<(&'static str, Element)>>> {
    let Some(data) = std::env::var_os("JMCP_TEST_DATA") else {
        eprintln!("JMCP_TEST_DATA is not set: captured replies are not tested");
        return None;
    };
    const RPCS: &[(&str, &str)] = &[
        ("_get-software-information", "software"),
        ("_command", "software_all"),
        ("_get-chassis-inventory", "chassis"),
        ("_get-route-engine-information", "route_engines"),
        ("_get-virtual-chassis-information", "virtual_chassis"),
        ("_get-chassis-cluster-status", "cluster"),
        ("_get-interface-information", "internal_interfaces"),
        ("_get-configuration", "domain"),
        ("_get-ethernet-switching-table-information", "switching"),
        ("_file-show", "resolver"),
        ("_request-shell-execute", "unused"),
        ("_file-list", "unused"),
    ];
    let mut platforms: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for entry in std::fs::read_dir(std::path::Path::new(&data).join("junos/facts")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|e| e != "xml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let known = RPCS.iter().find_map(|(end, rpc)| Some((name.strip_suffix(end)?, *rpc)));
        let (platform, rpc) = known.unwrap_or((&name, "software"));
        let rpc = if platform == "vmhost_true" && rpc == "software_all" {
            "vmhost"
        } else {
            rpc
        };
        platforms
            .entry(platform.to_owned())
            .or_default()
            .push((rpc, parse(&text)));
    }
    Some(platforms)
}

#[test]
fn captured_platforms() {
    let Some(platforms) = captures() else { return };
    let facts: BTreeMap<_, _> = platforms
        .iter()
        .map(|(name, replies)| (name.as_str(), collect(replies).0))
        .collect();
    assert!(facts.len() > 40, "{}", facts.len());
    for line in EXPECTED.lines() {
        let mut words = line.splitn(3, ' ');
        let (platform, key) = (words.next().unwrap(), words.next().unwrap());
        let value: Value = serde_json::from_str(words.next().unwrap()).unwrap();
        assert_eq!(facts[platform][key], value, "{platform} {key}");
    }
}

/// Platform, fact, value.
const EXPECTED: &str = r#"sw_info_dual model "MX480"
sw_info_dual version_RE1 "15.1F5.15"
sw_info_dual version "15.1F5.15-C1.12"
sw_info_simple model "SRX3600"
sw_info_srx_cluster is_cluster true
sw_info_txp model "T1600"
sw_info_txp version "13.3R9-S2.1"
sw_info_jdm version "17.4-20170718_dev_common.1-secure"
sw_info_jdm personality "JDM"
sw_info_nfx version "15.1X53-D45.3"
sw_info_nfx model "NFX250_S2_10_T"
sw_info_no_version version null
sw_info_vc model "MX240"
sw_info_dual_other_re_off version_RE1 "18.3I20180716_1639"
current_re_jdm current_re ["server0"]
current_re_empty current_re null
chassis_serialnumber serial_number "JN1249018AFB"
chassis_serialnumber RE_hw_mi false
chassis_connect_not_master serialnumber null
chassis_error_xml serialnumber null
cluster_true srx_cluster true
cluster_false srx_cluster false
re_info_single 2RE false
re_info_dual 2RE true
re_info_mx_vc master ["RE1", "RE0"]
personality_ex personality "SWITCH"
personality_ex ifd_style "SWITCH"
personality_m personality "M"
personality_vmx virtual true
personality_vptx virtual true
personality_srx_high_end personality "SRX_HIGHEND"
personality_srx_mid_range personality "SRX_MIDRANGE"
personality_srx_branch personality "SRX_BRANCH"
personality_olive personality "OLIVE"
vc vc_master "0"
vc vc_mode "Enabled"
vc_dual_master vc_master null
vc_mmvc vc_fabric false
vc_mmvcf vc_mode "Mixed"
domain_config domain "juniper.net"
els switch_style "VLAN_L2NG"
vlan switch_style "VLAN"
vmhost_true vmhost true
sw_info_srx_cluster version "17.3-2017-07-02.0_RELEASE_173_THROTTLE"
current_re current_re ["master", "node", "fwdd", "member", "pfem", "re0"]
re_info_mx_vc re_master {"member0": "1", "member1": "0", "default": "1"}"#;
