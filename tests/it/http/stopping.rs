//! SIGTERM to the program with clients on its HTTP port: what is on its way comes to an end that its client hears of.

use std::time::{Duration, Instant};

use jmcp::lab::{Fault, Gate, LabDevice};
use serde_json::json;

use super::Running;
use crate::support::{
    bench::{Bench, hold},
    talk::{ERAS, Era, code},
    web::{Client, Request, Wire},
};

/// Less than a supervisor waits, more than a busy machine needs.
const QUICK: Duration = Duration::from_secs(5);

async fn start(bench: &Bench, more: &[&str]) -> Running {
    let arguments = ["-t", "http", "--allow-no-auth", "--known-hosts-file", "known_hosts"];
    Running::start(bench.directory.path(), &[&arguments, more].concat(), &[]).await
}

/// Begins a change and returns when the device has committed and its reply is held.
async fn committing(client: &Client, device: &LabDevice) -> (Wire, Gate) {
    let hold_reply = |gate: &Gate| {
        device.faults().once(Fault::HoldReply {
            on: "commit-configuration".into(),
            gate: gate.clone(),
        });
    };
    let (check, commit) = (Gate::new(), Gate::new());
    hold_reply(&check);
    let change =
        json!({ "router_name": "mx-lab-1", "config_text": "set interfaces ge-0/0/0 description \"to the test\"" });
    let wire = client
        .tool(1, "load_and_commit_config", change)
        .begin(client.address)
        .await;
    check.reached().await;
    hold_reply(&commit);
    check.open();
    commit.reached().await;
    (wire, commit)
}

async fn draining(running: &Running) {
    loop {
        let reply = Request::get("/readyz").send(running.address).await;
        if reply.status == 503 {
            assert_eq!(reply.json()["status"], "draining");
            return;
        }
    }
}

fn show_version() -> serde_json::Value {
    json!({ "router_name": "mx-lab-1", "command": "show version" })
}

#[tokio::test]
async fn a_write_is_answered_before_the_end() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        // The grace is for reads: a write has the time that it needs.
        let running = start(&bench, &["--shutdown-grace-secs", "0"]).await;
        let client = Client::start(running.address, era, None).await;
        let (mut wire, gate) = committing(&client, device).await;
        running.signal("TERM");
        draining(&running).await;
        let refused = client.tool(2, "get_router_list", json!({})).send(running.address).await;
        assert_eq!(refused.refusal(), (503, "shutting_down".into()), "{era:?}");
        gate.open();
        let answer = wire.reply().await.result();
        assert_eq!(answer["structuredContent"]["outcome"], "committed", "{era:?}: {answer}");
        assert_eq!(running.ended().await.code(), Some(0));
        device.store(|store| assert!(store.running_set().contains("to the test")));
    }
}

#[tokio::test]
async fn a_read_has_the_grace_to_end_and_is_then_told() {
    for era in ERAS {
        let bench = Bench::start().await;
        let gate = hold(bench.device("mx-lab-1"), "show version");
        let running = start(&bench, &[]).await;
        let client = Client::start(running.address, era, None).await;
        let mut wire = client
            .tool(1, "execute_junos_command", show_version())
            .begin(running.address)
            .await;
        gate.reached().await;
        running.signal("TERM");
        draining(&running).await;
        gate.open();
        let answer = wire.reply().await.result();
        assert_ne!(answer["isError"], true, "{era:?}: {answer}");
        assert_eq!(running.ended().await.code(), Some(0));

        let gate = hold(bench.device("mx-lab-1"), "show version");
        let running = start(&bench, &["--shutdown-grace-secs", "0"]).await;
        let client = Client::start(running.address, era, None).await;
        let mut wire = client
            .tool(1, "execute_junos_command", show_version())
            .begin(running.address)
            .await;
        gate.reached().await;
        let begun = Instant::now();
        running.signal("TERM");
        assert_eq!(code(&wire.reply().await.result()), "shutting_down", "{era:?}");
        assert_eq!(running.ended().await.code(), Some(0));
        assert!(begun.elapsed() < QUICK, "{:?}", begun.elapsed());
        gate.open();
    }
}

#[tokio::test]
async fn who_only_listens_does_not_keep_the_server() {
    let bench = Bench::start().await;
    let running = start(&bench, &[]).await;
    let client = Client::start(running.address, Era::Handshake, None).await;
    let mut stream = client.listen().begin(running.address).await;
    assert_eq!(stream.head().await.unwrap().status, 200);
    let mut idle = Wire::to(running.address).await;
    assert_eq!(idle.ask(&Request::get("/healthz")).await.status, 200);
    let mut silent = Wire::to(running.address).await;
    let begun = Instant::now();
    running.signal("INT");
    while stream.event().await.is_some() {}
    assert!(idle.is_closed().await && silent.is_closed().await);
    assert_eq!(running.ended().await.code(), Some(0));
    assert!(begun.elapsed() < QUICK, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_second_signal_ends_at_once_and_says_what_was_on_its_way() {
    let bench = Bench::start().await;
    let device = bench.device("mx-lab-1");
    let mut running = start(&bench, &[]).await;
    let client = Client::start(running.address, Era::PerRequest, None).await;
    let (_wire, gate) = committing(&client, device).await;
    let begun = Instant::now();
    running.signal("TERM");
    running.says("told to stop").await;
    draining(&running).await;
    running.signal("TERM");
    let line = running.says("look at the device's commit history").await;
    assert!(line.contains("mx-lab-1"), "{line}");
    running.says("ending with 1 calls on their way").await;
    assert_eq!(running.ended().await.code(), Some(1));
    assert!(begun.elapsed() < QUICK, "{:?}", begun.elapsed());
    gate.open();
}
