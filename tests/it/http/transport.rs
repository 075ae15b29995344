//! Requests and answers: one address for both eras, plain answers and streams, calls that are taken back, streams that are read on.

use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::Running;
use crate::support::{
    program::{ONE_DEVICE, directory},
    site::{Plan, Site, Turnstile, nothing},
    talk::{ERAS, Era},
    web::{Client, Request, Wire},
};

fn with_progress(client: &Client, tool: &str) -> Request {
    let params = json!({ "name": tool, "arguments": {}, "_meta": { "progressToken": "p" } });
    client.request(7, "tools/call", params)
}

#[tokio::test]
async fn both_eras_are_served_on_one_port_with_and_without_a_slash() {
    let site = Site::open(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        for target in ["/mcp", "/mcp/"] {
            let reply = client.tool(1, "echo", nothing()).to(target).send(site.address).await;
            assert_eq!(reply.status, 200, "{era:?} {target}: {}", reply.text());
            assert_eq!(reply.json()["result"]["content"][0]["text"], "echo", "{era:?} {target}");
        }
    }
}

#[tokio::test]
async fn an_answer_alone_is_json_and_one_with_progress_is_a_stream() {
    let gate = Turnstile::default();
    gate.open();
    let site = Site::open(&gate).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let plain = client.call("steps", nothing()).await;
        assert_eq!(plain.json()["result"]["content"][0]["text"], "steps", "{era:?}");
        let streamed = with_progress(&client, "steps").send(site.address).await;
        assert!(streamed.is_stream(), "{era:?}: {streamed:?}");
        let messages = streamed.messages();
        let progress: Vec<&Value> = messages.iter().map(|message| &message["params"]["message"]).collect();
        assert_eq!(progress[..2], [&json!("one"), &json!("two")], "{era:?}: {messages:?}");
        assert_eq!(messages[2]["id"], 7, "{era:?}: {messages:?}");
        assert_eq!(messages[2]["result"]["content"][0]["text"], "steps");
        assert_eq!(messages.len(), 3, "{era:?}: {messages:?}");
    }
}

#[tokio::test]
async fn a_tool_that_panics_is_answered() {
    let site = Site::open(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let result = client.call("broken", nothing()).await.result();
        assert_eq!(result["isError"], true, "{era:?}: {result}");
        assert!(!result.to_string().contains("kaboom"), "{result}");
        assert_eq!(client.call("echo", nothing()).await.status, 200);
    }
}

#[tokio::test]
async fn a_call_of_the_newer_protocol_is_taken_back_by_leaving() {
    for request in [Client::tool, |client: &Client, _: i32, tool: &str, _: Value| {
        with_progress(client, tool)
    }] {
        let gate = Turnstile::default();
        let site = Site::open(&gate).await;
        let client = site.client(Era::PerRequest, None).await;
        let wire = request(&client, 1, "steps", nothing()).begin(site.address).await;
        gate.reached(1).await;
        assert_eq!(site.path.in_flight(), 1);
        drop(wire);
        gate.dropped(1).await;
        site.path.idle().await;
        site.until("jmcp_requests_in_flight", 0.0).await;
    }
}

#[tokio::test]
async fn a_call_of_a_session_is_taken_back_by_a_notification_only() {
    let gate = Turnstile::default();
    let site = Site::open(&gate).await;
    let client = site.client(Era::Handshake, None).await;
    site.until("jmcp_http_connections", 0.0).await;
    let wire = client.tool(5, "held", nothing()).begin(site.address).await;
    gate.reached(1).await;
    drop(wire);
    site.until("jmcp_http_connections", 0.0).await;
    assert_eq!(site.path.in_flight(), 1, "the call goes on");
    let mut waiting = client.tool(6, "held", nothing()).begin(site.address).await;
    gate.reached(2).await;
    for id in [5, 6] {
        let cancelled = client.notification("notifications/cancelled", json!({ "requestId": id }));
        assert_eq!(cancelled.send(site.address).await.status, 202);
    }
    gate.dropped(2).await;
    let reply = waiting.reply().await;
    assert!(reply.is_stream() && reply.messages().is_empty(), "{reply:?}");
    site.until("jmcp_requests_in_flight", 0.0).await;
    // The session goes on.
    assert_eq!(client.call("echo", nothing()).await.status, 200);
}

#[tokio::test]
async fn a_write_in_its_critical_section_is_not_taken_back() {
    for era in ERAS {
        let gate = Turnstile::default();
        let site = Site::open(&gate).await;
        let client = site.client(era, None).await;
        site.until("jmcp_http_connections", 0.0).await;
        let wire = client.tool(3, "write", nothing()).begin(site.address).await;
        gate.reached(1).await;
        drop(wire);
        site.until("jmcp_http_connections", 0.0).await;
        if era == Era::Handshake {
            let cancelled = client.notification("notifications/cancelled", json!({ "requestId": 3 }));
            assert_eq!(cancelled.send(site.address).await.status, 202);
        }
        assert_eq!(site.path.in_flight(), 1, "{era:?}");
        gate.open();
        gate.passed(1).await;
        site.until("jmcp_requests_in_flight", 0.0).await;
    }
}

#[tokio::test]
async fn a_stream_that_broke_is_read_on_where_it_was() {
    let gate = Turnstile::default();
    let site = Site::open(&gate).await;
    let client = site.client(Era::Handshake, None).await;
    let mut wire = with_progress(&client, "steps").begin(site.address).await;
    assert!(wire.head().await.unwrap().is_stream());
    let primed = wire.event().await.unwrap();
    assert!(primed.id.is_some() && primed.data.is_empty(), "{primed:?}");
    let (id, first) = wire.message().await.unwrap();
    assert_eq!(first["params"]["message"], "one");
    gate.reached(1).await;
    drop(wire);
    let mut wire = client
        .listen()
        .with("Last-Event-ID", &id.unwrap())
        .begin(site.address)
        .await;
    assert_eq!(wire.head().await.unwrap().status, 200);
    let (last, second) = wire.message().await.unwrap();
    assert_eq!(second["params"]["message"], "two");
    drop(wire);
    gate.open();
    site.until("jmcp_requests_in_flight", 0.0).await;
    // Also when the call is over; and as often as it takes.
    for _ in 0..2 {
        let rest = client
            .listen()
            .with("Last-Event-ID", last.as_deref().unwrap())
            .send(site.address)
            .await;
        let messages = rest.messages();
        assert_eq!(messages.len(), 1, "{rest:?}");
        assert_eq!(messages[0]["result"]["content"][0]["text"], "steps");
    }
    // From before the first event: everything again.
    let all = client
        .listen()
        .with("Last-Event-ID", &primed.id.unwrap())
        .send(site.address)
        .await;
    assert_eq!(all.messages().len(), 3);
    // What is not there ends at once, and another session's is not there.
    let other = site.client(Era::Handshake, None).await;
    let nothing_there = other
        .listen()
        .with("Last-Event-ID", last.as_deref().unwrap())
        .send(site.address)
        .await;
    assert_eq!((nothing_there.status, nothing_there.messages().len()), (200, 0));
}

#[tokio::test]
async fn a_session_that_was_closed_is_gone() {
    let gate = Turnstile::default();
    let site = Site::open(&gate).await;
    let client = site.client(Era::Handshake, None).await;
    let mut stream = client.listen().begin(site.address).await;
    assert!(stream.head().await.unwrap().is_stream());
    let _call = client.tool(1, "held", nothing()).begin(site.address).await;
    gate.reached(1).await;
    assert_eq!(client.close().send(site.address).await.status, 204);
    while stream.event().await.is_some() {}
    gate.dropped(1).await;
    for request in [client.tool(2, "echo", nothing()), client.listen(), client.close()] {
        assert_eq!(
            request.send(site.address).await.refusal(),
            (404, "session_not_found".into())
        );
    }
    assert_eq!(site.figure(r#"junosmcp_active_sessions{server="junos"}"#), 0.0);
}

#[tokio::test]
async fn without_sessions_every_request_stands_for_itself() {
    let plan = Plan {
        stateless: true,
        ..Plan::default()
    };
    let site = plan.start(&Turnstile::default()).await;
    let mut client = site.client(Era::PerRequest, None).await;
    assert_eq!(client.call("echo", nothing()).await.status, 200);
    client.era = Era::Handshake;
    let initialized = client.initialize().send(site.address).await;
    assert_eq!(initialized.status, 200, "{}", initialized.text());
    assert_eq!(initialized.header("mcp-session-id"), None);
    assert_eq!(initialized.result()["protocolVersion"], "2025-11-25");
    let told = client
        .notification("notifications/initialized", nothing())
        .send(site.address)
        .await;
    assert_eq!(told.status, 202, "{}", told.text());
    let called = client.call("echo", nothing()).await;
    assert_eq!(called.result()["content"][0]["text"], "echo");
    for method in ["GET", "DELETE"] {
        let request = Request::new(method, "/mcp").with("Accept", "text/event-stream");
        let refused = request.send(site.address).await;
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn http_2_is_spoken_without_negotiation() {
    let site = Site::open(&Turnstile::default()).await;
    let stream = TcpStream::connect(site.address).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    // Many on one connection at once.
    let calls = (0..50).map(|id| {
        let mut sender = sender.clone();
        async move {
            let body = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
                "name": "echo", "arguments": {}, "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "web", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {} } } });
            let request = http::Request::post("http://localhost/mcp")
                .header("content-type", "application/json")
                .header("accept", "application/json, text/event-stream")
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", "tools/call")
                .header("mcp-name", "echo")
                .body(Full::new(Bytes::from(body.to_string())));
            let reply = sender.send_request(request.unwrap()).await.unwrap();
            assert_eq!(reply.version(), http::Version::HTTP_2);
            let body = reply.into_body().collect().await.unwrap().to_bytes();
            let answer: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (&answer["id"], &answer["result"]["content"][0]["text"]),
                (&json!(id), &json!("echo"))
            );
        }
    });
    futures::future::join_all(calls).await;
    let mut sender = sender;
    let strange = http::Request::get("http://evil.example/healthz")
        .body(Full::default())
        .unwrap();
    assert_eq!(sender.send_request(strange).await.unwrap().status(), 403);
}

/// Small packets that wait for acknowledgements cost 40 ms each.
#[tokio::test]
async fn no_call_waits_for_an_acknowledgement() {
    let site = Site::open(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let mut wire = Wire::to(site.address).await;
        let mut times = Vec::new();
        for id in 1..=20 {
            let begun = Instant::now();
            let reply = wire.ask(&client.tool(id, "echo", nothing())).await;
            assert_eq!(reply.status, 200);
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        assert!(times[5].as_millis() < 30, "{era:?}: {times:?}");
    }
}

#[tokio::test]
async fn other_names_of_the_transport_mean_the_same() {
    let home = directory(ONE_DEVICE);
    for (name, warns) in [("streamable-http", false), ("http", false), ("sse", true)] {
        let running = Running::start(home.path(), &["-t", name, "--allow-no-auth"], &[]).await;
        assert_eq!(running.scheme, "http");
        for era in ERAS {
            let client = Client::start(running.address, era, None).await;
            let listed = client.call("get_router_list", nothing()).await.result();
            assert_eq!(listed["structuredContent"]["routers"], json!(["edge-1"]));
        }
        assert_eq!(running.said().contains("`-t sse`"), warns, "{}", running.said());
        running.signal("TERM");
        assert_eq!(running.ended().await.code(), Some(0));
    }
}

#[tokio::test]
async fn the_environment_turns_sessions_off() {
    let home = directory(ONE_DEVICE);
    let arguments = ["-t", "http", "--allow-no-auth"];
    let running = Running::start(home.path(), &arguments, &[("JMCP_STATELESS", "true")]).await;
    let client = Client::start(running.address, Era::PerRequest, None).await;
    let initialized = client.initialize().send(running.address).await;
    assert_eq!((initialized.status, initialized.header("mcp-session-id")), (200, None));
}
