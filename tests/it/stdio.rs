//! The built program on stdin and stdout: with rmcp's own client, and line by line where bytes and exit codes matter.

use std::process::Stdio;

use jmcp::error::Code;
use rmcp::{
    RoleClient, ServiceExt as _,
    model::{CallToolRequestParams, CallToolResult, ProtocolVersion},
    service::{ClientLifecycleMode, ClientServiceExt as _, RunningService},
    transport::TokioChildProcess,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Child,
};

use crate::support::program::{ONE_DEVICE, command, directory, ended, run, terminate};

type Client = RunningService<RoleClient, ()>;

async fn call(client: &Client, tool: &'static str, arguments: Value) -> CallToolResult {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    client
        .call_tool(CallToolRequestParams::new(tool).with_arguments(arguments))
        .await
        .unwrap()
}

fn text(result: &CallToolResult) -> String {
    serde_json::to_value(result).unwrap()["content"][0]["text"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What every client does first, whatever its protocol revision.
async fn lists_and_calls(client: &Client) {
    let tools = client.list_all_tools().await.unwrap();
    assert!(tools.iter().any(|tool| tool.name == "execute_junos_command"));
    let routers = call(client, "get_router_list", json!({})).await;
    assert_ne!(routers.is_error, Some(true));
    let structured = routers.structured_content.clone().unwrap();
    assert_eq!(structured["routers"], json!(["edge-1"]));
    assert_eq!(structured["devices"]["edge-1"]["role"], "edge");
    let listed: Value = serde_json::from_str(&text(&routers)).unwrap();
    assert_eq!(listed, structured["devices"]);
}

#[tokio::test]
async fn a_client_with_a_handshake_is_served() {
    let home = directory(ONE_DEVICE);
    let client = ().serve(TokioChildProcess::new(command(home.path(), &[])).unwrap()).await.unwrap();
    let server = client.peer_info().unwrap();
    assert!(
        server
            .instructions
            .as_deref()
            .unwrap_or_default()
            .contains("get_router_list"),
        "{server:?}"
    );
    lists_and_calls(&client).await;
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn a_client_without_a_handshake_is_served() {
    let home = directory(ONE_DEVICE);
    let mode = ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    };
    let transport = TokioChildProcess::new(command(home.path(), &[])).unwrap();
    let client = ().serve_with_lifecycle(transport, mode).await.unwrap();
    lists_and_calls(&client).await;
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn a_wrong_argument_is_an_answer_that_says_what_would_be_right() {
    let home = directory(ONE_DEVICE);
    let client = ().serve(TokioChildProcess::new(command(home.path(), &[])).unwrap()).await.unwrap();
    let wrong = call(&client, "gather_device_facts", json!({ "router_nme": "edge-1" })).await;
    assert_eq!(wrong.is_error, Some(true));
    assert_eq!(wrong.structured_content, None);
    for part in ["[code=invalid_input]", "`router_nme`", "did you mean `router_name`?"] {
        assert!(text(&wrong).contains(part), "{part}: {}", text(&wrong));
    }
    let unknown = call(&client, "gather_device_facts", json!({ "router_name": "edge-2" })).await;
    assert_eq!(unknown.is_error, Some(true));
    assert!(text(&unknown).contains("[code=unknown_router]"), "{}", text(&unknown));
    client.cancel().await.unwrap();
}

fn start(home: &tempfile::TempDir) -> Child {
    command(home.path(), &["-t", "stdio"]).spawn().unwrap()
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",
    "capabilities":{},"clientInfo":{"name":"lines","version":"1"}}}"#;

/// Sends one message on a line and returns the next line that comes back.
async fn exchange(child: &mut Child, message: &str) -> Value {
    let line = message.replace('\n', "") + "\n";
    child.stdin.as_mut().unwrap().write_all(line.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let mut reader = BufReader::with_capacity(1, child.stdout.as_mut().unwrap());
    reader.read_line(&mut answer).await.unwrap();
    serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{e}: {answer}"))
}

#[tokio::test]
async fn stdout_carries_messages_only_and_the_end_of_stdin_ends_the_program() {
    let home = directory(ONE_DEVICE);
    let mut command = command(home.path(), &["-t", "stdio"]);
    let mut child = command.env("RUST_LOG", "trace").spawn().unwrap();
    let first = exchange(&mut child, INITIALIZE).await;
    assert_eq!(first["result"]["protocolVersion"], "2025-06-18");
    let more = [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"get_router_list","arguments":{}}}"#,
        r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"no_such_tool","arguments":{}}}"#,
    ];
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all((more.join("\n") + "\n").as_bytes()).await.unwrap();
    drop(stdin);
    let ended = ended(child).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let messages: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    assert!(messages.iter().all(|message| message["jsonrpc"] == "2.0"));
    let mut ids: Vec<u64> = messages.iter().filter_map(|message| message["id"].as_u64()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [2, 3, 4], "each call has its answer before the program ends");
}

#[tokio::test]
async fn every_step_of_progress_comes_before_the_answer() {
    let home = directory(ONE_DEVICE);
    let mut child = command(home.path(), &["lab"]).spawn().unwrap();
    exchange(&mut child, INITIALIZE).await;
    let batch = json!({
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {
            "name": "execute_junos_command_batch",
            "arguments": { "router_names": ["mx-lab-1", "srx-lab-1", "ex-lab-1"], "commands": ["show version"] },
            "_meta": { "progressToken": "steps" },
        },
    });
    let mut stdin = child.stdin.take().unwrap();
    let lines = [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned(),
        batch.to_string(),
    ];
    stdin.write_all((lines.join("\n") + "\n").as_bytes()).await.unwrap();
    drop(stdin);
    let ended = ended(child).await;
    let messages: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (answer, steps) = messages.split_last().unwrap();
    assert_eq!(
        answer["result"]["structuredContent"]["summary"]["successful"], 3,
        "{answer}"
    );
    // Between them are the lines for the client's log.
    let steps: Vec<&Value> = steps
        .iter()
        .filter(|news| news["method"] == "notifications/progress")
        .collect();
    let done: Vec<&Value> = steps.iter().map(|step| &step["params"]["progress"]).collect();
    assert_eq!(done, [&json!(1.0), &json!(2.0), &json!(3.0)]);
    assert!(steps.iter().all(|step| step["params"]["progressToken"] == "steps"));
}

#[tokio::test]
async fn a_client_that_says_nothing_is_no_failure() {
    let home = directory(ONE_DEVICE);
    let ended = run(home.path(), &["-t", "stdio"]).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[tokio::test]
async fn sigterm_ends_the_program_in_order() {
    let home = directory(ONE_DEVICE);
    let mut child = start(&home);
    exchange(&mut child, INITIALIZE).await;
    terminate(&child);
    // The client keeps its end open all the while.
    let stdin = child.stdin.take();
    let ended = ended(child).await;
    drop(stdin);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn an_inventory_with_mistakes_is_refused_with_all_of_them() {
    let home = directory(
        r#"{" r1": {"ip": "192.0.2.1", "username": "u", "auth": {"type": "ssh_agent"}},
            "r2": {"ip": "192.0.2.2", "port": 70000, "username": "u", "auth": {"type": "ssh_agent"}},
            "r3": {"username": "u", "auth": {"type": "kerberos"}}}"#,
    );
    let ended = run(home.path(), &["-t", "stdio"]).await;
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    for part in [
        "` r1`",
        "`r2`",
        "port",
        "`r3`",
        "`ip`",
        "kerberos",
        "code=inventory_invalid",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

/// Nothing but one line of its own words on stderr.
async fn refuses_in_one_line(arguments: &[&str], code: Code) {
    let home = directory(ONE_DEVICE);
    let mut command = command(home.path(), arguments);
    command.stdin(Stdio::null());
    let ended = ended(command.spawn().unwrap()).await;
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("jmcp: ") && lines[0].contains(code.as_str()),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_transport_that_is_not_there_is_one_line() {
    refuses_in_one_line(&["-t", "streamable-http"], Code::InvalidInput).await;
    refuses_in_one_line(&["-t", "sse", "-p", "8080"], Code::InvalidInput).await;
}

#[tokio::test]
async fn an_inventory_that_is_not_there_is_one_line() {
    refuses_in_one_line(&["-f", "elsewhere.json"], Code::NotFound).await;
}
