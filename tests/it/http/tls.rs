//! TLS: certificates that clients can check, renewed while the server runs, and a pair that does not fit together.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use jmcp::server::http::ConnectionLimits;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::Running;
use crate::support::{
    program::{self, ONE_DEVICE, directory},
    site::{Plan, Site, Turnstile},
    web::{Request, Wire, within},
};

/// Self-signed, for `localhost`, valid for a hundred years. Neither key protects anything.
const FIRST: (&str, &str) = (include_str!("pairs/first.crt"), include_str!("pairs/first.key"));
const SECOND: (&str, &str) = (include_str!("pairs/second.crt"), include_str!("pairs/second.key"));

fn write(directory: &TempDir, certificate: &str, key: &str) -> (PathBuf, PathBuf) {
    let file = |name: &str| directory.path().join(name);
    std::fs::write(file("server.crt"), certificate).unwrap();
    std::fs::write(file("server.key"), key).unwrap();
    (file("server.crt"), file("server.key"))
}

/// A connection that trusts this certificate and no other; nothing where the server shows another.
async fn connect(address: std::net::SocketAddr, trusted: &str, protocol: &str) -> Option<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.into()];
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    within(
        "the handshake",
        TlsConnector::from(Arc::new(config)).connect(name, stream),
    )
    .await
    .ok()
}

async fn shows(address: std::net::SocketAddr, certificate: &str) -> bool {
    connect(address, certificate, "http/1.1").await.is_some()
}

async fn start(directory: &TempDir) -> Site {
    let plan = Plan {
        tls: Some(write(directory, FIRST.0, FIRST.1)),
        connections: ConnectionLimits {
            first_request: Duration::from_millis(700),
            ..ConnectionLimits::default()
        },
        ..Plan::default()
    };
    plan.start(&Turnstile::default()).await
}

#[tokio::test]
async fn both_versions_of_http_are_served_over_tls() {
    let directory = tempfile::tempdir().unwrap();
    let site = start(&directory).await;
    let stream = connect(site.address, FIRST.0, "http/1.1").await.unwrap();
    let mut wire = Wire::over(stream);
    assert_eq!(wire.ask(&Request::get("/readyz")).await.status, 200);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}"#;
    let reply = wire.ask(&Request::post(body)).await;
    assert!(
        reply.status == 200 && reply.header("mcp-session-id").is_some(),
        "{reply:?}"
    );
    let stream = connect(site.address, FIRST.0, "h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(stream),
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://localhost/readyz").body(http_body_util::Empty::<bytes::Bytes>::new());
    assert_eq!(sender.send_request(request.unwrap()).await.unwrap().status(), 200);
    // Without TLS there is nothing to be had.
    let plain = Request::get("/healthz").begin(site.address).await.head().await;
    assert!(plain.is_none(), "{plain:?}");
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let site = start(&directory).await;
    let mut silent = Wire::to(site.address).await;
    assert!(silent.is_closed().await);
    // And does not hold up the end of the server.
    let _silent = Wire::to(site.address).await;
    site.until("jmcp_http_connections", 1.0).await;
    let begun = Instant::now();
    site.stop.cancel();
    site.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mut site = start(&directory).await;
    site.watch_files();
    assert!(shows(site.address, FIRST.0).await && !shows(site.address, SECOND.0).await);
    let mut open = Wire::over(connect(site.address, FIRST.0, "http/1.1").await.unwrap());
    assert_eq!(open.ask(&Request::get("/healthz")).await.status, 200);
    site.reload.send(()).await.unwrap();
    site.until(r#"jmcp_config_reloads_total{result="ok"}"#, 1.0).await;
    write(&directory, SECOND.0, SECOND.1);
    site.until(r#"jmcp_config_reloads_total{result="ok"}"#, 2.0).await;
    assert!(shows(site.address, SECOND.0).await && !shows(site.address, FIRST.0).await);
    // Who is connected stays so.
    assert_eq!(open.ask(&Request::get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn a_pair_that_does_not_fit_together_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut site = start(&directory).await;
    site.watch_files();
    let mut failures = 0.0;
    for (certificate, key) in [
        (SECOND.0, FIRST.1),
        ("", FIRST.1),
        (FIRST.0, "not a key"),
        (FIRST.0, FIRST.0),
    ] {
        write(&directory, certificate, key);
        site.reload.send(()).await.unwrap();
        failures += 1.0;
        site.until(r#"jmcp_config_reloads_total{result="error"}"#, failures)
            .await;
        let mut wire = Wire::over(
            connect(site.address, FIRST.0, "http/1.1")
                .await
                .expect("the pair before"),
        );
        let ready = wire.ask(&Request::get("/readyz")).await;
        assert_eq!(ready.status, 503);
        assert!(
            ready.json()["certificate"].as_str().unwrap().starts_with("invalid"),
            "{}",
            ready.text()
        );
    }
    write(&directory, SECOND.0, SECOND.1);
    site.reload.send(()).await.unwrap();
    site.until(r#"jmcp_config_reloads_total{result="ok"}"#, 1.0).await;
    let mut wire = Wire::over(connect(site.address, SECOND.0, "http/1.1").await.unwrap());
    assert_eq!(wire.ask(&Request::get("/readyz")).await.status, 200);
}

#[tokio::test]
async fn the_program_serves_tls_and_its_health_check_understands_it() {
    let home = directory(ONE_DEVICE);
    write(&home, FIRST.0, FIRST.1);
    let tls = ["--tls-cert", "server.crt", "--tls-key", "server.key"];
    let running = Running::start(
        home.path(),
        &[&["-t", "http", "--allow-no-auth"][..], &tls].concat(),
        &[],
    )
    .await;
    assert_eq!(running.scheme, "https");
    assert!(shows(running.address, FIRST.0).await);
    let port = running.address.port().to_string();
    let well = program::run(home.path(), &[&["health", "-p", &port][..], &tls].concat()).await;
    assert_eq!(well.status.code(), Some(0), "{}", well.stderr);
    running.signal("TERM");
    assert_eq!(running.ended().await.code(), Some(0));
    // A pair that does not fit is told before anything is served.
    write(&home, FIRST.0, SECOND.1);
    let ended = program::run(
        home.path(),
        &[&["-t", "http", "-p", "0", "--allow-no-auth"][..], &tls].concat(),
    )
    .await;
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("server.key"), "{}", ended.stderr);
}
