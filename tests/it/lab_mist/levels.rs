//! Service levels, insights, settings and figures that are computed.

use serde_json::{Value, json};

use super::{get, good, lab, send};

fn numbers(value: &Value) -> Vec<Option<u64>> {
    value.as_array().unwrap().iter().map(Value::as_u64).collect()
}

#[tokio::test]
async fn failures_are_those_of_the_classifiers() {
    let lab = lab().await;
    let site = lab.site();
    let path = format!("/sites/{site}/sle/site/{site}/metric/time-to-connect");
    let summary = good(&lab, &format!("{path}/summary?duration=1d")).await;
    let sle = &summary["sle"]["samples"];
    let (total, degraded) = (numbers(&sle["total"]), numbers(&sle["degraded"]));
    assert_eq!((total.len(), degraded.len()), (24, 24));
    let classifiers = summary["classifiers"].as_array().unwrap();
    for (at, bad) in degraded.iter().enumerate() {
        let parts: u64 = classifiers
            .iter()
            .filter_map(|one| one["samples"]["degraded"][at].as_u64())
            .sum();
        assert_eq!(bad.unwrap_or(0), parts);
        assert!(bad.unwrap_or(0) <= total[at].unwrap_or(0));
    }
    let names = good(&lab, &format!("{path}/classifiers")).await;
    assert_eq!(names.as_array().unwrap().len(), classifiers.len());
    let week = good(&lab, &format!("{path}/summary-trend?duration=1w")).await;
    assert!(
        numbers(&week["sle"]["samples"]["total"]).contains(&None),
        "some moments know nothing"
    );
    let wrong = format!("/sites/{site}/sle/site/{site}/metric/mood%2F../summary");
    assert_eq!(get(&lab, &wrong).await.status, 400);
}

#[tokio::test]
async fn insights_are_in_both_places() {
    let lab = lab().await;
    let site = lab.site();
    let older = good(&lab, &format!("/sites/{site}/insights/num_clients?duration=1h")).await;
    let newer = good(&lab, &format!("/sites/{site}/insights?metrics=num_clients&duration=1h")).await;
    assert_eq!(older, newer);
    assert_eq!(older["results"].as_array().unwrap().len(), 6);
    assert_eq!(
        get(&lab, &format!("/sites/{site}/insights?metrics=../x")).await.status,
        400
    );
}

#[tokio::test]
async fn sites_have_levels_of_each_kind() {
    let lab = lab().await;
    for (kind, level) in [
        ("wifi", "coverage"),
        ("wired", "switch-health"),
        ("wan", "gateway-health"),
    ] {
        let path = format!("/orgs/{}/insights/sites-sle?sle={kind}&limit=4", lab.org());
        let body = good(&lab, &path).await;
        assert_eq!(
            (body["total"].as_u64(), body["results"].as_array().unwrap().len()),
            (Some(6), 4)
        );
        assert!(body["results"][0][level].as_f64().unwrap() > 0.5, "{body}");
    }
}

#[tokio::test]
async fn figures_are_counted() {
    let lab = lab().await;
    let stats = good(&lab, &format!("/orgs/{}/stats", lab.org())).await;
    assert_eq!((&stats["num_sites"], &stats["num_devices"]), (&json!(6), &json!(40)));
    assert_eq!(stats["num_devices_disconnected"], 4);
    let summary = good(&lab, &format!("/orgs/{}/devices/summary", lab.org())).await;
    assert_eq!(
        (&summary["num_gateways"], &summary["num_unassigned_aps"]),
        (&json!(6), &json!(2))
    );
    let site = good(&lab, &format!("/sites/{}/stats", lab.site())).await;
    assert_eq!((&site["num_ap"], &site["num_ap_connected"]), (&json!(8), &json!(7)));
}

#[tokio::test]
async fn a_site_has_what_its_templates_give() {
    let lab = lab().await;
    let path = format!("/sites/{}/setting", lab.site());
    let own = good(&lab, &path).await;
    let derived = good(&lab, &format!("{path}/derived")).await;
    assert_eq!(
        (&own["networks"], &derived["networks"]["guest"]["vlan_id"]),
        (&json!({}), &json!(20))
    );
    let changed = send(&lab, "PUT", &path, &json!({"ntp_servers": ["192.0.2.77"]}))
        .await
        .json();
    assert_eq!(changed["ntp_servers"], json!(["192.0.2.77"]));
    let derived = good(&lab, &format!("{path}/derived")).await;
    assert_eq!(derived["ntp_servers"], json!(["192.0.2.77"]));
    let wlans = good(&lab, &format!("/sites/{}/wlans/derived", lab.site())).await;
    assert_eq!(
        wlans.as_array().unwrap().len(),
        5,
        "three of the organisation, two of its own"
    );
    let templates = good(&lab, &format!("/sites/{}/rftemplates/derived", lab.site())).await;
    assert_eq!(templates.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn those_who_suffer_are_of_the_site() {
    let lab = lab().await;
    let site = lab.site();
    let path = format!("/sites/{site}/sle/site/{site}/metric/coverage");
    let aps = good(&lab, &format!("{path}/impacted-aps?limit=3&page=2")).await;
    assert_eq!((&aps["total_count"], &aps["page"]), (&json!(8), &json!(2)));
    assert_eq!(aps["aps"][0]["name"], "den-ap-4");
    let users = good(&lab, &format!("{path}/impacted-users?limit=1000")).await;
    assert_eq!(users["users"].as_array().unwrap().len(), 48);
    let licenses = good(&lab, &format!("/orgs/{}/licenses/usages", lab.org())).await;
    assert_eq!(licenses[0]["usages"]["SUB-MAN"], 8);
}
