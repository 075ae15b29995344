//! What the operator decided about the HTTP server: read from the options and refused where it would let somebody in by mistake.

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use crate::{
    cli::{Http as Flags, Options},
    error::{Code, Error, Result},
    server::http::{self, BodyLimits, ConnectionLimits, Hosts, SessionLimits, Tls},
    tokens::{self, Tokens},
};

/// How long a client may take for the body of a request.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Settings of the HTTP server.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The addresses to listen on: one, or all that a name stands for.
    pub listen: Vec<SocketAddr>,
    /// Where figures are shown without token.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether there are figures at all.
    pub metrics: bool,
    /// The token file; none where everybody may come in.
    pub tokens: Option<PathBuf>,
    /// Whether callers get nothing but what accounts of the Mist cloud that they bring give them.
    pub for_accounts: bool,
    /// Certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The names that the server goes by.
    pub hosts: Hosts,
    /// No sessions.
    pub stateless: bool,
    /// Limits on bodies.
    pub body: BodyLimits,
    /// Limits on connections.
    pub connections: ConnectionLimits,
    /// Limits on sessions.
    pub sessions: SessionLimits,
    /// How long calls that only read may go on at the end.
    pub grace: Duration,
}

impl HttpSettings {
    /// Settings from the command line.
    ///
    /// # Errors
    /// `invalid_input` for combinations that would let in whom nobody meant to let in, and for a host that is none.
    pub(super) fn new(options: &Options, for_accounts: bool) -> Result<Self> {
        let flags = &options.http;
        let tls = pair(flags)?;
        let tokens = tokens::find(flags.tokens_file.as_deref());
        let listen = resolve(&options.host, options.port)?;
        let is_loopback = listen.iter().all(|address| is_loopback(address.ip()));
        let host = &options.host;
        if tokens.is_none() && !flags.allow_no_auth && !for_accounts {
            return Err(refused(
                "HTTP needs tokens: there is no `--tokens-file` and no `.tokens` in the working directory",
            )
            .advise(
                "make one with `jmcp token generate --id NAME`; on a loopback address `--allow-no-auth` does without",
            ));
        }
        if tokens.is_none() && !is_loopback && !for_accounts {
            return Err(refused(format!(
                "`--allow-no-auth` is for loopback addresses, and `{host}` is none"
            ))
            .advise("give a `--tokens-file`, or listen on 127.0.0.1"));
        }
        if !is_loopback && tls.is_none() && !flags.allow_insecure_bind {
            // The lines of the Python server's users have no word for it, and always listened so.
            if !options.is_for_python {
                return Err(refused(format!(
                    "`{host}` is no loopback address, and without TLS tokens are there for all to read"
                ))
                .advise("give `--tls-cert` and `--tls-key`, or `--allow-insecure-bind` behind a proxy that has TLS"));
            }
            tracing::warn!("listening on {host} without TLS: tokens and answers are there for all to read on the way");
        }
        warn(flags, tokens.is_some());
        Ok(Self {
            listen,
            metrics_listen: flags.metrics_listen,
            metrics: flags.enable_metrics || flags.metrics_listen.is_some(),
            tokens,
            for_accounts,
            tls,
            hosts: Hosts::new(&flags.allowed_host, &flags.allowed_origin, flags.disable_host_check)?,
            stateless: flags.stateless,
            body: BodyLimits {
                bytes: flags.max_request_body_bytes,
                time: BODY_TIME,
            },
            connections: ConnectionLimits {
                connections: flags.max_connections,
                ..ConnectionLimits::default()
            },
            sessions: SessionLimits {
                sessions: flags.max_sessions,
                per_caller: flags.max_sessions_per_token,
                idle: Duration::from_secs(flags.session_idle_timeout_secs),
                lifetime: Duration::from_secs(flags.session_max_lifetime_secs),
            },
            grace: Duration::from_secs(flags.shutdown_grace_secs),
        })
    }
}

impl HttpSettings {
    /// What the server is given, with the tokens and the certificate that were read.
    pub fn options(self, tokens: Option<Arc<Tokens>>, tls: Option<Arc<Tls>>) -> http::Options {
        http::Options {
            hosts: self.hosts,
            tokens,
            for_accounts: self.for_accounts,
            tls,
            stateless: self.stateless,
            body: self.body,
            connections: self.connections,
            sessions: self.sessions,
            metrics: self.metrics,
            grace: self.grace,
        }
    }
}

fn refused(what: impl Into<String>) -> Error {
    Error::new(Code::InvalidInput, what)
}

/// What is allowed and easily meant otherwise.
fn warn(flags: &Flags, has_tokens: bool) {
    if !has_tokens && flags.disable_host_check {
        tracing::warn!(
            "`--disable-host-check` without tokens: a web page that a browser on this machine shows can use every tool"
        );
    }
    if has_tokens && flags.allow_no_auth {
        tracing::warn!("`--allow-no-auth` does nothing: there are tokens, and they are asked for");
    }
    if flags.metrics_listen.is_some_and(|address| !is_loopback(address.ip())) {
        tracing::warn!(
            "`--metrics-listen` is no loopback address: figures name devices and tools, and ask for no token"
        );
    }
}

/// Certificate and key, or neither.
fn pair(flags: &Flags) -> Result<Option<(PathBuf, PathBuf)>> {
    match (&flags.tls_cert, &flags.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate.clone(), key.clone()))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(refused("`--tls-cert` needs `--tls-key`").advise("TLS needs both files")),
        (None, Some(_)) => Err(refused("`--tls-key` needs `--tls-cert`").advise("TLS needs both files")),
    }
}

/// An address (IPv6 with or without brackets) or all addresses of a name.
fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unknown = |why: String| {
        refused(format!("`--host {}` cannot be listened on: {why}", host.escape_debug()))
            .advise("give an address of this machine")
    };
    let found = (bare, port).to_socket_addrs().map_err(|e| unknown(e.to_string()))?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    found.for_each(|address| {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    });
    if addresses.is_empty() {
        Err(unknown("the name has no address".into()))
    } else {
        Ok(addresses)
    }
}

/// Also an IPv4 address in IPv6 form.
fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn settings(line: &str) -> Result<HttpSettings> {
        let words = format!("jmcp {line} -t http");
        let cli = crate::cli::read(words.split_whitespace().map(OsString::from)).expect(line);
        HttpSettings::new(&cli.options, false)
    }

    /// The table of the earlier Rust server, line by line, and the same for names and IPv6.
    #[test]
    fn what_would_let_somebody_in_by_mistake_is_refused() {
        for (line, wrong) in [
            ("", Some("needs tokens")),
            ("--allow-no-auth", None),
            ("--allow-no-auth -H ::1", None),
            ("--allow-no-auth -H [::1]", None),
            ("--allow-no-auth -H localhost", None),
            ("--allow-no-auth -H 127.0.0.5", None),
            ("--allow-no-auth -H 0.0.0.0", Some("is for loopback")),
            ("--allow-no-auth -H ::", Some("is for loopback")),
            ("--allow-no-auth -H 192.0.2.1", Some("is for loopback")),
            ("--allow-no-auth -H ::ffff:192.0.2.1", Some("is for loopback")),
            (
                "--allow-no-auth -H 0.0.0.0 --allow-insecure-bind",
                Some("is for loopback"),
            ),
            (
                "--allow-no-auth -H 0.0.0.0 --tls-cert c --tls-key k",
                Some("is for loopback"),
            ),
            ("--tokens-file t", None),
            ("--tokens-file t -H localhost", None),
            ("--tokens-file t --allow-no-auth", None),
            ("--tokens-file t -H 0.0.0.0", Some("without TLS")),
            ("--tokens-file t -H [2001:db8::1]", Some("without TLS")),
            ("--tokens-file t -H 0.0.0.0 --allow-no-auth", Some("without TLS")),
            ("--tokens-file t -H 0.0.0.0 --allow-insecure-bind", None),
            ("--tokens-file t -H 0.0.0.0 --tls-cert c --tls-key k", None),
            ("--tokens-file t --tls-cert c", Some("needs `--tls-key`")),
            ("--tokens-file t --tls-key k", Some("needs `--tls-cert`")),
            ("--tokens-file t -H no-such-name.invalid", Some("cannot be listened on")),
            ("--tokens-file t --allowed-host a/b", Some("--allowed-host")),
        ] {
            match (settings(line), wrong) {
                (Ok(_), None) => {}
                (Err(error), Some(wrong)) => assert!(error.to_string().contains(wrong), "{line}: {error}"),
                (outcome, _) => panic!("{line}: {outcome:?}"),
            }
        }
    }

    #[test]
    fn a_name_is_listened_on_at_all_its_addresses() {
        let localhost = settings("--allow-no-auth -H localhost -p 0").unwrap().listen;
        assert!(
            !localhost.is_empty() && localhost.iter().all(|address| address.ip().is_loopback()),
            "{localhost:?}"
        );
    }

    #[test]
    fn lines_for_the_python_server_may_listen_everywhere() {
        let line = "python jmcp.py -f d.json -H 0.0.0.0 -p 8080 --tokens-file t";
        assert_eq!(settings(line).unwrap().listen, ["0.0.0.0:8080".parse().unwrap()]);
        assert!(settings("python jmcp.py -f d.json -H 0.0.0.0 --allow-unauthenticated-http").is_err());
    }
}
