//! Log lines on stderr; stdout belongs to the protocol.

use tracing_subscriber::EnvFilter;

/// What is logged where `RUST_LOG` does not say. rmcp reports ordinary ends of connections as errors.
const DEFAULT: &str = "warn,jmcp=info,rmcp=error,rmcp::service=off";

/// Sends log lines to stderr.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}
