//! An HTTP/1.1 client that sends exactly the bytes it is given and reads what comes, and a client of MCP on top of it, in both eras.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::talk::Era;

/// More than a busy machine needs for one answer. Much more: under paused time it must not be the next thing to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits for what has to come.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come"))
}

/// The secret of the token with this name.
pub(crate) fn secret(name: &str) -> String {
    format!("jmcp_{name}-0123456789abcdef")
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A request as it goes out.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            line: format!("{method} {target} HTTP/1.1"),
            headers: vec![("Host".into(), "localhost".into())],
            body: None,
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A message to `/mcp`.
    pub(crate) fn post(body: impl Into<Vec<u8>>) -> Self {
        let mut request = Self::new("POST", "/mcp")
            .with("Content-Type", "application/json")
            .with("Accept", "application/json, text/event-stream");
        request.body = Some(body.into());
        request
    }

    /// With one header more.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With this header in place of those of its name.
    pub(crate) fn set(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// With the token of this name.
    pub(crate) fn of(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {}", secret(token)))
    }

    /// With another body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Its body.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone().unwrap_or_default()).unwrap()
    }

    /// To another path.
    pub(crate) fn to(mut self, target: &str) -> Self {
        let method = self.line.split(' ').next().unwrap().to_owned();
        self.line = format!("{method} {target} HTTP/1.1");
        self
    }

    /// The bytes, with a `Content-Length` where there is a body and the headers say nothing of its length.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        let says_length = self.headers.iter().any(|(name, _)| {
            name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
        });
        if let (Some(body), false) = (&self.body, says_length) {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        text += "\r\n";
        let mut bytes = text.into_bytes();
        bytes.extend(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// Sends it on a connection of its own and reads the whole answer.
    pub(crate) async fn send(&self, address: SocketAddr) -> Reply {
        self.begin(address).await.reply().await
    }

    /// As `send`, for a task of its own.
    pub(crate) async fn sent(self, address: SocketAddr) -> Reply {
        self.send(address).await
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn begin(&self, address: SocketAddr) -> Wire {
        let mut wire = Wire::to(address).await;
        wire.send(&self.bytes()).await;
        wire
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The one value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "more than one {name}: {:?}", self.headers);
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.header("content-type") == Some("text/event-stream")
    }

    /// The messages of a stream that has come to its end, or the one of a plain answer.
    pub(crate) fn messages(&self) -> Vec<Value> {
        if !self.is_stream() {
            return vec![self.json()];
        }
        let events = self.text().split("\n\n").filter_map(Event::read);
        events.filter_map(|event| event.message()).collect()
    }

    /// Its status and the word for programs.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let json = self.json();
        let word = json["limit"].as_str().or(json["error"].as_str());
        (self.status, word.unwrap_or_default().to_owned())
    }

    /// The code of a JSON-RPC error.
    pub(crate) fn rpc_error(&self) -> i64 {
        let message = self.messages().pop().unwrap();
        message["error"]["code"].as_i64().unwrap_or_else(|| panic!("{message}"))
    }

    /// The result of a request that has to have one.
    pub(crate) fn result(&self) -> Value {
        let mut message = self.messages().pop().unwrap_or_else(|| panic!("{self:?}"));
        assert!(message["result"].is_object(), "{} {message}", self.status);
        message["result"].take()
    }
}

/// A server-sent event, or a comment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) data: String,
    pub(crate) comment: Option<String>,
}

impl Event {
    fn read(text: &str) -> Option<Self> {
        let mut event = Self::default();
        for line in text.lines() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "" => event.comment = Some(value.into()),
                "id" => event.id = Some(value.into()),
                "data" => event.data += value,
                _ => {}
            }
        }
        (!text.trim().is_empty()).then_some(event)
    }

    /// The message in it, where there is one.
    pub(crate) fn message(&self) -> Option<Value> {
        (!self.data.is_empty()).then(|| serde_json::from_str(&self.data).unwrap_or_else(|e| panic!("{e}: {self:?}")))
    }
}

/// One connection.
pub(crate) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    /// What came of an event that is not complete.
    pending: String,
}

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self {
            stream: BufReader::new(Box::new(stream)),
            pending: String::new(),
        }
    }

    /// Sends bytes as they are. A server that has closed its end already is not a failure here.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    /// Closes the end that the server reads.
    pub(crate) async fn end(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn ask(&mut self, request: &Request) -> Reply {
        self.send(&request.bytes()).await;
        self.reply().await
    }

    /// Reads an answer to its end.
    pub(crate) async fn reply(&mut self) -> Reply {
        let mut reply = self.head().await.expect("an answer before the end of the connection");
        let length = reply
            .header("content-length")
            .map(|length| length.parse::<usize>().unwrap());
        if reply.header("transfer-encoding") == Some("chunked") {
            while let Some(data) = self.chunk().await {
                reply.body.extend(data);
            }
        } else if let Some(length) = length {
            reply.body = vec![0; length];
            within("the body", self.stream.read_exact(&mut reply.body))
                .await
                .unwrap();
        }
        reply
    }

    /// Reads the head of an answer; none where the connection ends before it.
    pub(crate) async fn head(&mut self) -> Option<Reply> {
        let first = within("an answer", self.line()).await?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut headers = Vec::new();
        loop {
            let line = within("the head of an answer", self.line()).await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Reply {
            status: status.unwrap_or_else(|| panic!("{first}")),
            headers,
            body: Vec::new(),
        })
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line).await {
            Ok(read) if read > 0 && line.ends_with('\n') => Some(line.trim_end().to_owned()),
            _ => None,
        }
    }

    /// The next piece of a chunked body; none at its end, orderly or not.
    async fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = within("a piece of the body", self.line()).await?;
        let size = usize::from_str_radix(&size, 16).unwrap();
        let mut data = vec![0; size + 2];
        within("a piece of the body", self.stream.read_exact(&mut data))
            .await
            .ok()?;
        data.truncate(size);
        (size > 0).then_some(data)
    }

    /// The next event of a stream, comments included; none at its end.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.pending.split_once("\n\n") {
                let event = Event::read(event);
                self.pending = rest.to_owned();
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let data = self.chunk().await?;
            self.pending += std::str::from_utf8(&data).unwrap();
        }
    }

    /// The next event with a message.
    pub(crate) async fn message(&mut self) -> Option<(Option<String>, Value)> {
        loop {
            let event = self.event().await?;
            if let Some(message) = event.message() {
                return Some((event.id, message));
            }
        }
    }

    /// Whether the server has ended the connection, or does so now, without another byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        !matches!(within("the end of the connection", self.stream.read(&mut byte)).await, Ok(read) if read > 0)
    }
}

/// A client of MCP.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) era: Era,
    pub(crate) token: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) capabilities: Value,
}

impl Client {
    /// A client that has shaken hands, where its era does so.
    pub(crate) async fn start(address: SocketAddr, era: Era, token: Option<&str>) -> Self {
        Self::able(address, era, token, json!({})).await
    }

    /// A client with these capabilities.
    pub(crate) async fn able(address: SocketAddr, era: Era, token: Option<&str>, capabilities: Value) -> Self {
        let mut client = Self {
            address,
            era,
            token: token.map(str::to_owned),
            session: None,
            capabilities,
        };
        if era == Era::Handshake {
            let reply = client.initialize().send(address).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            client.session = Some(reply.header("mcp-session-id").expect("a session").to_owned());
            let initialized = client.notification("notifications/initialized", json!({}));
            assert_eq!(initialized.send(address).await.status, 202);
        }
        client
    }

    /// The first message of a client with a handshake.
    pub(crate) fn initialize(&self) -> Request {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": self.capabilities,
            "clientInfo": { "name": "web", "version": "1" },
        });
        let message = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        self.authorized(Request::post(message.to_string()))
    }

    /// A message with the headers that a client of this era sends.
    pub(crate) fn message(&self, message: &Value) -> Request {
        let request = self.authorized(Request::post(message.to_string()));
        match (self.era, &self.session) {
            (Era::Handshake, None) => request,
            (Era::Handshake, Some(session)) => request
                .with("Mcp-Session-Id", session)
                .with("MCP-Protocol-Version", "2025-11-25"),
            (Era::PerRequest, _) => {
                let method = message["method"].as_str().unwrap_or_default();
                let request = request
                    .with("MCP-Protocol-Version", "2026-07-28")
                    .with("Mcp-Method", method);
                let params = &message["params"];
                let name = params["name"].as_str().or(params["uri"].as_str());
                match name.filter(|_| matches!(method, "tools/call" | "prompts/get" | "resources/read")) {
                    Some(name) => request.with("Mcp-Name", name),
                    None => request,
                }
            }
        }
    }

    fn authorized(&self, request: Request) -> Request {
        match &self.token {
            Some(token) => request.of(token),
            None => request,
        }
    }

    /// A request of a method.
    pub(crate) fn request(&self, id: impl Into<Value>, method: &str, mut params: Value) -> Request {
        if self.era == Era::PerRequest {
            let meta = &mut params["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
            meta["io.modelcontextprotocol/clientInfo"] = json!({ "name": "web", "version": "1" });
            meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        }
        self.message(&json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params }))
    }

    /// A notification.
    pub(crate) fn notification(&self, method: &str, params: Value) -> Request {
        self.message(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// A call of a tool.
    pub(crate) fn tool(&self, id: impl Into<Value>, tool: &str, arguments: Value) -> Request {
        self.request(id, "tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Calls a tool on a connection of its own and reads the whole answer.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Reply {
        self.tool(1, tool, arguments).send(self.address).await
    }

    /// The result of a method.
    pub(crate) async fn result(&self, method: &str, params: Value) -> Value {
        self.request(1, method, params).send(self.address).await.result()
    }

    /// A GET in its session.
    pub(crate) fn listen(&self) -> Request {
        self.in_session(Request::get("/mcp").with("Accept", "text/event-stream"))
    }

    /// The end of its session.
    pub(crate) fn close(&self) -> Request {
        self.in_session(Request::new("DELETE", "/mcp"))
    }

    fn in_session(&self, request: Request) -> Request {
        self.authorized(request)
            .with("Mcp-Session-Id", self.session.as_deref().expect("a session"))
            .with("MCP-Protocol-Version", "2025-11-25")
    }
}
