//! Clients that send too much, too slowly, too often or in two ways: none of them keeps a normal client out.

use std::time::{Duration, Instant};

use jmcp::server::http::{BodyLimits, ConnectionLimits};
use serde_json::json;
use tokio::net::TcpSocket;

use crate::support::{
    site::{Plan, Site, Turnstile, nothing},
    talk::{ERAS, Era},
    web::{Request, Wire, secret},
};

/// Longer than a busy machine needs to send a few bytes.
const SHORT: Duration = Duration::from_millis(700);

fn impatient() -> Plan {
    Plan {
        connections: ConnectionLimits {
            first_request: SHORT,
            idle: SHORT,
            stalled: SHORT,
            ..ConnectionLimits::default()
        },
        body: BodyLimits {
            bytes: 1000,
            time: SHORT,
        },
        ..Plan::default()
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_however_it_comes() {
    let site = impatient().start(&Turnstile::default()).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let long = client.tool(1, "echo", json!({ "router_name": "x".repeat(1000) }));
        let reply = long.send(site.address).await;
        assert_eq!(reply.refusal(), (413, "request_body_too_large".into()), "{era:?}");
        // Refused at its announcement: nothing of it has to come.
        let announced = client.message(&nothing()).with("Content-Length", "1001").body("");
        assert_eq!(announced.send(site.address).await.status, 413);
        let announced = client
            .message(&nothing())
            .with("Content-Length", "99999999999999999")
            .body("");
        assert_eq!(announced.send(site.address).await.status, 413);
        let mut wire = client
            .message(&nothing())
            .with("Transfer-Encoding", "chunked")
            .body("")
            .begin(site.address)
            .await;
        for _ in 0..11 {
            wire.send(format!("64\r\n{}\r\n", " ".repeat(100)).as_bytes()).await;
        }
        assert_eq!(wire.reply().await.status, 413, "{era:?} in chunks");
        // As long as it may be.
        let message = client.tool(1, "echo", nothing());
        let text = message.text();
        let exact = message.body(format!("{text}{}", " ".repeat(1000 - text.len())));
        assert_eq!(exact.send(site.address).await.status, 200);
    }
    let hits = r#"junosmcp_limit_hits_total{server="junos",limit="request_body",event="request_rejected"}"#;
    assert_eq!(site.figure(hits), 8.0);
}

#[tokio::test]
async fn a_body_in_chunks_is_read() {
    let site = Site::open(&Turnstile::default()).await;
    let client = site.client(Era::PerRequest, None).await;
    let message = client.tool(1, "echo", nothing());
    let (text, message) = (message.text(), message.with("Transfer-Encoding", "chunked").body(""));
    let mut wire = message.begin(site.address).await;
    for piece in text.as_bytes().chunks(7) {
        let head = format!("{:x};some=thing\r\n", piece.len());
        wire.send(&[head.as_bytes(), piece, b"\r\n"].concat()).await;
    }
    wire.send(b"0\r\nTrailer: x\r\n\r\n").await;
    assert_eq!(wire.reply().await.result()["content"][0]["text"], "echo");
    // The connection is as good as before.
    assert_eq!(wire.ask(&client.tool(2, "echo", nothing())).await.status, 200);
}

/// Sends a byte now and then until the server ends the connection; how long that took.
async fn drip(mut wire: Wire, first: &[u8], next: &[u8]) -> Duration {
    let begun = Instant::now();
    wire.send(first).await;
    let dripping = async {
        let mut tick = tokio::time::interval(SHORT / 10);
        loop {
            tokio::select! {
                closed = wire.is_closed() => if closed { return },
                _ = tick.tick() => {}
            }
            wire.send(next).await;
        }
    };
    crate::support::web::within("the end of a dripping connection", dripping).await;
    begun.elapsed()
}

#[tokio::test]
async fn heads_that_drip_are_not_waited_for() {
    let site = impatient().start(&Turnstile::default()).await;
    let beginnings: [(&[u8], &[u8]); 4] = [
        (b"", b""),
        (b"P", b""),
        (b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: ", b"x"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""),
    ];
    let drips = beginnings.map(|(first, next)| async move {
        let took = drip(Wire::to(site.address).await, first, next).await;
        assert!(took < 8 * SHORT, "{took:?} {:?}", String::from_utf8_lossy(first));
    });
    futures::future::join_all(drips).await;
    // A further head on a connection that had one.
    let mut wire = Wire::to(site.address).await;
    assert_eq!(wire.ask(&Request::get("/healthz")).await.status, 200);
    let took = drip(wire, b"GET /healthz HT", b"T").await;
    assert!(took < 8 * SHORT, "{took:?}");
    site.until("jmcp_http_connections", 0.0).await;
}

#[tokio::test]
async fn a_body_that_drips_is_not_waited_for() {
    let site = impatient().start(&Turnstile::default()).await;
    let client = site.client(Era::PerRequest, None).await;
    let mut wire = client
        .message(&nothing())
        .with("Content-Length", "500")
        .body("{")
        .begin(site.address)
        .await;
    let reply = wire.reply().await;
    assert_eq!(reply.refusal(), (408, "request_timeout".into()));
    let mut wire = client
        .message(&nothing())
        .with("Content-Length", "500")
        .body("{")
        .begin(site.address)
        .await;
    wire.end().await;
    let broken = wire.head().await;
    assert!(broken.is_none_or(|reply| reply.status == 400));
    site.until("jmcp_http_connections", 0.0).await;
    assert_eq!(site.path.in_flight(), 0);
}

/// A call on its way is no idleness, and neither is an open stream.
#[tokio::test]
async fn a_connection_that_waits_for_its_answer_is_not_idle() {
    let gate = Turnstile::default();
    let site = impatient().start(&gate).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let begun = Instant::now();
        let answer = client
            .tool(1, "silent", json!({ "seconds": 2 }))
            .send(site.address)
            .await;
        assert_eq!(answer.result()["content"][0]["text"], "at last", "{era:?}");
        assert!(begun.elapsed() > 2 * SHORT);
    }
}

#[tokio::test]
async fn what_says_its_length_twice_is_refused_and_the_connection_ends() {
    let site = Site::open(&Turnstile::default()).await;
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (headers, body) in [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
        ("Content-Length: 2\r\nContent-Length: 3", "{} "),
        ("Content-Length: 2\r\nContent-Length: 2", "{}"),
        ("Content-Length: +2", "{}"),
        ("Content-Length: 2, 2", "{}"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
        ("Transfer-Encoding : chunked", "0\r\n\r\n"),
        ("Content-Length: 2\r\n Transfer-Encoding: chunked", "{}"),
        ("Content-Length: -1", ""),
    ] {
        let mut wire = Wire::to(site.address).await;
        let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
        wire.send(format!("{head}\r\n{headers}\r\n\r\n{body}{smuggled}").as_bytes())
            .await;
        let reply = wire.reply().await;
        assert_eq!(reply.status, 400, "{headers}: {}", reply.text());
        assert!(
            wire.head().await.is_none(),
            "{headers}: what came after it was answered"
        );
    }
    // One length is enough, on any number of requests in a row.
    let mut wire = Wire::to(site.address).await;
    wire.send(smuggled.repeat(20).as_bytes()).await;
    for _ in 0..20 {
        assert_eq!(wire.reply().await.status, 200);
    }
}

/// An answer goes out when it is there, whatever the client has sent since.
#[tokio::test]
async fn an_answer_does_not_wait_for_the_next_request_of_its_connection() {
    let gate = Turnstile::default();
    let site = Site::open(&gate).await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let (first, second) = (
            client.tool(1, "echo", nothing()).bytes(),
            client.tool(2, "held", nothing()).bytes(),
        );
        let mut wire = Wire::to(site.address).await;
        wire.send(&[first.as_slice(), &second].concat()).await;
        assert_eq!(wire.reply().await.json()["id"], 1, "{era:?}");
        wire.send(&first[..20]).await;
        gate.open();
        assert_eq!(wire.reply().await.json()["id"], 2, "{era:?}");
    }
}

#[tokio::test]
async fn doubled_authorization_is_refused() {
    let plan = Plan {
        tokens: vec![("alice", nothing()), ("bob", nothing())],
        ..Plan::default()
    };
    let site = plan.start(&Turnstile::default()).await;
    let client = site.client(Era::PerRequest, Some("alice")).await;
    for second in ["alice", "bob", "mallory"] {
        let request = client.tool(1, "echo", nothing()).of(second);
        assert_eq!(
            request.send(site.address).await.refusal(),
            (400, "invalid_request".into()),
            "{second}"
        );
    }
    let listed = client.tool(1, "echo", nothing()).set(
        "Authorization",
        &format!("Bearer {}, Bearer {}", secret("mallory"), secret("alice")),
    );
    assert_eq!(listed.send(site.address).await.status, 401);
}

#[tokio::test]
async fn heads_have_limits() {
    let site = Site::open(&Turnstile::default()).await;
    let many = (0..100).fold(Request::get("/healthz"), |request, n| {
        request.with(&format!("X-{n}"), "y")
    });
    assert_eq!(
        many.begin(site.address).await.head().await.map(|reply| reply.status),
        Some(431)
    );
    // What the server did not read any more may cost a client the answer, but is never served.
    for large in [
        Request::get("/healthz").with("X", &"y".repeat(200_000)),
        Request::get(&format!("/healthz?{}", "y".repeat(200_000))),
    ] {
        let status = large.begin(site.address).await.head().await.map(|reply| reply.status);
        assert!(matches!(status, None | Some(414 | 431)), "{status:?}");
    }
    let fair = (0..40).fold(Request::get("/healthz"), |request, n| {
        request.with(&format!("X-{n}"), &"y".repeat(200))
    });
    assert_eq!(fair.send(site.address).await.status, 200);
    let mut garbage = Wire::to(site.address).await;
    garbage
        .send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n")
        .await;
    assert!(garbage.head().await.is_none_or(|reply| reply.status == 400));
}

/// 300 connections that never say what they want, 16 streams that say nothing, and a client that works.
#[tokio::test]
async fn slow_and_silent_clients_keep_nobody_out() {
    let plan = Plan {
        limits: jmcp::server::path::LimitOptions {
            in_flight: 4,
            per_caller: 2,
            ..Default::default()
        },
        ..Plan::default()
    };
    let site = plan.start(&Turnstile::default()).await;
    let mut slow = Vec::new();
    for n in 0..300 {
        let mut wire = Wire::to(site.address).await;
        wire.send(&b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Le"[..n % 47])
            .await;
        slow.push(wire);
    }
    let client = site.client(Era::Handshake, None).await;
    for _ in 0..16 {
        let mut stream = client.listen().begin(site.address).await;
        assert!(stream.head().await.unwrap().is_stream());
        slow.push(stream);
    }
    assert_eq!(
        client.listen().send(site.address).await.refusal(),
        (409, "too_many_streams".into())
    );
    assert_eq!(site.path.in_flight(), 0, "a stream takes no place");
    for era in ERAS {
        let client = site.client(era, None).await;
        for _ in 0..10 {
            assert_eq!(client.call("echo", nothing()).await.status, 200, "{era:?}");
        }
    }
    site.until("jmcp_http_connections", 316.0).await;
    // A stream that ends makes room for another.
    drop(slow.pop());
    site.until("jmcp_http_connections", 315.0).await;
    let mut stream = client.listen().begin(site.address).await;
    assert_eq!(stream.head().await.unwrap().status, 200);
}

#[tokio::test]
async fn where_connections_run_out_the_oldest_stranger_makes_room() {
    let plan = Plan {
        tokens: vec![("alice", nothing())],
        connections: ConnectionLimits {
            connections: 4,
            ..ConnectionLimits::default()
        },
        ..Plan::default()
    };
    let site = plan.start(&Turnstile::default()).await;
    let client = crate::support::web::Client::start(site.address, Era::PerRequest, Some("alice")).await;
    let mut known = Wire::to(site.address).await;
    assert_eq!(known.ask(&client.tool(1, "echo", nothing())).await.status, 200);
    let mut strangers = Vec::new();
    for _ in 0..3 {
        let mut wire = Wire::to(site.address).await;
        let refused = wire.ask(&Request::post("{}").of("mallory")).await;
        assert_eq!(refused.status, 401);
        strangers.push(wire);
    }
    // Full: the oldest of those that have shown nothing goes, though the known one is older.
    let mut fifth = Wire::to(site.address).await;
    assert_eq!(fifth.ask(&client.tool(2, "echo", nothing())).await.status, 200);
    assert!(strangers[0].is_closed().await);
    assert_eq!(strangers[1].ask(&Request::get("/healthz")).await.status, 200);
    assert_eq!(known.ask(&client.tool(3, "echo", nothing())).await.status, 200);
    let mut more = Vec::new();
    for id in 4..6 {
        let mut wire = Wire::to(site.address).await;
        assert_eq!(wire.ask(&client.tool(id, "echo", nothing())).await.status, 200);
        more.push(wire);
    }
    assert!(strangers[1].is_closed().await && strangers[2].is_closed().await);
    for (id, wire) in [&mut known, &mut fifth].into_iter().chain(&mut more).enumerate() {
        assert_eq!(wire.ask(&client.tool(id, "echo", nothing())).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up() {
    let site = impatient().start(&Turnstile::default()).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut wire = Wire::over(socket.connect(site.address).await.unwrap());
    // More answers than fit into the buffers between the two.
    let asks = Request::get("/healthz").bytes().repeat(1000);
    let flood = async {
        loop {
            wire.send(&asks).await;
        }
    };
    let _ = tokio::time::timeout(2 * SHORT, flood).await;
    site.until("jmcp_http_connections", 0.0).await;
}
