//! jmcp: a Model Context Protocol server for Juniper networks.
//!
//! # Layout
//! - [`cli`] and [`settings`]: the command line, and what it comes to; [`commands`]: what the program does.
//! - [`server`]: MCP, and the one path that every call takes. The only place that knows rmcp.
//! - [`tools`]: the tools, one file each.
//! - [`policy`]: the guardrails; [`tokens`]: who may call over HTTP, and what.
//! - [`junos`]: Junos devices: inventory, SSH, NETCONF, sessions, configuration. Knows nothing of MCP.
//! - [`mist`]: the Mist cloud: its API as data, and the client. Knows nothing of MCP.
//! - [`lab`]: simulated devices, for newcomers and for tests.
//! - [`error`], [`secret`]: the one error type, and strings that cannot print themselves.

pub mod cli;
pub mod commands;
pub mod error;
mod json;
pub mod junos;
pub mod lab;
mod logging;
pub mod mist;
pub mod policy;
pub mod secret;
pub mod server;
pub mod settings;
mod time;
pub mod tokens;
pub mod tools;

use std::process::ExitCode;

/// Runs the program. Errors are printed here and nowhere else; each has its exit status.
pub fn run(cli: cli::Cli) -> ExitCode {
    logging::start();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            tracing::error!("the runtime cannot start: {e}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(commands::run(cli)).unwrap_or_else(|error| {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), "jmcp: {error}");
        ExitCode::from(error.code().exit_code())
    });
    // A thread that waits for stdin must not keep the process.
    runtime.shutdown_background();
    code
}
