//! The record of calls of the program over HTTP: complete when it ends, and moved away at a signal.

use serde_json::{Value, json};

use super::Running;
use crate::support::{
    bench::{Bench, committed_and_held},
    program::{ONE_DEVICE, directory},
    talk::Era,
    web::Client,
};

fn events(file: &std::path::Path) -> Vec<Value> {
    let written = std::fs::read_to_string(file).unwrap();
    written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn what_a_change_came_to_is_recorded_before_the_end() {
    let bench = Bench::start().await;
    let arguments = [
        "-t",
        "http",
        "--allow-no-auth",
        "--known-hosts-file",
        "known_hosts",
        "--audit-log-file",
        "record",
    ];
    let running = Running::start(bench.directory.path(), &arguments, &[]).await;
    let client = Client::start(running.address, Era::PerRequest, None).await;
    let change =
        json!({ "router_name": "mx-lab-1", "config_text": "set interfaces ge-0/0/0 description \"to the test\"" });
    let request = client.tool(1, "load_and_commit_config", change);
    let (wire, gate) = tokio::join!(
        request.begin(client.address),
        committed_and_held(bench.device("mx-lab-1"))
    );
    // Nobody waits for the answer any more.
    drop(wire);
    running.signal("TERM");
    gate.open();
    assert_eq!(running.ended().await.code(), Some(0));
    let events = events(&bench.directory.path().join("record"));
    let phases: Vec<_> = events
        .iter()
        .map(|event| (&event["phase"], &event["outcome"], &event["result"]))
        .collect();
    assert_eq!(
        phases,
        [
            (&json!("begin"), &Value::Null, &Value::Null),
            (&json!("end"), &json!("committed"), &json!("ok"))
        ]
    );
    assert_eq!(events[1]["authorization"], "no_auth");
}

#[tokio::test]
async fn the_file_can_be_moved_away_at_a_signal() {
    let home = directory(ONE_DEVICE);
    let arguments = ["-t", "http", "--allow-no-auth", "--audit-log-file", "audit"];
    let (file, moved) = (home.path().join("audit"), home.path().join("audit.1"));
    let mut running = Running::start(home.path(), &arguments, &[]).await;
    let client = Client::start(running.address, Era::PerRequest, None).await;
    let list = || client.tool(1, "get_router_list", json!({}));
    list().send(client.address).await.result();
    std::fs::rename(&file, &moved).unwrap();
    running.signal("HUP");
    running.says("was opened again").await;
    list().send(client.address).await.result();
    assert_eq!((events(&moved).len(), events(&file).len()), (1, 1));
    running.signal("TERM");
    assert_eq!(running.ended().await.code(), Some(0));
}
