//! `rollback_config`.

use jmcp::{
    error::Code,
    lab::{Fault, LabOptions, config::Action},
};
use serde_json::{Value, json};

use super::{
    CHANGE, FOREIGN, MX, ROUTERS, asked, asked_while, assert_clean, assert_says, candidate, clocked, commit, commit_as,
    count, good, running,
};
use crate::support::bench::Bench;

const NAME: &str = "rollback_config";

fn back(router: &str, version: u32, commit: bool) -> Value {
    json!({"router_name": router, "version": version, "commit": commit})
}

#[tokio::test]
async fn a_preview_shows_and_commits_nothing_and_a_commit_goes_back() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let first = running(device);
        commit(&bench, router, CHANGE).await;
        let second = running(device);
        let (preview, text) = good(bench.call(NAME, json!({"router_name": router, "version": 1})).await);
        assert_says(&text, &["nothing was committed", "-"]);
        assert_eq!(
            (
                &preview["committed"],
                &preview["version"],
                &preview["outcome"],
                &preview["success"]
            ),
            (&json!(false), &json!(1), &json!("compared"), &json!(true))
        );
        assert!(preview["diff"].as_str().unwrap().contains("to the test"));
        assert_clean(device, &second);
        assert_eq!(count(device, Action::Commit), 1);
        let (done, text) = good(bench.call(NAME, back(router, 1, true)).await);
        assert_says(&text, &["is back at rollback 1", "rollback to 1 via rollback_config"]);
        assert_eq!(
            (&done["committed"], &done["version"], &done["diff"]),
            (&json!(true), &json!(1), &preview["diff"])
        );
        assert_eq!(done["commit_comment"], "rollback to 1 via rollback_config");
        assert!(
            done["commit"]["comment"]
                .as_str()
                .unwrap()
                .contains(done["commit_token"].as_str().unwrap())
        );
        assert_clean(device, &first);
        for commit in [false, true] {
            let (same, _) = good(bench.call(NAME, back(router, 0, commit)).await);
            assert_eq!(
                (&same["outcome"], &same["committed"]),
                (&json!("unchanged"), &json!(false))
            );
        }
        assert_eq!(count(device, Action::Commit), 2);
    }
}

#[tokio::test]
async fn a_confirmed_rollback_waits_also_where_the_operator_wants_every_commit_to() {
    for (more, arguments) in [
        (json!({"confirm_timeout_mins": 3}), &[][..]),
        (json!({}), &["--commit-confirm-default", "3"]),
    ] {
        let bench = Bench::with(LabOptions::default(), arguments).await;
        for router in ROUTERS {
            commit_as(bench.device(router), "anna", FOREIGN);
            let mut call = back(router, 1, true);
            call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (done, text) = good(bench.call(NAME, call).await);
            assert_says(&text, &["auto-rollback in 3 minutes", "confirm_commit"]);
            assert_eq!(
                (
                    &done["confirmed"],
                    &done["rollback_in_minutes"],
                    &done["pending"]["user"]
                ),
                (&json!(true), &json!(3), &json!("lab"))
            );
            assert_eq!(
                bench.code(NAME, back(router, 1, true)).await,
                Code::CommitConfirmedActive
            );
            // A preview neither checks nor commits.
            let (preview, text) = good(bench.call(NAME, back(router, 1, false)).await);
            assert_eq!(preview["committed"], false);
            assert_says(&text, &["A confirmed commit of `lab` waits"]);
            assert_eq!(count(bench.device(router), Action::Confirm), 0, "{router}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_rolled_back_to_is_told() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let before = running(bench.device(router));
        let answered = bench.call(NAME, back(router, 7, true)).await;
        assert!(answered.failed);
        let answer = answered.structured.unwrap();
        assert_eq!(
            (&answer["committed"], &answer["success"]),
            (&json!(false), &json!(false))
        );
        assert_says(answer["error"].as_str().unwrap(), &[router, "rollback 7"]);
        assert_clean(bench.device(router), &before);
        let beyond = bench.call(NAME, json!({"router_name": router, "version": 50})).await;
        assert_says(&beyond.text, &["rollback version 50 out of range (0..=49)"]);
        assert_eq!(
            bench.code(NAME, json!({"router_name": router})).await,
            Code::InvalidInput
        );
    }
}

#[tokio::test]
async fn anothers_edits_are_neither_committed_nor_lost() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        commit(&bench, router, CHANGE).await;
        let before = running(device);
        device.store(|store| store.dirty_by("anna", FOREIGN));
        for database in ["private", "exclusive", "shared"] {
            let arguments = json!({"router_name": router, "version": 1, "commit": true, "database": database});
            let answered = bench.call(NAME, arguments).await;
            assert!(answered.failed, "{router} {database}: {}", answered.text);
        }
        assert_eq!(running(device), before);
        assert!(candidate(device).contains("anna.example.net"), "{router}: lost");
        assert_eq!(count(device, Action::Commit), 1);
    }
}

#[tokio::test]
async fn a_person_agrees_to_the_difference_and_to_no_other() {
    let bench = Bench::with(LabOptions::default(), &["--confirm", "write"]).await;
    let device = bench.device(MX).clone();
    let (loaded, _) = asked(
        &bench,
        true,
        "load_and_commit_config",
        json!({"router_name": MX, "config_text": CHANGE}),
    )
    .await;
    assert!(!loaded.failed, "{}", loaded.text);
    let before = running(&device);
    let (preview, shown) = asked(&bench, false, NAME, back(MX, 1, false)).await;
    assert_eq!(preview.structured.unwrap()["outcome"], "compared");
    assert_eq!(shown, [] as [String; 0], "nobody is asked about a preview");
    let (declined, shown) = asked(&bench, false, NAME, back(MX, 1, true)).await;
    assert_eq!(declined.error.unwrap().code(), Code::ConfirmationRequired);
    assert_says(&shown[0], &[MX, "to the test", "rollback to 1 via rollback_config"]);
    assert_clean(&device, &before);
    // While the person reads, somebody else commits: rollback 1 is another configuration then.
    let other = device.clone();
    let commit = move || commit_as(&other, "anna", FOREIGN);
    let (changed, _) = asked_while(&bench, true, commit, NAME, back(MX, 1, true)).await;
    assert_eq!(changed.error.unwrap().code(), Code::Conflict, "{}", changed.text);
    assert!(running(&device).contains("anna.example.net"));
    let (agreed, _) = asked(&bench, true, NAME, back(MX, 1, true)).await;
    assert_eq!(agreed.structured.unwrap()["committed"], true);
    assert_clean(&device, &before);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_settled() {
    let (bench, _clock) = clocked().await;
    for router in ROUTERS {
        let device = bench.device(router);
        commit(&bench, router, CHANGE).await;
        // The check's reply comes; that of the commit does not.
        let check = jmcp::lab::Gate::new();
        device.faults().once(Fault::HoldReply {
            on: "commit-configuration".into(),
            gate: check.clone(),
        });
        let (answer, ()) = tokio::join!(bench.structured(NAME, back(router, 1, true)), async {
            check.reached().await;
            device.faults().once(Fault::CommitEof { committed: true });
            check.open();
        });
        assert_eq!(
            (&answer["committed"], &answer["outcome"]),
            (&json!(true), &json!("committed")),
            "{answer}"
        );
        assert_says(answer["notes"].to_string().as_str(), &["was lost"]);
        assert_eq!(count(device, Action::Commit), 2, "{router}");
    }
}
