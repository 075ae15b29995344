//! `jmcp lab`, as a newcomer and as a client uses it.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::support::{
    program::{command, ended, terminate},
    talk::{ERAS, Era, Talk},
};

/// Reads what the lab announces, to its last line.
async fn announcement(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said.push_str(&line);
        said.push('\n');
        if line.starts_with("Stop it") {
            return said;
        }
    }
    panic!("no last line in {said}");
}

/// The JSON entry that follows this heading.
fn entry(said: &str, heading: &str) -> Value {
    let (_, rest) = said
        .split_once(heading)
        .unwrap_or_else(|| panic!("no {heading} in {said}"));
    let start = rest.find('{').unwrap();
    serde_json::Deserializer::from_str(&rest[start..])
        .into_iter::<Value>()
        .next()
        .unwrap()
        .unwrap()
}

fn run(entry: &Value, home: &Path) -> Command {
    let mut command = Command::new(entry["command"].as_str().unwrap());
    command
        .args(entry["args"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()))
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn it_lives_without_stdin_and_what_it_prints_works() {
    let home = tempfile::tempdir().unwrap();
    let mut child = command(home.path(), &["lab"]).stdin(Stdio::null()).spawn().unwrap();
    let said = announcement(&mut child).await;
    let desktop = entry(&said, "Claude Desktop")["mcpServers"]["jmcp-lab"].take();
    let editor = entry(&said, "VS Code")["servers"]["jmcp-lab"].take();
    for (printed, era) in [(desktop, Era::Handshake), (editor, Era::PerRequest)] {
        let mut server = run(&printed, home.path()).spawn().unwrap();
        let mut client = Talk::to(era, &mut server).await;
        let answer = client
            .call("gather_device_facts", json!({ "router_name": "srx-lab-1" }))
            .await;
        assert_ne!(answer["isError"], true, "{answer}");
        client.close_output();
        assert_eq!(ended(server).await.status.code(), Some(0));
    }
    let line = said.lines().find(|line| line.contains(" call ")).unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", line])
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null());
    let called = shell.kill_on_drop(true).output().await.unwrap();
    assert!(
        called.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&called.stderr)
    );
    assert!(String::from_utf8_lossy(&called.stdout).contains("mx-lab-1"));

    assert_eq!(child.try_wait().unwrap(), None, "the lab ended by itself");
    terminate(&child);
    let ended = ended(child).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[tokio::test]
async fn it_serves_the_client_that_started_it_on_a_clean_stdout() {
    for era in ERAS {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("kept");
        let mut command = command(home.path(), &["lab", "--dir", directory.to_str().unwrap()]);
        let mut child = command.env("RUST_LOG", "debug").spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let drained = tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(_)) = lines.next_line().await {}
        });
        // `Talk` fails on whatever is not JSON-RPC.
        let mut client = Talk::to(era, &mut child).await;
        let answer = client
            .call(
                "execute_junos_command",
                json!({ "router_name": "ex-lab-1", "command": "show version" }),
            )
            .await;
        assert_ne!(answer["isError"], true, "{answer}");
        client.close_output();
        assert!(client.rest().await.is_empty());
        let status = child.wait().await.unwrap();
        assert_eq!(status.code(), Some(0), "{era:?}");
        drained.await.unwrap();
        assert!(directory.join("devices.json").exists());
    }
}

#[tokio::test]
async fn a_server_that_logs_everything_keeps_stdout_clean() {
    let bench = crate::support::bench::Bench::start().await;
    let mut command = command(bench.directory.path(), &["--known-hosts-file", "known_hosts"]);
    let mut child = command.env("RUST_LOG", "debug").stderr(Stdio::null()).spawn().unwrap();
    let mut client = Talk::to(Era::Handshake, &mut child).await;
    for (tool, arguments) in [
        ("gather_device_facts", json!({ "router_name": "mx-lab-1" })),
        ("load_and_commit_config", super::change()),
        (
            "execute_junos_command",
            json!({ "router_name": "mx-lab-1", "command": "show nonsense" }),
        ),
        ("no_such_tool", json!({})),
    ] {
        client.call(tool, arguments).await;
    }
    client.close_output();
    assert!(client.rest().await.is_empty());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}
