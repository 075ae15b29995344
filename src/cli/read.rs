//! Reads the command line, also one that was written for an earlier server.

use std::{
    ffi::{OsStr, OsString},
    io::Write as _,
    path::Path,
    process::ExitCode,
};

use clap::{CommandFactory as _, FromArgMatches as _, builder::Resettable, parser::ValueSource};

use super::{Cli, Given};

/// The command line. A mistake, help and version are printed here; then the exit status is answered instead.
///
/// # Errors
/// 2 for a mistake, 0 after help and version.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitCode> {
    parse(arguments).map_err(|error| {
        if error.use_stderr() {
            let _ = writeln!(std::io::stderr().lock(), "jmcp: {}", one_line(&error.to_string()));
            ExitCode::from(2)
        } else {
            let _ = error.print();
            ExitCode::SUCCESS
        }
    })
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    // A variable that is set to nothing, as compose files leave them, is not set.
    let is_set = |name: &OsStr| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let command = Cli::command().mut_args(|argument| {
        let Some(name) = argument.get_env().map(OsStr::to_owned) else {
            return argument;
        };
        if is_set(&name) {
            return argument;
        }
        match twin(&name).filter(|twin| is_set(OsStr::new(twin))) {
            Some(twin) => {
                let _ = writeln!(std::io::stderr(), "jmcp: {twin} is an old name of {}", name.display());
                argument.env(twin)
            }
            None => argument.env(Resettable::Reset),
        }
    });
    let (arguments, is_for_python) = own(arguments);
    let arguments = with_device(arguments);
    let matches = command.try_get_matches_from(arguments)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    cli.options.is_for_python = is_for_python;
    let is_given = |id| {
        matches
            .value_source(id)
            .is_some_and(|source| source != ValueSource::DefaultValue)
    };
    cli.options.given = Given {
        inventory: is_given("device_mapping"),
        host: is_given("host"),
        port: is_given("port"),
    };
    Ok(cli)
}

/// The name that a variable had for the separate SRX server. Its port was another server's, so that one is not read.
fn twin(name: &OsStr) -> Option<String> {
    match name.to_str()? {
        "JMCP_HTTP_PORT" => None,
        "JMCP_SUPPORT_BUNDLE_STAGING_DIR" => Some("JMCP_SRX_STAGING_DIR".into()),
        "JMCP_SUPPORT_BUNDLE_STAGING_MAX_BYTES" => Some("JMCP_SRX_STAGING_MAX_BYTES".into()),
        name => Some(format!("JMCP_SRX_{}", name.strip_prefix("JMCP_")?)),
    }
}

/// Without the `python jmcp.py` or `jmcp.py` that lines for the Python server begin with; and whether this is one, also by the name that
/// the program was started under.
fn own(arguments: impl IntoIterator<Item = OsString>) -> (Vec<OsString>, bool) {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    let is = |at: usize, names: &[&str]| {
        let name = arguments.get(at).map(Path::new).and_then(Path::file_name);
        name.is_some_and(|name| names.iter().any(|known| *known == name))
    };
    let foreign = if is(1, &["jmcp.py"]) {
        1
    } else if is(1, &["python", "python3"]) && is(2, &["jmcp.py"]) {
        2
    } else {
        0
    };
    let is_for_python = foreign > 0 || is(0, &["jmcp.py"]);
    arguments.splice(1..1 + foreign, []).for_each(drop);
    (arguments, is_for_python)
}

/// Behind `policy test` and `policy list` `-d` names a device; everywhere else it is `--debug`, which the parser takes from everywhere.
fn with_device(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let is_policy = |pair: &[OsString]| matches!(pair, [first, second] if first == "policy" && (second == "test" || second == "list"));
    let Some(at) = arguments.windows(2).position(is_policy) else {
        return arguments;
    };
    for argument in arguments
        .iter_mut()
        .skip(at + 2)
        .take_while(|argument| *argument != "--")
    {
        if argument == "-d" {
            *argument = "--device".into();
        }
    }
    arguments
}

/// What is wrong and how it would be right, without the usage.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said: Vec<&str> = lines
        .filter(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .collect();
    let said = said.join(" ");
    format!("{} (jmcp --help)", said.trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Command, PolicyCommand};

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn lines_for_the_earlier_servers_are_read() {
        for line in [
            "jmcp python jmcp.py -f d.json -t stdio",
            "jmcp python3 /app/jmcp.py -f d.json -t stdio -H 0.0.0.0 -p 8080",
            "jmcp jmcp.py -f d.json --allow-unauthenticated-http",
            "rust-junosmcp -f d.json --tokens-file t --tls-cert c --tls-key k --allow-no-auth --allow-insecure-bind",
            "rust-junosmcp --device-mapping d.json --staging-dir s --device-lease-dir l --support-bundle-staging-dir b",
            "rust-junosmcp -f d.json --support-bundle-staging-max-bytes 1 --allowed-host a --allowed-host b",
            "rust-junosmcp -f d.json --disable-host-check --max-request-body-bytes 1 --max-inflight-requests 0",
            "rust-junosmcp -f d.json --max-inflight-requests-per-token 1 --max-inflight-requests-per-router 0",
            "rust-junosmcp -f d.json --max-requests-per-second-per-token 1 --max-request-burst-per-token 1",
            "rust-junosmcp -f d.json --max-sessions 1 --max-sessions-per-token 1 --session-idle-timeout-secs 1",
            "rust-junosmcp -f d.json --session-max-lifetime-secs 1 --known-hosts-file k --audit-format json",
            "rust-junosmcp -f d.json --audit-log-file a --ssh-accept-new-host-keys --inventory-readonly",
            "mistmcp -f d.json -t http -m custom -c orgs,sites --host 127.0.0.1 -p 8000 -e ~/.mist.env -d",
            "mistmcp -f d.json --transport stdio --enable-write-tools --disable-elicitation -r string --log-file l",
            "mist -f d.json -t sse -p 30040 -H 127.0.0.1 --ssl-cert c --ssl-key k --log-level WARNING --debug",
            "mist -f d.json --transport http --ssl-crt c --ssl-key k --response_format json --log-level info",
            "rust-junosmcp -f d.json --audit-journald --audit-redact host=drop --audit-hmac-key-file k --enable-metrics",
        ] {
            let cli = parsed(line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(cli.options.device_mapping, Path::new("d.json"), "{line}");
            assert!(cli.command.is_none(), "{line}");
        }
    }

    #[test]
    fn a_device_is_named_by_its_letter_where_rules_are_asked() {
        let cli = parsed("jmcp -d policy test -d r1 -- -d").unwrap();
        assert!(cli.options.log.debug);
        let Some(Command::Policy(PolicyCommand::Test(asked))) = cli.command else {
            panic!("{:?}", cli.command);
        };
        assert_eq!((asked.device.as_str(), asked.text.as_deref()), ("r1", Some("-d")));
    }

    #[test]
    fn a_mistake_is_one_line() {
        let text = parsed("jmcp -t telnet").unwrap_err().to_string();
        let line = one_line(&text);
        assert!(!line.contains('\n') && !line.contains("Usage"), "{line}");
        assert!(
            line.contains("invalid value 'telnet'") && line.contains("stdio"),
            "{line}"
        );
        assert!(parsed("jmcp --inventory-readonly --allow-password-auth-add").is_err());
    }
}
