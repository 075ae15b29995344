//! `jmcp health`: asks a running server whether it lives, as the health check of a container does.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::print;
use crate::{
    cli::{self, HealthArgs, Options, Transport},
    error::{Code, Error, Result},
};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn run(own: &Options, args: &HealthArgs) -> Result<ExitCode> {
    let Some(pid) = args.pid else {
        return ask(own).await;
    };
    let theirs = of_process(pid)?;
    let is_stdio = match theirs.transport {
        Some(transport) => transport == Transport::Stdio,
        None => !theirs.is_for_python,
    };
    if is_stdio {
        print("serves one client on stdin and stdout: there is nothing to ask");
        return Ok(ExitCode::SUCCESS);
    }
    ask(&theirs).await
}

/// The options that a process was started with.
fn of_process(pid: u32) -> Result<Options> {
    let not_found = |why: String| {
        Error::new(
            Code::NotFound,
            format!("process {pid} is no jmcp that can be asked: {why}"),
        )
    };
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).map_err(|e| not_found(e.to_string()))?;
    let words = line
        .split(|byte| *byte == 0)
        .map(|word| OsString::from(String::from_utf8_lossy(word).into_owned()));
    let mut words: Vec<OsString> = words.collect();
    // The list ends with a zero, too.
    words.pop();
    cli::read(words)
        .map(|cli| cli.options)
        .map_err(|_| not_found("its command line is another program's".into()))
}

async fn ask(options: &Options) -> Result<ExitCode> {
    let unhealthy = |why: String| Error::new(Code::ConnectFailed, format!("the server is not well: {why}"));
    let address = address(&options.host, options.port);
    let is_tls = options.http.tls_cert.is_some();
    let asked = tokio::time::timeout(PATIENCE, answer(&address, is_tls)).await;
    let answer = asked
        .map_err(|_| unhealthy(format!("{address} did not answer within {} s", PATIENCE.as_secs())))?
        .map_err(|e| unhealthy(format!("{address}: {e}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") {
        print(body.trim());
        Ok(ExitCode::SUCCESS)
    } else {
        Err(unhealthy(format!("{address} answered `{}`", status.escape_debug())))
    }
}

/// Where a server is reached that listens on this host: one that listens everywhere, on loopback.
fn address(host: &str, port: u16) -> String {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(ip) if ip.is_unspecified() => {
            let loopback = if ip.is_ipv4() {
                IpAddr::V4(Ipv4Addr::LOCALHOST)
            } else {
                IpAddr::V6(Ipv6Addr::LOCALHOST)
            };
            SocketAddr::new(loopback, port).to_string()
        }
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => format!("{bare}:{port}"),
    }
}

async fn answer(address: &str, is_tls: bool) -> std::io::Result<String> {
    let stream = TcpStream::connect(address).await?;
    if !is_tls {
        return converse(stream).await;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
    converse(TlsConnector::from(Arc::new(config)).connect(name, stream).await?).await
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<String> {
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    let read = stream.take(64 * 1024).read_to_end(&mut answer).await;
    if answer.is_empty() {
        read?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Takes any certificate: nothing is said to the server but this question, and its certificate is for another name than loopback's.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
