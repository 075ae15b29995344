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
//! - [`error`], [`secret`], [`redact`]: the one error type, strings that cannot print themselves, and secrets found in other text.

pub mod cli;
pub mod commands;
pub mod error;
mod json;
pub mod junos;
pub mod lab;
mod logging;
pub mod mist;
pub mod policy;
pub mod redact;
pub mod secret;
pub mod server;
pub mod settings;
mod time;
pub mod tokens;
pub mod tools;

use std::process::ExitCode;

/// Runs the program. Errors are printed here and nowhere else; each has its exit status.
pub fn run(mut cli: cli::Cli) -> ExitCode {
    let variables = match prepare(&mut cli) {
        Ok(variables) => variables,
        Err(error) => return failed(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            tracing::error!("the runtime cannot start: {e}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime
        .block_on(commands::run(cli, &variables))
        .unwrap_or_else(|error| failed(&error));
    // A thread that waits for stdin must not keep the process.
    runtime.shutdown_background();
    code
}

/// Reads the variables that the options may come from, and starts the log that the options may speak of.
fn prepare(cli: &mut cli::Cli) -> error::Result<settings::Variables> {
    let mut variables = settings::Variables::read(cli.options.mist.env_file.as_deref())?;
    variables.fill(&mut cli.options, cli.command.as_ref());
    let log = &cli.options.log;
    logging::start(log.level(), log.log_file.as_deref()).map_err(|e| {
        let file = log.log_file.clone().unwrap_or_default();
        error::Error::new(
            error::Code::Io,
            format!("the log file `{}` cannot be opened: {e}", file.display()),
        )
    })?;
    variables.notes.iter().for_each(|note| tracing::warn!("{note}"));
    Ok(variables)
}

fn failed(error: &error::Error) -> ExitCode {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "jmcp: {}", redact::text(&error.to_string()));
    ExitCode::from(error.code().exit_code())
}
