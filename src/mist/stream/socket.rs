//! One WebSocket of the cloud: opened by the HTTP library, so that proxies and authorities are those of every other request; closed
//! always.

use std::time::{Duration, SystemTime};

use futures::{SinkExt as _, StreamExt as _};
use http::header::{AUTHORIZATION, CONNECTION, RETRY_AFTER, UPGRADE};
use reqwest::{StatusCode, Url, header::HeaderValue, redirect::Policy};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::super::{Access, Cloud, Failure, client::proxy, exchange, figures::Done, tls};
use crate::error::{Code, Error, Result};

/// Bytes of one message at most.
const LARGEST: usize = 4 << 20;
/// How often a sign of life goes out: what is silent is cut by proxies and by the cloud.
const ALIVE: Duration = Duration::from_secs(25);
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// What a socket runs over.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Text(String),
    Binary(Vec<u8>),
    /// The other side has closed, or the connection broke.
    Closed,
    /// Nothing until the time that was given.
    Late,
}

/// An open WebSocket.
pub(super) struct Socket {
    stream: WebSocketStream<Box<dyn Wire>>,
    alive: Instant,
}

/// The HTTP client of WebSockets: as the other, but it speaks HTTP/1.1 only and has no time-out of its own.
///
/// # Errors
/// `internal` or `io` where TLS cannot be set up.
pub(in crate::mist) fn client(connect_timeout: Duration) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::client()?)
        .http1_only()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(connect_timeout)
        .pool_max_idle_per_host(0)
        .tcp_nodelay(true)
        .user_agent(concat!("jmcp/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = proxy() {
        builder = builder.proxy(proxy?);
    }
    builder
        .build()
        .map_err(|e| Error::new(Code::Internal, "no WebSockets of the Mist cloud").caused_by(e))
}

/// Where the cloud says that a session is, if that is a place of this cloud: a command must not follow a URL anywhere.
///
/// # Errors
/// `protocol` for a URL that leads elsewhere.
pub(super) fn place(cloud: &Cloud, url: &str) -> Result<Url> {
    let own = Url::parse(&cloud.stream_base());
    let read = Url::parse(url.trim());
    let refuse = |why: &str| {
        Error::new(
            Code::Protocol,
            format!("the cloud answered with a WebSocket {why}, and nothing was sent there"),
        )
        .advise("do not try again: tell the operator, since no Mist cloud does this")
    };
    let (Ok(own), Ok(read)) = (own, read) else {
        return Err(refuse("that has no URL"));
    };
    let host = read.host_str().unwrap_or_default().to_ascii_lowercase();
    if read.scheme() != own.scheme() {
        return Err(refuse("of another protocol"));
    }
    let is_own = cloud.has_stream_host(&host) && read.port_or_known_default() == own.port_or_known_default();
    if !is_own || !read.username().is_empty() || read.password().is_some() {
        return Err(refuse(&format!("on a foreign host (`{}`)", host.escape_debug())));
    }
    Ok(read)
}

impl Socket {
    /// Opens the socket at this URL of the account's cloud; with the account's token only where `with_token`.
    ///
    /// # Errors
    /// What the cloud answers instead: `rate_limited`, `auth_failed`, ...; `connect_failed`, `timeout`.
    pub(super) async fn open(access: &Access, url: &Url, with_token: bool, until: Instant) -> Result<Self> {
        let what = format!("GET {}", url.path());
        let started = Instant::now();
        let outcome = match tokio::time::timeout_at(until, Self::shake_hands(access, url, &what, with_token)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(
                Failure::new(Code::Timeout, format!("the WebSocket `{what}` did not open in time"))
                    .advise("try again with a longer time-out"),
            ),
        };
        access.mist().client().figures().record(Done {
            at: SystemTime::now(),
            what,
            status: match &outcome {
                Ok(_) => Some(StatusCode::SWITCHING_PROTOCOLS.as_u16()),
                Err(failure) => failure.status,
            },
            took: started.elapsed(),
            bytes: 0,
            error: outcome.as_ref().err().map(|failure| failure.code.as_str().to_owned()),
        });
        Ok(outcome?)
    }

    async fn shake_hands(access: &Access, url: &Url, what: &str, with_token: bool) -> Result<Self, Failure> {
        let host = url.host_str().unwrap_or_default();
        let wrong = |why: String| Failure::new(Code::Protocol, format!("the WebSocket `{what}` at `{host}` {why}"));
        let mut http = url.clone();
        let scheme = if url.scheme() == "wss" { "https" } else { "http" };
        // Both kinds are special schemes, so this cannot fail; where it did, the library would refuse the URL.
        let _ = http.set_scheme(scheme);
        let key = generate_key();
        let client = access
            .mist()
            .sockets()
            .map_err(|e| Failure::new(e.code(), e.message()))?;
        let mut request = client
            .get(http)
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", &key);
        if let Some(key) = access.account().keys().first().filter(|_| with_token) {
            let token = HeaderValue::from_str(&format!("Token {}", key.token().expose()));
            let mut token = token.map_err(|_| wrong("has a token that cannot be sent".into()))?;
            token.set_sensitive(true);
            request = request.header(AUTHORIZATION, token);
        }
        let answer = request.send().await.map_err(|e| {
            let code = if e.is_connect() {
                Code::ConnectFailed
            } else {
                Code::Transport
            };
            Failure::new(code, format!("no WebSocket at `{host}`: {}", exchange::causes(&e)))
                .advise("check that the network and its proxy let WebSockets to the `api-ws` host of the cloud through")
        })?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refused(answer, what, host).await);
        }
        let accepted = answer.headers().get("sec-websocket-accept").map(HeaderValue::as_bytes);
        if accepted != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(wrong("is none: a proxy answered in its place".into()));
        }
        let wire = answer.upgrade().await.map_err(|_| wrong("broke off".into()))?;
        Ok(Self::over(wire).await)
    }

    /// A socket over a connection whose handshake is done.
    pub(super) async fn over(wire: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST))
            .max_frame_size(Some(LARGEST));
        let wire: Box<dyn Wire> = Box::new(wire);
        Self {
            stream: WebSocketStream::from_raw_socket(wire, Role::Client, Some(config)).await,
            alive: Instant::now() + ALIVE,
        }
    }

    /// Sends text.
    ///
    /// # Errors
    /// `transport` where the connection is gone.
    pub(super) async fn say(&mut self, text: String) -> Result<()> {
        self.send(Message::text(text)).await
    }

    /// Sends keystrokes: a zero byte goes before them.
    ///
    /// # Errors
    /// `transport` where the connection is gone.
    pub(super) async fn keys(&mut self, keys: &str) -> Result<()> {
        let mut bytes = vec![0];
        bytes.extend_from_slice(keys.as_bytes());
        self.send(Message::binary(bytes)).await
    }

    /// What comes next, until this time.
    pub(super) async fn next(&mut self, until: Instant) -> Frame {
        loop {
            let wait = until.min(self.alive);
            match tokio::time::timeout_at(wait, self.stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return Frame::Text(text.to_string()),
                Ok(Some(Ok(Message::Binary(bytes)))) => return Frame::Binary(bytes.to_vec()),
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return Frame::Closed,
                // Pings are answered by the library with the next write or read.
                Ok(Some(Ok(_))) => {}
                Err(_) if Instant::now() >= until => return Frame::Late,
                Err(_) => {
                    self.alive = Instant::now() + ALIVE;
                    if self.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                        return Frame::Closed;
                    }
                }
            }
        }
    }

    /// Says goodbye; the connection ends whether the other side answers or not.
    pub(super) async fn close(mut self) {
        // Whoever does not take the goodbye within its time does not need it.
        let _ = tokio::time::timeout(GOODBYE, self.stream.close(None)).await;
    }

    async fn send(&mut self, message: Message) -> Result<()> {
        let sent = tokio::time::timeout(ALIVE, self.stream.send(message)).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::new(Code::Transport, "the WebSocket to the device broke off")
                .advise("try again; where it happens again, look whether the device is connected")),
        }
    }
}

/// The answer that came instead of a WebSocket.
async fn refused(answer: reqwest::Response, what: &str, host: &str) -> Failure {
    const WORDS: usize = 4096;
    let status = answer.status().as_u16();
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = seconds
        .and_then(|text| text.trim().parse().ok())
        .map(Duration::from_secs);
    let mut words = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        words.extend_from_slice(&piece);
        if words.len() > WORDS {
            break;
        }
    }
    let failure = Failure::of(status, &words, what, host, retry_after);
    match status {
        429 => failure.advise(match retry_after {
            Some(wait) => format!(
                "too many WebSockets or calls of this token: try again in {} s",
                wait.as_secs().max(1)
            ),
            None => "too many WebSockets or calls of this token: wait half a minute before another try".to_owned(),
        }),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mist::Clouds;

    #[test]
    fn no_command_follows_a_foreign_url() {
        let cloud = Clouds::default().cloud("api.eu.mist.com").unwrap();
        for good in [
            "wss://api-ws.eu.mist.com/ssh?jwt=x",
            "wss://API-WS.eu.mist.com:443/ssh?jwt=x",
        ] {
            assert!(place(&cloud, good).is_ok(), "{good}");
        }
        for foreign in [
            "ws://api-ws.eu.mist.com/ssh?jwt=x",
            "https://api-ws.eu.mist.com/ssh?jwt=x",
            "wss://api-ws.mist.com/ssh?jwt=x",
            "wss://api-ws.eu.mist.com.evil.example/ssh",
            "wss://api-ws.eu.mist.com@evil.example/ssh",
            "wss://user:pw@api-ws.eu.mist.com/ssh",
            "wss://api-ws.eu.mist.com:8443/ssh",
            "wss://evil.example/ssh?host=api-ws.eu.mist.com",
            "//api-ws.eu.mist.com/ssh",
            "",
        ] {
            assert_eq!(place(&cloud, foreign).unwrap_err().code(), Code::Protocol, "{foreign}");
        }
        let lab = Clouds::with(["http://127.0.0.1:8080"])
            .unwrap()
            .cloud("127.0.0.1:8080")
            .unwrap();
        assert!(place(&lab, "ws://127.0.0.1:8080/ssh?jwt=x").is_ok());
        assert!(place(&lab, "ws://127.0.0.1:8081/ssh?jwt=x").is_err());
    }
}
