//! One caller cannot take what others need, nor reach through the inventory what its token does not name.

use serde_json::{Value, json};

use crate::support::{
    bench::Bench,
    site::{Plan, Site, Turnstile, nothing},
    talk::Era,
    web::{Client, Request, Wire, within},
};
use jmcp::server::http::{BodyLimits, ConnectionLimits};

fn two_callers(connections: usize) -> Plan {
    Plan {
        tokens: vec![("alice", nothing()), ("bob", nothing())],
        connections: ConnectionLimits {
            connections,
            ..ConnectionLimits::default()
        },
        body: BodyLimits {
            bytes: 10 << 20,
            ..Plan::default().body
        },
        ..Plan::default()
    }
}

#[tokio::test]
async fn a_caller_with_all_connections_makes_room_for_another() {
    let gate = Turnstile::default();
    let site = two_callers(4).start(&gate).await;
    let alice = Client::start(site.address, Era::PerRequest, Some("alice")).await;
    let mut wires = Vec::new();
    for id in 0..4 {
        let mut wire = Wire::to(site.address).await;
        assert_eq!(wire.ask(&alice.tool(id, "echo", nothing())).await.status, 200);
        wires.push(wire);
    }
    // The oldest is at a call: the oldest that waits for nothing goes.
    let held = alice.tool(9, "held", nothing());
    wires[0].send(&held.bytes()).await;
    gate.reached(1).await;
    let bob = Client::start(site.address, Era::PerRequest, Some("bob")).await;
    let mut his = Wire::to(site.address).await;
    assert_eq!(his.ask(&bob.tool(1, "echo", nothing())).await.status, 200);
    assert!(wires[1].is_closed().await);
    gate.open();
    assert_eq!(wires[0].reply().await.status, 200);
    assert_eq!(his.ask(&Request::get("/readyz")).await.status, 200);
}

#[tokio::test]
async fn large_bodies_of_one_caller_are_bounded_and_leave_room_for_others() {
    let site = two_callers(0).start(&Turnstile::default()).await;
    let mut wires = Vec::new();
    for _ in 0..7 {
        let mut wire = Wire::to(site.address).await;
        let head = Request::post("").of("alice").set("content-length", "10485760");
        wire.send(&head.bytes()).await;
        wire.send(&vec![b' '; 9 << 20]).await;
        wires.push(wire);
    }
    // Not JSON: where there is room it is read whole, and refused for what it is. Seven of 9 MiB leave no room for 2 MiB more.
    let large = |name: &str| Request::post(vec![b' '; 2 << 20]).of(name);
    let refused = within("no room", async {
        loop {
            let reply = large("alice").sent(site.address).await;
            if reply.status == 503 {
                return reply;
            }
            assert_eq!(reply.status, 400, "{reply:?}");
        }
    });
    let refused = refused.await;
    assert_eq!(refused.json()["limit"], "request_body");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(large("bob").sent(site.address).await.status, 400);
    drop(wires);
    within("room again", async {
        while large("alice").sent(site.address).await.status == 503 {}
    })
    .await;
}

#[tokio::test]
async fn an_id_may_be_used_again_as_soon_as_its_answer_is_there() {
    let site = Site::open(&Turnstile::default()).await;
    let client = site.client(Era::Handshake, None).await;
    let mut wire = Wire::to(site.address).await;
    for _ in 0..300 {
        let reply = wire.ask(&client.tool(7, "echo", nothing())).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

#[tokio::test]
async fn a_token_for_some_devices_cannot_name_its_way_to_others() {
    let bench = Bench::start().await;
    let plan = Plan {
        tokens: vec![
            ("narrow", json!({ "routers": ["lab-*"], "tools": ["*"] })),
            ("wide", nothing()),
        ],
        ..Plan::default()
    };
    let site = plan.before(&bench, &[]).await;
    let narrow = site.client(Era::PerRequest, Some("narrow")).await;
    let listed = narrow.result("tools/list", nothing()).await;
    let names: Vec<&str> = listed["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert!(
        names.contains(&"reload_devices") && !names.contains(&"add_device"),
        "{names:?}"
    );
    let alias = json!({
        "device_name": "lab-x", "device_ip": "127.0.0.1", "username": "lab", "auth": { "type": "ssh_agent" },
    });
    let added = narrow.call("add_device", alias).await.result();
    assert!(code(&added, "unknown_tool"), "{added}");
    let other = narrow
        .call("reload_devices", json!({ "file_name": "other.json" }))
        .await
        .result();
    assert!(code(&other, "tool_scope_denied"), "{other}");
    let wide = site.client(Era::PerRequest, Some("wide")).await;
    let listed = wide.result("tools/list", nothing()).await;
    assert!(listed.to_string().contains("add_device"));
}

fn code(result: &Value, code: &str) -> bool {
    result["isError"] == true
        && result["content"][0]["text"]
            .as_str()
            .is_some_and(|text| text.contains(&format!("[code={code}]")))
}
