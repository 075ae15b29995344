//! Plans of changes on several devices: committed as they were shown, or refused; stopped, and taken back.

use jmcp::{
    error::Code,
    lab::{Fault, LabOptions, config::Action},
};
use serde_json::{Value, json};

use crate::support::bench::Bench;

const ALL: [&str; 3] = ["mx-lab-1", "srx-lab-1", "ex-lab-1"];
const CHANGE: &str = "set system domain-name plan.example.net";

async fn plan(bench: &Bench, routers: &[&str]) -> Value {
    let arguments = json!({"router_names": routers, "config_text": CHANGE});
    bench.structured("plan_config_change", arguments).await
}

async fn apply(bench: &Bench, plan: &Value, more: Value) -> Value {
    let mut arguments = json!({"plan_id": plan["plan_id"]});
    let more = more.as_object().unwrap().clone();
    arguments.as_object_mut().unwrap().extend(more);
    bench.structured("apply_config_plan", arguments).await
}

fn statuses(applied: &Value) -> Vec<&str> {
    let rows = applied["results"].as_array().unwrap();
    rows.iter().map(|row| row["status"].as_str().unwrap()).collect()
}

fn commits(bench: &Bench, router: &str) -> usize {
    let events = bench.device(router).store(|store| store.log().to_vec());
    events.iter().filter(|event| event.action == Action::Commit).count()
}

fn runs_it(bench: &Bench, router: &str) -> bool {
    bench
        .device(router)
        .store(|store| store.running_set().contains("plan.example.net"))
}

#[tokio::test]
async fn a_plan_commits_nothing_and_is_applied_once_in_every_order() {
    for strategy in ["one-by-one", "canary", "all_at_once", "canary then rest"] {
        let bench = Bench::start().await;
        let plan = plan(&bench, &ALL).await;
        assert_eq!(plan["applicable"], true, "{plan}");
        assert!(
            ALL.iter()
                .all(|router| commits(&bench, router) == 0 && !runs_it(&bench, router))
        );
        let applied = apply(&bench, &plan, json!({"strategy": strategy})).await;
        assert_eq!(applied["success"], true, "{strategy}: {applied}");
        assert!(
            ALL.iter()
                .all(|router| commits(&bench, router) == 1 && runs_it(&bench, router))
        );
        for row in applied["results"].as_array().unwrap() {
            let token = row["change"]["commit_token"].as_str().unwrap();
            let comment = row["change"]["commit"]["comment"].as_str().unwrap();
            assert!(comment.contains(token), "{row}");
        }
        let again = bench
            .code("apply_config_plan", json!({"plan_id": plan["plan_id"]}))
            .await;
        assert_eq!(again, Code::NotFound, "a plan is applied once");
    }
}

#[tokio::test]
async fn a_plan_is_not_applied_anywhere_once_one_device_has_drifted() {
    let bench = Bench::start().await;
    let plan = plan(&bench, &ALL).await;
    // Elsewhere in the configuration: the difference would still be the same.
    let other = json!({"router_name": "srx-lab-1", "config_text": "set system location building north"});
    bench.text("load_and_commit_config", other).await;
    let applied = apply(&bench, &plan, json!({})).await;
    assert_eq!(
        statuses(&applied),
        ["not_touched", "failed", "not_touched"],
        "{applied}"
    );
    assert_eq!(applied["results"][1]["error_code"], "conflict");
    assert!(ALL.iter().all(|router| !runs_it(&bench, router)));
}

#[tokio::test]
async fn what_one_device_refuses_makes_no_plan() {
    let bench = Bench::start().await;
    let arguments = json!({"router_names": ALL, "config_text": "set nonsense here"});
    let answered = bench.call("plan_config_change", arguments).await;
    assert!(
        answered.failed && answered.text.contains("There is no plan"),
        "{}",
        answered.text
    );
    let unchanged = json!({"router_name": "mx-lab-1", "config_text": CHANGE});
    bench.text("load_and_commit_config", unchanged.clone()).await;
    let plan = bench.structured("plan_config_change", unchanged).await;
    assert_eq!(
        (&plan["applicable"], &plan["plan_id"]),
        (&json!(false), &Value::Null),
        "{plan}"
    );
}

/// The middle device loses the connection when its commit arrives.
fn break_commit(bench: &Bench, router: &str) {
    bench
        .device(router)
        .faults()
        .once(Fault::CommitEof { committed: false });
}

#[tokio::test(start_paused = true)]
async fn a_failure_stops_the_rest_and_takes_back_what_was_done() {
    let bench = Bench::with(LabOptions::default(), &[]).await;
    let made = plan(&bench, &ALL).await;
    break_commit(&bench, "srx-lab-1");
    let applied = apply(&bench, &made, json!({"rollback_on_failure": true})).await;
    assert_eq!(statuses(&applied), ["taken_back", "failed", "not_touched"], "{applied}");
    assert_eq!(applied["results"][1]["change"]["outcome"], "not_committed");
    assert_eq!(commits(&bench, "mx-lab-1"), 2, "the change and its way back");
    assert!(ALL.iter().all(|router| !runs_it(&bench, router)));
}

#[tokio::test(start_paused = true)]
async fn without_being_asked_nothing_is_taken_back() {
    let bench = Bench::with(LabOptions::default(), &[]).await;
    let made = plan(&bench, &ALL).await;
    break_commit(&bench, "srx-lab-1");
    let applied = apply(&bench, &made, json!({})).await;
    assert_eq!(statuses(&applied), ["committed", "failed", "not_touched"], "{applied}");
    assert!(runs_it(&bench, "mx-lab-1"));
}

#[tokio::test(start_paused = true)]
async fn the_rest_waits_for_the_canary() {
    let bench = Bench::with(LabOptions::default(), &[]).await;
    let made = plan(&bench, &ALL).await;
    break_commit(&bench, "mx-lab-1");
    let applied = apply(&bench, &made, json!({"strategy": "canary"})).await;
    assert_eq!(
        statuses(&applied),
        ["failed", "not_touched", "not_touched"],
        "{applied}"
    );
}

#[tokio::test]
async fn confirmed_commits_of_a_plan_are_cancelled_when_it_fails() {
    let bench = Bench::start().await;
    let arguments = json!({"router_names": ALL, "config_text": CHANGE, "confirm_timeout_mins": 10});
    let made = bench.structured("plan_config_change", arguments).await;
    bench.device("srx-lab-1").faults().set(Fault::LockDenied { pid: 77 });
    bench.device("srx-lab-1").faults().set(Fault::PrivateRefused);
    let applied = apply(&bench, &made, json!({"rollback_on_failure": true})).await;
    assert_eq!(statuses(&applied), ["taken_back", "failed", "not_touched"], "{applied}");
    let status = bench.device("mx-lab-1").store(|store| store.running_set());
    assert!(!status.contains("plan.example.net"));
}

#[tokio::test]
async fn a_template_goes_the_same_way() {
    let bench = Bench::start().await;
    let arguments = json!({
        "template_content": "set system domain-name {{ name }}", "vars_content": {"name": "plan.example.net"},
        "router_names": ALL, "apply_config": true, "rollback_on_failure": true
    });
    bench.device("ex-lab-1").faults().set(Fault::LockDenied { pid: 77 });
    bench.device("ex-lab-1").faults().set(Fault::PrivateRefused);
    let answer = bench.structured("render_and_apply_j2_template", arguments).await;
    let rows = answer["results"].as_array().unwrap();
    let back: Vec<_> = rows.iter().map(|row| row["taken_back"].as_bool()).collect();
    assert_eq!(back, [Some(true), Some(true), None], "{answer}");
    assert!(ALL.iter().all(|router| !runs_it(&bench, router)));
}
