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

use clap::Parser as _;
use jmcp::{
    cli::Cli,
    server::{
        http::{self, Health, Listeners},
        path::Path,
    },
    settings::Settings,
    tools::{Catalogue, Context, Effect, Tool, Typed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

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

/// The call path with the suite's tools instead of the product's, and with its prompts and resources beside them.
fn path(settings: &Settings) -> Arc<Path> {
    let services = settings.path().unwrap().services().clone();
    let changes = changes::Changes::new();
    let (rules, audit) = (settings.rules.clone(), settings.audit().unwrap());
    let path = Path::new(catalogue(&changes), services, rules, settings.limits, audit);
    Arc::new(path.extended(Arc::new(extension::Suite { changes })))
}

#[tokio::main]
async fn main() {
    let settings = Settings::new(Cli::parse().options).unwrap();
    let path = path(&settings);
    let http = settings.http.expect("-t streamable-http");
    let mut clients = Vec::new();
    for address in &http.listen {
        clients.push(TcpListener::bind(*address).await.unwrap());
    }
    let listeners = Listeners {
        clients,
        metrics: Vec::new(),
    };
    let health = Health::new(path.clone());
    http::serve(
        path,
        http.options(None, None),
        listeners,
        health,
        CancellationToken::new(),
    )
    .await
    .unwrap();
}
