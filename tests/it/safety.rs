//! What could hurt a network: verdicts that are wrong, other people's edits, changes that go on after something went wrong.

use jmcp::{
    error::Code,
    lab::{Fault, Gate, Spoil},
};
use serde_json::json;

use crate::support::bench::Bench;

const CHANGE: &str = "set interfaces ge-0/0/0 description \"to the test\"";
const ROUTER: &str = "mx-lab-1";

fn spoilt(how: Spoil) -> Fault {
    Fault::Reply {
        on: "commit-configuration".into(),
        how,
    }
}

#[tokio::test]
async fn a_commit_that_says_nothing_is_settled_by_the_history() {
    let bench = Bench::start().await;
    bench.device(ROUTER).faults().set(spoilt(Spoil::Empty));
    let change = json!({"router_name": ROUTER, "config_text": CHANGE});
    let answer = bench.structured("load_and_commit_config", change).await;
    assert_eq!(answer["outcome"], "committed", "{answer}");
    assert!(answer["notes"][0].as_str().unwrap().contains("history"), "{answer}");
}

#[tokio::test]
async fn a_check_without_a_verdict_is_no_good_check() {
    let bench = Bench::start().await;
    bench.device(ROUTER).faults().set(spoilt(Spoil::TextOnly));
    let change = json!({"router_name": ROUTER, "config_text": CHANGE});
    let answer = bench.structured("load_and_commit_config", change).await;
    assert_eq!(
        (&answer["success"], &answer["commit_token"]),
        (&json!(false), &json!(null)),
        "{answer}"
    );
    bench
        .device(ROUTER)
        .store(|store| assert!(!store.running_set().contains("to the test")));
}

#[tokio::test]
async fn edits_that_somebody_makes_meanwhile_are_neither_committed_nor_lost() {
    let bench = Bench::start().await;
    let device = bench.device(ROUTER);
    let gate = Gate::new();
    device.faults().once(Fault::HoldReply {
        on: "commit-configuration".into(),
        gate: gate.clone(),
    });
    let change = json!({"router_name": ROUTER, "config_text": CHANGE, "database": "shared"});
    let (code, ()) = tokio::join!(bench.code("load_and_commit_config", change), async {
        gate.reached().await;
        device.store(|store| store.dirty_by("anna", "set system domain-name anna.example.net"));
        gate.open();
    });
    // Our edits stay with hers, and the answer says so.
    assert_eq!(code, Code::CandidateCleanupFailed);
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

#[tokio::test(start_paused = true)]
async fn a_template_stops_where_a_commit_is_not_settled() {
    let bench = Bench::start().await;
    let device = bench.device(ROUTER);
    bench.text("get_junos_config", json!({"router_name": ROUTER})).await;
    device.faults().once(Fault::CommitEof { committed: true });
    device.faults().set(Fault::EofAtIdent);
    let arguments = json!({
        "template_content": CHANGE, "vars_content": "{}", "apply_config": true,
        "router_names": [ROUTER, "ex-lab-1"],
    });
    let answer = bench.structured("render_and_apply_j2_template", arguments).await;
    assert_eq!(answer["results"][0]["outcome"], "unknown", "{answer}");
    assert!(
        answer["results"][1]["error"].as_str().unwrap().contains("not touched"),
        "{answer}"
    );
    bench
        .device("ex-lab-1")
        .store(|store| assert!(!store.running_set().contains("to the test")));
}
