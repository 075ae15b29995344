//! What is changed.

use std::sync::Arc;

use jmcp::error::Code;
use serde_json::{Value, json};

use super::{Meanwhile, Mist, Person};

const UPDATE: &str = "mist_update_configuration_objects";
const CHANGE: &str = "mist_change_configuration_objects";

/// The first WLAN of the organisation.
fn wlan(mist: &Mist) -> Value {
    let of_organisation =
        |wlan: &Value| wlan["org_id"] == mist.lab().org() && wlan.get("site_id").is_none_or(Value::is_null);
    mist.lab().rows("wlans").into_iter().find(of_organisation).unwrap()
}

fn update(mist: &Mist, wlan: &Value, payload: Value) -> Value {
    json!({"action_type": "update", "object_type": "org_wlans", "org_id": mist.lab().org(), "object_id": wlan["id"], "payload": payload})
}

fn writes(mist: &Mist) -> Vec<String> {
    mist.arrived()
        .into_iter()
        .filter(|line| !line.starts_with("GET "))
        .collect()
}

#[tokio::test]
async fn a_person_sees_the_difference_before_it_is_made() {
    let mist = Mist::start().await;
    let before = wlan(&mist);
    let ssid = before["ssid"].as_str().unwrap();
    let person = Person::who(true);
    let payload = json!({"ssid": "Renamed", "auth": {"type": "psk", "psk": "example-of-a-key"}});
    mist.arrived();
    let answered = mist
        .asking(UPDATE, update(&mist, &before, payload), Some(person.clone()))
        .await;
    assert!(!answered.failed, "{}", answered.text);
    let shown = person.shown();
    for words in [
        format!("Update org_wlans \"{ssid}\""),
        format!("~ ssid: \"{ssid}\" -> \"Renamed\""),
        before["id"].as_str().unwrap().to_owned(),
        mist.lab().org().to_owned(),
        "stay as they are".to_owned(),
    ] {
        assert!(shown.contains(&words), "{words}\n{shown}");
    }
    assert!(!shown.contains("example-of-a-key"), "{shown}");
    let report: Value = serde_json::from_str(&answered.text).unwrap();
    assert_eq!(report["status"], "updated");
    assert_eq!(report["changed"]["ssid"], json!([ssid, "Renamed"]));
    assert!(!answered.text.contains("example-of-a-key"), "{}", answered.text);
    let after = wlan(&mist);
    assert_eq!(
        (&after["ssid"], &after["auth"]["psk"]),
        (&json!("Renamed"), &json!("example-of-a-key"))
    );
    let sent = writes(&mist);
    assert!(
        matches!(sent.as_slice(), [put] if put.starts_with("PUT /api/v1/orgs/")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_agrees_or_nothing_would_change() {
    let mist = Mist::start().await;
    let before = wlan(&mist);
    let no = Person::who(false);
    let arguments = update(&mist, &before, json!({"ssid": "Renamed"}));
    let answered = mist.asking(UPDATE, arguments.clone(), Some(no)).await;
    assert_eq!(answered.error.unwrap().code(), Code::ConfirmationRequired);
    let answered = mist.call(UPDATE, arguments).await;
    assert_eq!(answered.error.unwrap().code(), Code::ConfirmationRequired);
    let same = update(&mist, &before, json!({"ssid": before["ssid"]}));
    let answered = mist.asking(UPDATE, same, Some(Person::who(true))).await;
    assert!(answered.text.contains("unchanged"), "{}", answered.text);
    assert!(writes(&mist).is_empty());
    assert_eq!(wlan(&mist), before);
}

#[tokio::test]
async fn what_changed_since_the_question_is_not_overwritten() {
    let mist = Arc::new(Mist::start().await);
    let before = wlan(&mist);
    let path = format!("/orgs/{}/wlans/{}", mist.lab().org(), before["id"].as_str().unwrap());
    let meanwhile: Meanwhile = ("PUT".into(), path, json!({"vlan_id": 4000}));
    let person = Arc::new(Person {
        agrees: true,
        meanwhile: Some((mist.clone(), meanwhile)),
        asked: Default::default(),
    });
    let answered = mist
        .asking(UPDATE, update(&mist, &before, json!({"ssid": "Renamed"})), Some(person))
        .await;
    let error = answered.error.unwrap();
    assert_eq!(error.code(), Code::Conflict, "{}", answered.text);
    assert!(answered.text.contains("nothing was sent"), "{}", answered.text);
    let after = wlan(&mist);
    assert_eq!((&after["ssid"], &after["vlan_id"]), (&before["ssid"], &json!(4000)));
    assert_eq!(writes(&mist).len(), 1, "only what the other did");
    let again = mist
        .asking(
            UPDATE,
            update(&mist, &before, json!({"ssid": "Renamed"})),
            Some(Person::who(true)),
        )
        .await;
    assert!(!again.failed, "{}", again.text);
}

#[tokio::test]
async fn objects_are_created_and_deleted() {
    let mist = Mist::start().await;
    let create = json!({
        "action_type": "create", "object_type": "site_webhooks", "site_id": mist.lab().site(),
        "payload": {"name": "alarms", "url": "https://hooks.example.com/a", "topics": ["alarms"], "secret": "example-of-a-secret"}
    });
    let person = Person::who(true);
    let answered = mist.asking(UPDATE, create, Some(person.clone())).await;
    assert!(!answered.failed, "{}", answered.text);
    assert!(
        person.shown().contains("Create site_webhooks \"alarms\""),
        "{}",
        person.shown()
    );
    assert!(!person.shown().contains("example-of-a-secret") && !answered.text.contains("example-of-a-secret"));
    let created: Value = serde_json::from_str(&answered.text).unwrap();
    let id = created["id"].as_str().unwrap();
    let delete =
        json!({"action_type": "delete", "object_type": "site_webhooks", "site_id": mist.lab().site(), "object_id": id});
    let refused = mist.asking(UPDATE, delete.clone(), Some(Person::who(true))).await;
    assert_eq!(
        refused.error.unwrap().code(),
        Code::InvalidInput,
        "this tool does not delete"
    );
    let person = Person::who(true);
    let answered = mist.asking(CHANGE, delete.clone(), Some(person.clone())).await;
    assert!(answered.text.contains("\"deleted\""), "{}", answered.text);
    assert!(
        person.shown().starts_with("DELETE site_webhooks \"alarms\""),
        "{}",
        person.shown()
    );
    let gone = mist.asking(CHANGE, delete, Some(Person::who(true))).await;
    assert_eq!(gone.error.unwrap().code(), Code::NotFound);
}

#[tokio::test]
async fn without_the_operators_leave_nothing_is_even_read() {
    let mist = Mist::with(false).await;
    mist.arrived();
    let arguments = update(&mist, &wlan(&mist), json!({"ssid": "Renamed"}));
    for tool in [UPDATE, CHANGE] {
        let answered = mist.asking(tool, arguments.clone(), Some(Person::who(true))).await;
        assert_eq!(answered.error.unwrap().code(), Code::ReadOnly);
    }
    assert!(mist.arrived().is_empty());
}
