//! Arguments of `jmcp token`, in the words of both earlier servers.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, Subcommand, parser::ValueSource, value_parser};

/// `jmcp token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<TokenCommand>,
}

/// What to do with tokens. The file is that of `--tokens-file`, else `.tokens` in the working directory.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Add a token and print its secret, and only that, on stdout. A new file holds hashes, not secrets.
    Add(Box<NewTokenArgs>),
    /// List the tokens, without secrets.
    List,
    /// Remove a token.
    Revoke(NamedArgs),
    /// Give a token another secret and print it; scopes stay.
    Rotate(NamedArgs),
    /// Add a token that may use everything unless scopes are given. A new file holds the secrets themselves.
    Generate(Box<NewTokenArgs>),
    /// Show a token with its secret, where the file has it.
    Show {
        /// Name of the token.
        #[arg(long, visible_alias = "id")]
        name: String,
    },
}

/// A token that is there, and the server that has to hear of the change.
#[derive(Debug, Args)]
pub struct NamedArgs {
    /// Name of the token.
    #[arg(long, visible_alias = "id")]
    pub name: String,
    /// Process id of a server that is told to read the file again.
    #[arg(long, value_name = "PID", value_parser = value_parser!(i32).range(1..))]
    pub server_pid: Option<i32>,
}

/// A new token.
#[derive(Debug, Args)]
pub struct NewTokenArgs {
    /// Name and server.
    #[command(flatten)]
    pub named: NamedArgs,
    /// Devices, or patterns of them such as `edge-*`, separated by commas; '*' is all.
    #[arg(long, value_delimiter = ',')]
    pub routers: Vec<String>,
    /// Tools, separated by commas; '*' is all.
    #[arg(long, value_delimiter = ',')]
    pub tools: Vec<String>,
    /// Families of tools, separated by commas; all where it is missing.
    #[arg(long, value_delimiter = ',')]
    pub toolsets: Vec<String>,
    /// Of read, write and destroy, separated by commas; all where it is missing.
    #[arg(long, value_delimiter = ',')]
    pub effects: Vec<String>,
    /// When it is over: 30d, 12h, or 2026-01-31T12:00:00Z; never where it is missing.
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// What it is for.
    #[arg(long)]
    pub description: Option<String>,
    /// Organisations of the Mist cloud, by id; all where it is missing.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    pub mist_orgs: Vec<String>,
    /// Sites of the Mist cloud, by id; all where it is missing.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    pub mist_sites: Vec<String>,
    /// Limits of its own.
    #[command(flatten)]
    pub limits: OwnLimits,
    /// Show it secrets in answers.
    #[arg(long)]
    pub show_secrets: bool,
}

/// Limits of one token, in place of the server's; 0 is no limit.
///
/// Two of the flags are also options of the server: only what stands on the command line is meant for the token, not the server's default
/// or its environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnLimits {
    /// Calls at once.
    pub max_inflight_requests: Option<usize>,
    /// Calls in a second.
    pub max_requests_per_second: Option<u32>,
    /// Calls at a burst.
    pub max_request_burst: Option<u32>,
    /// Sessions at once.
    pub max_sessions: Option<usize>,
}

impl Args for OwnLimits {
    fn augment_args(command: Command) -> Command {
        let limit = |id: &'static str, name: &'static str, help: &'static str| {
            Arg::new(id).long(name).value_name("N").help(help)
        };
        command
            .arg(
                limit(
                    "max_inflight_requests",
                    "max-inflight-requests",
                    "Calls at once of this token, in place of the server's limit; 0 is no limit",
                )
                .value_parser(value_parser!(usize)),
            )
            .arg(
                limit(
                    "max_requests_per_second",
                    "max-requests-per-second",
                    "Calls in a second; goes with --max-request-burst",
                )
                .value_parser(value_parser!(u32)),
            )
            .arg(limit("max_request_burst", "max-request-burst", "Calls at a burst").value_parser(value_parser!(u32)))
            .arg(
                limit("max_sessions", "max-sessions", "HTTP sessions at once of this token")
                    .value_parser(value_parser!(usize)),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OwnLimits {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut limits = Self::default();
        limits.update_from_arg_matches(matches)?;
        Ok(limits)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.max_inflight_requests = given(matches, "max_inflight_requests");
        self.max_requests_per_second = given(matches, "max_requests_per_second");
        self.max_request_burst = given(matches, "max_request_burst");
        self.max_sessions = given(matches, "max_sessions");
        Ok(())
    }
}

/// What stands on the command line.
fn given<T: Copy + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<T> {
    let is_given = matches.value_source(id) == Some(ValueSource::CommandLine);
    matches.get_one::<T>(id).copied().filter(|_| is_given)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli;

    fn limits(line: &str) -> OwnLimits {
        let cli = cli::Cli::try_parse_from(line.split_whitespace()).unwrap_or_else(|e| panic!("{e}"));
        match cli.command {
            Some(cli::Command::Token(TokenArgs {
                command: Some(TokenCommand::Add(new)),
            })) => new.limits,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn limits_of_the_server_are_not_those_of_a_token() {
        let none = limits("jmcp token add --name a");
        assert!(none.max_inflight_requests.is_none() && none.max_sessions.is_none());
        let some = limits(
            "jmcp token add --name a --max-inflight-requests 3 --max-sessions 2 --max-requests-per-second 5 --max-request-burst 9",
        );
        assert_eq!((some.max_inflight_requests, some.max_sessions), (Some(3), Some(2)));
        assert_eq!(
            (some.max_requests_per_second, some.max_request_burst),
            (Some(5), Some(9))
        );
    }
}
