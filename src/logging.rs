//! Log lines on stderr; stdout belongs to the protocol.

use std::{
    fs::OpenOptions,
    io::{self, IsTerminal as _},
    path::Path,
    sync::Mutex,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// What is logged where `RUST_LOG` does not say. rmcp reports ordinary ends of connections as errors.
const DEFAULT: &str = "warn,jmcp=info,rmcp=error,rmcp::service=off";

/// Sends log lines to stderr, and to the end of a file where one is given. The level counts before `RUST_LOG`.
///
/// # Errors
/// Why the file cannot be opened.
pub(crate) fn start(level: Option<&str>, file: Option<&Path>) -> io::Result<()> {
    let file = file.map(|file| OpenOptions::new().create(true).append(true).open(file));
    let filter = match level {
        // Other parts say nothing at their lower levels that an operator asks for.
        Some("error") => EnvFilter::new("error,rmcp::service=off"),
        Some(level) => EnvFilter::new(format!("warn,jmcp={level},rmcp=error,rmcp::service=off")),
        None => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT)),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .with_filter(filter_fn(holds_no_secret));
    let kept = file.transpose()?.map(|file| {
        tracing_subscriber::fmt::layer()
            .with_writer(Mutex::new(file))
            .with_ansi(false)
            .with_target(false)
            .with_filter(filter_fn(holds_no_secret))
    });
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(kept)
        .try_init();
    Ok(())
}

/// The protocol libraries write whole messages to their log below these levels, and with them passwords: no setting shows those.
fn holds_no_secret(line: &Metadata<'_>) -> bool {
    let most = match line.target().split("::").next() {
        Some("rmcp") => Level::WARN,
        Some("russh") => Level::INFO,
        _ => return true,
    };
    *line.level() <= most
}
