//! What is read.

use std::collections::BTreeSet;

use jmcp::{error::Code, tools::Catalogue};
use serde_json::{Value, json};

use super::Mist;

/// Every word of every choice of every tool that only reads is answered, with one request each.
#[tokio::test]
async fn every_choice_is_answered() {
    let mist = Mist::start().await;
    let catalogue = Catalogue::new().unwrap();
    let mut called = 0;
    for (tool, choice) in [
        ("mist_get_self", "action_type"),
        ("mist_get_constants", "object_type"),
        ("mist_get_org_or_site_info", "info_type"),
        ("mist_search_device", "device_type"),
        ("mist_search_client", "client_type"),
        ("mist_search_guest_authorization", "scope"),
        ("mist_search_nac_user_macs", "org_id"),
        ("mist_search_device_config_history", "query_type"),
        ("mist_search_events", "event_source"),
        ("mist_search_audit_logs", "scope"),
        ("mist_search_alarms", "scope"),
        ("mist_get_stats", "stats_type"),
        ("mist_get_site_sle", "object_type"),
        ("mist_list_site_sle_info", "query_type"),
        ("mist_get_org_sle", "org_id"),
        ("mist_get_org_sites_sle", "sle"),
        ("mist_get_insight_metrics", "object_type"),
        ("mist_get_site_rrm_info", "rrm_info_type"),
        ("mist_troubleshoot", "troubleshoot_type"),
        ("mist_get_org_licenses", "response_type"),
        ("mist_list_upgrades", "device_type"),
        ("mist_list_rogue_devices", "rogue_type"),
    ] {
        let schema = catalogue.find(tool).unwrap_or_else(|| panic!("{tool}")).input();
        let words = schema["properties"][choice]["enum"].as_array().cloned();
        for word in words.unwrap_or_else(|| vec![Value::Null]) {
            let mut arguments = needed(&mist, tool, schema, &word);
            if !word.is_null() {
                arguments[choice] = word.clone();
            }
            mist.arrived();
            let answer = mist.good(tool, arguments.clone()).await;
            assert!(
                answer.as_object().is_some_and(|answer| !answer.is_empty()),
                "{tool} {arguments}"
            );
            let arrived = mist.arrived();
            assert!(
                arrived.len() <= 1 && arrived.iter().all(|line| line.starts_with("GET ")),
                "{tool} {word}: {arrived:?}"
            );
            called += 1;
        }
    }
    assert!(called > 90, "{called}");
}

/// What a call with this choice needs.
fn needed(mist: &Mist, tool: &str, schema: &Value, word: &Value) -> Value {
    let word = word.as_str().unwrap_or_default();
    let lab = mist.lab();
    let of_one_site = ["roaming", "rogue", "site", "site_mxedge"].contains(&word)
        || word.starts_with("site_")
        || schema["required"].to_string().contains("site_id");
    let mut arguments = json!({});
    let mut put = |name: &str, value: &str| {
        if schema["properties"].get(name).is_some() {
            arguments[name] = value.into();
        }
    };
    put("org_id", lab.org());
    if of_one_site && tool != "mist_get_self" {
        put("site_id", lab.site());
    }
    match tool {
        "mist_get_site_sle" | "mist_list_site_sle_info" => {
            put("scope", "site");
            put("scope_id", lab.site());
            put("metric", "coverage");
            if word == "classifier_summary_trend" {
                put("classifier", "weak-signal");
            }
        }
        "mist_get_org_sle" => put("metric", "worst-sites-by-sle"),
        "mist_get_insight_metrics" => {
            put("metric", "num_clients");
            match word {
                "site" => {}
                "gateway" => put("device_id", lab.gateway_id()),
                _ => put("mac", "5c:5b:35:00:00:01"),
            }
        }
        "mist_get_site_rrm_info" if word != "current_channel_planning" => {
            put("band", "5GHz");
            if word == "current_rrm_considerations" {
                put("device_id", lab.ap_id());
            }
        }
        "mist_search_device_config_history" => put("device_type", "AP"),
        _ => {}
    }
    arguments
}

#[tokio::test]
async fn a_device_is_found_with_the_id_that_other_tools_take() {
    let mist = Mist::start().await;
    let found = mist
        .good(
            "mist_search_device",
            json!({"org_id": mist.lab().org(), "type": "switch"}),
        )
        .await;
    let rows = found["results"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        let mac = row.get("vc_mac").unwrap_or(&row["mac"]).as_str().unwrap();
        assert_eq!(row["device_id"], format!("00000000-0000-0000-1000-{mac}"));
    }
    let id = rows.iter().find(|row| row["site_id"] == mist.lab().site()).unwrap()["device_id"].clone();
    let stats = json!({"stats_type": "site_devices", "org_id": mist.lab().org(), "site_id": mist.lab().site(), "object_id": id});
    assert_eq!(mist.good("mist_get_stats", stats).await["type"], "switch");
}

#[tokio::test]
async fn clients_of_all_kinds_are_found_at_once() {
    let mist = Mist::start().await;
    mist.arrived();
    let all = mist
        .good("mist_search_client", json!({"org_id": mist.lab().org(), "limit": 3}))
        .await;
    assert_eq!(mist.arrived().len(), 4);
    let kinds: BTreeSet<&str> = all["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["client_type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["nac", "wan", "wired", "wireless"].into());
    let total: u64 = all["totals"]
        .as_object()
        .unwrap()
        .values()
        .map(|total| total.as_u64().unwrap())
        .sum();
    assert_eq!(all["total"], total);
    assert!(all["count"].as_u64().unwrap() <= 12 && all["has_more"] == true, "{all}");
    let banded = mist
        .good(
            "mist_search_client",
            json!({"org_id": mist.lab().org(), "band": "5 GHz"}),
        )
        .await;
    assert_eq!(mist.arrived().len(), 1);
    assert!(
        banded["not_asked"]["wired"]
            .as_str()
            .unwrap()
            .contains("`band` means nothing"),
        "{banded}"
    );
    let wrong = mist
        .call(
            "mist_search_client",
            json!({"org_id": mist.lab().org(), "client_type": "WAN", "band": "5"}),
        )
        .await;
    assert_eq!(wrong.error.unwrap().code(), Code::InvalidInput);
}

/// Every kind of object is listed in short, and one of it is read by its id and by its name.
#[tokio::test]
async fn every_kind_of_object_is_listed_and_read() {
    let mist = Mist::start().await;
    let catalogue = Catalogue::new().unwrap();
    let schema = catalogue.find("mist_get_configuration_objects").unwrap().input();
    let kinds = schema["properties"]["object_type"]["enum"].as_array().unwrap();
    assert_eq!(kinds.len(), 40);
    let (mut listed, mut read) = (0, 0);
    for kind in kinds {
        let base = json!({"object_type": kind, "org_id": mist.lab().org()});
        let with = |more: Value| {
            let mut arguments = base.clone();
            arguments
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            if kind.as_str().unwrap().starts_with("site_") {
                arguments["site_id"] = mist.lab().site().into();
            }
            arguments
        };
        let list = mist.good("mist_get_configuration_objects", with(json!({}))).await;
        let Some(rows) = list["results"].as_array() else {
            assert!(
                list.get("id").is_some() || list.as_object().unwrap().len() > 2,
                "{kind}: {list}"
            );
            continue;
        };
        listed += 1;
        assert!(list["note"].as_str().unwrap().contains("only "), "{kind}: {list}");
        let Some(first) = rows.first() else { continue };
        assert!(first.as_object().unwrap().len() <= 5, "{kind}: {first}");
        let Some(id) = first["id"].as_str() else { continue };
        // The specification does not say what this one answers, so the lab's cloud answers nothing.
        if kind == "site_mxedges" {
            continue;
        }
        let one = mist
            .good("mist_get_configuration_objects", with(json!({"object_id": id})))
            .await;
        assert_eq!(one["id"], id, "{kind}: {one}");
        assert!(
            one.as_object().unwrap().len() > first.as_object().unwrap().len(),
            "{kind}: {one}"
        );
        if let Some(name) = first.get("name").or_else(|| first.get("ssid")).and_then(Value::as_str) {
            let part = format!("{}*", name.chars().take(3).collect::<String>().to_uppercase());
            let by_name = mist
                .good("mist_get_configuration_objects", with(json!({"name": part})))
                .await;
            let found = by_name["results"].as_array().unwrap();
            assert!(found.iter().any(|found| found["id"] == id), "{kind} {part}: {by_name}");
            read += 1;
        }
    }
    assert!(listed == 36 && read > 20, "{listed} {read}");
}

#[tokio::test]
async fn what_is_in_force_is_put_together() {
    let mist = Mist::start().await;
    let device = |id: &str| json!({"object_type": "site_devices", "org_id": mist.lab().org(), "site_id": mist.lab().site(), "object_id": id, "computed": true});
    mist.arrived();
    let switch = mist
        .good("mist_get_configuration_objects", device(mist.lab().switch_id()))
        .await;
    assert_eq!(mist.arrived().len(), 2);
    assert_eq!(switch["object"]["id"], mist.lab().switch_id());
    assert!(
        switch["computed_from"]["setting"].is_string() && switch["object"]["networks"].is_object(),
        "{switch}"
    );
    let ports = switch["object"]["port_config"].as_object();
    assert!(
        ports.is_none_or(|ports| ports
            .keys()
            .all(|port| !port.contains(',') && port.matches('-').count() <= 1)),
        "{switch}"
    );
    let gateway = mist
        .good("mist_get_configuration_objects", device(mist.lab().gateway_id()))
        .await;
    assert!(
        gateway["computed_from"]["gatewaytemplate"]["name"].is_string(),
        "{gateway}"
    );
    let site = json!({"object_type": "org_sites", "org_id": mist.lab().org(), "object_id": mist.lab().site()});
    let (stored, derived) = (
        mist.good("mist_get_configuration_objects", site.clone()).await,
        mist.good("mist_get_configuration_objects", {
            let mut derived = site;
            derived["computed"] = true.into();
            derived
        })
        .await,
    );
    assert!(stored["name"].is_string() && stored["setting"].is_object(), "{stored}");
    assert_eq!(derived["name"], stored["name"]);
    let paths = mist.arrived();
    assert!(paths.iter().any(|path| path.ends_with("/setting/derived")), "{paths:?}");
    let wlans = json!({"object_type": "site_wlans", "org_id": mist.lab().org(), "site_id": mist.lab().site(), "computed": true});
    let wlans = mist.good("mist_get_configuration_objects", wlans).await;
    let from: BTreeSet<&str> = wlans["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wlan| wlan["from"].as_str().unwrap())
        .collect();
    assert!(from.iter().any(|from| from.starts_with("template ")), "{wlans}");
}

#[tokio::test]
async fn schemas_need_no_cloud_and_take_object_types() {
    let mist = Mist::start().await;
    mist.arrived();
    let by_name = mist
        .good(
            "mist_get_configuration_object_schema",
            json!({"schema_name": "org_wlan"}),
        )
        .await;
    let by_type = mist
        .good(
            "mist_get_configuration_object_schema",
            json!({"object_type": "org_wlans"}),
        )
        .await;
    assert_eq!(by_name, by_type);
    assert!(by_name["attributes"]["ssid"].is_string());
    let whole = mist
        .call(
            "mist_get_configuration_object_schema",
            json!({"schema_name": "org_wlan", "verbose": true}),
        )
        .await;
    assert!(!whole.failed);
    assert!(mist.arrived().is_empty());
}

#[tokio::test]
async fn pages_go_on() {
    let mist = Mist::start().await;
    let first = mist
        .good("mist_search_device", json!({"org_id": mist.lab().org(), "limit": 2}))
        .await;
    assert_eq!((&first["count"], &first["has_more"]), (&json!(2), &json!(true)));
    let next = mist.good("mist_get_next_page", json!({"url": first["next"]})).await;
    let id = next["results"][0]["device_id"].as_str().unwrap();
    assert!(id.starts_with("00000000-0000-0000-1000-") && next["results"][0]["mac"] != first["results"][0]["mac"]);
    let listed = mist
        .good(
            "mist_get_configuration_objects",
            json!({"org_id": mist.lab().org(), "object_type": "org_sites", "limit": 1}),
        )
        .await;
    let next = mist.good("mist_get_next_page", json!({"url": listed["next"]})).await;
    assert_eq!(
        next["results"][0].as_object().unwrap().len(),
        2,
        "the columns stay: {next}"
    );
}
