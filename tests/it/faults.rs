//! Every misbehaviour that real devices were seen to have, switched on at the lab and met through the tools: what the caller
//! sees, and what the device has on record afterwards.

mod changes;
mod hello;
mod matrix;
mod replies;
mod sessions;
mod slow;
mod ssh;

use std::time::Duration;

use jmcp::{
    error::Code,
    lab::{LabDevice, config::Action},
    server::path::Answered,
};
use serde_json::{Value, json};

use crate::support::bench::Bench;

const ROUTERS: [&str; 3] = ["mx-lab-1", "srx-lab-1", "ex-lab-1"];
const MX: &str = "mx-lab-1";
const CHANGE: &str = "set interfaces ge-0/0/0 description \"to the test\"";

/// `show version`, which every device has.
async fn version(bench: &Bench, router: &str) -> Answered {
    show(bench, router, "show version").await
}

async fn show(bench: &Bench, router: &str, command: &str) -> Answered {
    bench
        .call(
            "execute_junos_command",
            json!({"router_name": router, "command": command}),
        )
        .await
}

/// A change in the default database.
async fn change(bench: &Bench, router: &str, more: Value) -> Answered {
    let mut arguments = json!({"router_name": router, "config_text": CHANGE});
    let (Value::Object(all), Value::Object(more)) = (&mut arguments, more) else {
        panic!("objects")
    };
    all.extend(more);
    bench.call("load_and_commit_config", arguments).await
}

/// The read came through.
#[track_caller]
fn assert_read(answered: &Answered, words: &[&str]) {
    assert!(!answered.failed, "{}", answered.text);
    assert_says(&answered.text, words);
}

/// The call failed with this code, and its message has these words.
#[track_caller]
fn assert_failed(answered: &Answered, code: Code, words: &[&str]) {
    let found = answered.error.as_ref().map(jmcp::error::Error::code);
    assert_eq!(found, Some(code), "{}", answered.text);
    assert_says(&answered.text, words);
}

/// The change ended like this, and its text has these words.
#[track_caller]
fn assert_outcome(answered: &Answered, outcome: &str, words: &[&str]) {
    let Some(structured) = &answered.structured else {
        panic!("{}", answered.text)
    };
    assert_eq!(structured["outcome"], outcome, "{}", answered.text);
    assert_says(&answered.text, words);
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

/// How often the device did this.
fn count(device: &LabDevice, action: Action) -> usize {
    device.store(|store| store.log().iter().filter(|event| event.action == action).count())
}

/// How many lines of the device's log hold this.
fn lines(device: &LabDevice, words: &str) -> usize {
    device.log().iter().filter(|line| line.contains(words)).count()
}

/// Nothing is open or locked, nothing uncommitted, and the device runs `running`.
fn is_clean(device: &LabDevice, running: &str) -> bool {
    device.store(|store| store.running_set() == running && store.candidate_set() == running)
        && count(device, Action::Open) == count(device, Action::Close)
        && count(device, Action::Lock) == count(device, Action::Unlock)
}

/// Waits until the device is as it should be: the end of a session reaches it a moment after the caller has its answer.
async fn becomes(what: &str, device: &LabDevice, is: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !is() {
        if begun.elapsed() > Duration::from_secs(20) {
            panic!("{}: {what}: {:#?}", device.name, device.log());
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until nothing is left behind and the device runs `running`.
async fn becomes_clean(device: &LabDevice, running: &str) {
    becomes("something is left behind", device, || is_clean(device, running)).await;
}

fn running(device: &LabDevice) -> String {
    device.store(|store| store.running_set())
}

/// Changes entries of the inventory and starts a server that reads it.
fn edit_inventory(bench: &mut Bench, edit: impl FnOnce(&mut Value)) {
    let path = bench.directory.path().join("devices.json");
    let mut inventory: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    edit(&mut inventory);
    std::fs::write(&path, inventory.to_string()).unwrap();
    bench.path = Bench::serve(&bench.directory, &[]);
}
