//! `discard_candidate`.

use jmcp::{
    error::Code,
    lab::{Fault, LabOptions, Spoil, config::Action},
};
use serde_json::{Value, json};

use super::{FOREIGN, MX, ROUTERS, asked, asked_while, assert_clean, assert_says, candidate, count, good, running};
use crate::support::bench::Bench;

const NAME: &str = "discard_candidate";
const ALL: [&str; 3] = ["never", "destroy", "write"];

fn on(router: &str) -> Value {
    json!({"router_name": router})
}

async fn bench(confirm: &str) -> Bench {
    Bench::with(LabOptions::default(), &["--confirm", confirm]).await
}

#[tokio::test]
async fn where_there_is_nothing_to_discard_nobody_is_asked() {
    for confirm in ALL {
        let bench = bench(confirm).await;
        for router in ROUTERS {
            let before = running(bench.device(router));
            let (answer, text) = good(bench.call(NAME, on(router)).await);
            assert_eq!(
                (&answer["success"], &answer["discarded"], &answer["diff"]),
                (&json!(true), &json!(false), &json!(""))
            );
            assert_says(&text, &["nothing to discard", router]);
            assert_eq!(count(bench.device(router), Action::Discard), 0);
            assert_clean(bench.device(router), &before);
        }
    }
}

#[tokio::test]
async fn anothers_edits_go_only_when_a_person_has_seen_them() {
    for confirm in ALL {
        let bench = bench(confirm).await;
        for router in ROUTERS {
            let device = bench.device(router);
            let before = running(device);
            device.store(|store| store.dirty_by("anna", FOREIGN));
            // A client that cannot ask.
            assert_eq!(
                bench.code(NAME, on(router)).await,
                Code::ConfirmationRequired,
                "{confirm}"
            );
            let (refused, shown) = asked(&bench, false, NAME, on(router)).await;
            assert_eq!(refused.error.unwrap().code(), Code::ConfirmationRequired, "{confirm}");
            assert_says(
                &shown[0],
                &[
                    router,
                    "anna.example.net",
                    "Last edited: ",
                    "Logged in: ",
                    "cannot be undone",
                ],
            );
            assert!(
                !shown[0].contains("(idle"),
                "it changes while a person reads: {}",
                shown[0]
            );
            assert!(candidate(device).contains("anna.example.net"));
            assert_eq!(count(device, Action::Discard), 0, "{router}");
            let (answered, shown) = asked(&bench, true, NAME, on(router)).await;
            assert_eq!(shown.len(), 1);
            let (answer, text) = good(answered);
            assert_eq!(
                answer["message"],
                "candidate configuration discarded (rolled back to running)"
            );
            assert_eq!(
                (&answer["success"], &answer["discarded"], &answer["edited_by"]),
                (&json!(true), &json!(true), &json!("others"))
            );
            assert_says(answer["diff"].as_str().unwrap(), &["anna.example.net"]);
            assert_says(
                &text,
                &[
                    "candidate configuration discarded (rolled back to running)",
                    "anna.example.net",
                ],
            );
            assert!(answer["last_changed"].is_string(), "{answer}");
            assert_clean(device, &before);
            assert_eq!(count(device, Action::Discard), 1);
        }
    }
}

#[tokio::test]
async fn edits_that_changed_while_a_person_read_are_not_discarded() {
    let bench = bench("destroy").await;
    for router in ROUTERS {
        let device = bench.device(router);
        device.store(|store| store.dirty_by("anna", FOREIGN));
        let other = device.clone();
        let meanwhile = move || other.store(|store| store.dirty_by("ben", "set system location building 7"));
        let (answered, _) = asked_while(&bench, true, meanwhile, NAME, on(router)).await;
        assert_eq!(
            answered.error.as_ref().unwrap().code(),
            Code::Conflict,
            "{}",
            answered.text
        );
        let left = candidate(device);
        assert!(
            left.contains("anna.example.net") && left.contains("building 7"),
            "{router}: {left}"
        );
        assert_eq!(count(device, Action::Discard), 0);
    }
}

#[tokio::test]
async fn what_jmcp_had_to_leave_there_itself_goes_without_a_question() {
    let bench = bench("write").await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        device.faults().once(Fault::Reply {
            on: "commit-configuration".into(),
            how: Spoil::CutOff,
        });
        let change = json!({"router_name": router, "config_text": FOREIGN, "database": "shared"});
        let left = bench.call("commit_check_config", change).await;
        assert_eq!(
            left.error.as_ref().unwrap().code(),
            Code::CandidateCleanupFailed,
            "{}",
            left.text
        );
        assert_ne!(candidate(device), before, "{router}: the lab keeps what nobody locked");
        let (answered, shown) = asked(&bench, false, NAME, on(router)).await;
        assert_eq!(shown, [] as [String; 0]);
        let (answer, _) = good(answered);
        assert_eq!(
            (&answer["edited_by"], &answer["discarded"]),
            (&json!("jmcp"), &json!(true))
        );
        assert_clean(device, &before);
    }
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_not_broken() {
    let bench = bench("destroy").await;
    let device = bench.device(MX);
    device.store(|store| store.dirty_by("anna", FOREIGN));
    device.faults().once(Fault::Reply {
        on: "load-configuration".into(),
        how: Spoil::PermissionDenied,
    });
    let (answered, _) = asked(&bench, true, NAME, on(MX)).await;
    assert_eq!(answered.error.unwrap().code(), Code::PermissionDenied);
    let path = Bench::serve(&bench.directory, &["--read-only"]);
    let principal = std::sync::Arc::new(jmcp::tools::Principal::local("test"));
    let arguments = on(MX).as_object().unwrap().clone();
    let answered = path
        .call(jmcp::server::path::Call::new(NAME, arguments, principal))
        .await;
    assert!(answered.failed, "{}", answered.text);
}
