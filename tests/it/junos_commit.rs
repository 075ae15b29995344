//! Changing configuration: what is committed, what is not, and what is left behind.

use jmcp::{
    error::Code,
    lab::{Fault, Gate},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::bench::Bench;

const CHANGE: &str = "set interfaces ge-0/0/0 description \"to the test\"";

fn load(router: &str, text: &str) -> serde_json::Value {
    json!({"router_name": router, "config_text": text})
}

#[tokio::test]
async fn a_change_is_committed_and_seen_in_the_next_answer() {
    let bench = Bench::start().await;
    for router in ["mx-lab-1", "srx-lab-1", "ex-lab-1"] {
        let answer = bench.structured("load_and_commit_config", load(router, CHANGE)).await;
        assert_eq!(answer["outcome"], "committed", "{router}: {answer}");
        assert!(
            answer["diff"].as_str().unwrap().contains("to the test"),
            "{router}: {answer}"
        );
        let text = bench
            .text("get_junos_config", json!({"router_name": router, "path": "interfaces"}))
            .await;
        assert!(text.contains("to the test"), "{router}: {text}");
        let diff = bench.text("junos_config_diff", json!({"router_name": router})).await;
        assert!(diff.contains("to the test"), "{router}: {diff}");
        let again = bench.structured("load_and_commit_config", load(router, CHANGE)).await;
        assert_eq!(again["outcome"], "unchanged", "{router}: {again}");
    }
}

#[tokio::test]
async fn what_the_device_refuses_is_not_committed_and_leaves_nothing() {
    let bench = Bench::start().await;
    for router in ["mx-lab-1", "srx-lab-1", "ex-lab-1"] {
        let before = bench.device(router).store(|store| store.running_set());
        let syntax = bench
            .structured("load_and_commit_config", load(router, "set nonsense here"))
            .await;
        assert_eq!(
            (syntax["outcome"].as_str(), syntax["success"].as_bool()),
            (Some("invalid"), Some(false)),
            "{syntax}"
        );
        let check = "set protocols bgp group bad type external\nset protocols bgp group bad neighbor 192.0.2.99";
        let check = bench.structured("load_and_commit_config", load(router, check)).await;
        assert_eq!(check["outcome"], "invalid", "{router}: {check}");
        assert!(!check["diff"].as_str().unwrap().is_empty());
        bench.device(router).store(|store| {
            assert_eq!(store.running_set(), before);
            assert_eq!(store.candidate_set(), before, "a candidate was left behind");
        });
    }
}

#[tokio::test]
async fn another_persons_edits_are_neither_committed_nor_lost() {
    let bench = Bench::start().await;
    let device = bench.device("mx-lab-1");
    device.store(|store| store.dirty_by("anna", "set system domain-name anna.example.net"));
    let exclusive = json!({"router_name": "mx-lab-1", "config_text": CHANGE, "database": "exclusive"});
    assert_eq!(
        bench.code("load_and_commit_config", exclusive).await,
        Code::CandidateModified
    );
    let shared = json!({"router_name": "mx-lab-1", "config_text": CHANGE, "database": "shared"});
    assert_eq!(
        bench.code("load_and_commit_config", shared).await,
        Code::CandidateModified
    );
    device.store(|store| {
        assert!(
            store.candidate_set().contains("anna.example.net"),
            "anna's edits were lost"
        );
        assert!(
            !store.running_set().contains("anna.example.net"),
            "anna's edits were committed"
        );
    });
}

#[tokio::test]
async fn a_held_lock_is_told_with_its_holder() {
    let bench = Bench::start().await;
    bench.device("mx-lab-1").faults().set(Fault::LockDenied { pid: 4711 });
    let answered = bench
        .call(
            "load_and_commit_config",
            json!({"router_name": "mx-lab-1", "config_text": CHANGE, "database": "exclusive"}),
        )
        .await;
    assert_eq!(answered.error.as_ref().unwrap().code(), Code::ConfigurationLocked);
    assert!(answered.text.contains("4711"), "{}", answered.text);
}

#[tokio::test]
async fn a_confirmed_commit_waits_refuses_others_and_is_confirmed() {
    let bench = Bench::start().await;
    let arguments = json!({"router_name": "mx-lab-1", "config_text": CHANGE, "confirm_timeout_mins": 5});
    let answer = bench.structured("load_and_commit_config", arguments).await;
    assert_eq!(
        (&answer["outcome"], &answer["rollback_in_minutes"]),
        (&json!("committed"), &json!(5)),
        "{answer}"
    );
    let other = load("mx-lab-1", "set system domain-name other.example.net");
    assert_eq!(
        bench.code("load_and_commit_config", other).await,
        Code::CommitConfirmedActive
    );
    bench.text("confirm_commit", json!({"router_name": "mx-lab-1"})).await;
    assert_eq!(
        bench.code("confirm_commit", json!({"router_name": "mx-lab-1"})).await,
        Code::NotFound
    );
}

#[tokio::test]
async fn a_lost_reply_is_settled_by_the_history() {
    let bench = Bench::start().await;
    bench
        .device("mx-lab-1")
        .faults()
        .once(Fault::CommitEof { committed: true });
    let answer = bench
        .structured("load_and_commit_config", load("mx-lab-1", CHANGE))
        .await;
    assert_eq!(answer["outcome"], "committed", "{answer}");
    assert!(answer["notes"][0].as_str().unwrap().contains("was lost"), "{answer}");
}

#[tokio::test]
async fn a_commit_that_did_not_happen_is_known_by_the_history_and_not_repeated() {
    let bench = Bench::start().await;
    bench
        .device("mx-lab-1")
        .faults()
        .once(Fault::CommitEof { committed: false });
    let answer = bench
        .structured("load_and_commit_config", load("mx-lab-1", CHANGE))
        .await;
    assert_eq!(
        (&answer["outcome"], &answer["error_code"]),
        (&json!("not_committed"), &json!("transport")),
        "{answer}"
    );
    let commits = bench
        .device("mx-lab-1")
        .log()
        .iter()
        .filter(|line| line.contains("commit-configuration") && line.contains("begun"))
        .count();
    assert!(
        commits <= 2,
        "a commit was sent twice: {:?}",
        bench.device("mx-lab-1").log()
    );
}

#[tokio::test]
async fn a_change_cancelled_before_its_commit_is_undone() {
    let bench = Bench::start().await;
    let device = bench.device("mx-lab-1");
    let before = device.store(|store| store.running_set());
    for step in ["open-configuration", "load-configuration", "get-configuration"] {
        let gate = Gate::new();
        device.faults().once(Fault::Hold {
            on: step.into(),
            gate: gate.clone(),
        });
        let cancel = CancellationToken::new();
        let (answered, ()) = tokio::join!(
            bench.cancellable("load_and_commit_config", load("mx-lab-1", CHANGE), cancel.clone()),
            async {
                gate.reached().await;
                cancel.cancel();
            }
        );
        gate.open();
        assert_eq!(answered.error.unwrap().code(), Code::Cancelled, "{step}");
        device.faults().clear();
    }
    device.store(|store| assert_eq!(store.running_set(), before));
    let answer = bench
        .structured("load_and_commit_config", load("mx-lab-1", CHANGE))
        .await;
    assert_eq!(answer["outcome"], "committed", "{answer}");
}

#[tokio::test]
async fn a_commit_under_way_is_not_cancelled() {
    let bench = Bench::start().await;
    let gate = Gate::new();
    bench.device("mx-lab-1").faults().once(Fault::HoldReply {
        on: "commit-configuration".into(),
        gate: gate.clone(),
    });
    let cancel = CancellationToken::new();
    // The first commit-configuration is the check; the gate is set again for the commit itself.
    let (answered, ()) = tokio::join!(
        bench.cancellable("load_and_commit_config", load("mx-lab-1", CHANGE), cancel.clone()),
        async {
            gate.reached().await;
            let commit = Gate::new();
            bench.device("mx-lab-1").faults().once(Fault::HoldReply {
                on: "commit-configuration".into(),
                gate: commit.clone(),
            });
            gate.open();
            commit.reached().await;
            cancel.cancel();
            tokio::task::yield_now().await;
            commit.open();
        }
    );
    assert_eq!(answered.structured.unwrap()["outcome"], "committed");
}

#[tokio::test]
async fn a_template_shows_the_difference_per_router_before_it_commits() {
    let bench = Bench::start().await;
    let arguments = |dry_run: bool| {
        json!({
            "template_content": "set interfaces {{ interface }} description \"{{ text }}\"",
            "vars_content": "interface: ge-0/0/0\ntext: by template\n",
            "router_names": ["mx-lab-1", "ex-lab-1"], "apply_config": true, "dry_run": dry_run
        })
    };
    let dry = bench.structured("render_and_apply_j2_template", arguments(true)).await;
    assert_eq!(dry["applied"], false);
    for row in dry["results"].as_array().unwrap() {
        assert_eq!(row["outcome"], "valid", "{row}");
        assert!(row["diff"].as_str().unwrap().contains("by template"), "{row}");
    }
    let real = bench.structured("render_and_apply_j2_template", arguments(false)).await;
    assert_eq!(real["applied"], true, "{real}");
    let undefined = json!({"template_content": "set system host-name {{ nam }}", "vars_content": "name: x"});
    assert_eq!(
        bench.code("render_and_apply_j2_template", undefined).await,
        Code::TemplateError
    );
}
