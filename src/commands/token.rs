//! `jmcp token`: tokens of HTTP clients, in the words and with the exit statuses of both earlier servers.
//!
//! `add` and `rotate` speak as rust-junosmcp does, `generate` and `show` as junos-mcp-server; `list` and `revoke` go by the file's format.
//! A mistake on the command line ends with status 2, everything else that fails with 1.

mod list;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, SystemTime},
};

use super::{print, say};
use crate::{
    cli::{Cli, NamedArgs, NewTokenArgs, Options, TokenArgs, TokenCommand},
    error::{Code, Error, Result},
    junos::inventory::Inventory,
    secret::Secret,
    time::parse_rfc3339,
    tokens::{
        self, Format, Known, TokenSet,
        edit::{self, NewToken},
    },
    tools::Catalogue,
};

/// The file that is made where there is none and none is named.
const PLAIN_FILE: &str = ".tokens";

/// The files that the options name.
pub(super) struct Place {
    tokens: Option<PathBuf>,
    inventory: PathBuf,
}

impl Place {
    pub(super) fn of(options: &Options) -> Self {
        Self {
            tokens: options.http.tokens_file.clone(),
            inventory: options.device_mapping.clone(),
        }
    }

    /// The token file: named, or found.
    fn file(&self) -> Option<PathBuf> {
        tokens::find(self.tokens.as_deref())
    }

    fn named_file(&self, verb: &str) -> Result<PathBuf> {
        self.file().ok_or_else(|| {
            let message = format!("`jmcp token {verb}` needs a token file, and there is no `{PLAIN_FILE}` here");
            Error::new(Code::InvalidInput, message)
                .advise("give `--tokens-file FILE`; `add` makes it where it is not there")
        })
    }

    /// Known names, with those of devices where the inventory can be read.
    fn known(&self) -> Result<Known> {
        let known = Known::of(&Catalogue::new()?);
        Ok(match Inventory::load(&self.inventory) {
            Ok(inventory) => known.with_devices(inventory.devices.into_keys()),
            Err(_) => known,
        })
    }
}

/// What can fail after the command line was understood.
type Done = Result<ExitCode>;

pub(super) fn run(place: &Place, args: TokenArgs) -> Result<ExitCode> {
    let known = place.known()?;
    let done = match args.command {
        None => Ok(help()),
        Some(TokenCommand::Add(args)) => {
            let file = place.named_file("add")?;
            let token = new_token(&args, Some(Vec::new()), &known)?;
            add(&file, &token, &args.named, &known)
        }
        Some(TokenCommand::Generate(args)) => {
            let file = place.file().unwrap_or_else(|| PLAIN_FILE.into());
            let mut token = new_token(&args, None, &known)?;
            let description = token.description.filter(|text| !text.is_empty());
            token.description = Some(description.unwrap_or_else(|| format!("Token for {}", token.name)));
            generate(&file, &token, &args.named, &known)
        }
        Some(TokenCommand::Rotate(named)) => rotate(&place.named_file("rotate")?, &named, &known),
        Some(TokenCommand::Revoke(named)) => match place.file() {
            Some(file) => revoke(&file, &named, &known),
            None => Ok(not_found(&named.name)),
        },
        Some(TokenCommand::Show { name }) => match place.file() {
            Some(file) => show(&file, &name, &known),
            None => Ok(not_found(&name)),
        },
        Some(TokenCommand::List) => list::run(place.file().as_deref(), &known),
    };
    Ok(done.unwrap_or_else(|error| {
        say(&format!("jmcp: {error}"));
        ExitCode::FAILURE
    }))
}

fn help() -> ExitCode {
    use clap::CommandFactory as _;
    let mut all = Cli::command();
    all.build();
    if let Some(token) = all.find_subcommand_mut("token") {
        print(&token.render_help().to_string());
    }
    ExitCode::FAILURE
}

/// The token that the command line describes; `missing` stands for lists of devices and tools that are not given.
fn new_token(args: &NewTokenArgs, missing: Option<Vec<String>>, known: &Known) -> Result<NewToken> {
    let some = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
    let expires = args.expires.as_deref().map(|text| expiry(text, SystemTime::now()));
    let token = NewToken {
        name: args.named.name.clone(),
        description: args.description.clone(),
        routers: some(&args.routers).or_else(|| missing.clone()),
        tools: some(&args.tools).or(missing),
        toolsets: some(&args.toolsets),
        effects: some(&args.effects),
        mist_orgs: some(&args.mist_orgs),
        mist_sites: some(&args.mist_sites),
        expires: expires.transpose()?,
        max_inflight_requests: args.limits.max_inflight_requests,
        max_requests_per_second: args.limits.max_requests_per_second,
        max_request_burst: args.limits.max_request_burst,
        max_sessions: args.limits.max_sessions,
        show_secrets: args.show_secrets,
    };
    for warning in token.check(known)? {
        say(&format!("warning: {warning}"));
    }
    Ok(token)
}

/// A time in the future: RFC 3339, or a number of weeks, days, hours, minutes or seconds from now.
fn expiry(text: &str, now: SystemTime) -> Result<SystemTime> {
    let from_now = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "w" => 7 * 86_400,
            "d" => 86_400,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        let number: u64 = number.parse().ok()?;
        now.checked_add(Duration::from_secs(number.checked_mul(seconds)?))
    };
    let date = || SystemTime::UNIX_EPOCH.checked_add(parse_rfc3339(text)?);
    let wrong = |what: &str| {
        Error::new(
            Code::InvalidInput,
            format!("`--expires {}` {what}", text.escape_debug()),
        )
        .advise("give for example 30d, 12h, or 2036-01-31T12:00:00Z")
    };
    let time = from_now().or_else(date).ok_or_else(|| wrong("is no time"))?;
    // Four digits are what the file has for the year.
    let last = parse_rfc3339("9999-12-31T23:59:59Z").unwrap_or_default();
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if time <= now {
        return Err(wrong("is over already"));
    }
    if since > last {
        return Err(wrong("is too far away"));
    }
    Ok(time)
}

fn add(file: &Path, token: &NewToken, named: &NamedArgs, known: &Known) -> Done {
    match edit::add(file, token, known, Format::Hashed)? {
        Some(secret) => Ok(hand_out(&secret, named)),
        None => {
            let message = format!("token '{}' already exists", named.name);
            Err(Error::new(Code::Conflict, message).advise("`jmcp token rotate` gives it another secret"))
        }
    }
}

fn rotate(file: &Path, named: &NamedArgs, known: &Known) -> Done {
    match edit::rotate(file, &named.name, known)? {
        Some(secret) => Ok(hand_out(&secret, named)),
        None => {
            let message = format!("no such token '{}'", named.name);
            Err(Error::new(Code::NotFound, message).advise("`jmcp token list` lists them"))
        }
    }
}

/// The secret is all that is on stdout, so that it can be piped.
fn hand_out(secret: &Secret, named: &NamedArgs) -> ExitCode {
    print(secret.expose());
    tell_server(named.server_pid);
    ExitCode::SUCCESS
}

fn generate(file: &Path, token: &NewToken, named: &NamedArgs, known: &Known) -> Done {
    let Some(secret) = edit::add(file, token, known, Format::Plain)? else {
        print(&format!("Error: Token ID '{}' already exists", named.name));
        return Ok(ExitCode::FAILURE);
    };
    let description = token.description.as_deref().unwrap_or_default();
    print(&format!(
        "Generated new token:\n  ID: {}\n  Token: {}\n  Description: {description}\n\nSave this token securely - it won't be \
         shown again!",
        token.name,
        secret.expose()
    ));
    tell_server(named.server_pid);
    Ok(ExitCode::SUCCESS)
}

fn revoke(file: &Path, named: &NamedArgs, known: &Known) -> Done {
    let name = &named.name;
    match edit::revoke(file, name, known)? {
        (true, Format::Hashed) => say(&format!("revoked '{name}'")),
        (false, Format::Hashed) => say(&format!("no such token '{name}' (no-op)")),
        (true, Format::Plain) => print(&format!("Token '{name}' has been revoked")),
        (false, Format::Plain) => return Ok(not_found(name)),
    }
    tell_server(named.server_pid);
    Ok(ExitCode::SUCCESS)
}

fn show(file: &Path, name: &str, known: &Known) -> Done {
    let set = TokenSet::read(file, known)?;
    let Some(entry) = set.find(name) else {
        return Ok(not_found(name));
    };
    let Some(secret) = edit::show(file, name)? else {
        let message = format!(
            "the secret of token '{name}' cannot be shown: `{}` keeps only its hash",
            file.display()
        );
        return Err(Error::new(Code::Unsupported, message).advise("`jmcp token rotate` gives the token another secret"));
    };
    print(&format!(
        "Token ID: {name}\nToken: {}\nDescription: {}\nCreated: {}",
        secret.expose(),
        list::shown(entry.description().unwrap_or("No description")),
        list::shown(entry.created().unwrap_or("Unknown"))
    ));
    Ok(ExitCode::SUCCESS)
}

/// As the Python server says it: on stdout.
fn not_found(name: &str) -> ExitCode {
    print(&format!("Error: Token ID '{name}' not found"));
    ExitCode::FAILURE
}

/// The file is written already: a server that cannot be told is worth a word and no failure.
#[cfg(unix)]
fn tell_server(pid: Option<i32>) {
    let Some(pid) = pid else { return };
    let told = rustix::process::Pid::from_raw(pid)
        .ok_or(rustix::io::Errno::SRCH)
        .and_then(|pid| rustix::process::kill_process(pid, rustix::process::Signal::HUP));
    if let Err(error) = told {
        say(&format!(
            "warning: process {pid} was not told to read the tokens again: {error}"
        ));
    }
}

#[cfg(not(unix))]
fn tell_server(pid: Option<i32>) {
    if let Some(pid) = pid {
        say(&format!(
            "warning: process {pid} was not told to read the tokens again: there are no signals here"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_expiry() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let after = |text| expiry(text, now).unwrap().duration_since(now).unwrap().as_secs();
        for (text, seconds) in [
            ("30d", 30 * 86_400),
            ("12h", 12 * 3600),
            ("2w", 14 * 86_400),
            ("90m", 5400),
            ("1s", 1),
            ("2026-01-01T01:00:00Z", 3600),
        ] {
            assert_eq!(after(text), seconds, "{text}");
        }
        for bad in [
            "",
            "d",
            "0d",
            "-1d",
            "30",
            "1.5h",
            "30 d",
            "30ä",
            "18446744073709551615w",
            "9999999d",
            "2026-01-01T00:00:00Z",
            "2025-12-31T23:59:59Z",
            "2026-01-02",
        ] {
            let error = expiry(bad, now).unwrap_err();
            assert_eq!(error.code(), Code::InvalidInput, "{bad}");
        }
    }
}
