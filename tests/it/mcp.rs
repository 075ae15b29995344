//! MCP from end to end: clients of both eras before the server, simulated devices behind it.

mod asking;
mod cancelling;
mod commands;
mod contents;
mod lab_command;
mod leaving;
mod listing;
mod log_lines;
mod progress;
mod reloading;
mod rounds;
mod schemas;
mod stopping;

use std::time::Duration;

use jmcp::lab::{Fault, Gate, LabDevice};
use serde_json::{Value, json};
use tokio::process::Child;

use crate::support::{
    bench::{Bench, hold},
    program,
};

/// The request of a commit and of its check.
const COMMIT: &str = "commit-configuration";
/// What the tests change.
const CHANGE: &str = "set interfaces ge-0/0/0 description \"to the test\"";

fn change() -> Value {
    json!({ "router_name": "mx-lab-1", "config_text": CHANGE })
}

/// Waits until the device has committed and holds its reply. The check, which goes by the same name, is let through.
async fn commit_done_reply_held(device: &LabDevice) -> Gate {
    let check = Gate::new();
    device.faults().once(Fault::HoldReply {
        on: COMMIT.into(),
        gate: check.clone(),
    });
    check.reached().await;
    let commit = Gate::new();
    device.faults().once(Fault::HoldReply {
        on: COMMIT.into(),
        gate: commit.clone(),
    });
    check.open();
    commit.reached().await;
    commit
}

fn assert_committed_once(device: &LabDevice) {
    let log = device.log();
    let begun = |what: &str| {
        log.iter()
            .filter(|line| line.contains(&format!("{COMMIT} {what} begun")))
            .count()
    };
    assert_eq!(
        (begun("check"), begun("commit")),
        (1, 1),
        "one check and one commit: {log:#?}"
    );
    device.store(|store| {
        assert!(store.running_set().contains("to the test"));
        assert_eq!(
            store.candidate_set(),
            store.running_set(),
            "a candidate was left behind"
        );
    });
}

fn assert_nothing_changed(device: &LabDevice) {
    device.store(|store| {
        assert!(!store.running_set().contains("to the test"), "it was committed");
        assert_eq!(
            store.candidate_set(),
            store.running_set(),
            "a candidate was left behind"
        );
    });
}

/// Waits for what a device notices by and by, such as the end of a channel.
async fn logged(device: &LabDevice, part: &str) {
    let seen = async {
        while !device.log().iter().any(|line| line.contains(part)) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(60), seen).await;
    assert!(seen.is_ok(), "no `{part}` in {:#?}", device.log());
}

/// The program before the devices of this bench.
fn program(bench: &Bench, more: &[&str]) -> Child {
    let mut arguments = vec!["-t", "stdio", "--known-hosts-file", "known_hosts"];
    arguments.extend(more);
    program::command(bench.directory.path(), &arguments).spawn().unwrap()
}
