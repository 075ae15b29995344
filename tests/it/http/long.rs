//! Calls and sessions that last: under a clock that the tests turn.

use std::time::Duration;

use jmcp::server::http::{ConnectionLimits, SessionLimits};
use serde_json::json;

use crate::support::{
    site::{Plan, Turnstile, nothing},
    talk::{ERAS, Era},
    web::Client,
};

fn plan(idle: u64, lifetime: u64) -> Plan {
    Plan {
        sessions: SessionLimits {
            sessions: 0,
            per_caller: 0,
            idle: Duration::from_secs(idle),
            lifetime: Duration::from_secs(lifetime),
        },
        connections: ConnectionLimits {
            idle: Duration::from_secs(10),
            ..ConnectionLimits::default()
        },
        ..Plan::default()
    }
}

/// Longer than a client waits for a plain answer, than a connection or a session may be idle, and than a session may live.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_silent_for_long_has_its_answer() {
    for era in ERAS {
        let site = plan(8, 20).start(&Turnstile::default()).await;
        let client = site.client(era, None).await;
        let mut wire = client
            .tool(1, "silent", json!({ "seconds": 40 }))
            .begin(site.address)
            .await;
        assert!(wire.head().await.unwrap().is_stream(), "{era:?}");
        let (mut alive, mut answer) = (0, None);
        while let Some(event) = wire.event().await {
            alive += u32::from(event.comment.is_some());
            answer = event.message().or(answer);
        }
        assert!(alive >= 2, "{era:?}: {alive} signs of life in 40 s");
        let answer = answer.expect("an answer");
        assert_eq!(answer["result"]["content"][0]["text"], "at last", "{era:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_with_progress_and_then_silence_has_its_answer() {
    for era in ERAS {
        let gate = Turnstile::default();
        let site = plan(8, 20).start(&gate).await;
        let client = site.client(era, None).await;
        let params = json!({ "name": "steps", "arguments": {}, "_meta": { "progressToken": "p" } });
        let mut wire = client.request(1, "tools/call", params).begin(site.address).await;
        assert!(wire.head().await.unwrap().is_stream());
        let later = gate.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            later.open();
        });
        let (mut alive, mut last) = (0, json!(null));
        while let Some(event) = wire.event().await {
            alive += 1;
            last = event.message().unwrap_or(last);
        }
        assert_eq!(last["result"]["content"][0]["text"], "steps", "{era:?}");
        // Two steps, the answer, and signs of life between.
        assert!(alive >= 5, "{era:?}: {alive}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_it_is_silent_or_old_and_not_before() {
    let reaped = |reason: &str| format!(r#"junosmcp_sessions_reaped_total{{server="junos",reason="{reason}"}}"#);
    let site = plan(100, 1000).start(&Turnstile::default()).await;
    let client = site.client(Era::Handshake, None).await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(client.call("echo", nothing()).await.status, 200);
    }
    tokio::time::sleep(Duration::from_secs(102)).await;
    assert_eq!(
        client.call("echo", nothing()).await.refusal(),
        (404, "session_not_found".into())
    );
    assert_eq!(site.figure(&reaped("idle")), 1.0);
    // An open stream is no silence; old age comes all the same.
    let client = site.client(Era::Handshake, None).await;
    let mut stream = client.listen().begin(site.address).await;
    assert_eq!(stream.head().await.unwrap().status, 200);
    tokio::time::sleep(Duration::from_secs(950)).await;
    assert_eq!(client.call("echo", nothing()).await.status, 200);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(client.call("echo", nothing()).await.status, 404);
    while stream.event().await.is_some() {}
    assert_eq!(site.figure(&reaped("lifetime")), 1.0);
    assert_eq!(site.figure(r#"junosmcp_active_sessions{server="junos"}"#), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_session_grows_old_with_a_call_on_its_way_and_ends_after_it() {
    let site = plan(300, 20).start(&Turnstile::default()).await;
    let client = site.client(Era::Handshake, None).await;
    let mut wire = client
        .tool(1, "silent", json!({ "seconds": 100 }))
        .begin(site.address)
        .await;
    assert!(wire.head().await.unwrap().is_stream());
    tokio::time::sleep(Duration::from_secs(30)).await;
    let refused = client.tool(2, "echo", nothing()).send(site.address).await;
    assert_eq!(refused.status, 404, "nothing new is begun in it");
    let told = client.notification("notifications/progress", json!({ "progressToken": 1, "progress": 1 }));
    assert_eq!(told.send(site.address).await.status, 202);
    let (_, answer) = wire.message().await.unwrap();
    assert_eq!(answer["result"]["content"][0]["text"], "at last");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(site.figure(r#"junosmcp_active_sessions{server="junos"}"#), 0.0);
}

/// A client that only shook hands and never said that it is ready is not waited for as long as one that works.
#[tokio::test(start_paused = true)]
async fn a_handshake_that_was_not_ended_is_forgotten() {
    let site = plan(3000, 0).start(&Turnstile::default()).await;
    let modern = Client::start(site.address, Era::PerRequest, None).await;
    for _ in 0..100 {
        assert_eq!(modern.initialize().send(site.address).await.status, 200);
    }
    let working = site.client(Era::Handshake, None).await;
    tokio::time::sleep(Duration::from_secs(62)).await;
    assert_eq!(site.figure(r#"junosmcp_active_sessions{server="junos"}"#), 1.0);
    assert_eq!(working.call("echo", nothing()).await.status, 200);
}
