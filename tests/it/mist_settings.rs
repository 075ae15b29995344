//! How the Mist side is set up: flags, variables, files.

use std::path::Path;

use serde_json::json;

use crate::support::{
    cloud::Cloud,
    program::{self, Ended, ONE_DEVICE},
};

/// A cloud that knows who asks.
async fn cloud() -> Cloud {
    Cloud::start(|path| match path {
        "/api/v1/self" => (200, json!({ "email": "anna@example.net", "privileges": [] })),
        "/api/v1/self/usage" => (200, json!({ "requests": 1, "request_limit": 5000, "seconds": 3600 })),
        _ => (404, json!({ "detail": "not found" })),
    })
    .await
}

/// Runs the program with these variables.
async fn run(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = program::command(home, arguments);
    command.envs(environment.iter().copied());
    let mut child = command.spawn().unwrap();
    drop(child.stdin.take());
    program::ended(child).await
}

#[tokio::test]
async fn the_variables_of_both_servers_give_the_account() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let url = cloud.url();
    for (token, host) in [("MIST_APITOKEN", "MIST_HOST"), ("MIST_API_TOKEN", "MIST_BASE_URL")] {
        let environment = [(token, "t-1"), (host, &url), ("JMCP_ALLOW_MIST_HOST", &url)];
        let ended = run(home.path(), &["call", "getSelf"], &environment).await;
        assert_eq!(ended.status.code(), Some(0), "{token}: {}", ended.stderr);
        assert!(ended.stdout.contains("anna@example.net"), "{}", ended.stdout);
        let came = cloud.came().pop().unwrap();
        assert_eq!(
            (came.line.as_str(), came.token.as_str()),
            ("GET /api/v1/self", "Token t-1")
        );
    }
}

#[tokio::test]
async fn no_token_goes_to_a_host_that_nobody_allowed() {
    let home = tempfile::tempdir().unwrap();
    let environment = [("MIST_APITOKEN", "t-1"), ("MIST_HOST", "api.mist.example")];
    let ended = run(home.path(), &["call", "getSelf"], &environment).await;
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("`api.mist.example` is no Mist cloud") && ended.stderr.contains("--allow-mist-host"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn an_inventory_is_needed_only_without_the_cloud_or_where_it_is_named() {
    let home = tempfile::tempdir().unwrap();
    let token = [("MIST_APITOKEN", "t-1")];
    let without = run(home.path(), &["check"], &token).await;
    assert_eq!(without.status.code(), Some(0), "{}{}", without.stdout, without.stderr);
    for (arguments, environment) in [
        (&["check"][..], &[][..]),
        (&["check", "-f", "devices.json"], &token),
        (&["check"], &[token[0], ("JMCP_DEVICES_PATH", "other.json")]),
    ] {
        let ended = run(home.path(), arguments, environment).await;
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {}", ended.stdout);
        assert!(ended.stdout.contains("does not exist"), "{}", ended.stdout);
    }
    std::fs::write(home.path().join("devices.json"), ONE_DEVICE).unwrap();
    let with = run(home.path(), &["check"], &token).await;
    assert!(with.stdout.contains("1 devices"), "{}", with.stdout);
}
