//! What went wrong on the way to a server, in words for an operator.

use std::{io, time::Duration};

use russh::AlgorithmKind;

use super::handler::{Fault, one_line};
use crate::error::{Code, Error};

/// What is known about the connection that failed.
pub(super) struct Attempt<'a> {
    /// How errors call the server.
    pub(super) server: &'a str,
    /// Whether it ever sent a byte.
    pub(super) heard: bool,
    /// Whether old algorithms could be allowed for it.
    pub(super) may_be_legacy: bool,
    /// What the proxy command said on its standard error.
    pub(super) said: Option<String>,
}

impl Attempt<'_> {
    /// The connection came up, the SSH handshake on it did not.
    pub(super) fn handshake(&self, fault: Fault) -> Error {
        let error = match fault {
            Fault::Refused(refused) => return *refused,
            Fault::Ssh(error) => error,
        };
        match error {
            russh::Error::NoCommonAlgo { kind, ours, theirs } => self.no_common_algorithm(&kind, &ours, &theirs),
            russh::Error::Version => self
                .failed("does not speak SSH")
                .advise("check the port: SSH listens on 22, NETCONF over SSH on 22 or 830"),
            error if !self.heard => self
                .failed("closed the connection before it said anything")
                .advise(
                    "its connection limit or rate limit may be reached (`set system services ssh rate-limit`, or \
                     `netconf ssh` for port 830), or a filter drops this client; wait a minute before the next attempt",
                )
                .caused_by(error),
            error => {
                let what = format!("ended the SSH handshake: {}", one_line(&error.to_string()));
                self.failed(&what).caused_by(error)
            }
        }
    }

    fn failed(&self, what: &str) -> Error {
        let said = self
            .said
            .as_deref()
            .map(|said| format!("; the proxy command said `{said}`"))
            .unwrap_or_default();
        Error::new(Code::ConnectFailed, format!("{} {what}{said}", self.server))
    }

    fn no_common_algorithm(&self, kind: &AlgorithmKind, ours: &[String], theirs: &[String]) -> Error {
        let kind = match kind {
            AlgorithmKind::Kex => "key exchange",
            AlgorithmKind::Key => "host key",
            AlgorithmKind::Cipher => "cipher",
            AlgorithmKind::Compression => "compression",
            AlgorithmKind::Mac => "MAC",
        };
        // Announcements travel in the list of key exchanges but are no algorithms.
        let list = |names: &[String]| {
            let names = names
                .iter()
                .filter(|name| !name.starts_with("ext-info-") && !name.starts_with("kex-strict-"));
            names.map(|name| one_line(name)).collect::<Vec<_>>().join(",")
        };
        let text = format!(
            "{} and jmcp share no {kind} algorithm: ours are `{}`, theirs are `{}`",
            self.server,
            list(ours),
            list(theirs)
        );
        let advice = if self.may_be_legacy {
            "set `\"legacy\": true` for the device in the inventory to allow old algorithms (SHA-1, CBC, ssh-rsa), or \
             widen the `system services ssh` algorithms of the device"
        } else {
            "upgrade the SSH server, or widen the algorithms it allows"
        };
        Error::new(Code::NoCommonAlgorithm, text).advise(advice)
    }
}

/// No TCP connection to any address of the server.
pub(super) fn tcp(server: &str, port: u16, error: io::Error) -> Error {
    use io::ErrorKind;
    let (code, what) = match error.kind() {
        ErrorKind::ConnectionRefused => (Code::ConnectFailed, "refused the connection".to_owned()),
        ErrorKind::TimedOut => (Code::ConnectTimeout, "did not answer".to_owned()),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => (
            Code::ConnectFailed,
            "cannot be reached: there is no route to it".to_owned(),
        ),
        ErrorKind::ConnectionReset => (Code::ConnectFailed, "reset the connection".to_owned()),
        _ => (Code::ConnectFailed, format!("cannot be reached: {error}")),
    };
    let advice = match (error.kind(), port) {
        (ErrorKind::ConnectionRefused, 830) => {
            "port 830 needs `set system services netconf ssh`; port 22 serves NETCONF too where SSH is on"
        }
        (ErrorKind::ConnectionRefused, 22) => {
            "SSH needs `set system services ssh`; the device may serve NETCONF on port 830 only"
        }
        (ErrorKind::ConnectionRefused, _) => "check the port: SSH listens on 22, NETCONF over SSH on 22 or 830",
        _ => "check address, port, routing and filters on the way (22 is often open where 830 is not)",
    };
    Error::new(code, format!("{server} {what}"))
        .advise(advice)
        .caused_by(error)
}

/// The name of the server has no address.
pub(super) fn resolve(server: &str, host: &str, error: &io::Error) -> Error {
    Error::new(
        Code::ConnectFailed,
        format!("{server}: the name `{host}` cannot be resolved: {error}"),
    )
    .advise("check `ip` in the inventory, `HostName` in `ssh_config`, and DNS")
}

/// A step took too long.
pub(super) fn timed_out(server: &str, step: &str, after: Duration) -> Error {
    let text = format!("{server} did not {step} within {} s", after.as_secs());
    Error::new(Code::ConnectTimeout, text)
}
