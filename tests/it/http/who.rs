//! Who is let in, and what a caller learns: what its token may use and nothing else, and nothing of another caller's.

use serde_json::{Value, json};

use crate::support::{
    bench::Bench,
    site::{Plan, Site, Turnstile, nothing},
    talk::{ERAS, Era, code, text},
    web::{Client, Reply, Request, secret},
};

async fn site(tokens: Vec<(&'static str, Value)>) -> Site {
    let plan = Plan {
        tokens,
        ..Plan::default()
    };
    plan.start(&Turnstile::default()).await
}

async fn before(bench: &Bench, tokens: Vec<(&'static str, Value)>, arguments: &[&str]) -> Site {
    let plan = Plan {
        tokens,
        ..Plan::default()
    };
    plan.before(bench, arguments).await
}

const CHALLENGE: &str = r#"Bearer realm="jmcp""#;

#[tokio::test]
async fn who_has_no_valid_token_stays_out_and_is_told_how_to_come_in() {
    let expired = json!({ "expires_at": "2020-01-01T00:00:00Z" });
    let site = site(vec![("alice", nothing()), ("gone", expired)]).await;
    let scheme = "Authorization header must use Bearer scheme";
    let cases = [
        (None, "invalid_request", "missing Authorization header"),
        (Some(String::new()), "invalid_request", scheme),
        (Some("Bearer".into()), "invalid_request", scheme),
        (Some("Bearer  ".into()), "invalid_request", scheme),
        (Some(secret("alice")), "invalid_request", scheme),
        (Some(format!("Basic {}", secret("alice"))), "invalid_request", scheme),
        (Some("Bearer wrong".into()), "invalid_token", "invalid bearer token"),
        (
            Some(format!("Bearer {}x", secret("alice"))),
            "invalid_token",
            "invalid bearer token",
        ),
        (
            Some(format!("Bearer {}", secret("gone"))),
            "invalid_token",
            "invalid bearer token",
        ),
        (
            Some(format!("Bearer {} {}", secret("alice"), "x")),
            "invalid_token",
            "invalid bearer token",
        ),
    ];
    let mut refused = 0.0;
    for (value, error, description) in cases {
        for method in ["POST", "GET", "DELETE"] {
            let mut request = Request::post("{}").without("Authorization");
            if method != "POST" {
                request = Request::new(method, "/mcp");
            }
            if let Some(value) = &value {
                request = request.with("Authorization", value);
            }
            let reply = request.send(site.address).await;
            assert_eq!(reply.status, 401, "{method} {value:?}: {}", reply.text());
            assert_eq!(
                reply.json(),
                json!({ "error": error, "error_description": description }),
                "{value:?}"
            );
            let challenge = reply.header("www-authenticate").unwrap();
            assert!(challenge.starts_with(CHALLENGE), "{challenge}");
            assert_eq!(
                challenge.contains(r#"error="invalid_token""#),
                error == "invalid_token",
                "{challenge}"
            );
            refused += 1.0;
        }
    }
    assert_eq!(site.figure("jmcp_auth_failures_total"), refused);
    let client = Client::start(site.address, Era::PerRequest, None).await;
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        let request = client.tool(1, "echo", nothing());
        let request = request.with("Authorization", &format!("{scheme} {}", secret("alice")));
        assert_eq!(request.send(site.address).await.status, 200, "{scheme}");
    }
}

/// The refusal comes before the body is read, and before anything in it is looked at.
#[tokio::test]
async fn a_stranger_learns_nothing_from_what_it_sends() {
    let site = site(vec![("alice", nothing())]).await;
    for request in [
        Request::post("not json"),
        Request::post("{}").set("Content-Type", "text/plain"),
        Request::post("").with("Content-Length", "99999999"),
        Request::new("PUT", "/mcp"),
        Request::get("/mcp").with("Mcp-Session-Id", "x"),
    ] {
        assert_eq!(request.send(site.address).await.status, 401, "{request:?}");
    }
}

#[tokio::test]
async fn a_session_of_another_token_is_one_that_is_not_there() {
    let site = site(vec![("alice", nothing()), ("bob", nothing())]).await;
    let alice = site.client(Era::Handshake, Some("alice")).await;
    let mut bob = site.client(Era::Handshake, Some("bob")).await;
    let mut nobody = bob.clone();
    bob.session.clone_from(&alice.session);
    nobody.session = Some("0123456789abcdef0123456789abcdef".into());
    let all = |client: &Client| {
        [
            client.tool(1, "echo", nothing()),
            client.notification("notifications/cancelled", json!({ "requestId": 1 })),
            client.listen(),
            client.listen().with("Last-Event-ID", "1-0"),
            client.close(),
        ]
    };
    for (stolen, unknown) in all(&bob).iter().zip(all(&nobody)) {
        let (stolen, unknown) = (stolen.send(site.address).await, unknown.send(site.address).await);
        assert_eq!((stolen.status, stolen.json()), (404, unknown.json()));
        assert_eq!(unknown.status, 404);
    }
    assert_eq!(
        alice.call("echo", nothing()).await.status,
        200,
        "it is still there for its owner"
    );
    let doubled = alice.tool(1, "echo", nothing()).with("Mcp-Session-Id", "x");
    assert_eq!(doubled.send(site.address).await.status, 400);
}

/// The handle in the text of an answer that was cut.
fn handle(result: &Value) -> String {
    let text = text(result);
    let after = text.split("handle=").nth(1).unwrap_or_else(|| panic!("{text}"));
    after.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_kept_result_is_its_callers() {
    let bench = Bench::start().await;
    let tokens = vec![("alice", nothing()), ("bob", nothing())];
    let site = before(&bench, tokens, &["--max-result-chars", "1000"]).await;
    for era in ERAS {
        let alice = site.client(era, Some("alice")).await;
        let bob = site.client(era, Some("bob")).await;
        let long = alice
            .call("get_junos_config", json!({ "router_name": "mx-lab-1" }))
            .await
            .result();
        let handle = handle(&long);
        let read = alice.call("read_result", json!({ "handle": handle })).await.result();
        assert_ne!(read["isError"], true, "{read}");
        let stolen = bob.call("read_result", json!({ "handle": handle })).await.result();
        let unknown = bob
            .call("read_result", json!({ "handle": "r-0000000000000000" }))
            .await
            .result();
        assert_eq!(code(&stolen), code(&unknown));
        assert_eq!(text(&stolen).replace(&handle, "r-0000000000000000"), text(&unknown));
    }
}

#[tokio::test]
async fn a_confirmation_is_good_for_the_caller_who_was_asked() {
    let bench = Bench::start().await;
    let tokens = vec![("alice", nothing()), ("bob", nothing())];
    let site = before(&bench, tokens, &["--confirm", "write"]).await;
    let change = json!({ "router_name": "mx-lab-1", "config_text": "set interfaces ge-0/0/0 description confirmed" });
    let able = json!({ "elicitation": {} });
    let start = |name| Client::able(site.address, Era::PerRequest, Some(name), able.clone());
    let (alice, bob) = (start("alice").await, start("bob").await);
    let asked = alice.call("load_and_commit_config", change.clone()).await.result();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let key = asked["inputRequests"].as_object().unwrap().keys().next().unwrap();
    let again = |client: &Client, state: Value| {
        let responses = json!({ key: { "action": "accept", "content": { "confirm": true } } });
        let params = json!({ "name": "load_and_commit_config", "arguments": change, "inputResponses": responses, "requestState": state });
        client.request(2, "tools/call", params)
    };
    let forged = format!("{}x", asked["requestState"].as_str().unwrap());
    for (client, state) in [
        (&bob, asked["requestState"].clone()),
        (&alice, forged.into()),
        (&bob, "x".into()),
    ] {
        assert_eq!(again(client, state).send(site.address).await.rpc_error(), -32602);
    }
    let done = again(&alice, asked["requestState"].clone())
        .send(site.address)
        .await
        .result();
    assert_ne!(done["isError"], true, "{done}");
    // Nothing is left to change, so nobody is asked and nothing is committed.
    let replayed = again(&alice, asked["requestState"].clone())
        .send(site.address)
        .await
        .result();
    assert_eq!(replayed["structuredContent"]["outcome"], "unchanged", "{replayed}");
}

/// A client that cannot be asked brings a token; over HTTP it is the caller's who was given it, at every instance with the same key.
#[tokio::test]
async fn a_token_of_a_confirmation_is_good_for_its_caller_at_every_instance() {
    let bench = Bench::start().await;
    let key = bench.directory.path().join("confirm-key");
    std::fs::write(&key, "k".repeat(32)).unwrap();
    let key = key.display().to_string();
    let start = async || {
        let tokens = vec![("alice", nothing()), ("bob", nothing())];
        before(&bench, tokens, &["--confirm", "write", "--confirm-key-file", &key]).await
    };
    let (one, two) = (start().await, start().await);
    for era in ERAS {
        let text_of = format!("set interfaces ge-0/0/0 description \"token {era:?}\"");
        let mut change = json!({ "router_name": "mx-lab-1", "config_text": text_of });
        let clients = (
            one.client(era, Some("alice")).await,
            two.client(era, Some("bob")).await,
            two.client(era, Some("alice")).await,
        );
        let proposed = clients.0.call("load_and_commit_config", change.clone()).await.result();
        assert_eq!(code(&proposed), "confirmation_required");
        change["confirmation_token"] = proposed["_meta"]["jmcp/confirmation"]["token"].clone();
        let stolen = clients.1.call("load_and_commit_config", change.clone()).await.result();
        assert_eq!(code(&stolen), "confirmation_required");
        assert!(text(&stolen).contains("another caller"), "{stolen}");
        let done = clients.2.call("load_and_commit_config", change.clone()).await.result();
        assert_eq!(done["structuredContent"]["outcome"], "committed", "{done}");
        let again = clients.2.call("load_and_commit_config", change).await.result();
        assert!(text(&again).contains("used before"), "{again}");
    }
}

/// A client of the older protocol is asked on the stream of its call, and only its own session can answer.
#[tokio::test]
async fn a_question_is_answered_in_the_session_that_was_asked() {
    let bench = Bench::start().await;
    let tokens = vec![("alice", nothing()), ("bob", nothing())];
    let site = before(&bench, tokens, &["--confirm", "write"]).await;
    let able = json!({ "elicitation": {} });
    let alice = Client::able(site.address, Era::Handshake, Some("alice"), able.clone()).await;
    let bob = Client::able(site.address, Era::Handshake, Some("bob"), able).await;
    let change = json!({ "router_name": "mx-lab-1", "config_text": "set interfaces ge-0/0/0 description asked" });
    let mut wire = alice
        .tool(1, "load_and_commit_config", change)
        .begin(site.address)
        .await;
    assert!(wire.head().await.unwrap().is_stream());
    let (_, question) = wire.message().await.unwrap();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let answer = |confirm| json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": { "confirm": confirm } } });
    assert_eq!(
        bob.message(&answer(true)).send(site.address).await.status,
        202,
        "an answer to nothing"
    );
    assert_eq!(alice.message(&answer(false)).send(site.address).await.status, 202);
    let (_, answered) = wire.message().await.unwrap();
    assert_eq!(code(&answered["result"]), "confirmation_required");
    bench
        .device("mx-lab-1")
        .store(|store| assert!(!store.running_set().contains("asked")));
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let names = list.as_array().unwrap_or_else(|| panic!("{list}")).iter();
    let mut names: Vec<String> = names.map(|entry| entry[key].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn narrow() -> Value {
    json!({ "routers": ["mx-*"], "tools": ["get_router_list", "gather_device_facts"] })
}

#[tokio::test]
async fn lists_show_what_a_token_may_use() {
    let bench = Bench::start().await;
    let site = before(
        &bench,
        vec![
            ("all", nothing()),
            ("narrow", narrow()),
            ("none", json!({ "tools": [], "routers": [] })),
        ],
        &[],
    )
    .await;
    for era in ERAS {
        let narrow = site.client(era, Some("narrow")).await;
        let tools = narrow.result("tools/list", nothing()).await;
        assert_eq!(
            names(&tools["tools"], "name"),
            ["gather_device_facts", "get_router_list"],
            "{era:?}"
        );
        let resources = narrow.result("resources/list", nothing()).await;
        assert_eq!(names(&resources["resources"], "uri"), ["junos://mx-lab-1/facts"]);
        let templates = narrow.result("resources/templates/list", nothing()).await;
        assert_eq!(
            names(&templates["resourceTemplates"], "uriTemplate"),
            ["junos://{router}/facts"]
        );
        let prompts = narrow.result("prompts/list", nothing()).await;
        assert_eq!(prompts["prompts"], json!([]));
        let routers = narrow.call("get_router_list", nothing()).await.result();
        assert_eq!(routers["structuredContent"]["routers"], json!(["mx-lab-1"]));
        assert!(!routers.to_string().contains("srx-lab-1"), "{routers}");
        let typed = json!({ "ref": { "type": "ref/resource", "uri": "junos://{router}/facts" }, "argument": { "name": "router", "value": "" } });
        let completed = narrow.result("completion/complete", typed.clone()).await;
        assert_eq!(completed["completion"]["values"], json!(["mx-lab-1"]));
        let none = site.client(era, Some("none")).await;
        assert_eq!(none.result("tools/list", nothing()).await["tools"], json!([]));
        assert_eq!(none.result("resources/list", nothing()).await["resources"], json!([]));
        assert_eq!(
            none.result("completion/complete", typed).await["completion"]["values"],
            json!([])
        );
        let all = site.client(era, Some("all")).await;
        assert!(
            all.result("tools/list", nothing()).await["tools"]
                .as_array()
                .unwrap()
                .len()
                > 10
        );
        assert_eq!(
            all.result("resources/list", nothing()).await["resources"]
                .as_array()
                .unwrap()
                .len(),
            6
        );
        assert_eq!(
            all.result("prompts/list", nothing()).await["prompts"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
}

/// The method and parameters of a request that names something.
type Question = fn(&str) -> (&'static str, Value);

/// A reply as one text, without the name and what differs by nature.
fn words(reply: &Reply, name: &str) -> String {
    let mut message = reply.messages().pop().unwrap();
    if let Some(meta) = message["result"]
        .as_object_mut()
        .and_then(|result| result.get_mut("_meta"))
    {
        for key in ["jmcp/duration_ms", "execution_duration", "start_time", "end_time"] {
            meta.as_object_mut().unwrap().remove(key);
        }
    }
    format!("{} {}", reply.status, message.to_string().replace(name, "NAME"))
}

#[tokio::test]
async fn what_is_hidden_and_what_is_not_there_are_told_in_the_same_words() {
    let bench = Bench::start().await;
    let site = before(&bench, vec![("narrow", narrow())], &[]).await;
    for era in ERAS {
        let client = site.client(era, Some("narrow")).await;
        let cases: [(&str, &str, Question); 6] = [
            ("load_and_commit_config", "xoad_and_xommit_xonfig", |name| {
                (
                    "tools/call",
                    json!({ "name": name, "arguments": { "router_name": "mx-lab-1" } }),
                )
            }),
            ("execute_junos_command", "xxecute_xunos_xommand", |name| {
                ("tools/call", json!({ "name": name, "arguments": {} }))
            }),
            ("srx-lab-1", "srx-lab-9", |name| {
                (
                    "tools/call",
                    json!({ "name": "gather_device_facts", "arguments": { "router_name": name } }),
                )
            }),
            ("srx-lab-1", "srx-lab-9", |name| {
                ("resources/read", json!({ "uri": format!("junos://{name}/facts") }))
            }),
            ("mx-lab-1", "mx-lab-9", |name| {
                ("resources/read", json!({ "uri": format!("junos://{name}/config") }))
            }),
            ("bgp_session_down", "xgp_session_down", |name| {
                (
                    "prompts/get",
                    json!({ "name": name, "arguments": { "router": "mx-lab-1", "neighbor": "192.0.2.1" } }),
                )
            }),
        ];
        for (hidden, unknown, ask) in cases {
            let (method, params) = ask(hidden);
            let told = client.request(1, method, params).send(site.address).await;
            let (method, params) = ask(unknown);
            let absent = client.request(1, method, params).send(site.address).await;
            assert_eq!(words(&told, hidden), words(&absent, unknown), "{era:?} {method}");
            let visible = told.text().replace(hidden, "");
            for kept in [
                "srx-lab-1",
                "ex-lab-1",
                "load_and_commit_config",
                "execute_junos_command",
            ] {
                assert!(!visible.contains(kept), "{era:?} {method} {hidden}: {visible}");
            }
        }
    }
    assert_eq!(bench.device("srx-lab-1").counters().ssh_connections, 0);
}

#[tokio::test]
async fn a_token_that_may_only_read_changes_nothing() {
    let bench = Bench::start().await;
    let site = before(&bench, vec![("reader", json!({ "effects": ["read"] }))], &[]).await;
    for era in ERAS {
        let client = site.client(era, Some("reader")).await;
        let tools = client.result("tools/list", nothing()).await;
        for tool in tools["tools"].as_array().unwrap() {
            assert_ne!(tool["annotations"]["destructiveHint"], true, "{tool}");
        }
        let change = json!({ "router_name": "mx-lab-1", "config_text": "set system host-name changed" });
        let refused = client.call("load_and_commit_config", change).await.result();
        assert_eq!(code(&refused), "unknown_tool");
        for command in ["clear interfaces statistics all", "request system reboot"] {
            let arguments = json!({ "router_name": "mx-lab-1", "command": command });
            let refused = client.call("execute_junos_command", arguments).await.result();
            assert_eq!(refused["isError"], true, "{era:?} {command}: {refused}");
            assert!(
                matches!(code(&refused), "tool_scope_denied" | "guardrail_blocked"),
                "{command}: {refused}"
            );
        }
        let read = client
            .call(
                "execute_junos_command",
                json!({ "router_name": "mx-lab-1", "command": "show version" }),
            )
            .await
            .result();
        assert_ne!(read["isError"], true, "{read}");
    }
    let device = bench.device("mx-lab-1");
    assert!(
        !device
            .log()
            .iter()
            .any(|line| line.contains("reboot") || line.contains("clear interfaces")),
        "{:?}",
        device.log()
    );
}
