//! Calls that a client takes back.

use serde_json::json;

use super::{assert_committed_once, assert_nothing_changed, change, commit_done_reply_held, hold, logged};
use crate::support::{
    bench::Bench,
    talk::{ERAS, Served, Talk},
};

async fn cancel(client: &mut Talk, id: u64) {
    client
        .notify(
            "notifications/cancelled",
            json!({ "requestId": id, "reason": "no longer needed" }),
        )
        .await;
}

#[tokio::test]
async fn a_read_taken_back_is_aborted_at_the_device_and_not_answered() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let gate = hold(device, "show version");
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let command = json!({ "router_name": "mx-lab-1", "command": "show version" });
        let id = client.begin("execute_junos_command", command.clone()).await;
        gate.reached().await;
        cancel(&mut client, id).await;
        logged(device, "command `show version` aborted").await;
        // The gate is still shut: the next call does not wait behind the one that was taken back.
        let next = client.call("execute_junos_command", command).await;
        assert_ne!(next["isError"], true, "{era:?}: {next}");
        assert!(
            client.seen.is_empty(),
            "{era:?}: a call that was taken back has no answer: {:?}",
            client.seen
        );
        gate.open();
    }
}

#[tokio::test]
async fn a_change_taken_back_before_its_commit_is_undone() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let gate = hold(device, "load-configuration");
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let id = client.begin("load_and_commit_config", change()).await;
        gate.reached().await;
        cancel(&mut client, id).await;
        logged(device, "load-configuration aborted").await;
        bench.path.idle().await;
        assert_nothing_changed(device);
        let next = client.call("load_and_commit_config", change()).await;
        assert_eq!(next["structuredContent"]["outcome"], "committed", "{era:?}: {next}");
    }
}

#[tokio::test]
async fn a_commit_taken_back_comes_to_its_end() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let (id, gate) = tokio::join!(
            client.begin("load_and_commit_config", change()),
            commit_done_reply_held(device)
        );
        cancel(&mut client, id).await;
        // An answered request after the notification: the server has read it.
        client.request("tools/list", json!({})).await;
        gate.open();
        bench.path.idle().await;
        assert_committed_once(device);
        let next = client.call("load_and_commit_config", change()).await;
        assert_eq!(next["structuredContent"]["outcome"], "unchanged", "{era:?}: {next}");
    }
}

#[tokio::test]
async fn taking_back_what_is_not_there_does_nothing() {
    let bench = Bench::start().await;
    for era in ERAS {
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        client.call("get_router_list", json!({})).await;
        cancel(&mut client, 4711).await;
        client.call("get_router_list", json!({})).await;
        assert!(client.seen.is_empty(), "{era:?}: {:?}", client.seen);
    }
}
