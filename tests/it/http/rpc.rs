//! Messages that are not as they should be: each with the JSON-RPC error that its sender can read, and never taken for something else.

use serde_json::{Value, json};

use crate::support::{
    site::{Site, Turnstile, nothing},
    talk::{ERAS, Era},
    web::{Client, Reply, Request},
};

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;

/// The body in place of a message, with the headers of this client.
async fn raw(client: &Client, body: impl Into<Vec<u8>>) -> Reply {
    let template = client.message(&json!({ "method": "ping" }));
    template.body(body).send(client.address).await
}

fn assert_error(reply: &Reply, code: i64, id: &Value, what: &str) {
    assert_eq!(reply.status, 400, "{what}: {}", reply.text());
    let message = reply.json();
    assert_eq!(message["jsonrpc"], "2.0", "{what}: {message}");
    assert_eq!(message["error"]["code"], code, "{what}: {message}");
    assert_eq!(message.get("id"), Some(id), "{what}: {message}");
    assert!(
        message["error"]["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{what}"
    );
}

#[tokio::test]
async fn what_is_no_json_is_a_parse_error() {
    let site = Site::open(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let deep = "[".repeat(100_000);
        let cases: [&[u8]; 9] = [
            b"",
            b" ",
            b"{",
            b"not json",
            b"{\"jsonrpc\":\"2.0\",}",
            b"{} {}",
            b"{\"a\":\"\xff\"}",
            b"\xef\xbb\xbf{",
            deep.as_bytes(),
        ];
        for body in cases {
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_error(
                &raw(&client, body).await,
                PARSE_ERROR,
                &Value::Null,
                &format!("{era:?} {shown}"),
            );
        }
    }
}

#[tokio::test]
async fn ids_that_are_none_are_refused_and_not_taken_for_notifications() {
    let site = Site::open(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        for id in [json!(null), json!(1.5), json!({}), json!([]), json!(true), json!(1e3)] {
            let request = client.tool(id.clone(), "echo", nothing());
            assert_error(
                &request.send(site.address).await,
                INVALID_REQUEST,
                &Value::Null,
                &format!("{era:?} {id}"),
            );
        }
        for id in [
            json!(0),
            json!(-3),
            json!(9_007_199_254_740_993_i64),
            json!(""),
            json!("a"),
            json!("1"),
        ] {
            let reply = client.tool(id.clone(), "echo", nothing()).send(site.address).await;
            assert_eq!(reply.json()["id"], id, "{era:?}");
            assert_eq!(reply.result()["content"][0]["text"], "echo");
        }
    }
}

#[tokio::test]
async fn batches_and_other_json_are_invalid_requests() {
    let site = Site::open(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        for body in [
            json!([]),
            json!([{ "jsonrpc": "2.0", "id": 1, "method": "ping" }]),
            json!(1),
            json!("ping"),
            json!(null),
            json!({}),
            json!({ "jsonrpc": "2.0" }),
            json!({ "jsonrpc": "2.0", "method": 5 }),
        ] {
            assert_error(
                &raw(&client, body.to_string()).await,
                INVALID_REQUEST,
                &Value::Null,
                &format!("{era:?} {body}"),
            );
        }
        for body in [
            json!({ "id": 4, "method": "ping" }),
            json!({ "jsonrpc": "1.0", "id": 4, "method": "ping" }),
            json!({ "jsonrpc": "2.0", "id": 4 }),
            json!({ "jsonrpc": "2.0", "id": 4, "method": "ping", "params": [1] }),
            json!({ "jsonrpc": "2.0", "id": 4, "method": "ping", "params": "x" }),
            json!({ "jsonrpc": "2.0", "id": 4, "method": "ping", "result": {} }),
        ] {
            assert_error(
                &raw(&client, body.to_string()).await,
                INVALID_REQUEST,
                &json!(4),
                &format!("{era:?} {body}"),
            );
        }
        let twice = r#"{"jsonrpc":"2.0","id":4,"method":"ping","method":"tools/list"}"#;
        assert_eq!(raw(&client, twice).await.status, 400, "a name twice");
    }
}

#[tokio::test]
async fn parameters_of_a_wrong_shape_are_invalid_parameters() {
    let site = Site::open(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        for (method, params) in [
            ("tools/call", json!({})),
            ("tools/call", json!({ "name": 5 })),
            ("tools/call", json!({ "name": "echo", "arguments": [1] })),
            ("tools/call", json!({ "name": "echo", "arguments": "x" })),
            ("resources/read", json!({})),
            ("prompts/get", json!({ "name": {} })),
            ("completion/complete", json!({ "ref": 1 })),
        ] {
            let reply = client.request(9, method, params.clone()).send(site.address).await;
            assert_eq!(
                (reply.rpc_error(), &reply.json()["id"]),
                (INVALID_PARAMS, &json!(9)),
                "{era:?} {method} {params}"
            );
        }
        let unknown = client.request(9, "no/such", nothing()).send(site.address).await;
        assert_eq!(
            (unknown.rpc_error(), &unknown.json()["id"]),
            (METHOD_NOT_FOUND, &json!(9)),
            "{era:?}"
        );
    }
}

#[tokio::test]
async fn a_handshake_with_mistakes_opens_no_session() {
    let site = Site::open(&Turnstile::default()).await;
    let client = site.client(Era::PerRequest, None).await;
    for params in [
        json!({}),
        json!({ "protocolVersion": 5, "capabilities": {}, "clientInfo": {} }),
        json!(null),
    ] {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
        let reply = Request::post(message.to_string()).send(site.address).await;
        assert_error(&reply, INVALID_PARAMS, &json!(1), &params.to_string());
    }
    let mismatch = client
        .initialize()
        .with("MCP-Protocol-Version", "2025-06-18")
        .send(site.address)
        .await;
    assert_eq!(mismatch.status, 400);
    // A handshake that wants no answer is none.
    let untold = json!({ "jsonrpc": "2.0", "method": "initialize", "params": {} });
    assert_eq!(Request::post(untold.to_string()).send(site.address).await.status, 400);
    assert_eq!(site.figure(r#"junosmcp_active_sessions{server="junos"}"#), 0.0);
}

#[tokio::test]
async fn headers_of_a_message_have_to_fit_it() {
    let site = Site::open(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let echo = client.tool(1, "echo", nothing());
        for (request, status) in [
            (echo.clone().set("Content-Type", "text/plain"), 415),
            (echo.clone().without("Content-Type"), 415),
            (echo.clone().set("Content-Type", "application/json; charset=utf-8"), 200),
            (echo.clone().set("Accept", "text/html"), 406),
            (echo.clone().set("Accept", "application/json"), 406),
            (
                echo.clone().set("Accept", "application/json, text/event-stream;q=0"),
                406,
            ),
            (echo.clone().set("Accept", "*/*"), 200),
            (echo.clone().without("Accept"), 200),
            (echo.clone().set("MCP-Protocol-Version", "1999-01-01"), 400),
            (echo.clone().with("MCP-Protocol-Version", "2025-11-25"), 400),
        ] {
            let reply = request.send(site.address).await;
            assert_eq!(reply.status, status, "{era:?} {request:?}: {}", reply.text());
            reply.json();
        }
    }
    let client = site.client(Era::PerRequest, None).await;
    let other = client
        .tool(1, "echo", nothing())
        .set("Mcp-Name", "held")
        .send(site.address)
        .await;
    assert_eq!(other.status, 400, "{}", other.text());
    // A call without a session, of a client that has said nothing of a newer protocol.
    let homeless = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    assert_eq!(Request::post(homeless.to_string()).send(site.address).await.status, 400);
    for method in ["PUT", "PATCH", "OPTIONS", "TRACE"] {
        let reply = Request::new(method, "/mcp").send(site.address).await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some("GET, POST, DELETE")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn one_id_is_one_call_at_a_time_in_a_session() {
    let gate = Turnstile::default();
    let site = Site::open(&gate).await;
    let client = site.client(Era::Handshake, None).await;
    let mut first = client.tool(1, "held", nothing()).begin(site.address).await;
    gate.reached(1).await;
    let second = client.tool(1, "echo", nothing()).send(site.address).await;
    assert_error(&second, INVALID_REQUEST, &json!(1), "an id that is on its way");
    // Another session's ids are its own, and the text 1 is not the number 1.
    let other = site.client(Era::Handshake, None).await;
    assert_eq!(other.tool(1, "echo", nothing()).send(site.address).await.status, 200);
    assert_eq!(client.tool("1", "echo", nothing()).send(site.address).await.status, 200);
    gate.open();
    assert_eq!(first.reply().await.result()["content"][0]["text"], "held");
    assert_eq!(client.tool(1, "echo", nothing()).send(site.address).await.status, 200);
}

/// What belonged to sessions is unknown to the protocol that has none, also where the server still speaks the older one.
#[tokio::test]
async fn methods_of_sessions_are_not_found_without_sessions() {
    let site = Site::open(&Turnstile::default()).await;
    let client = site.client(Era::PerRequest, None).await;
    for method in ["initialize", "ping", "logging/setLevel", "resources/subscribe"] {
        let reply = client.request(3, method, nothing()).send(site.address).await;
        assert_eq!((reply.status, reply.rpc_error()), (404, METHOD_NOT_FOUND), "{method}");
        assert!(reply.header("mcp-session-id").is_none(), "{method}");
    }
}
