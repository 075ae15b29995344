//! Limits: each with its word, status and time to come back, strict whoever comes at once, and its own for a token that has some.

use jmcp::server::{http::SessionLimits, path::LimitOptions};
use serde_json::{Value, json};

use crate::support::{
    bench::Bench,
    site::{Plan, Site, Turnstile, nothing},
    talk::{ERAS, Era},
    web::{Client, Reply},
};

fn tokens() -> Vec<(&'static str, Value)> {
    let generous = json!({ "max_inflight_requests": 0, "max_sessions": 0, "max_requests_per_second": 1000, "max_request_burst": 1000 });
    vec![
        ("alice", nothing()),
        ("bob", nothing()),
        ("generous", json!({ "limits": generous })),
    ]
}

fn plan(limits: LimitOptions) -> Plan {
    Plan {
        limits,
        tokens: tokens(),
        ..Plan::default()
    }
}

fn hits(site: &Site, limit: &str, event: &str) -> f64 {
    site.figure(&format!(
        r#"junosmcp_limit_hits_total{{server="junos",limit="{limit}",event="{event}"}}"#
    ))
}

fn assert_overloaded(reply: &Reply, limit: &str) {
    assert_eq!(reply.status, 503, "{limit}: {}", reply.text());
    assert_eq!(reply.json(), json!({ "error": "overloaded", "limit": limit }));
    assert_eq!(reply.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn calls_at_once_have_a_limit_in_all_and_of_each_token() {
    for (limits, limit) in [
        (
            LimitOptions {
                in_flight: 2,
                ..LimitOptions::default()
            },
            "global_concurrency",
        ),
        (
            LimitOptions {
                per_caller: 2,
                ..LimitOptions::default()
            },
            "token_concurrency",
        ),
    ] {
        for era in ERAS {
            let gate = Turnstile::default();
            let site = plan(limits).start(&gate).await;
            let alice = site.client(era, Some("alice")).await;
            let mut held = Vec::new();
            for id in 0..2 {
                held.push(alice.tool(id, "held", nothing()).begin(site.address).await);
            }
            gate.reached(2).await;
            assert_overloaded(&alice.tool(3, "echo", nothing()).send(site.address).await, limit);
            assert_eq!(hits(&site, limit, "request_rejected"), 1.0);
            for (other, is_served) in [
                ("bob", limit == "token_concurrency"),
                ("generous", limit == "token_concurrency"),
            ] {
                let other = Client {
                    token: Some(other.into()),
                    era: Era::PerRequest,
                    ..alice.clone()
                };
                let status = other.call("echo", nothing()).await.status;
                assert_eq!(status, if is_served { 200 } else { 503 }, "{limit}");
            }
            // What is no request takes no place, and neither does a stream.
            if era == Era::Handshake {
                let told = alice
                    .notification("notifications/initialized", nothing())
                    .send(site.address)
                    .await;
                assert_eq!(told.status, 202);
                let mut stream = alice.listen().begin(site.address).await;
                assert_eq!(stream.head().await.unwrap().status, 200);
            }
            gate.open();
            for mut wire in held {
                assert_eq!(wire.reply().await.status, 200);
            }
            site.until("jmcp_requests_in_flight", 0.0).await;
            assert_eq!(alice.tool(4, "echo", nothing()).send(site.address).await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_token_with_limits_of_its_own_has_those() {
    let gate = Turnstile::default();
    let site = plan(LimitOptions {
        per_caller: 1,
        per_second: 1,
        burst: 2,
        ..LimitOptions::default()
    })
    .start(&gate)
    .await;
    let generous = Client::start(site.address, Era::PerRequest, Some("generous")).await;
    let mut held = Vec::new();
    for id in 0..5 {
        held.push(generous.tool(id, "held", nothing()).begin(site.address).await);
    }
    gate.reached(5).await;
    assert_eq!(generous.call("echo", nothing()).await.status, 200);
}

#[tokio::test]
async fn calls_to_one_device_have_a_limit() {
    let gate = Turnstile::default();
    let site = plan(LimitOptions {
        per_device: 1,
        ..LimitOptions::default()
    })
    .start(&gate)
    .await;
    for (era, count) in [(Era::Handshake, 1), (Era::PerRequest, 2)] {
        let alice = site.client(era, Some("alice")).await;
        let arguments = if era == Era::Handshake {
            json!({ "router_name": "mx" })
        } else {
            json!({ "router_names": ["ex"] })
        };
        let held = alice.tool(1, "held", arguments).begin(site.address).await;
        gate.reached(count).await;
        if era == Era::Handshake {
            for arguments in [
                json!({ "router_name": "mx" }),
                json!({ "router_names": ["ex", "mx"] }),
                json!({ "router_names": "ex, mx" }),
            ] {
                assert_overloaded(
                    &alice.tool(2, "echo", arguments).send(site.address).await,
                    "router_concurrency",
                );
            }
            assert_eq!(
                alice
                    .tool(2, "echo", json!({ "router_name": "ex" }))
                    .send(site.address)
                    .await
                    .status,
                200
            );
            let bob = site.client(era, Some("bob")).await;
            assert_overloaded(
                &bob.tool(2, "echo", json!({ "router_name": "mx" }))
                    .send(site.address)
                    .await,
                "router_concurrency",
            );
        }
        std::mem::forget(held);
    }
    gate.open();
    site.until("jmcp_requests_in_flight", 0.0).await;
}

#[tokio::test]
async fn calls_in_a_second_have_a_limit_of_each_token() {
    let site = plan(LimitOptions {
        per_second: 1,
        burst: 3,
        ..LimitOptions::default()
    })
    .start(&Turnstile::default())
    .await;
    let alice = Client::start(site.address, Era::PerRequest, Some("alice")).await;
    let mut refused = Vec::new();
    for id in 0..6 {
        let reply = alice.tool(id, "echo", nothing()).send(site.address).await;
        if reply.status != 200 {
            refused.push(reply);
        }
    }
    assert!((2..=3).contains(&refused.len()), "{}", refused.len());
    for reply in &refused {
        assert_eq!(reply.status, 429);
        assert_eq!(reply.json(), json!({ "error": "rate_limited", "limit": "token_rate" }));
        assert_eq!(reply.header("retry-after"), Some("1"));
    }
    assert_eq!(
        hits(&site, "token_rate", "request_rejected"),
        f64::from(u32::try_from(refused.len()).unwrap())
    );
    let bob = Client::start(site.address, Era::PerRequest, Some("bob")).await;
    assert_eq!(bob.call("echo", nothing()).await.status, 200);
    let generous = Client::start(site.address, Era::PerRequest, Some("generous")).await;
    for id in 0..20 {
        assert_eq!(
            generous.tool(id, "echo", nothing()).send(site.address).await.status,
            200
        );
    }
}

fn sessions(sessions: usize, per_caller: usize) -> Plan {
    Plan {
        sessions: SessionLimits {
            sessions,
            per_caller,
            ..Plan::default().sessions
        },
        ..plan(LimitOptions::default())
    }
}

#[tokio::test]
async fn sessions_have_a_limit_in_all_and_of_each_token() {
    for (plan, limit) in [(sessions(2, 0), "session_cap"), (sessions(0, 2), "token_session_cap")] {
        let site = plan.start(&Turnstile::default()).await;
        let first = site.client(Era::Handshake, Some("alice")).await;
        let second = site.client(Era::Handshake, Some("alice")).await;
        let refused = first.initialize().send(site.address).await;
        assert_overloaded(&refused, limit);
        assert_eq!(refused.header("mcp-session-id"), None);
        assert_eq!(hits(&site, limit, "session_registration_rejected"), 1.0);
        for other in ["bob", "generous"] {
            let other = Client {
                token: Some(other.into()),
                ..first.clone()
            };
            let status = other.initialize().send(site.address).await.status;
            assert_eq!(status, if limit == "session_cap" { 503 } else { 200 }, "{other:?}");
        }
        // Those that are open work on, the newer protocol needs none, and one that ends makes room.
        assert_eq!(first.call("echo", nothing()).await.status, 200);
        let modern = Client::start(site.address, Era::PerRequest, Some("alice")).await;
        assert_eq!(modern.call("echo", nothing()).await.status, 200);
        assert_eq!(second.close().send(site.address).await.status, 204);
        assert_eq!(first.initialize().send(site.address).await.status, 200);
    }
    let site = sessions(0, 1).start(&Turnstile::default()).await;
    for _ in 0..5 {
        site.client(Era::Handshake, Some("generous")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_strict_when_200_come_at_once() {
    let gate = Turnstile::default();
    let site = plan(LimitOptions {
        in_flight: 7,
        ..LimitOptions::default()
    })
    .start(&gate)
    .await;
    let alice = Client::start(site.address, Era::PerRequest, Some("alice")).await;
    let calls = (0..200).map(|id| tokio::spawn(alice.tool(id, "held", nothing()).sent(site.address)));
    let calls: Vec<_> = calls.collect();
    gate.reached(7).await;
    site.until(
        r#"junosmcp_limit_hits_total{server="junos",limit="global_concurrency",event="request_rejected"}"#,
        193.0,
    )
    .await;
    assert_eq!((gate.came(), site.path.in_flight()), (7, 7));
    gate.open();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap().status);
    }
    let served = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!((served, refused), (7, 193));
    site.until("jmcp_requests_in_flight", 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_strict_when_200_come_at_once() {
    for (plan, cap) in [(sessions(7, 0), 7), (sessions(50, 5), 5)] {
        let site = plan.start(&Turnstile::default()).await;
        let alice = Client::start(site.address, Era::PerRequest, Some("alice")).await;
        let opened = (0..200).map(|_| tokio::spawn(alice.initialize().sent(site.address)));
        let opened: Vec<_> = opened.collect();
        let mut served = 0;
        for reply in opened {
            served += usize::from(reply.await.unwrap().status == 200);
        }
        assert_eq!(served, cap);
        site.until(
            r#"junosmcp_active_sessions{server="junos"}"#,
            f64::from(u32::try_from(cap).unwrap()),
        )
        .await;
    }
}

/// Reading a resource is one call and takes one place.
#[tokio::test]
async fn a_resource_is_read_in_the_one_place_that_a_token_has() {
    let bench = Bench::start().await;
    let site = Plan::default()
        .before(
            &bench,
            &[
                "--max-inflight-requests-per-token",
                "1",
                "--max-inflight-requests-per-router",
                "1",
            ],
        )
        .await;
    for era in ERAS {
        let client = site.client(era, None).await;
        let read = client
            .result("resources/read", json!({ "uri": "junos://mx-lab-1/facts" }))
            .await;
        assert!(read["contents"][0]["text"].is_string(), "{era:?}: {read}");
    }
}
