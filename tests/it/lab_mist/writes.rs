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
