//! Whether it lives, whether it is ready, and its figures, for those who may see them.

use serde_json::json;

use crate::support::{
    bench::Bench,
    program::{self, ONE_DEVICE, directory},
    site::{Plan, Turnstile, nothing},
    talk::{ERAS, Era},
    web::Request,
};

use super::Running;

#[tokio::test]
async fn a_server_says_that_it_lives_and_is_ready_to_whoever_asks() {
    let plan = Plan {
        tokens: vec![("alice", nothing())],
        ..Plan::default()
    };
    let site = plan.start(&Turnstile::default()).await;
    let live = Request::get("/healthz").send(site.address).await;
    assert_eq!(live.status, 200);
    assert_eq!(live.header("cache-control"), Some("no-store"));
    let live = live.json();
    assert_eq!(
        (&live["status"], &live["version"]),
        (&json!("ok"), &json!(env!("CARGO_PKG_VERSION")))
    );
    assert!(live["uptime_seconds"].is_u64(), "{live}");
    let well = json!({ "status": "ready", "inventory": "ok", "tokens": "ok", "rules": "ok", "certificate": "ok" });
    assert_eq!(site.ready().await, (200, well));
    for target in ["/healthz", "/readyz"] {
        assert_eq!(
            Request::new("HEAD", target)
                .begin(site.address)
                .await
                .head()
                .await
                .unwrap()
                .status,
            200
        );
        assert_eq!(Request::new("POST", target).send(site.address).await.status, 405);
    }
    assert_eq!(
        Request::get("/nowhere").send(site.address).await.refusal(),
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn a_server_that_goes_down_says_so_and_takes_no_calls() {
    let gate = Turnstile::default();
    let site = Plan::default().start(&gate).await;
    let client = site.client(Era::Handshake, None).await;
    let mut held = client.tool(1, "held", nothing()).begin(site.address).await;
    gate.reached(1).await;
    site.stop.cancel();
    while site.ready().await.0 == 200 {}
    let (status, body) = site.ready().await;
    assert_eq!((status, &body["status"]), (503, &json!("draining")));
    assert_eq!(
        Request::get("/healthz").send(site.address).await.status,
        200,
        "it lives"
    );
    for request in [client.tool(2, "echo", nothing()), client.initialize(), client.listen()] {
        let refused = request.send(site.address).await;
        assert_eq!(refused.refusal(), (503, "shutting_down".into()));
        assert!(refused.header("retry-after").is_some());
    }
    // What belongs to the call on its way is still taken.
    let told = client
        .notification("notifications/cancelled", json!({ "requestId": 9 }))
        .send(site.address)
        .await;
    assert_eq!(told.status, 202);
    gate.open();
    assert_eq!(held.reply().await.result()["content"][0]["text"], "held");
    site.ended().await;
}

#[tokio::test]
async fn figures_are_for_tokens_that_may_use_everything() {
    let bench = Bench::start().await;
    let plan = Plan {
        tokens: vec![
            ("all", nothing()),
            ("devices", json!({ "routers": ["mx-*"] })),
            ("tools", json!({ "tools": ["get_router_list"] })),
        ],
        ..Plan::default()
    };
    let site = plan.before(&bench, &[]).await;
    for era in ERAS {
        let client = site.client(era, Some("all")).await;
        let arguments = json!({ "router_name": "mx-lab-1", "command": "show version" });
        client.call("execute_junos_command", arguments).await.result();
    }
    let get = Request::get("/metrics");
    assert_eq!(get.send(site.address).await.status, 401);
    assert_eq!(get.clone().of("mallory").send(site.address).await.status, 401);
    for narrow in ["devices", "tools"] {
        let refused = get.clone().of(narrow).send(site.address).await;
        assert_eq!(refused.refusal(), (403, "insufficient_scope".into()), "{narrow}");
        assert!(!refused.text().contains("mx-lab-1"));
    }
    let shown = get.of("all").send(site.address).await;
    assert_eq!(shown.status, 200);
    assert_eq!(
        shown.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    for line in [
        r#"junosmcp_active_sessions{server="junos"} 1"#,
        r#"junosmcp_tool_duration_seconds_bucket{server="junos",le="0.01",tool="execute_junos_command",result="ok"}"#,
        r#"junosmcp_tool_duration_seconds_count{server="junos",tool="execute_junos_command",result="ok"} 2"#,
        "jmcp_requests_in_flight 0",
        "jmcp_auth_failures_total 2",
        "jmcp_http_connections 1",
        r#"jmcp_device_sessions{device="mx-lab-1"} 1"#,
        r#"jmcp_device_round_trip_seconds_count{device="mx-lab-1"}"#,
        "process_start_time_seconds",
        "jmcp_build_info{",
    ] {
        assert!(shown.text().contains(line), "{line} is not in\n{}", shown.text());
    }
    let newer = Request::get("/metrics").with("Accept", "application/openmetrics-text; version=1.0.0");
    let newer = newer.of("all").send(site.address).await;
    assert!(
        newer
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    assert!(newer.text().ends_with("# EOF\n"));
}

#[tokio::test]
async fn figures_have_a_listener_of_their_own_or_are_not_there() {
    let plan = Plan {
        tokens: vec![("alice", nothing())],
        metrics_listener: true,
        ..Plan::default()
    };
    let site = plan.start(&Turnstile::default()).await;
    let figures = site.figures.unwrap();
    assert!(
        Request::get("/metrics")
            .send(figures)
            .await
            .text()
            .contains("junosmcp_active_sessions")
    );
    assert_eq!(
        Request::get("/metrics").of("alice").send(site.address).await.status,
        404
    );
    for target in ["/mcp", "/mcp/"] {
        assert_eq!(
            Request::post("{}").to(target).of("alice").send(figures).await.status,
            404
        );
    }
    let plan = Plan {
        metrics: false,
        ..Plan::default()
    };
    let site = plan.start(&Turnstile::default()).await;
    assert_eq!(Request::get("/metrics").send(site.address).await.status, 404);
}

#[tokio::test]
async fn the_health_check_of_a_container_asks_the_server() {
    let home = directory(ONE_DEVICE);
    let running = Running::start(home.path(), &["-t", "http", "--allow-no-auth"], &[]).await;
    let port = running.address.port().to_string();
    let well = program::run(home.path(), &["health", "-p", &port]).await;
    assert_eq!(well.status.code(), Some(0), "{}", well.stderr);
    assert!(well.stdout.contains(r#""status":"ok""#), "{}", well.stdout);
    running.signal("TERM");
    assert_eq!(running.ended().await.code(), Some(0));
    let gone = program::run(home.path(), &["health", "-p", &port]).await;
    assert_ne!(gone.status.code(), Some(0));
    assert!(gone.stderr.contains("the server is not well"), "{}", gone.stderr);
}
