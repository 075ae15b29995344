//! What writes leave behind.

use serde_json::{Value, json};

use super::{get, good, lab, request, send};

#[tokio::test]
async fn an_object_is_created_changed_and_deleted() {
    let lab = lab().await;
    let path = format!("/sites/{}/wlans", lab.site());
    let body = json!({"ssid": "New", "enabled": true, "vlan_id": 99, "id": "mine"});
    let made = send(&lab, "POST", &path, &body).await.json();
    let id = made["id"].as_str().unwrap();
    assert_ne!(id, "mine");
    assert_eq!(
        (made["site_id"].as_str(), made["org_id"].as_str()),
        (Some(lab.site()), Some(lab.org()))
    );
    let item = format!("{path}/{id}");
    assert_eq!(good(&lab, &item).await, made);
    let changed = send(
        &lab,
        "PUT",
        &item,
        &json!({"enabled": false, "-vlan_id": true, "org_id": "x"}),
    )
    .await;
    let changed = changed.json();
    assert_eq!((&changed["enabled"], &changed["ssid"]), (&json!(false), &json!("New")));
    assert_eq!((changed.get("vlan_id"), &changed["org_id"]), (None, &made["org_id"]));
    assert!(changed.get("-vlan_id").is_none());
    assert_eq!(request("DELETE", &item).send(lab.address()).await.status, 200);
    assert_eq!(get(&lab, &item).await.status, 404);
    let log = good(&lab, &format!("/orgs/{}/logs?limit=3", lab.org())).await;
    let messages: Vec<&str> = log["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["message"].as_str())
        .collect();
    assert!(messages.contains(&"Delete wlans \"New\""), "{messages:?}");
    assert_eq!(lab.requests()[0].body, Some(body));
}

#[tokio::test]
async fn a_device_has_one_name() {
    let lab = lab().await;
    let path = format!("/sites/{}/devices/{}", lab.site(), lab.switch_id());
    let before = good(&lab, &path).await;
    let after = send(&lab, "PUT", &path, &json!({"name": "core-1", "mac": "000000000000"}))
        .await
        .json();
    assert_eq!((&after["name"], &after["mac"]), (&json!("core-1"), &before["mac"]));
    let found = good(&lab, &format!("/orgs/{}/inventory/search?text=core-1", lab.org())).await;
    assert_eq!(found["total"], 1);
    let bad = request("PUT", &path).body("{").send(lab.address()).await;
    assert_eq!(bad.status, 400);
    let list = send(&lab, "PUT", &path, &json!([1])).await;
    assert_eq!(list.status, 400);
}

#[tokio::test]
async fn utilities_open_sessions() {
    let lab = lab().await;
    let device = format!("/sites/{}/devices/{}", lab.site(), lab.switch_id());
    let answer = send(&lab, "POST", &format!("{device}/ping"), &json!({"host": "192.0.2.1"}))
        .await
        .json();
    let shell = send(&lab, "POST", &format!("{device}/shell"), &json!({})).await.json();
    assert!(answer.get("url").is_none());
    assert!(shell["url"].as_str().unwrap().starts_with("ws://127.0.0.1:"));
    let sessions = lab.sessions();
    assert_eq!(sessions[0].id, answer["session"].as_str().unwrap());
    assert_eq!(
        (sessions[0].action.as_str(), &sessions[0].body["host"]),
        ("ping", &json!("192.0.2.1"))
    );
    let offline = format!("/sites/{}/devices/{}/ping", lab.site(), lab.offline_id());
    assert_eq!(send(&lab, "POST", &offline, &Value::Null).await.status, 400);
}

#[tokio::test]
async fn what_is_documented_only_can_be_written_too() {
    let lab = lab().await;
    let list = format!("/orgs/{}/avprofiles", lab.org());
    let unlisted = "11111111-1111-4111-8111-111111111111";
    assert_eq!(good(&lab, &format!("{list}/{unlisted}")).await["id"], unlisted);
    let before = good(&lab, &list).await.as_array().unwrap().len();
    assert!(before > 1, "a single row that was asked for first is not all");
    let made = send(&lab, "POST", &list, &json!({"name": "strict"})).await.json();
    assert_eq!(
        (made["name"].as_str(), made["org_id"].as_str()),
        (Some("strict"), Some(lab.org()))
    );
    assert_eq!(good(&lab, &list).await.as_array().unwrap().len(), before + 1);
    let item = format!("{list}/{}", made["id"].as_str().unwrap());
    let changed = send(&lab, "PUT", &item, &json!({"name": "lax"})).await.json();
    assert_eq!(
        (&changed["name"], &good(&lab, &item).await["name"]),
        (&json!("lax"), &json!("lax"))
    );
    assert_eq!(request("DELETE", &item).send(lab.address()).await.status, 200);
    assert_eq!(get(&lab, &item).await.status, 404);
    assert_eq!(good(&lab, &list).await.as_array().unwrap().len(), before);
}

#[tokio::test]
async fn alarms_are_acknowledged() {
    let lab = lab().await;
    let org = lab.org();
    let open = format!("/orgs/{org}/alarms/search?duration=1w&acked=false&limit=1000");
    let before = good(&lab, &open).await;
    let id = before["results"][0]["id"].as_str().unwrap();
    let body = json!({"alarm_ids": [id], "note": "seen"});
    assert_eq!(
        send(&lab, "POST", &format!("/orgs/{org}/alarms/ack"), &body)
            .await
            .status,
        200
    );
    let after = good(&lab, &open).await;
    assert_eq!(after["total"].as_u64(), before["total"].as_u64().map(|total| total - 1));
    assert_eq!(
        send(&lab, "POST", &format!("/orgs/{org}/alarms/ack_all"), &json!({}))
            .await
            .status,
        200
    );
    assert_eq!(good(&lab, &open).await["total"], 0);
}

#[tokio::test]
async fn devices_are_assigned_to_sites() {
    let lab = lab().await;
    let path = format!("/orgs/{}/inventory", lab.org());
    let inventory = good(&lab, &format!("{path}?limit=1000")).await;
    let waiting = inventory
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row.get("site_id").is_none())
        .unwrap();
    let mac = waiting["mac"].as_str().unwrap();
    let body = json!({"op": "assign", "site_id": lab.site(), "macs": [mac, "ffffffffffff"]});
    let answer = send(&lab, "PUT", &path, &body).await.json();
    assert_eq!(
        (&answer["success"], &answer["error"]),
        (&json!([mac]), &json!(["ffffffffffff"]))
    );
    let found = good(&lab, &format!("{path}?mac={mac}")).await;
    assert_eq!(found[0]["site_id"], lab.site());
}
