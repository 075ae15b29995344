//! A server with what the MCP conformance suite wants to find: its tools, prompts and resources, served as jmcp serves its own, through the
//! same HTTP front and the same call path. Takes the options of `jmcp`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod asking;
mod changes;
mod contents;
mod extension;
mod news;
mod prompts;
mod questions;
mod resources;
mod rounds;

use std::sync::Arc;

use jmcp::tools::{Catalogue, Context, Effect, Tool, Typed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No arguments.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// What a tool says.
#[derive(Serialize, JsonSchema)]
struct Said {
    said: String,
}

/// An answer of words only.
fn said(words: impl Into<String>) -> Typed<Said> {
    Typed::field(Said { said: words.into() }, "said")
}

/// A tool of the suite, which reaches nothing.
fn tool<A, F, Fut>(name: &'static str, about: &'static str, function: F) -> Tool
where
    A: serde::de::DeserializeOwned + JsonSchema + Send + 'static,
    F: Fn(Context, A) -> Fut + Send + Sync + Clone + 'static,
    Fut: Future<Output = jmcp::error::Result<Typed<Said>>> + Send + 'static,
{
    Tool::new(name, Effect::Read, name, about, function).local()
}

fn catalogue(changes: &Arc<changes::Changes>) -> Catalogue {
    let mut tools = contents::tools();
    tools.extend(news::tools());
    tools.extend(asking::tools());
    tools.extend(rounds::tools());
    tools.extend(changes::tools(changes));
    Catalogue::of(tools).unwrap()
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(serve());
}

async fn serve() {
    use clap::Parser as _;
    use jmcp::{
        cli::Cli,
        server::{
            Mcp,
            audit::{Audit, AuditFormat},
            path::{LimitOptions, Path},
        },
        settings::Settings,
        tools::Principal,
    };
    use rmcp::transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    };
    let settings = Settings::new(Cli::parse().options).unwrap();
    let services = settings.path().unwrap().services().clone();
    let changes = changes::Changes::new();
    let audit = Audit::open(AuditFormat::Json, None).unwrap();
    let path = Path::new(
        catalogue(&changes),
        services,
        settings.rules.clone(),
        LimitOptions::default(),
        audit,
    )
    .extended(Arc::new(extension::Suite { changes }));
    let mcp = Mcp::new(Arc::new(path), Principal::local("http")).unwrap();
    let service = StreamableHttpService::new(
        move || Ok(mcp.clone()),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default().with_json_response(true),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8801").await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper_util::service::TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let _ = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new())
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
                .await;
        });
    }
}
