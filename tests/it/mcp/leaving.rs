//! Clients that go away in the middle of something.

use serde_json::json;

use super::{assert_committed_once, assert_nothing_changed, change, commit_done_reply_held, hold, logged, program};
use crate::support::{
    bench::Bench,
    program::ended,
    talk::{ERAS, Era, Served, Talk, text},
};

#[tokio::test]
async fn a_commit_whose_client_has_gone_comes_to_its_end() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let (served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let (_, gate) = tokio::join!(
            client.begin("load_and_commit_config", change()),
            commit_done_reply_held(device)
        );
        drop(client);
        gate.open();
        assert!(served.ended().await);
        assert_eq!(bench.path.in_flight(), 0);
        assert_committed_once(device);
    }
}

#[tokio::test]
async fn a_change_whose_client_was_killed_is_undone() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let gate = hold(device, "load-configuration");
        let mut child = program(&bench, &[]);
        let mut client = Talk::to(era, &mut child).await;
        client.begin("load_and_commit_config", change()).await;
        gate.reached().await;
        drop(client);
        logged(device, "load-configuration aborted").await;
        let ended = ended(child).await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        assert_nothing_changed(device);
        gate.open();
    }
}

#[tokio::test]
async fn a_commit_whose_client_was_killed_comes_to_its_end() {
    let bench = Bench::start().await;
    let device = bench.device("mx-lab-1");
    let mut child = program(&bench, &[]);
    let mut client = Talk::to(Era::PerRequest, &mut child).await;
    let (_, gate) = tokio::join!(
        client.begin("load_and_commit_config", change()),
        commit_done_reply_held(device)
    );
    drop(client);
    gate.open();
    let ended = ended(child).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_committed_once(device);
}

#[tokio::test]
async fn a_read_whose_client_was_killed_is_given_up() {
    let bench = Bench::start().await;
    let device = bench.device("mx-lab-1");
    let gate = hold(device, "show version");
    let mut child = program(&bench, &[]);
    let mut client = Talk::to(Era::Handshake, &mut child).await;
    client
        .begin(
            "execute_junos_command",
            json!({ "router_name": "mx-lab-1", "command": "show version" }),
        )
        .await;
    gate.reached().await;
    drop(client);
    logged(device, "disconnected").await;
    let ended = ended(child).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    gate.open();
}

#[tokio::test]
async fn an_answer_that_cannot_be_delivered_undoes_what_is_not_committed() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let load = hold(device, "load-configuration");
        let read = hold(bench.device("ex-lab-1"), "show version");
        let (served, mut client) = Served::client(&bench.path, era, json!({})).await;
        client.begin("load_and_commit_config", change()).await;
        let command = json!({ "router_name": "ex-lab-1", "command": "show version" });
        client.begin("execute_junos_command", command).await;
        tokio::join!(load.reached(), read.reached());
        drop(client);
        read.open();
        assert!(served.ended().await);
        logged(device, "load-configuration aborted").await;
        assert_nothing_changed(device);
        load.open();
    }
}

/// `echo '...' | jmcp` style clients close their end as soon as they have asked.
#[tokio::test]
async fn a_client_that_only_reads_on_gets_its_answers() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let (served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let (id, gate) = tokio::join!(
            client.begin("load_and_commit_config", change()),
            commit_done_reply_held(device)
        );
        let read = hold(device, "show version");
        let command = json!({ "router_name": "mx-lab-1", "command": "show version" });
        let other = client.begin("execute_junos_command", command).await;
        read.reached().await;
        client.close_output();
        gate.open();
        let answer = client.answer(id).await;
        assert_eq!(
            answer["result"]["structuredContent"]["outcome"], "committed",
            "{era:?}: {answer}"
        );
        read.open();
        let answer = client.answer(other).await;
        assert_ne!(
            answer["result"]["isError"],
            true,
            "{era:?}: {}",
            text(&answer["result"])
        );
        assert!(client.rest().await.is_empty());
        assert!(served.ended().await);
        assert_committed_once(device);
    }
}
