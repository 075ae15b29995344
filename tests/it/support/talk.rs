//! A client that speaks JSON-RPC line by line, in both eras of MCP: bytes are what is tested here, so there is no library between.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jmcp::{
    error::Result,
    server::{path::Path, stdio},
    tools::Principal,
};
use rmcp::{
    ClientHandler, RoleClient, ServiceExt as _,
    model::ProtocolVersion,
    service::{ClientLifecycleMode, ClientServiceExt as _, RunningService},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, DuplexStream},
    process::Child,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// More than a busy machine needs for one answer. Much more: under paused time it must not be the next thing to happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a client and a server agree on a protocol revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// With a handshake, 2025-06-18.
    Handshake,
    /// Without, 2026-07-28: each request carries what the handshake carried.
    PerRequest,
}

/// Both eras, for tests of what has to hold in both.
pub(crate) const ERAS: [Era; 2] = [Era::Handshake, Era::PerRequest];

/// A client on two streams.
pub(crate) struct Talk {
    era: Era,
    capabilities: Value,
    input: Option<BufReader<Box<dyn AsyncRead + Send + Unpin>>>,
    output: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    next_id: u64,
    /// What came in while something else was waited for.
    pub(crate) seen: VecDeque<Value>,
    /// What the server said of itself.
    pub(crate) server: Value,
}

impl Talk {
    /// A client that can nothing but call.
    pub(crate) async fn start(
        era: Era,
        read: impl AsyncRead + Send + Unpin + 'static,
        write: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self::with(era, json!({}), read, write).await
    }

    /// A client with these capabilities.
    pub(crate) async fn with(
        era: Era,
        capabilities: Value,
        read: impl AsyncRead + Send + Unpin + 'static,
        write: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let mut talk = Self {
            era,
            capabilities,
            input: Some(BufReader::new(Box::new(read))),
            output: Some(Box::new(write)),
            next_id: 1,
            seen: VecDeque::new(),
            server: Value::Null,
        };
        talk.server = match era {
            Era::Handshake => {
                let params = json!({
                    "protocolVersion": "2025-06-18",
                    "capabilities": talk.capabilities,
                    "clientInfo": { "name": "lines", "version": "1" },
                });
                let server = talk.request("initialize", params).await;
                talk.notify("notifications/initialized", json!({})).await;
                server
            }
            Era::PerRequest => talk.request("server/discover", json!({})).await,
        };
        talk
    }

    /// A client of the program.
    pub(crate) async fn to(era: Era, child: &mut Child) -> Self {
        let (read, write) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
        Self::start(era, read, write).await
    }

    /// Writes one message.
    pub(crate) async fn write(&mut self, message: &Value) {
        let line = format!("{message}\n");
        let output = self.output.as_mut().expect("an end to write to");
        output.write_all(line.as_bytes()).await.unwrap();
        output.flush().await.unwrap();
    }

    /// Sends a notification.
    pub(crate) async fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
            .await;
    }

    /// Sends a request and returns its id.
    pub(crate) async fn send(&mut self, method: &str, mut params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        if self.era == Era::PerRequest {
            let meta = &mut params["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
            meta["io.modelcontextprotocol/clientInfo"] = json!({ "name": "lines", "version": "1" });
            meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        }
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        id
    }

    /// Sends a call of a tool and returns its id.
    pub(crate) async fn begin(&mut self, tool: &str, arguments: Value) -> u64 {
        self.send("tools/call", json!({ "name": tool, "arguments": arguments }))
            .await
    }

    /// The next message, or nothing when the server has closed its end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.input.as_mut().expect("an end to read from").read_line(&mut line);
        if timeout(PATIENCE, read)
            .await
            .expect("a message within the time")
            .unwrap()
            == 0
        {
            return None;
        }
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "{message}");
        Some(message)
    }

    /// The next message that is no line of the log.
    pub(crate) async fn next_but_log(&mut self) -> Option<Value> {
        loop {
            let message = self.next().await?;
            if message["method"] != "notifications/message" {
                return Some(message);
            }
        }
    }

    /// The answer to a request, whatever comes before it.
    pub(crate) async fn answer(&mut self, id: u64) -> Value {
        loop {
            let message = self.next().await.expect("an answer before the end");
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.seen.push_back(message);
        }
    }

    /// The result of a request that has to have one.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        let mut answer = self.answer(id).await;
        assert!(answer["result"].is_object(), "{method}: {answer}");
        answer["result"].take()
    }

    /// The error of a request that has to have one.
    pub(crate) async fn refusal(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        let mut answer = self.answer(id).await;
        assert!(answer["error"].is_object(), "{method}: {answer}");
        answer["error"].take()
    }

    /// The result of a call.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
            .await
    }

    /// Closes the end that the server reads, and goes on reading.
    pub(crate) fn close_output(&mut self) {
        self.output = None;
    }

    /// Reads to the end; every message that was not waited for, in order.
    pub(crate) async fn rest(&mut self) -> Vec<Value> {
        while let Some(message) = self.next().await {
            self.seen.push_back(message);
        }
        self.seen.drain(..).collect()
    }
}

/// The text of a call's result.
pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

/// The code of a call that failed.
pub(crate) fn code(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "{result}");
    result["_meta"]["jmcp/error"]["code"].as_str().unwrap_or_default()
}

/// A server in this process.
pub(crate) struct Served {
    /// Ends it in order, as SIGTERM does.
    pub(crate) shutdown: CancellationToken,
    ending: JoinHandle<Result<bool>>,
}

impl Served {
    /// Serves one client, whose end is the second value.
    pub(crate) async fn client(path: &Arc<Path>, era: Era, capabilities: Value) -> (Self, Talk) {
        // One pipe for each direction, as a process has: each can be closed by itself.
        let (to_server, input) = tokio::io::duplex(1 << 16);
        let (output, from_server) = tokio::io::duplex(1 << 16);
        let served = Self::start(path, input, output);
        let talk = Talk::with(era, capabilities, from_server, to_server).await;
        (served, talk)
    }

    /// Serves rmcp's own client.
    pub(crate) async fn library<H: ClientHandler>(
        path: &Arc<Path>,
        era: Era,
        handler: H,
    ) -> (Self, RunningService<RoleClient, H>) {
        let (to_server, input) = tokio::io::duplex(1 << 16);
        let (output, from_server) = tokio::io::duplex(1 << 16);
        let served = Self::start(path, input, output);
        let transport = (from_server, to_server);
        let client = match era {
            Era::Handshake => handler.serve(transport).await,
            Era::PerRequest => {
                let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
                handler
                    .serve_with_lifecycle(transport, ClientLifecycleMode::Discover { preferred_versions })
                    .await
            }
        };
        (served, client.unwrap())
    }

    fn start(path: &Arc<Path>, input: DuplexStream, output: DuplexStream) -> Self {
        let shutdown = CancellationToken::new();
        let serving = stdio::serve(path.clone(), Principal::local("stdio"), input, output, shutdown.clone());
        Self {
            shutdown,
            ending: tokio::spawn(serving),
        }
    }

    /// Waits until the server has ended by itself; whether a client ever spoke.
    pub(crate) async fn ended(self) -> bool {
        timeout(PATIENCE, self.ending)
            .await
            .expect("the server ends")
            .unwrap()
            .unwrap()
    }
}
