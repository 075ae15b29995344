//! Questions to the person at the client: `add_device` with missing arguments, and confirmations.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use rmcp::{
    ClientHandler, ErrorData, RoleClient,
    model::{
        CallToolRequestParams, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
        Implementation,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use super::{assert_nothing_changed, change};
use crate::support::{
    bench::Bench,
    talk::{ERAS, Era, Served, Talk, code, text},
};

fn able() -> Value {
    json!({ "elicitation": {} })
}

/// A second entry for the first device, which logs in with the user's key.
fn entry(bench: &Bench, name: &str) -> Value {
    let device = bench.device("mx-lab-1");
    json!({
        "device_name": name, "device_ip": device.address, "device_port": device.port, "username": "lab",
        "ssh_key_path": bench.directory.path().join("id_ed25519"),
    })
}

fn without(mut entry: Value, names: &[&str]) -> Value {
    entry
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !names.contains(&name.as_str()));
    entry
}

fn inventory(directory: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(directory.join("devices.json")).unwrap()).unwrap()
}

async fn usable(client: &mut Talk, name: &str) {
    let facts = client.call("gather_device_facts", json!({ "router_name": name })).await;
    assert_ne!(facts["isError"], true, "{facts}");
    let routers = client.call("get_router_list", json!({})).await;
    assert!(
        routers["structuredContent"]["routers"]
            .as_array()
            .unwrap()
            .contains(&json!(name))
    );
}

/// Answers the next question of a server to a client with a handshake.
async fn reply(client: &mut Talk, result: Value) -> Value {
    let question = client.next_but_log().await.unwrap();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    client
        .write(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }))
        .await;
    question["params"].clone()
}

/// Calls again with an answer.
async fn retry(client: &mut Talk, tool: &str, arguments: &Value, state: &Value, responses: Value) -> Value {
    let mut params = json!({ "name": tool, "arguments": arguments, "inputResponses": responses });
    if !state.is_null() {
        params["requestState"] = state.clone();
    }
    client.request("tools/call", params).await
}

fn accept(content: Value) -> Value {
    json!({ "action": "accept", "content": content })
}

/// Calls again with state that is no good: a refusal by the protocol, for it is the client's doing and not the model's.
async fn refused(client: &mut Talk, tool: &str, arguments: &Value, state: &str, responses: &Value) {
    let params = json!({ "name": tool, "arguments": arguments, "inputResponses": responses, "requestState": state });
    let error = client.refusal("tools/call", params).await;
    assert_eq!(error["code"], -32602, "{error}");
    assert!(error["message"].as_str().unwrap().contains("request state"), "{error}");
}

/// The one question of a result that asks.
fn question(result: &Value) -> (&str, &Value) {
    assert_eq!(result["resultType"], "input_required", "{result}");
    assert!(result["requestState"].is_string(), "{result}");
    let (key, request) = result["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(request["method"], "elicitation/create");
    (key, &request["params"])
}

fn assert_asks_for(params: &Value, names: &[&str]) {
    let schema = &params["requestedSchema"];
    assert_eq!(schema["required"], json!(names), "{params}");
    for name in names {
        assert_eq!(schema["properties"][name]["type"], "string", "{params}");
    }
}

#[tokio::test]
async fn what_is_missing_is_asked_in_a_request_and_the_device_is_there_at_once() {
    let bench = Bench::start().await;
    let (_served, mut client) = Served::client(&bench.path, Era::Handshake, able()).await;
    let full = entry(&bench, "asked-1");
    let id = client
        .begin("add_device", without(full.clone(), &["username", "ssh_key_path"]))
        .await;
    let filled = json!({ "username": "lab", "ssh_key_path": full["ssh_key_path"] });
    let params = reply(&mut client, accept(filled)).await;
    assert_asks_for(&params, &["username", "ssh_key_path"]);
    let answer = client.answer(id).await;
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    let written = inventory(bench.directory.path());
    assert_eq!(written["asked-1"]["username"], "lab", "{written}");
    assert!(written["mx-lab-1"].is_object(), "{written}");
    usable(&mut client, "asked-1").await;
}

#[tokio::test]
async fn who_declines_adds_nothing() {
    let bench = Bench::start().await;
    let before = inventory(bench.directory.path());
    let (_served, mut client) = Served::client(&bench.path, Era::Handshake, able()).await;
    for answer in [json!({ "action": "decline" }), json!({ "action": "cancel" })] {
        let id = client.begin("add_device", json!({ "device_name": "asked-1" })).await;
        reply(&mut client, answer).await;
        let answer = client.answer(id).await;
        assert_eq!(code(&answer["result"]), "cancelled");
    }
    let (_served, mut client) = Served::client(&bench.path, Era::PerRequest, able()).await;
    let arguments = json!({ "device_name": "asked-1" });
    for action in ["decline", "cancel"] {
        let asked = client.call("add_device", arguments.clone()).await;
        let key = question(&asked).0;
        let responses = json!({ key: { "action": action } });
        let answer = retry(&mut client, "add_device", &arguments, &asked["requestState"], responses).await;
        assert_eq!(code(&answer), "cancelled");
    }
    assert_eq!(inventory(bench.directory.path()), before);
}

#[tokio::test]
async fn what_is_missing_is_asked_in_the_result_and_the_device_is_there_at_once() {
    let bench = Bench::start().await;
    let (_served, mut client) = Served::client(&bench.path, Era::PerRequest, able()).await;
    let full = entry(&bench, "asked-2");
    let arguments = without(full.clone(), &["device_name", "ssh_key_path"]);
    let asked = client.call("add_device", arguments.clone()).await;
    let (key, params) = question(&asked);
    assert_asks_for(params, &["device_name", "ssh_key_path"]);
    let filled = json!({ key: accept(json!({ "device_name": "asked-2", "ssh_key_path": full["ssh_key_path"] })) });
    let answer = retry(&mut client, "add_device", &arguments, &asked["requestState"], filled).await;
    assert_ne!(answer["isError"], true, "{answer}");
    assert_eq!(
        inventory(bench.directory.path())["asked-2"]["port"],
        full["device_port"]
    );
    usable(&mut client, "asked-2").await;
}

#[tokio::test]
async fn an_answer_is_good_for_its_own_question_only() {
    let bench = Bench::start().await;
    let before = inventory(bench.directory.path());
    let (_served, mut client) = Served::client(&bench.path, Era::PerRequest, able()).await;
    let full = entry(&bench, "asked-3");
    let arguments = without(full.clone(), &["ssh_key_path"]);
    let asked = client.call("add_device", arguments.clone()).await;
    let (key, state) = (question(&asked).0, asked["requestState"].as_str().unwrap());
    let responses = json!({ key: accept(json!({ "ssh_key_path": full["ssh_key_path"] })) });

    let mut other = arguments.clone();
    other["device_name"] = "smuggled".into();
    refused(&mut client, "add_device", &other, state, &responses).await;

    for at in [0, state.len() / 2, state.len() - 2] {
        let flipped = if &state[at..=at] == "A" { "B" } else { "A" };
        let tampered = format!("{}{flipped}{}", &state[..at], &state[at + 1..]);
        refused(&mut client, "add_device", &arguments, &tampered, &responses).await;
    }
    refused(&mut client, "add_device", &arguments, "not a state", &responses).await;

    // An answer without any state is none: the question comes again.
    let answer = retry(&mut client, "add_device", &arguments, &Value::Null, responses).await;
    question(&answer);

    // State of another server process.
    let second = Bench::serve(&bench.directory, &[]);
    let (_served, mut stranger) = Served::client(&second, Era::PerRequest, able()).await;
    let responses = json!({ key: accept(json!({ "ssh_key_path": full["ssh_key_path"] })) });
    refused(&mut stranger, "add_device", &arguments, state, &responses).await;
    assert_eq!(inventory(bench.directory.path()), before);
}

#[tokio::test]
async fn a_client_that_cannot_ask_is_told_what_is_missing() {
    let bench = Bench::start().await;
    for era in ERAS {
        for capabilities in [json!({}), json!({ "elicitation": { "url": {} } })] {
            let (_served, mut client) = Served::client(&bench.path, era, capabilities).await;
            let answer = client
                .call("add_device", json!({ "device_name": "asked-4", "username": "lab" }))
                .await;
            assert_eq!(code(&answer), "invalid_input", "{era:?}");
            for missing in ["device_ip", "ssh_key_path"] {
                assert!(text(&answer).contains(missing), "{}", text(&answer));
            }
            assert!(!text(&answer).contains("\"username\""), "{}", text(&answer));
        }
    }
}

#[tokio::test]
async fn an_operator_can_forbid_it() {
    let bench = Bench::start().await;
    let before = inventory(bench.directory.path());
    let fixed = Bench::serve(&bench.directory, &["--inventory-readonly"]);
    let password = without(entry(&bench, "asked-5"), &["ssh_key_path"]);
    let mut password = password.clone();
    password["auth"] = json!({ "type": "password", "password": "lab-password" });
    for era in ERAS {
        let (_served, mut client) = Served::client(&fixed, era, able()).await;
        let answer = client.call("add_device", entry(&bench, "asked-5")).await;
        assert_eq!(code(&answer), "inventory_readonly");
        let (_served, mut client) = Served::client(&bench.path, era, able()).await;
        let answer = client.call("add_device", password.clone()).await;
        assert_eq!(answer["isError"], true);
        assert!(text(&answer).contains("--allow-password-auth-add"), "{}", text(&answer));
        assert!(!text(&answer).contains("lab-password"), "{}", text(&answer));
    }
    assert_eq!(inventory(bench.directory.path()), before);
    let generous = Bench::serve(&bench.directory, &["--allow-password-auth-add"]);
    let (_served, mut client) = Served::client(&generous, Era::Handshake, json!({})).await;
    let answer = client.call("add_device", password).await;
    assert_ne!(answer["isError"], true, "{answer}");
    assert!(!answer.to_string().contains("lab-password"), "{answer}");
    usable(&mut client, "asked-5").await;
}

#[tokio::test]
async fn a_change_waits_for_a_persons_word() {
    let bench = Bench::start().await;
    let path = Bench::serve(&bench.directory, &["--confirm", "write"]);
    let device = bench.device("mx-lab-1");
    for era in ERAS {
        // A server ends with its client.
        let path = Bench::serve(&bench.directory, &["--confirm", "write"]);
        let (_served, mut client) = Served::client(&path, era, json!({})).await;
        let answer = client.call("load_and_commit_config", change()).await;
        assert_eq!(
            code(&answer),
            "confirmation_required",
            "{era:?}: a client that cannot ask"
        );
    }
    let (_served, mut client) = Served::client(&path, Era::Handshake, able()).await;
    for no in [
        json!({ "action": "decline" }),
        accept(json!({ "confirm": false })),
        accept(json!({})),
    ] {
        let id = client.begin("load_and_commit_config", change()).await;
        let params = reply(&mut client, no).await;
        assert!(params["message"].as_str().unwrap().contains("to the test"), "{params}");
        let answer = client.answer(id).await;
        assert_eq!(code(&answer["result"]), "confirmation_required");
    }
    assert_nothing_changed(device);
    let (_served, mut modern) = Served::client(&path, Era::PerRequest, able()).await;
    let asked = modern.call("load_and_commit_config", change()).await;
    let key = question(&asked).0;
    assert_nothing_changed(device);
    let yes = json!({ key: accept(json!({ "confirm": true })) });
    let answer = retry(
        &mut modern,
        "load_and_commit_config",
        &change(),
        &asked["requestState"],
        yes,
    )
    .await;
    assert_eq!(answer["structuredContent"]["outcome"], "committed", "{answer}");
    // Nothing is left to change, and so there is nothing to agree to.
    let answer = client.call("load_and_commit_config", change()).await;
    assert_eq!(answer["structuredContent"]["outcome"], "unchanged", "{answer}");
}

#[tokio::test]
async fn two_questions_one_after_the_other() {
    let bench = Bench::start().await;
    let path = Bench::serve(&bench.directory, &["--confirm", "write"]);
    let (_served, mut client) = Served::client(&path, Era::PerRequest, able()).await;
    let full = entry(&bench, "asked-6");
    let arguments = without(full.clone(), &["ssh_key_path"]);
    let first = client.call("add_device", arguments.clone()).await;
    let (key, params) = question(&first);
    assert!(
        params["requestedSchema"]["properties"]["confirm"].is_object(),
        "{params}"
    );
    let yes = json!({ key: accept(json!({ "confirm": true })) });
    let second = retry(&mut client, "add_device", &arguments, &first["requestState"], yes).await;
    let (key, params) = question(&second);
    assert_asks_for(params, &["ssh_key_path"]);
    let filled = json!({ key: accept(json!({ "ssh_key_path": full["ssh_key_path"] })) });
    let answer = retry(&mut client, "add_device", &arguments, &second["requestState"], filled).await;
    assert_ne!(answer["isError"], true, "{answer}");
    usable(&mut client, "asked-6").await;
}

#[tokio::test]
async fn a_question_ends_with_its_call_its_client_and_its_server() {
    let bench = Bench::start().await;
    let before = inventory(bench.directory.path());
    let ask = async || {
        let path = Bench::serve(&bench.directory, &[]);
        let (served, mut client) = Served::client(&path, Era::Handshake, able()).await;
        let id = client.begin("add_device", json!({ "device_name": "asked-7" })).await;
        let question = client.next_but_log().await.unwrap();
        assert_eq!(question["method"], "elicitation/create");
        (path, served, client, id)
    };
    let (path, _served, mut client, id) = ask().await;
    client
        .notify("notifications/cancelled", json!({ "requestId": id }))
        .await;
    client.request("tools/list", json!({})).await;
    path.idle().await;

    let (_path, served, mut client, id) = ask().await;
    client.close_output();
    assert_eq!(code(&client.answer(id).await["result"]), "cancelled");
    assert!(served.ended().await);

    let (_path, served, mut client, id) = ask().await;
    served.shutdown.cancel();
    assert_eq!(code(&client.answer(id).await["result"]), "cancelled");
    assert!(served.ended().await);
    assert_eq!(inventory(bench.directory.path()), before);
}

/// A person at rmcp's client, who fills in what the form asks for.
struct Person {
    key: String,
    asked: AtomicUsize,
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let capabilities = ClientCapabilities::builder().enable_elicitation().build();
        ClientConfig::new(capabilities, Implementation::new("person", "1"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let asked = serde_json::to_value(request).unwrap();
        let filled = match asked["requestedSchema"]["properties"]["confirm"].is_object() {
            true => json!({ "confirm": true }),
            false => json!({ "ssh_key_path": self.key }),
        };
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(filled))
    }
}

#[tokio::test]
async fn rmcps_own_client_is_asked_twice_and_calls_once() {
    for era in ERAS {
        let bench = Bench::start().await;
        let path = Bench::serve(&bench.directory, &["--confirm", "write"]);
        let full = entry(&bench, "asked-8");
        let person = Person {
            key: full["ssh_key_path"].as_str().unwrap().to_owned(),
            asked: AtomicUsize::new(0),
        };
        let (served, client) = Served::library(&path, era, person).await;
        let arguments = without(full, &["ssh_key_path"]).as_object().cloned().unwrap();
        let request = CallToolRequestParams::new("add_device").with_arguments(arguments);
        let result = client.call_tool(request).await.unwrap();
        assert_ne!(result.is_error, Some(true), "{era:?}: {result:?}");
        assert_eq!(client.service().asked.load(Ordering::SeqCst), 2, "{era:?}");
        assert!(inventory(bench.directory.path())["asked-8"].is_object());
        client.cancel().await.unwrap();
        assert!(served.ended().await);
    }
}
