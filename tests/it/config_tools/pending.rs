//! The life of a confirmed commit: `get_commit_status`, `confirm_commit`, `cancel_commit`.

use std::time::Duration;

use jmcp::{
    error::Code,
    lab::{Fault, Gate, LabOptions, config::Action},
};
use serde_json::json;

use super::{
    CHANGE, FOREIGN, MX, ROUTERS, asked, asked_while, assert_clean, assert_says, clocked, commit, commit_as,
    commit_confirmed, count, good, running,
};
use crate::support::bench::Bench;

fn on(router: &str) -> serde_json::Value {
    json!({"router_name": router})
}

#[tokio::test]
async fn what_waits_is_seen_with_its_deadline() {
    let (bench, clock) = clocked().await;
    for router in ROUTERS {
        let (quiet, text) = good(bench.call("get_commit_status", on(router)).await);
        assert_eq!((&quiet["waits"], &quiet["under_way"]), (&json!(false), &json!([])));
        assert!(quiet.get("pending").is_none());
        assert_says(&text, &[&format!("No confirmed commit waits on {router}.")]);
        commit_confirmed(&bench, router).await;
        let (waits, text) = good(bench.call("get_commit_status", on(router)).await);
        assert_eq!(
            (&waits["waits"], &waits["pending"]["user"]),
            (&json!(true), &json!("lab")),
            "{waits}"
        );
        let made = waits["commits"][0]["time_utc"].as_str().unwrap().to_owned();
        let deadline = waits["pending"]["deadline_utc"].as_str().unwrap();
        assert!(deadline > made.as_str(), "{deadline} {made}");
        assert_says(
            &text,
            &[
                "`lab` waits",
                "rollback in",
                "confirm_commit",
                "cancel_commit",
                deadline,
            ],
        );
        assert_eq!(count(bench.device(router), Action::Confirm), 0);
    }
    clock.advance(Duration::from_secs(301));
    for router in ROUTERS {
        let (over, text) = good(bench.call("get_commit_status", on(router)).await);
        assert_eq!(
            (&over["waits"], &over["commits"][0]["user"]),
            (&json!(false), &json!("root"))
        );
        assert_says(
            &text,
            &["No confirmed commit waits", "by root via other", "by lab via netconf"],
        );
        assert!(!running(bench.device(router)).contains("to the test"), "{router}");
        // What the device has taken back cannot be confirmed or cancelled.
        for tool in ["confirm_commit", "cancel_commit"] {
            assert_eq!(bench.code(tool, on(router)).await, Code::NotFound, "{tool}");
        }
        assert_eq!(count(bench.device(router), Action::Confirm), 0);
        assert_clean(bench.device(router), &running(bench.device(router)));
    }
}

#[tokio::test]
async fn as_many_commits_are_shown_as_asked_for() {
    let bench = Bench::start().await;
    for number in 0..12 {
        commit(&bench, MX, &format!("set system domain-name d{number}.example.net")).await;
    }
    for (entries, shown) in [(json!(null), 10), (json!(2), 2), (json!(50), 13)] {
        let arguments = json!({"router_name": MX, "entries": entries});
        let (status, text) = good(bench.call("get_commit_status", arguments).await);
        assert_eq!(status["commits"].as_array().unwrap().len(), shown);
        assert_eq!(text.lines().count(), shown + 1);
    }
    let refused = bench
        .code("get_commit_status", json!({"router_name": MX, "entries": 51}))
        .await;
    assert_eq!(refused, Code::InvalidInput);
}

#[tokio::test]
async fn a_commit_that_is_under_way_is_seen() {
    let bench = Bench::start().await;
    let device = bench.device(MX);
    let (check, commit) = (Gate::new(), Gate::new());
    let hold = |gate: &Gate| Fault::HoldReply {
        on: "commit-configuration".into(),
        gate: gate.clone(),
    };
    device.faults().once(hold(&check));
    let (answer, ()) = tokio::join!(
        bench.structured(
            "load_and_commit_config",
            json!({"router_name": MX, "config_text": CHANGE})
        ),
        async {
            check.reached().await;
            device.faults().once(hold(&commit));
            check.open();
            commit.reached().await;
            let (status, text) = good(bench.call("get_commit_status", on(MX)).await);
            assert_eq!(status["under_way"].as_array().unwrap().len(), 1, "{status}");
            assert_says(&text, &["is under way", "jmcp-"]);
            let (elsewhere, _) = good(bench.call("get_commit_status", on("ex-lab-1")).await);
            assert_eq!(elsewhere["under_way"], json!([]));
            commit.open();
        }
    );
    assert_eq!(answer["outcome"], "committed");
}

#[tokio::test]
async fn a_confirmed_commit_is_kept() {
    let (bench, clock) = clocked().await;
    for router in ROUTERS {
        commit_confirmed(&bench, router).await;
        let arguments = json!({"router_name": router, "commit_comment": "looks good"});
        let (done, text) = good(bench.call("confirm_commit", arguments).await);
        assert_eq!(
            (&done["confirmed"], &done["committed_by"], &done["was"]["user"]),
            (&json!(true), &json!("lab"), &json!("lab"))
        );
        assert_says(&text, &["is confirmed", "looks good"]);
        assert_says(done["commit"]["comment"].as_str().unwrap(), &["looks good", "jmcp-"]);
        assert_eq!(count(bench.device(router), Action::Confirm), 1);
    }
    clock.advance(Duration::from_secs(1000));
    for router in ROUTERS {
        let kept = running(bench.device(router));
        assert!(kept.contains("to the test"), "{router}");
        assert_clean(bench.device(router), &kept);
    }
}

#[tokio::test]
async fn a_confirmed_commit_is_taken_back_at_once() {
    let (bench, clock) = clocked().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        commit_confirmed(&bench, router).await;
        let (done, text) = good(bench.call("cancel_commit", on(router)).await);
        assert_eq!(
            (&done["cancelled"], &done["outcome"], &done["success"]),
            (&json!(true), &json!("committed"), &json!(true)),
            "{done}"
        );
        assert!(done.get("pending").is_none(), "{done}");
        assert_says(
            &text,
            &["is taken back", "to the test", "confirmed commit taken back via MCP"],
        );
        assert_clean(device, &before);
        assert_eq!(bench.code("cancel_commit", on(router)).await, Code::NotFound);
    }
    clock.advance(Duration::from_secs(1000));
    for router in ROUTERS {
        let (status, _) = good(bench.call("get_commit_status", on(router)).await);
        assert_eq!(
            (&status["waits"], &status["commits"][0]["user"]),
            (&json!(false), &json!("lab"))
        );
        assert!(!running(bench.device(router)).contains("to the test"), "{router}");
    }
}

#[tokio::test]
async fn nothing_is_taken_back_or_kept_past_a_lock() {
    let (bench, clock) = clocked().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        commit_confirmed(&bench, router).await;
        for tool in ["confirm_commit", "cancel_commit"] {
            device.faults().once(Fault::LockDenied { pid: 4711 });
            let answered = bench.call(tool, on(router)).await;
            assert_eq!(answered.error.as_ref().unwrap().code(), Code::ConfigurationLocked);
            assert_says(&answered.text, &["Failed to lock configuration: ", "4711"]);
        }
        clock.advance(Duration::from_secs(301));
        assert_clean(device, &before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_confirmation_is_settled_by_the_history() {
    for happened in [true, false] {
        let (bench, clock) = clocked().await;
        for router in ROUTERS {
            let device = bench.device(router);
            let before = running(device);
            commit_confirmed(&bench, router).await;
            device.faults().once(Fault::CommitEof { committed: happened });
            let answered = bench.call("confirm_commit", on(router)).await;
            assert_eq!(count(device, Action::Confirm), usize::from(happened), "{router}");
            if happened {
                let (done, _) = good(answered);
                assert_says(&done["notes"].to_string(), &["was lost", "history shows"]);
            } else {
                assert_says(&answered.text, &["still waits", "confirm_commit again"]);
                let (done, _) = good(bench.call("cancel_commit", on(router)).await);
                assert_eq!(done["cancelled"], true);
                assert_clean(device, &before);
            }
        }
        clock.advance(Duration::from_secs(1000));
        for router in ROUTERS {
            assert_eq!(
                running(bench.device(router)).contains("to the test"),
                happened,
                "{router}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_cancellation_is_settled_by_the_history() {
    let (bench, _clock) = clocked().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        commit_confirmed(&bench, router).await;
        device.faults().once(Fault::CommitEof { committed: false });
        let answer = bench.structured("cancel_commit", on(router)).await;
        assert_eq!(
            (&answer["cancelled"], &answer["outcome"]),
            (&json!(false), &json!("not_committed")),
            "{router}: {answer}"
        );
        assert_eq!(answer["pending"]["user"], "lab", "{answer}");
        device.faults().once(Fault::CommitEof { committed: true });
        let (answer, _) = good(bench.call("cancel_commit", on(router)).await);
        assert_says(&answer["notes"].to_string(), &["was lost"]);
        assert_clean(device, &before);
    }
}

#[tokio::test]
async fn a_person_sees_what_is_kept_or_taken_back() {
    let bench = Bench::with(LabOptions::default(), &["--confirm", "write"]).await;
    for router in ROUTERS {
        let device = bench.device(router).clone();
        let before = running(&device);
        for tool in ["confirm_commit", "cancel_commit"] {
            // Nothing waits: nobody is asked, and the tool says so.
            let (answered, shown) = asked(&bench, false, tool, on(router)).await;
            assert_eq!((answered.error.unwrap().code(), shown.len()), (Code::NotFound, 0));
        }
        let change = json!({"router_name": router, "config_text": CHANGE, "confirm_timeout_mins": 5});
        let (waits, _) = asked(&bench, true, "load_and_commit_config", change).await;
        assert_eq!(waits.structured.unwrap()["confirmed"], true);
        for tool in ["confirm_commit", "cancel_commit"] {
            let (answered, shown) = asked(&bench, false, tool, on(router)).await;
            assert_eq!(answered.error.unwrap().code(), Code::ConfirmationRequired, "{tool}");
            assert_says(&shown[0], &[router, "`lab`", "to the test", "rollback in"]);
        }
        assert_eq!(count(&device, Action::Confirm), 0, "{router}");
        // While the person reads, somebody else's commit confirms it and adds to it.
        for tool in ["cancel_commit", "confirm_commit"] {
            let other = device.clone();
            let text = format!("set system domain-name {}.example.net", tool.replace('_', "-"));
            let commit = move || commit_as(&other, "anna", &text);
            let (answered, _) = asked_while(&bench, true, commit, tool, on(router)).await;
            assert!(answered.failed, "{tool}: {}", answered.text);
            assert!(running(&device).contains("to the test"), "{tool}");
            let more = json!({"router_name": router, "config_text": format!("set system location building {}", tool.len()),
                "confirm_timeout_mins": 5});
            let (waits, _) = asked(&bench, true, "load_and_commit_config", more).await;
            assert_eq!(waits.structured.unwrap()["confirmed"], true);
        }
        let (answered, _) = asked(&bench, true, "cancel_commit", on(router)).await;
        assert_eq!(answered.structured.unwrap()["cancelled"], true);
        assert_ne!(running(&device), before);
        assert_clean(&device, &running(&device));
    }
}

#[tokio::test]
async fn what_waits_by_another_hand_is_named_and_the_newest_commit_counts() {
    let (bench, _clock) = clocked().await;
    let device = bench.device(MX);
    commit_confirmed(&bench, MX).await;
    commit_as(device, "anna", FOREIGN);
    let (status, text) = good(bench.call("get_commit_status", on(MX)).await);
    assert_eq!(status["waits"], false, "anna's commit confirmed it: {status}");
    assert_says(&text, &["by anna via"]);
    assert_eq!(count(device, Action::Confirm), 1);
}
