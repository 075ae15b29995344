//! The simulated Mist cloud: that its world holds together, and that it behaves as the real one where jmcp depends on it.

mod documented;
mod faults;
mod levels;
mod lists;
mod world;
mod writes;

use jmcp::lab::mist::{MistLab, MistLabOptions, ORG_TOKEN, READ_TOKEN};
use serde_json::Value;

use crate::support::web::{Reply, Request};

/// A cloud with a clock that stands still.
async fn lab() -> MistLab {
    MistLab::start(MistLabOptions {
        clock: Some(std::sync::Arc::default()),
        ..MistLabOptions::default()
    })
    .await
    .unwrap()
}

/// A request of the token that may do everything; the path begins after `/api/v1`.
fn request(method: &str, path: &str) -> Request {
    as_token(method, path, jmcp::lab::mist::TOKEN)
}

fn as_token(method: &str, path: &str, token: &str) -> Request {
    Request::new(method, &format!("/api/v1{path}"))
        .with("Authorization", &format!("Token {token}"))
        .with("Connection", "close")
}

async fn get(lab: &MistLab, path: &str) -> Reply {
    request("GET", path).send(lab.address()).await
}

/// The body of an answer that has to be good.
async fn good(lab: &MistLab, path: &str) -> Value {
    let reply = get(lab, path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

async fn send(lab: &MistLab, method: &str, path: &str, body: &Value) -> Reply {
    request(method, path)
        .with("Content-Type", "application/json")
        .body(body.to_string())
        .send(lab.address())
        .await
}

#[tokio::test]
async fn only_known_tokens_come_in() {
    let lab = lab().await;
    let bare = Request::new("GET", "/api/v1/self").with("Connection", "close");
    for refused in [
        bare.clone(),
        bare.clone().with("Authorization", "Token somebody"),
        bare.with("Authorization", &format!("Bearer {}", lab.token())),
    ] {
        let reply = refused.send(lab.address()).await;
        assert_eq!(reply.status, 401);
        assert!(reply.json()["detail"].is_string());
    }
    let own = good(&lab, "/self").await;
    assert_eq!(own["email"], "ada@example.com");
    let of_org = as_token("GET", "/self", ORG_TOKEN).send(lab.address()).await.json();
    assert!(of_org.get("email").is_none() && of_org["name"].is_string());
    let seen = lab.requests();
    assert_eq!(seen.len(), 5);
    assert_eq!((seen[0].authorized, seen[0].status), (false, Some(401)));
}

#[tokio::test]
async fn tokens_reach_what_they_are_for() {
    let lab = lab().await;
    let status = |token, path: String| {
        let address = lab.address();
        async move { as_token("GET", &path, token).send(address).await.status }
    };
    let (all, reader) = (lab.token(), READ_TOKEN);
    assert_eq!(status(all, format!("/orgs/{}", lab.other_org())).await, 200);
    assert_eq!(status(all, format!("/orgs/{}", lab.foreign_org())).await, 403);
    assert_eq!(status(all, format!("/sites/{}/devices", lab.foreign_site())).await, 403);
    assert_eq!(status(all, format!("/msps/{}", lab.msp())).await, 200);
    assert_eq!(status(reader, format!("/orgs/{}", lab.org())).await, 200);
    assert_eq!(status(reader, format!("/orgs/{}", lab.other_org())).await, 403);
    assert_eq!(status(reader, format!("/msps/{}", lab.msp())).await, 403);
    let unknown = "11111111-1111-4111-8111-111111111111";
    assert_eq!(status(all, format!("/orgs/{unknown}")).await, 404);
    assert_eq!(status(all, format!("/sites/{unknown}/devices")).await, 404);
    let site = lab.site();
    assert_eq!(status(all, format!("/sites/{site}/devices/{unknown}")).await, 404);
    assert_eq!(status(all, format!("/sites/{site}/nothing/of/this")).await, 404);
    let put = as_token("PUT", &format!("/sites/{site}"), reader).body("{}");
    assert_eq!(put.send(lab.address()).await.status, 403);
}

#[tokio::test]
async fn a_token_has_so_many_calls_an_hour() {
    let clock = std::sync::Arc::new(jmcp::lab::ManualClock::default());
    let options = MistLabOptions {
        clock: Some(std::sync::Arc::clone(&clock)),
        calls_per_hour: 3,
        ..MistLabOptions::default()
    };
    let lab = MistLab::start(options).await.unwrap();
    assert_eq!(good(&lab, "/self/usage").await["requests"], 1);
    good(&lab, "/self").await;
    let usage = good(&lab, "/self/usage").await;
    assert_eq!((&usage["requests"], &usage["request_limit"]), (&3.into(), &3.into()));
    let reply = get(&lab, "/self").await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, None));
    assert!(reply.json()["detail"].is_string());
    assert_eq!(
        as_token("GET", "/self", READ_TOKEN).send(lab.address()).await.status,
        200
    );
    clock.advance(std::time::Duration::from_secs(3600));
    good(&lab, "/self").await;
}
