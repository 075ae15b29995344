//! The transaction: where it edits, what it falls back to, what it is judged by, and what becomes of a commit whose reply is lost.

use std::time::Duration;

use jmcp::{
    error::Code,
    lab::{Denied, Fault, LabDevice, LabOptions, Lost, config::Action},
};
use serde_json::{Value, json};

use crate::support::bench::Bench;

const MX: &str = "mx-lab-1";
const CHANGE: &str = "set system domain-name new.example.net";

fn change(more: Value) -> Value {
    let mut arguments = json!({"router_name": MX, "config_text": CHANGE});
    arguments
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    arguments
}

async fn changed(bench: &Bench, more: Value) -> Value {
    bench.structured("load_and_commit_config", change(more)).await
}

fn count(device: &LabDevice, action: Action) -> usize {
    device.events().iter().filter(|event| event.action == action).count()
}

/// A server whose inventory says this of the device.
async fn with_field(field: &str, value: &str) -> Bench {
    let mut bench = Bench::start().await;
    let file = bench.directory.path().join("devices.json");
    let mut devices: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    devices[MX][field] = value.into();
    std::fs::write(&file, devices.to_string()).unwrap();
    bench.path = Bench::serve(&bench.directory, &[]);
    bench
}

#[tokio::test]
async fn the_inventory_says_where_a_device_is_edited_and_a_call_may_say_otherwise() {
    let bench = with_field("database", "exclusive").await;
    let answer = changed(&bench, json!({})).await;
    assert_eq!(
        (&answer["outcome"], &answer["database"]),
        (&json!("committed"), &json!("exclusive")),
        "{answer}"
    );
    let device = bench.device(MX);
    assert_eq!((count(device, Action::Lock), count(device, Action::Unlock)), (1, 1));
    let private = changed(
        &bench,
        json!({"database": "private", "config_text": "delete system domain-name"}),
    )
    .await;
    assert_eq!(private["database"], "private", "{private}");
    assert_eq!(count(device, Action::Lock), 1);
}

#[tokio::test]
async fn a_confirmed_commit_is_private_first_and_exclusive_where_the_device_wants_it() {
    let bench = Bench::start().await;
    let device = bench.device(MX);
    device.faults().set(Fault::PrivateConfirmedRefused);
    let answer = changed(&bench, json!({"confirm_timeout_mins": 5})).await;
    assert_eq!(
        (&answer["outcome"], &answer["database"]),
        (&json!("committed"), &json!("exclusive")),
        "{answer}"
    );
    assert!(
        answer["notes"][0].as_str().unwrap().contains("edited exclusively"),
        "{answer}"
    );
    assert!(answer["pending"]["rolls_back"].is_string(), "{answer}");
    assert_eq!((count(device, Action::Commit), count(device, Action::Open)), (1, 1));
    bench.text("confirm_commit", json!({"router_name": MX})).await;
    changed(
        &bench,
        json!({"confirm_timeout_mins": 5, "config_text": "delete system domain-name"}),
    )
    .await;
    assert_eq!(count(device, Action::Open), 1, "it is known by now");
    assert!(device.open_candidates().is_empty() && device.lock_holder().is_none());
}

#[tokio::test]
async fn an_operator_can_have_every_commit_confirmed() {
    let mut bench = Bench::start().await;
    bench.path = Bench::serve(&bench.directory, &["--commit-confirm-default", "7"]);
    let answer = changed(&bench, json!({})).await;
    assert_eq!(answer["rollback_in_minutes"], 7, "{answer}");
    assert!(bench.device(MX).pending_commit().is_some());
}

#[tokio::test]
async fn what_really_changes_is_judged_in_every_format() {
    let bench = Bench::start().await;
    let xml = "<configuration><system><root-authentication><encrypted-password>$6$invented$abc</encrypted-password>\
               </root-authentication></system></configuration>";
    let json_text =
        r#"{"configuration": {"system": {"root-authentication": {"encrypted-password": "$6$invented$abc"}}}}"#;
    for (format, text) in [
        (
            "set",
            "set system root-authentication encrypted-password \"$6$invented$abc\"",
        ),
        (
            "text",
            "system { root-authentication { encrypted-password \"$6$invented$abc\"; } }",
        ),
        ("xml", xml),
        ("json", json_text),
    ] {
        let arguments = json!({"router_name": MX, "config_text": text, "config_format": format});
        let answered = bench.call("load_and_commit_config", arguments).await;
        let code = answered.error.as_ref().map(|error| error.code());
        assert_eq!(code, Some(Code::Blocked), "{format}: {}", answered.text);
        assert!(!answered.text.contains("invented"), "{format}: {}", answered.text);
    }
    let device = bench.device(MX);
    assert_eq!(count(device, Action::Commit), 0);
    assert!(device.open_candidates().is_empty() && device.shared_edits().is_empty());
}

/// A change whose commit meets this fault.
async fn lost(fault: Fault) -> (Bench, Value) {
    let bench = Bench::with(LabOptions::default(), &[]).await;
    bench.device(MX).faults().once(fault);
    let answer = changed(&bench, json!({})).await;
    (bench, answer)
}

#[tokio::test(start_paused = true)]
async fn a_lost_commit_is_settled_by_the_history() {
    let minutes = Duration::from_secs(180);
    for (when, takes, outcome) in [
        (Lost::Before, Duration::ZERO, "not_committed"),
        (Lost::During, Duration::ZERO, "committed"),
        (Lost::After, Duration::ZERO, "committed"),
        (Lost::After, minutes, "committed"),
    ] {
        let (bench, answer) = lost(Fault::CommitLost { when, takes }).await;
        assert_eq!(answer["outcome"], outcome, "{when:?} {takes:?}: {answer}");
        let device = bench.device(MX);
        assert_eq!(
            count(device, Action::Commit),
            usize::from(outcome == "committed"),
            "never sent twice: {when:?}"
        );
        assert_eq!(device.lock_holder(), None);
        assert!(device.open_candidates().is_empty(), "{when:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_gone_for_a_while_is_waited_for() {
    let (bench, answer) = lost(Fault::UnreachableAfterCommit(Duration::from_secs(20))).await;
    assert_eq!(answer["outcome"], "committed", "{answer}");
    assert_eq!(count(bench.device(MX), Action::Commit), 1);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_tell_is_unknown_with_what_to_look_at() {
    let (bench, answer) = lost(Fault::UnreachableAfterCommit(Duration::from_secs(3600))).await;
    assert_eq!(
        (&answer["outcome"], &answer["error_code"]),
        (&json!("unknown"), &json!("commit_unknown")),
        "{answer}"
    );
    let hint = answer["hint"].as_str().unwrap();
    assert!(
        hint.contains(answer["commit_token"].as_str().unwrap()) && hint.contains("show system commit"),
        "{hint}"
    );
    assert_eq!(count(bench.device(MX), Action::Commit), 1);
}

#[tokio::test]
async fn a_history_that_may_not_be_read_stops_no_change_and_is_told() {
    let bench = Bench::start().await;
    bench.device(MX).faults().set(Fault::Denied(Denied::History));
    let answer = changed(&bench, json!({})).await;
    assert_eq!(answer["outcome"], "committed", "{answer}");
    assert!(answer["notes"].to_string().contains("could not be read"), "{answer}");
}

#[tokio::test]
async fn a_comment_that_speaks_of_a_rollback_makes_nothing_wait() {
    let bench = Bench::start().await;
    changed(&bench, json!({"commit_comment": "commit confirmed, rollback in 5mins"})).await;
    let next = changed(&bench, json!({"config_text": "delete system domain-name"})).await;
    assert_eq!(next["outcome"], "committed", "{next}");
    assert_eq!(
        bench.code("cancel_commit", json!({"router_name": MX})).await,
        Code::NotFound
    );
    assert_eq!(
        bench.code("confirm_commit", json!({"router_name": MX})).await,
        Code::NotFound
    );
}

#[tokio::test]
async fn other_peoples_edits_in_a_shared_candidate_are_seen_while_ours_are_loaded() {
    let bench = Bench::start().await;
    let device = bench.device(MX);
    let gate = jmcp::lab::Gate::new();
    device.faults().once(Fault::HoldReply {
        on: "close-configuration".into(),
        gate: gate.clone(),
    });
    let ((), answered) = tokio::join!(
        async {
            gate.reached().await;
            device
                .operator("anna")
                .edits("set system location building annas")
                .unwrap();
            gate.open();
        },
        bench.call("load_and_commit_config", change(json!({"database": "shared"})))
    );
    let code = answered.error.as_ref().map(|error| error.code());
    assert_eq!(code, Some(Code::CandidateModified), "{}", answered.text);
    let edits = device.shared_edits();
    assert!(edits.iter().any(|edit| edit.user == "anna"), "anna's edits were lost");
    assert_eq!(count(device, Action::Commit), 0);
}
