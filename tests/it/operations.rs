//! Changes whose answer does not arrive: what became of them is kept for whoever made them.

use std::sync::Arc;

use jmcp::{
    error::Code,
    server::path::{Answered, Call},
    tools::{News, Principal},
};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::support::{
    bench::{Bench, committed_and_held, hold},
    site::{Plan, nothing},
    talk::{ERAS, Served, text},
};

const CHANGE: &str = "set interfaces ge-0/0/0 description \"to the test\"";
const ROUTER: &str = "mx-lab-1";

fn change() -> Value {
    json!({ "router_name": ROUTER, "config_text": CHANGE })
}

fn call(tool: &str, arguments: &Value) -> Call {
    Call::new(
        tool,
        arguments.as_object().unwrap().clone(),
        Arc::new(Principal::local("test")),
    )
}

/// A change whose caller can be made to go: the task is dropped.
fn begin(bench: &Bench) -> JoinHandle<Answered> {
    let path = bench.path.clone();
    tokio::spawn(async move { path.call(call("load_and_commit_config", &change())).await })
}

async fn only(bench: &Bench) -> Value {
    let listed = bench.structured("list_operations", json!({})).await;
    assert_eq!(listed["total"], 1, "{listed}");
    listed["operations"][0].clone()
}

fn is_changed(bench: &Bench) -> bool {
    bench
        .device(ROUTER)
        .store(|store| store.running_set().contains("to the test"))
}

#[tokio::test]
async fn a_caller_that_goes_before_the_commit_finds_that_it_was_undone() {
    let bench = Bench::start().await;
    let gate = hold(bench.device(ROUTER), "load-configuration");
    let task = begin(&bench);
    gate.reached().await;
    assert_eq!(only(&bench).await["state"], "running");
    task.abort();
    assert!(task.await.is_err());
    let id = only(&bench).await["operation_id"].clone();
    let waited = json!({"operation_id": id, "wait_seconds": 60});
    let found = bench.structured("get_operation", waited).await;
    assert_eq!(
        (
            &found["state"],
            &found["outcome"],
            &found["error_code"],
            &found["targets"]
        ),
        (
            &json!("finished"),
            &json!("aborted"),
            &json!("cancelled"),
            &json!([ROUTER])
        )
    );
    assert!(
        found["answer"].as_str().unwrap().contains("nothing was committed"),
        "{found}"
    );
    gate.open();
    assert!(!is_changed(&bench));
}

#[tokio::test]
async fn a_caller_that_goes_in_the_commit_finds_that_it_was_committed() {
    let bench = Bench::start().await;
    let task = begin(&bench);
    let gate = committed_and_held(bench.device(ROUTER)).await;
    task.abort();
    assert!(task.await.is_err());
    let running = only(&bench).await;
    assert_eq!(
        (&running["state"], &running["outcome"]),
        (&json!("running"), &Value::Null)
    );
    let waited = json!({"operation_id": running["operation_id"], "wait_seconds": 60});
    let (found, ()) = tokio::join!(bench.structured("get_operation", waited), async { gate.open() });
    assert_eq!(
        (&found["state"], &found["outcome"]),
        (&json!("finished"), &json!("committed"))
    );
    assert_eq!(found["structured"]["outcome"], "committed");
    assert!(
        found["structured"]["diff"].as_str().unwrap().contains("to the test"),
        "{found}"
    );
    assert!(is_changed(&bench));
    let events = std::fs::read_to_string(bench.directory.path().join("audit.log")).unwrap();
    let end = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|event| event["action"] == "commit" && event["phase"] == "end")
        .unwrap();
    assert_eq!(
        (&end["result"], &end["outcome"]),
        (&json!("ok"), &json!("committed")),
        "{end}"
    );
    assert_eq!(end["operation_id"], found["operation_id"]);
}

#[tokio::test]
async fn the_id_is_told_before_the_change_and_with_its_answer() {
    let bench = Bench::start().await;
    let (sender, mut news) = mpsc::unbounded_channel();
    let gate = hold(bench.device(ROUTER), "open-configuration");
    let listening = Call {
        progress: Some(sender),
        ..call("load_and_commit_config", &change())
    };
    let (answered, said) = tokio::join!(bench.path.call(listening), async {
        gate.reached().await;
        let mut said = Vec::new();
        while let Ok(next) = news.try_recv() {
            said.push(next);
        }
        gate.open();
        said
    });
    let id = answered.operation.unwrap();
    assert!(
        said.iter()
            .any(|next| matches!(next, News::Step(_)) && next.message().contains(&*id)),
        "{said:?}"
    );
    let refused = bench
        .call(
            "load_and_commit_config",
            json!({"router_name": "nowhere", "config_text": CHANGE}),
        )
        .await;
    assert_eq!(refused.operation, None, "what did not begin is no operation");
    let read = bench.call("get_router_list", json!({})).await;
    assert_eq!(read.operation, None);
    assert_eq!(only(&bench).await["operation_id"], *id);
}

#[tokio::test]
async fn the_id_is_in_the_meta_of_both_eras_and_finds_the_answer() {
    for era in ERAS {
        let bench = Bench::start().await;
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let answer = client.call("load_and_commit_config", change()).await;
        let id = answer["_meta"]["jmcp/operation"].as_str().unwrap().to_owned();
        let found = client.call("get_operation", json!({"operation_id": id})).await;
        assert!(text(&found).contains(text(&answer)), "{found}");
        assert!(text(&found).contains("committed"), "{found}");
        assert!(found["_meta"].get("jmcp/operation").is_none(), "{found}");
    }
}

#[tokio::test]
async fn a_change_that_is_taken_back_names_its_operation() {
    let bench = Bench::start().await;
    let gate = hold(bench.device(ROUTER), "load-configuration");
    let taken_back = call("load_and_commit_config", &change());
    let cancel = taken_back.cancel.clone();
    let (answered, ()) = tokio::join!(bench.path.call(taken_back), async {
        gate.reached().await;
        cancel.cancel();
    });
    gate.open();
    assert_eq!(answered.error.as_ref().unwrap().code(), Code::Cancelled);
    let id = answered.operation.unwrap();
    assert!(answered.text.contains(&*id), "{}", answered.text);
    assert_eq!(only(&bench).await["outcome"], "aborted");
}

#[tokio::test]
async fn lists_are_narrowed_by_router_and_state() {
    let bench = Bench::start().await;
    bench.text("load_and_commit_config", change()).await;
    bench
        .text(
            "load_and_commit_config",
            json!({"router_name": "ex-lab-1", "config_text": CHANGE}),
        )
        .await;
    let all = bench.structured("list_operations", json!({})).await;
    assert_eq!(
        all["operations"][0]["targets"],
        json!(["ex-lab-1"]),
        "the newest first: {all}"
    );
    for (arguments, count) in [
        (json!({"device": ROUTER}), 1),
        (json!({"router_name": ROUTER}), 1),
        (json!({"device": "srx-lab-1"}), 0),
        (json!({"state": "finished"}), 2),
        (json!({"state": "running"}), 0),
        (json!({"limit": 1}), 2),
    ] {
        let listed = bench.structured("list_operations", arguments.clone()).await;
        assert_eq!(listed["total"], count, "{arguments}: {listed}");
    }
}

#[tokio::test]
async fn another_caller_hears_what_is_said_of_operations_that_never_were() {
    let bench = Bench::start().await;
    let tokens = vec![("alice", nothing()), ("bob", nothing())];
    let plan = Plan {
        tokens,
        ..Plan::default()
    };
    let site = plan.before(&bench, &[]).await;
    for era in ERAS {
        let alice = site.client(era, Some("alice")).await;
        let bob = site.client(era, Some("bob")).await;
        let made = alice
            .tool(1, "load_and_commit_config", change())
            .send(site.address)
            .await
            .result();
        let id = made["_meta"]["jmcp/operation"].as_str().unwrap();
        let ask = |id: &str| json!({"operation_id": id});
        let own = alice
            .tool(2, "get_operation", ask(id))
            .send(site.address)
            .await
            .result();
        assert_eq!(own["structuredContent"]["operation_id"], id, "{own}");
        let foreign = bob.tool(1, "get_operation", ask(id)).send(site.address).await.result();
        let never = bob
            .tool(2, "get_operation", ask("op-0"))
            .send(site.address)
            .await
            .result();
        assert_eq!(foreign["isError"], true);
        assert_eq!(text(&foreign).replace(id, "op-0"), text(&never));
        assert!(text(&never).contains("commit history"), "{never}");
        let listed = bob
            .tool(3, "list_operations", nothing())
            .send(site.address)
            .await
            .result();
        assert_eq!(listed["structuredContent"]["total"], 0, "{listed}");
    }
}
