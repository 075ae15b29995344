//! The names that a server goes by and the pages that may call it: looked at before anything else.

use jmcp::server::http::Hosts;

use super::Running;
use crate::support::{
    program::{ONE_DEVICE, directory},
    site::{Plan, Site, Turnstile, nothing},
    talk::Era,
    web::{Client, Reply, Request},
};

fn hosts(allowed: &[&str], origins: &[&str], any: bool) -> Hosts {
    let own = |list: &[&str]| list.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>();
    Hosts::new(&own(allowed), &own(origins), any).unwrap()
}

async fn site(hosts: Hosts) -> Site {
    let plan = Plan {
        hosts,
        tokens: vec![("alice", nothing())],
        metrics_listener: true,
        ..Plan::default()
    };
    plan.start(&Turnstile::default()).await
}

fn word(reply: &Reply) -> String {
    reply.json()["error"].as_str().unwrap_or_default().to_owned()
}

/// A call that is served where its names are right.
async fn call(site: &Site, headers: &[(&str, &str)]) -> Reply {
    let client = Client::start(site.address, Era::PerRequest, Some("alice")).await;
    let request = client.tool(1, "echo", nothing()).without("Host");
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.with(name, value));
    request.send(site.address).await
}

#[tokio::test]
async fn loopback_names_are_served_and_others_are_told_why_not() {
    let site = site(hosts(&[], &[], false)).await;
    for host in [
        "localhost",
        "LocalHost:8080",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8080",
        "[0:0::1]",
    ] {
        assert_eq!(call(&site, &[("Host", host)]).await.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.0.2.1",
        "[2001:db8::1]:80",
        "127.1",
        "0.0.0.0",
    ] {
        let reply = call(&site, &[("Host", host)]).await;
        assert_eq!((reply.status, word(&reply)), (403, "host_not_allowed".into()), "{host}");
        let told = reply.json()["error_description"].as_str().unwrap().to_owned();
        assert!(told.contains("--allowed-host"), "{told}");
    }
    for host in [
        "",
        "local host",
        "user@localhost",
        "localhost:",
        "localhost:99999",
        "[::1",
        "a/b",
        "localhost, localhost",
    ] {
        let reply = call(&site, &[("Host", host)]).await;
        assert_eq!(reply.status, 400, "{host}: {}", reply.text());
    }
    assert_eq!(call(&site, &[]).await.status, 400, "no Host");
    let twice = call(&site, &[("Host", "localhost"), ("host", "localhost")]).await;
    assert_eq!((twice.status, word(&twice)), (400, "invalid_request".into()));
}

#[tokio::test]
async fn operators_allow_names_and_addresses_with_and_without_port() {
    let site = site(hosts(
        &[
            "jmcp.example.net",
            "192.0.2.1:8080",
            "2001:db8::1",
            "[2001:db8::2]:8443",
        ],
        &[],
        false,
    ))
    .await;
    for (host, status) in [
        ("jmcp.example.net", 200),
        ("JMCP.example.net:443", 200),
        ("jmcp.example.net.", 200),
        ("192.0.2.1:8080", 200),
        ("192.0.2.1:8081", 403),
        ("192.0.2.1", 403),
        ("[2001:DB8::1]", 200),
        ("[2001:db8:0::1]:99", 200),
        ("[2001:db8::2]:8443", 200),
        ("[2001:db8::2]", 403),
        ("localhost", 200),
        ("other.example.net", 403),
        ("xjmcp.example.net", 403),
    ] {
        assert_eq!(call(&site, &[("Host", host)]).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn a_target_in_absolute_form_counts_as_the_name() {
    let site = site(hosts(&[], &[], false)).await;
    for (target, host, status) in [
        ("http://localhost/healthz", "localhost", 200),
        ("http://evil.example/healthz", "evil.example", 403),
        ("http://evil.example/healthz", "localhost", 400),
        ("http://localhost/healthz", "evil.example", 400),
    ] {
        let reply = Request::get(target).set("Host", host).send(site.address).await;
        assert_eq!(reply.status, status, "{target} {host}");
    }
}

#[tokio::test]
async fn pages_of_other_hosts_may_not_call() {
    let strict = site(hosts(
        &["jmcp.example.net"],
        &["https://portal.example.net", "vscode-webview://x"],
        false,
    ))
    .await;
    for (origin, status) in [
        ("http://localhost:6274", 200),
        ("http://127.0.0.1", 200),
        ("http://[::1]:6274", 200),
        ("https://jmcp.example.net", 200),
        ("https://portal.example.net", 200),
        ("https://portal.example.net:443", 200),
        ("vscode-webview://x", 200),
        ("https://portal.example.net:8443", 403),
        ("http://portal.example.net", 403),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("http://[2001:db8::1]", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
    ] {
        let reply = call(&strict, &[("Host", "localhost"), ("Origin", origin)]).await;
        assert_eq!(reply.status, status, "{origin}: {}", reply.text());
        if status == 403 {
            assert_eq!(word(&reply), "origin_not_allowed", "{origin}");
        }
    }
    let twice = [
        ("Host", "localhost"),
        ("Origin", "http://localhost"),
        ("Origin", "https://evil.example"),
    ];
    assert_eq!(call(&strict, &twice).await.status, 400);
}

#[tokio::test]
async fn a_server_for_any_name_still_looks_where_a_page_comes_from() {
    let any = site(hosts(&[], &[], true)).await;
    for (host, origin, status) in [
        ("jmcp.example.net", None, 200),
        ("[2001:db8::1]:80", None, 200),
        ("jmcp.example.net", Some("https://jmcp.example.net"), 200),
        ("jmcp.example.net", Some("http://localhost:6274"), 200),
        ("jmcp.example.net", Some("https://evil.example"), 403),
    ] {
        let mut headers = vec![("Host", host)];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        assert_eq!(call(&any, &headers).await.status, status, "{host} {origin:?}");
    }
    assert_eq!(call(&any, &[("Host", "a b")]).await.status, 400);
}

/// A name that is not allowed learns nothing, not even whether a token is good or a path is there.
#[tokio::test]
async fn names_come_before_everything_else_and_everywhere() {
    let site = site(hosts(&[], &[], false)).await;
    let strangers = [("Host", "evil.example"), ("Origin", "https://evil.example")];
    for (name, value) in strangers {
        for target in ["/mcp", "/mcp/", "/healthz", "/readyz", "/metrics", "/nowhere"] {
            let address = if target == "/metrics" {
                site.figures.unwrap()
            } else {
                site.address
            };
            for token in [None, Some("alice"), Some("mallory")] {
                let mut request = Request::get(target).set(name, value);
                request = token.iter().fold(request, |request, token| request.of(token));
                let reply = request.send(address).await;
                assert_eq!(reply.status, 403, "{name} {target} {token:?}");
                assert_eq!(reply.header("www-authenticate"), None);
            }
        }
    }
    let refused = Request::post("not json")
        .set("Host", "evil.example")
        .send(site.address)
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(site.figure("jmcp_auth_failures_total"), 0.0, "no token was looked at");
}

/// Orchestrators probe by address, which is on no list of names.
#[tokio::test]
async fn probes_may_name_the_address_that_they_reach() {
    let home = directory(ONE_DEVICE);
    let arguments = [
        "-t",
        "http",
        "--allow-no-auth",
        "-H",
        "127.0.0.9",
        "--metrics-listen",
        "127.0.0.8:0",
    ];
    let mut running = Running::start(home.path(), &arguments, &[]).await;
    let line = running.says("jmcp: figures at ").await;
    let figures = line
        .split("http://")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    for (address, target, host, status) in [
        (running.address, "/healthz", "127.0.0.9", 200),
        (running.address, "/readyz", "127.0.0.9:8080", 200),
        (running.address, "/healthz", "127.0.0.7", 403),
        (running.address, "/mcp", "127.0.0.9", 403),
        (running.address, "/metrics", "127.0.0.9", 403),
        (figures, "/metrics", "127.0.0.8", 200),
        (figures, "/metrics", "127.0.0.9", 403),
        (figures, "/healthz", "127.0.0.8", 200),
        (figures, "/mcp", "127.0.0.8", 404),
    ] {
        let reply = Request::get(target).set("Host", host).send(address).await;
        assert_eq!(reply.status, status, "{address} {target} {host}: {}", reply.text());
    }
}
