//! Files that change under a running server: all or nothing, and at once for what is no more.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Running;
use crate::support::{
    bench::Bench,
    program::{ONE_DEVICE, directory},
    site::{Plan, Site, Turnstile, nothing, token_file},
    talk::{ERAS, Era, code},
    web::{Client, Reply, within},
};

fn two() -> Vec<(&'static str, Value)> {
    vec![("alice", nothing()), ("bob", nothing())]
}

/// Has the files read again and waits until that is done.
async fn reload(site: &Site, result: &str) {
    let line = format!("jmcp_config_reloads_total{{result=\"{result}\"}}");
    let before = site.figure(&line);
    site.reload.send(()).await.unwrap();
    site.until(&line, before + 1.0).await;
}

async fn watched(gate: &Turnstile) -> Site {
    let plan = Plan {
        tokens: two(),
        ..Plan::default()
    };
    let mut site = plan.start(gate).await;
    site.watch_files();
    site
}

#[tokio::test]
async fn a_token_that_was_taken_back_ends_all_that_it_holds_open_and_nothing_else() {
    let gate = Turnstile::default();
    let site = watched(&gate).await;
    let (alice, bob) = (
        site.client(Era::Handshake, Some("alice")).await,
        site.client(Era::Handshake, Some("bob")).await,
    );
    let modern = site.client(Era::PerRequest, Some("alice")).await;
    let mut streams = Vec::new();
    for client in [&alice, &bob] {
        let mut stream = client.listen().begin(site.address).await;
        assert_eq!(stream.head().await.unwrap().status, 200);
        streams.push(stream);
    }
    let progress = json!({ "name": "steps", "arguments": {}, "_meta": { "progressToken": "p" } });
    let mut calls = Vec::new();
    for client in [&alice, &modern, &bob] {
        let mut call = client
            .request(1, "tools/call", progress.clone())
            .begin(site.address)
            .await;
        assert!(call.head().await.unwrap().is_stream());
        calls.push(call);
    }
    gate.reached(3).await;
    site.write_tokens(&[("bob", nothing()), ("carol", nothing())]);
    reload(&site, "ok").await;
    let mut open = streams.drain(..);
    let (mut gone, mut stays) = (open.next().unwrap(), open.next().unwrap());
    while gone.event().await.is_some() {}
    let mut call = calls.remove(0);
    while let Some(event) = call.event().await {
        assert!(
            event
                .message()
                .is_none_or(|message| message["method"] == "notifications/progress")
        );
    }
    gate.dropped(2).await;
    for request in [
        alice.tool(2, "echo", nothing()),
        modern.tool(2, "echo", nothing()),
        alice.listen(),
        alice.close(),
    ] {
        assert_eq!(
            request.send(site.address).await.refusal(),
            (401, "invalid_token".into())
        );
    }
    site.until(r#"junosmcp_active_sessions{server="junos"}"#, 1.0).await;
    assert_eq!(bob.tool(2, "echo", nothing()).send(site.address).await.status, 200);
    let carol = site.client(Era::Handshake, Some("carol")).await;
    assert_eq!(carol.call("echo", nothing()).await.status, 200);
    gate.open();
    let mut call = calls.pop().unwrap();
    let mut last = Value::Null;
    while let Some((_, message)) = call.message().await {
        last = message;
    }
    assert_eq!(last["result"]["content"][0]["text"], "steps");
    // The other token's stream is as it was.
    assert_eq!(bob.close().send(site.address).await.status, 204);
    while stays.event().await.is_some() {}
}

#[tokio::test]
async fn rules_on_confirmations_are_read_again_and_wrong_ones_leave_the_old_in_force() {
    let bench = Bench::start().await;
    let file = bench.directory.path().join("rules.json");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write(r#"{"rules": [{"tool": "add_device", "confirm": true}]}"#);
    let plan = Plan {
        tokens: two(),
        ..Plan::default()
    };
    let name = file.display().to_string();
    let mut site = plan
        .before(&bench, &["--confirm", "never", "--confirm-rules", &name])
        .await;
    site.watch_files();
    let client = site.client(Era::Handshake, Some("alice")).await;
    let outcome = async |words: &str| {
        let text = format!("set interfaces ge-0/0/0 description {words}");
        let change = json!({ "router_name": "mx-lab-1", "config_text": text });
        client.call("load_and_commit_config", change).await.result()
    };
    assert_eq!(outcome("before").await["isError"], false);
    write(r#"{"rules": [{"tool": "load_*", "confirm": true}]}"#);
    reload(&site, "ok").await;
    assert_eq!(code(&outcome("after").await), "confirmation_required");
    write(r#"{"rules": [{"tool": "load_*"}]}"#);
    reload(&site, "error").await;
    assert_eq!(code(&outcome("after").await), "confirmation_required");
}

#[tokio::test]
async fn a_changed_file_is_read_without_being_told() {
    let site = watched(&Turnstile::default()).await;
    reload(&site, "ok").await;
    site.write_tokens(&[("carol", nothing())]);
    site.until(r#"jmcp_config_reloads_total{result="ok"}"#, 2.0).await;
    let client = Client::start(site.address, Era::PerRequest, Some("carol")).await;
    assert_eq!(client.call("echo", nothing()).await.status, 200);
    assert_eq!(
        Client::start(site.address, Era::PerRequest, Some("bob"))
            .await
            .call("echo", nothing())
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_token_with_another_scope_keeps_its_session_and_has_that_scope() {
    let site = watched(&Turnstile::default()).await;
    let alice = site.client(Era::Handshake, Some("alice")).await;
    let mut stream = alice.listen().begin(site.address).await;
    assert_eq!(stream.head().await.unwrap().status, 200);
    site.write_tokens(&[("alice", json!({ "tools": ["held"] })), ("bob", nothing())]);
    reload(&site, "ok").await;
    let listed = alice.result("tools/list", nothing()).await;
    assert_eq!(listed["tools"].as_array().unwrap().len(), 1, "{listed}");
    let refused = alice.call("echo", nothing()).await.result();
    assert_eq!(code(&refused), "unknown_tool");
}

struct Files(PathBuf);

impl Files {
    fn inventory(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.0.join("devices.json")).unwrap()).unwrap()
    }

    fn write(&self, inventory: &Value) {
        std::fs::write(self.0.join("new.json"), inventory.to_string()).unwrap();
        std::fs::rename(self.0.join("new.json"), self.0.join("devices.json")).unwrap();
    }
}

async fn routers(client: &Client) -> Vec<String> {
    let listed = client.call("get_router_list", nothing()).await.result();
    let mut names: Vec<String> = serde_json::from_value(listed["structuredContent"]["routers"].clone()).unwrap();
    names.sort();
    names
}

async fn before(bench: &Bench) -> (Site, Files) {
    let plan = Plan {
        tokens: two(),
        ..Plan::default()
    };
    let site = plan.before(bench, &[]).await;
    (site, Files(bench.directory.path().to_owned()))
}

#[tokio::test]
async fn with_one_file_wrong_everything_stays_as_it_was() {
    let bench = Bench::start().await;
    let (mut site, files) = before(&bench).await;
    let alice = site.client(Era::Handshake, Some("alice")).await;
    let inventory = files.inventory();
    let all = routers(&alice).await;
    let mut smaller = inventory.clone();
    smaller.as_object_mut().unwrap().remove("srx-lab-1");
    site.watch_files();
    // The inventory is right, the tokens are not.
    files.write(&smaller);
    std::fs::write(site.directory.path().join(".tokens"), "{").unwrap();
    reload(&site, "error").await;
    let (status, body) = site.ready().await;
    assert_eq!(
        (status, &body["status"], &body["inventory"]),
        (503, &json!("not ready"), &json!("ok"))
    );
    assert!(body["tokens"].as_str().unwrap().starts_with("invalid"), "{body}");
    assert_eq!(routers(&alice).await, all);
    // The tokens are right, the inventory is not; and its mistake is told to nobody who only asks for health.
    site.write_tokens(&[("bob", nothing())]);
    let mut broken = smaller.clone();
    broken["secret-name"] =
        json!({ "ip": "192.0.2.1", "port": 99_999, "username": "u", "auth": { "type": "ssh_agent" } });
    files.write(&broken);
    reload(&site, "error").await;
    let (status, body) = site.ready().await;
    assert!(
        status == 503 && body["inventory"].as_str().unwrap().starts_with("invalid"),
        "{body}"
    );
    assert!(
        body["tokens"] == "ok" && !body.to_string().contains("secret-name"),
        "{body}"
    );
    assert_eq!(
        routers(&alice).await,
        all,
        "a token that is to be taken back is still good"
    );
    // The rules are not.
    let mut ruled = smaller.clone();
    ruled["mx-lab-1"]["blocklist"] = json!({ "commands": ["no object"] });
    files.write(&ruled);
    reload(&site, "error").await;
    let (status, body) = site.ready().await;
    assert_eq!(status, 503, "{body}");
    assert_eq!(routers(&alice).await, all);
    // Everything is right.
    files.write(&smaller);
    reload(&site, "ok").await;
    assert_eq!(site.ready().await.0, 200);
    assert_eq!(alice.call("get_router_list", nothing()).await.status, 401);
    let bob = Client::start(site.address, Era::PerRequest, Some("bob")).await;
    assert_eq!(routers(&bob).await, ["ex-lab-1", "mx-lab-1"]);
}

async fn facts(client: &Client, router: &str) -> Reply {
    client
        .call("gather_device_facts", json!({ "router_name": router }))
        .await
}

#[tokio::test]
async fn a_device_that_was_removed_is_left_and_the_others_are_not() {
    let bench = Bench::start().await;
    let (mut site, files) = before(&bench).await;
    site.watch_files();
    let client = site.client(Era::PerRequest, Some("alice")).await;
    for router in ["mx-lab-1", "srx-lab-1"] {
        assert_ne!(facts(&client, router).await.result()["isError"], true);
    }
    let mut inventory = files.inventory();
    inventory.as_object_mut().unwrap().remove("srx-lab-1");
    files.write(&inventory);
    reload(&site, "ok").await;
    within(
        "the end of the session",
        bench.device("srx-lab-1").logged("disconnected"),
    )
    .await;
    assert_eq!(code(&facts(&client, "srx-lab-1").await.result()), "unknown_router");
    assert_ne!(facts(&client, "mx-lab-1").await.result()["isError"], true);
    assert_eq!(bench.device("mx-lab-1").counters().ssh_connections, 1);
}

#[tokio::test]
async fn add_device_and_the_watch_over_its_file_get_along() {
    let bench = Bench::start().await;
    let (mut site, files) = before(&bench).await;
    site.watch_files();
    let device = bench.device("mx-lab-1");
    let key = bench.directory.path().join("id_ed25519");
    for (era, name) in ERAS.iter().zip(["added-1", "added-2"]) {
        let client = site.client(*era, Some("alice")).await;
        assert_ne!(facts(&client, "ex-lab-1").await.result()["isError"], true);
        let arguments = json!({
            "device_name": name, "device_ip": device.address, "device_port": device.port, "username": "lab", "ssh_key_path": key,
        });
        let added = client.call("add_device", arguments).await.result();
        assert_ne!(added["isError"], true, "{added}");
        assert!(routers(&client).await.contains(&name.to_owned()));
        assert_ne!(facts(&client, name).await.result()["isError"], true);
        reload(&site, "ok").await;
        assert!(routers(&client).await.contains(&name.to_owned()));
        assert!(files.inventory()[name].is_object());
        assert_eq!(site.ready().await.0, 200);
    }
    assert_eq!(
        bench.device("ex-lab-1").counters().ssh_connections,
        1,
        "a device that is as it was keeps its session"
    );
}

#[tokio::test]
async fn sighup_has_the_program_read_its_files_again() {
    let home = directory(ONE_DEVICE);
    let write = |name: &str, text: String| std::fs::write(home.path().join(name), text).unwrap();
    write("tokens.json", token_file(&[("alice", nothing())]).to_string());
    let arguments = ["-t", "http", "--tokens-file", "tokens.json"];
    let mut running = Running::start(home.path(), &arguments, &[]).await;
    let alice = Client::start(running.address, Era::Handshake, Some("alice")).await;
    let mut stream = alice.listen().begin(running.address).await;
    assert_eq!(stream.head().await.unwrap().status, 200);
    write("tokens.json", token_file(&[("bob", nothing())]).to_string());
    write("devices.json", ONE_DEVICE.replace("edge-1", "edge-2"));
    running.signal("HUP");
    while stream.event().await.is_some() {}
    let line = running.says("read all files again: ").await;
    for words in ["added bob", "removed alice", "edge-1", "edge-2"] {
        assert!(line.contains(words), "{words}: {line}");
    }
    let bob = Client::start(running.address, Era::Handshake, Some("bob")).await;
    assert_eq!(routers(&bob).await, ["edge-2"]);
    write("tokens.json", "[]".into());
    running.signal("HUP");
    running.says("nothing of what was read is in force").await;
    assert_eq!(routers(&bob).await, ["edge-2"]);
    let said = running.said();
    assert!(
        !said.contains(&crate::support::web::secret("bob")) && !said.contains(&crate::support::web::secret("alice"))
    );
}
