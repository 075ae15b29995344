//! The commands of the program, one file each.

mod call;
mod check;
mod completions;
mod health;
mod known_hosts;
mod lab;
mod serve;
mod serve_http;
mod token;
mod tools;

use std::process::ExitCode;

use crate::{
    cli::{Cli, Command, KnownHostsCommand},
    error::Result,
    settings::Settings,
};

/// Does what the command line says.
///
/// # Errors
/// What a person has to mend before it can work.
pub async fn run(cli: Cli) -> Result<ExitCode> {
    let Cli { command, options } = cli;
    match command {
        None => serve::run(Settings::new(options)?).await,
        Some(Command::Lab(args)) => lab::run(Settings::new(options)?, args).await,
        Some(Command::Call(args)) => call::run(Settings::new(options)?, args).await,
        Some(Command::Tools(args)) => Settings::new(options).and_then(|_| tools::run(&args)),
        Some(Command::Check(args)) => check::run(Settings::new(options)?, &args).await,
        Some(Command::KnownHosts(KnownHostsCommand::Scan(args))) => {
            known_hosts::scan(Settings::new(options)?, &args).await
        }
        // These two are no servers, and do not end for a mistake in a server's settings.
        Some(Command::Health(args)) => health::run(&options, &args).await,
        Some(Command::Token(args)) => token::run(&options, args),
        Some(Command::Completions { shell }) => Settings::new(options).and_then(|_| completions::run(shell)),
    }
}

/// Writes an answer to stdout. A reader that has gone is not a failure.
fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    let _ = write!(out, "{text}{newline}").and_then(|()| out.flush());
}

/// Writes a line for a person to stderr.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
