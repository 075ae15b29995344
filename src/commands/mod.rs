//! The commands of the program, one file each.

mod call;
mod catalogue;
mod check;
mod completions;
mod health;
mod known_hosts;
mod lab;
mod policy;
mod serve;
mod serve_http;
mod terminal;
mod token;
mod tools;

use std::process::ExitCode;

use crate::{
    cli::{Cli, Command, KnownHostsCommand, Transport},
    error::Result,
    settings::{Settings, Variables},
};

/// Does what the command line says.
///
/// # Errors
/// What a person has to mend before it can work.
pub async fn run(cli: Cli, variables: &Variables) -> Result<ExitCode> {
    let Cli { command, mut options } = cli;
    let command = match command {
        // These need nothing of what a server does.
        Some(Command::Health(args)) => return health::run(&options, &args).await,
        Some(Command::Catalogue(command)) => return catalogue::run(&command),
        Some(Command::Token(args)) => return token::run(&token::Place::of(&options), args),
        other => other,
    };
    // The lab has devices of its own.
    options.given.inventory |= matches!(command, Some(Command::Lab(_)));
    let (validates, judges) = (options.mist.validate_config, options.mist.security_check);
    if validates || judges {
        // These open no server, whatever the line says besides.
        options.transport = Some(Transport::Stdio);
    }
    let settings = Settings::with(options, variables)?;
    match command {
        None if validates => Ok(check::account(&settings).await),
        None if judges => call::risks(&settings).await,
        None => serve::run(settings).await,
        Some(Command::Lab(args)) => lab::run(settings, args).await,
        Some(Command::Call(args)) => call::run(settings, args).await,
        Some(Command::Tools(args)) => tools::run(&settings, &args),
        Some(Command::Check(args)) => check::run(settings, &args).await,
        Some(Command::Policy(command)) => policy::run(&settings, command),
        Some(Command::KnownHosts(KnownHostsCommand::Scan(args))) => known_hosts::scan(settings, &args).await,
        Some(Command::Completions { shell }) => completions::run(shell),
        Some(Command::Health(_) | Command::Token(_) | Command::Catalogue(_)) => Ok(ExitCode::SUCCESS),
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
