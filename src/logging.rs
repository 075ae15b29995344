//! Log lines on stderr; stdout belongs to the protocol.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// What is logged where `RUST_LOG` does not say. rmcp reports ordinary ends of connections as errors.
const DEFAULT: &str = "warn,jmcp=info,rmcp=error,rmcp::service=off";

/// Sends log lines to stderr.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_filter(filter_fn(holds_no_secret));
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
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
