//! What plans say and what changes report, of invented objects.

use super::*;
use crate::mist::specification::Specification;

fn change(arguments: Value) -> Result<Change> {
    Change::of(arguments.as_object().unwrap())
}

fn wlan() -> Value {
    json!({
        "id": "w-1", "ssid": "Guest", "enabled": true, "vlan_id": 10, "modified_time": 1_700_000_000,
        "auth": {"type": "psk", "psk": "first-example"}, "dtim": 2
    })
}

fn update(payload: Value) -> Change {
    change(json!({"action_type": "update", "object_type": "org_wlans", "org_id": "o-1", "object_id": "w-1", "payload": payload})).unwrap()
}

fn words_of(change: &Change, now: &Value) -> String {
    let specification = Specification::embedded();
    let warnings = unknown::attributes(specification, change.kind, &change.payload).unwrap();
    words::of(change, specification, now, &warnings)
}

#[test]
fn a_plan_shows_object_difference_and_no_secret() {
    let change = update(
        json!({"enabled": false, "auth": {"type": "psk", "psk": "second-example"}, "-dtim": true, "ssidd": "Gast"}),
    );
    let words = words_of(&change, &wlan());
    let evidence = evidence(&wlan());
    let state = evidence.as_str().unwrap().get(..12).unwrap();
    assert_eq!(
        words.replace(state, "STATE"),
        "Update org_wlans \"Guest\" in the Mist cloud\n  organisation: o-1\n  object: w-1\n  request: PUT /api/v1/orgs/o-1/wlans/w-1\n  state: STATE\n\n\
         Attributes that are not given stay as they are. What changes:\n  ~ enabled: true -> false\n  ~ auth.psk: \"***\" -> \"*** (another)\"\n  \
         + ssidd: \"Gast\"\n  - dtim: 2\n\n\
         In the text of the object:\n  --- now\n  +++ then\n  @@ -1,11 +1,11 @@\n   {\n     \"auth\": {\n  -    \"psk\": \"***\",\n  +    \"psk\": \"*** (another)\",\n       \
         \"type\": \"psk\"\n     },\n  -  \"dtim\": 2,\n  -  \"enabled\": true,\n  +  \"enabled\": false,\n     \"id\": \"w-1\",\n     \"ssid\": \"Guest\",\n  \
         +  \"ssidd\": \"Gast\",\n     \"vlan_id\": 10\n   }\n\n\
         Warnings:\n  `ssidd` is no attribute that the API is known to have; did you mean `ssid`?\n"
    );
    let nothing = words_of(&update(json!({"enabled": true})), &wlan());
    assert!(nothing.contains("nothing: the object is already so"), "{nothing}");
}

/// Also where what changed is none of what is shown: the answer to a question must not count for another state.
#[test]
fn a_plan_is_another_where_the_object_is() {
    let change = update(json!({"enabled": false}));
    let (mut other, specification) = (wlan(), Specification::embedded());
    assert_eq!(
        words::of(&change, specification, &wlan(), &[]),
        words::of(&change, specification, &other, &[])
    );
    other["dtim"] = 3.into();
    assert_ne!(
        words::of(&change, specification, &wlan(), &[]),
        words::of(&change, specification, &other, &[])
    );
}

#[test]
fn what_is_deleted_and_created_is_shown_whole() {
    let delete = json!({"action_type": "delete", "object_type": "site_psks", "site_id": "s-1", "object_id": "p-1"});
    let words = words_of(
        &change(delete).unwrap(),
        &json!({"id": "p-1", "name": "printer", "passphrase": "example-words"}),
    );
    assert!(words.starts_with("DELETE site_psks \"printer\""), "{words}");
    assert!(
        words.contains("request: DELETE /api/v1/sites/s-1/psks/p-1") && words.contains("cannot be undone"),
        "{words}"
    );
    assert!(
        words.contains("\"passphrase\": \"***\"") && !words.contains("example-words"),
        "{words}"
    );
    let create = json!({"action_type": "create", "object_type": "org_networks", "org_id": "o-1", "payload": {"name": "corp", "vlan_id": 10}});
    let words = words_of(&change(create).unwrap(), &Value::Null);
    assert!(
        words.starts_with("Create org_networks \"corp\"") && words.contains("\"vlan_id\": 10"),
        "{words}"
    );
    assert!(words.contains("request: POST /api/v1/orgs/o-1/networks"), "{words}");
}

#[test]
fn updates_replace_attributes_at_the_root() {
    let change = update(json!({"auth": {"type": "open"}, "-vlan_id": true, "-dtim": false}));
    assert_eq!(
        change.expected(&wlan()),
        json!({"id": "w-1", "ssid": "Guest", "enabled": true, "modified_time": 1_700_000_000, "auth": {"type": "open"}, "dtim": 2})
    );
}

#[test]
fn evidence_is_the_same_as_long_as_the_object_is() {
    let turned: Map<String, Value> = wlan().as_object().unwrap().clone().into_iter().rev().collect();
    assert_eq!(evidence(&wlan()), evidence(&Value::Object(turned)));
    let mut other = wlan();
    other["auth"]["psk"] = "third-example".into();
    assert_ne!(evidence(&wlan()), evidence(&other));
}

#[test]
fn a_report_tells_what_the_cloud_made_of_it() {
    let change = update(json!({"enabled": false, "vlan_id": 20, "auth": {"type": "psk", "psk": "second-example"}}));
    let expected = change.expected(&wlan());
    let mut after = wlan();
    after["enabled"] = false.into();
    after["auth"] = json!({"type": "psk", "psk": "second-example", "pairwise": ["wpa2-ccmp"]});
    after["modified_time"] = 1_700_000_100.into();
    let report = report(&change, &wlan(), &expected, &after);
    assert_eq!(report["status"], "updated");
    assert_eq!(
        report["changed"],
        json!({"enabled": [true, false], "auth.psk": ["***", "*** (another)"], "auth.pairwise": [null, ["wpa2-ccmp"]]})
    );
    assert_eq!(report["not_taken_as_given"], json!(["vlan_id"]));
    assert!(!report.to_string().contains("example"), "{report}");
}

#[test]
fn changes_that_make_no_sense_are_refused() {
    for (arguments, why) in [
        (
            json!({"action_type": "create", "object_type": "site_devices", "site_id": "s-1", "payload": {"name": "x"}}),
            "can only be updated",
        ),
        (
            json!({"action_type": "delete", "object_type": "org_settings", "org_id": "o-1"}),
            "can only be updated",
        ),
        (
            json!({"action_type": "update", "object_type": "org_wlans", "org_id": "o-1", "payload": {"ssid": "x"}}),
            "`object_id` is missing",
        ),
        (
            json!({"action_type": "update", "object_type": "org_wlans", "org_id": "o-1", "object_id": "w-1"}),
            "`payload` is missing",
        ),
        (
            json!({"action_type": "create", "object_type": "org_wlans", "org_id": "o-1", "object_id": "w-1", "payload": {"ssid": "x"}}),
            "no `object_id` yet",
        ),
        (
            json!({"action_type": "create", "object_type": "site_wlans", "org_id": "o-1", "payload": {"ssid": "x"}}),
            "needs `site_id`",
        ),
        (
            json!({"action_type": "update", "object_type": "org_wlans", "org_id": "o-1", "object_id": "w-1", "payload": {"id": "w-2"}}),
            "another object",
        ),
    ] {
        let error = change(arguments.clone()).unwrap_err();
        assert_eq!(error.code(), Code::InvalidInput);
        assert!(error.to_string().contains(why), "{arguments}: {error}");
    }
    let settings =
        json!({"action_type": "update", "object_type": "org_settings", "org_id": "o-1", "payload": {"x": 1}});
    assert!(change(settings).is_ok(), "there is only one");
}

#[test]
fn unknown_attributes_are_found_at_every_level_and_maps_are_open() {
    let warnings = |kind: &str, payload: Value| {
        let kind = objects::of(kind).unwrap();
        unknown::attributes(Specification::embedded(), kind, payload.as_object().unwrap()).unwrap()
    };
    let nested = warnings("org_wlans", json!({"ssid": "x", "auth": {"tpye": "psk"}}));
    assert!(
        nested[0].starts_with("`auth.tpye`") && nested[0].contains("did you mean `type`?"),
        "{nested:?}"
    );
    let open = warnings(
        "org_networktemplates",
        json!({"networks": {"corp": {"vlan_id": 10}}, "port_usages": {"ap": {"mode": "trunk"}}}),
    );
    assert!(open.is_empty(), "{open:?}");
    let device = warnings(
        "site_devices",
        json!({"radio_config": {}, "port_config": {"ge-0/0/0": {"usage": "ap"}}, "vars": {"a": "b"}}),
    );
    assert!(device.is_empty(), "any kind of device may be meant: {device:?}");
    let far = warnings("org_wlans", json!({"zzzzzzzzzzzz": 1}));
    assert_eq!(far, ["`zzzzzzzzzzzz` is no attribute that the API is known to have"]);
}
