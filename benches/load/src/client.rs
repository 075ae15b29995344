//! A client that costs as little as it can: requests are bytes made before, and of answers only the status, the length and signs of
//! errors are read.

use std::{
    io::{Error, ErrorKind, Result},
    net::SocketAddr,
};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::server::TOKEN;

/// The two kinds of MCP over HTTP.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2025-11-25: a handshake, then calls in a session.
    Session,
    /// 2026-07-28: every request stands for itself.
    Modern,
}

impl Era {
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

/// One connection.
pub struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

/// One answer: its head and body are in the client until the next.
pub struct Answer {
    pub status: u16,
    head: usize,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(16 << 10),
        })
    }

    /// Sends without waiting for anything.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends a request and reads its answer to the end.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.send(request).await?;
        self.read.clear();
        let head = loop {
            self.more().await?;
            if let Some(at) = memmem::find(&self.read, b"\r\n\r\n") {
                break at + 4;
            }
        };
        let status = self
            .read
            .get(9..12)
            .and_then(|s| std::str::from_utf8(s).ok()?.parse().ok())
            .unwrap_or_default();
        match header(&self.read[..head], "content-length: ") {
            Some(length) => {
                let length: usize = length.parse().map_err(Error::other)?;
                while self.read.len() < head + length {
                    self.more().await?;
                }
            }
            None if header(&self.read[..head], "transfer-encoding: ").is_some() => {
                while !self.read.ends_with(b"\r\n0\r\n\r\n") {
                    self.more().await?;
                }
            }
            None => {}
        }
        Ok(Answer { status, head })
    }

    /// Whether a call was answered with a result that is none of an error.
    pub fn is_good(&self, answer: &Answer) -> bool {
        let body = &self.read[answer.head..];
        answer.status == 200
            && memmem::find(body, b"\"routers\"").is_some()
            && memmem::find(body, b"\"isError\":true").is_none()
    }

    /// The last answer, as text.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.read)
    }

    /// Opens a session and gives its id.
    pub async fn open(&mut self) -> Result<String> {
        let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"load","version":"1"}}}"#;
        let answer = self.exchange(&post("", initialize)).await?;
        let session = header(&self.read[..answer.head], "mcp-session-id: ").map(str::to_owned);
        let session = session.ok_or_else(|| Error::other(format!("no session: status {}", answer.status)))?;
        let done = post(
            &in_session(&session),
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        );
        self.exchange(&done).await?;
        Ok(session)
    }

    /// The bytes of the call that is measured, with room for its id (see `number`); opens a session first where the era has them.
    pub async fn call(&mut self, era: Era) -> Result<Vec<u8>> {
        const CALL: &str = r#"{"jsonrpc":"2.0","id":1000000000,"method":"tools/call","params":{"name":"get_router_list","arguments":{}"#;
        const META: &str = r#","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"load","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"#;
        Ok(match era {
            Era::Session => post(&in_session(&self.open().await?), &format!("{CALL}}}}}")),
            Era::Modern => post(
                "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: get_router_list\r\n",
                &format!("{CALL}{META}}}}}"),
            ),
        })
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// Gives the call the next id, in place: within a session none may be used again.
pub fn number(call: &mut [u8]) {
    let Some(at) = memmem::find(call, b"\"id\":1") else {
        return;
    };
    for digit in call[at + 6..at + 15].iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
}

/// Headers of a message in a session.
pub fn in_session(session: &str) -> String {
    format!("Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n")
}

/// A request with these headers, each with its line end.
pub fn post(headers: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// The server writes the names of headers in small letters.
fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let at = memmem::find(head, name.as_bytes())? + name.len();
    let value = head.get(at..)?;
    let end = memchr::memchr(b'\r', value)?;
    std::str::from_utf8(value.get(..end)?).ok()
}
