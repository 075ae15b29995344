//! SIGTERM to the program, at every moment that matters.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{assert_committed_once, assert_nothing_changed, change, commit_done_reply_held, hold, program};
use crate::support::{
    bench::Bench,
    program::{ended, terminate},
    talk::{ERAS, Era, Talk, code},
};

/// Less than a supervisor waits, more than a busy machine needs.
const QUICK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_commit_is_answered_before_the_end() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let mut child = program(&bench, &[]);
        let mut client = Talk::to(era, &mut child).await;
        let (id, gate) = tokio::join!(
            client.begin("load_and_commit_config", change()),
            commit_done_reply_held(device)
        );
        terminate(&child);
        // Refused from now on: the server has seen the signal.
        loop {
            let answer = client.call("get_router_list", json!({})).await;
            if answer["isError"] == true {
                assert_eq!(code(&answer), "shutting_down");
                break;
            }
        }
        gate.open();
        let answer = client.answer(id).await;
        assert_eq!(
            answer["result"]["structuredContent"]["outcome"], "committed",
            "{era:?}: {answer}"
        );
        assert!(client.rest().await.is_empty());
        let ended = ended(child).await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        assert_committed_once(device);
    }
}

#[tokio::test]
async fn a_second_signal_does_not_interrupt_a_commit() {
    let bench = Bench::start().await;
    let device = bench.device("mx-lab-1");
    let mut command = crate::support::program::command(bench.directory.path(), &["--known-hosts-file", "known_hosts"]);
    let mut child = command.env("RUST_LOG", "jmcp=info").spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let mut client = Talk::to(Era::Handshake, &mut child).await;
    let (id, gate) = tokio::join!(
        client.begin("load_and_commit_config", change()),
        commit_done_reply_held(device)
    );
    terminate(&child);
    until_said(&mut stderr, "told to stop").await;
    terminate(&child);
    until_said(&mut stderr, "told to stop again").await;
    gate.open();
    let answer = client.answer(id).await;
    assert_eq!(
        answer["result"]["structuredContent"]["outcome"], "committed",
        "{answer}"
    );
    let status = child.wait().await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert_committed_once(device);
}

/// Reads until these words have come.
async fn until_said(stderr: &mut (impl tokio::io::AsyncRead + Unpin), words: &str) {
    use tokio::io::AsyncReadExt as _;
    let mut said = String::new();
    let mut byte = [0];
    while !said.ends_with(words) {
        let read = tokio::time::timeout(Duration::from_secs(60), stderr.read(&mut byte)).await;
        assert_eq!(read.expect(words).unwrap(), 1, "no `{words}` in {said}");
        said.push(char::from(byte[0]));
    }
}

#[tokio::test]
async fn a_change_before_its_commit_is_undone_and_answered() {
    for era in ERAS {
        let bench = Bench::start().await;
        let device = bench.device("mx-lab-1");
        let gate = hold(device, "load-configuration");
        let mut child = program(&bench, &[]);
        let mut client = Talk::to(era, &mut child).await;
        let id = client.begin("load_and_commit_config", change()).await;
        gate.reached().await;
        let begun = Instant::now();
        terminate(&child);
        let answer = client.answer(id).await;
        let code = code(&answer["result"]);
        assert!(matches!(code, "cancelled" | "shutting_down"), "{era:?}: {answer}");
        let ended = ended(child).await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        assert!(begun.elapsed() < QUICK, "{:?}", begun.elapsed());
        assert_nothing_changed(device);
        gate.open();
    }
}

#[tokio::test]
async fn a_read_is_answered_and_given_up() {
    let bench = Bench::start().await;
    let gate = hold(bench.device("mx-lab-1"), "show version");
    let mut child = program(&bench, &[]);
    let mut client = Talk::to(Era::PerRequest, &mut child).await;
    let command = json!({ "router_name": "mx-lab-1", "command": "show version" });
    let id = client.begin("execute_junos_command", command).await;
    gate.reached().await;
    let begun = Instant::now();
    terminate(&child);
    let answer = client.answer(id).await;
    assert_eq!(code(&answer["result"]), "shutting_down");
    let ended = ended(child).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(begun.elapsed() < QUICK, "{:?}", begun.elapsed());
    gate.open();
}

#[tokio::test]
async fn an_idle_server_ends_at_once() {
    for era in ERAS {
        let bench = Bench::start().await;
        let mut child = program(&bench, &[]);
        let mut client = Talk::to(era, &mut child).await;
        // With a session to a device open.
        client
            .call("gather_device_facts", json!({ "router_name": "mx-lab-1" }))
            .await;
        let begun = Instant::now();
        terminate(&child);
        assert!(client.rest().await.is_empty());
        let ended = ended(child).await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        assert!(begun.elapsed() < QUICK, "{era:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_nobody_spoke_to_ends_at_once() {
    let bench = Bench::start().await;
    let mut command = crate::support::program::command(bench.directory.path(), &["--known-hosts-file", "known_hosts"]);
    let mut child = command.env("RUST_LOG", "debug").spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    until_said(&mut stderr, "serving on stdin and stdout").await;
    terminate(&child);
    until_said(&mut stderr, "told to stop").await;
    let begun = Instant::now();
    let status = child.wait().await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
}
