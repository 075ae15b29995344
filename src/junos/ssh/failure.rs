//! What went wrong on the way to a server, in words for an operator.

use std::{io, time::Duration};

use russh::AlgorithmKind;

use super::{
    handler::{Fault, one_line},
    proxy_command::Complaint,
    route::Hop,
    wire::Line,
};
use crate::error::{Code, Error};

/// What is known about the connection that failed.
pub(super) struct Attempt<'a> {
    /// The server.
    pub(super) hop: &'a Hop,
    /// The stream to it.
    pub(super) line: &'a Line,
    /// What carried it, if that was a proxy command.
    pub(super) command: Option<&'a Complaint>,
}

const LIMITS: &str = "its connection limit or rate limit may be reached (`set system services ssh rate-limit`, or `netconf \
                      ssh` for port 830), or a filter drops this client; wait a minute before the next attempt";

impl Attempt<'_> {
    /// The connection came up, the SSH handshake on it did not.
    pub(super) async fn handshake(&self, fault: Fault) -> Error {
        let error = match fault {
            Fault::Refused(refused) => return *refused,
            Fault::Ssh(error) => error,
        };
        let first = self.line.first();
        match error {
            russh::Error::NoCommonAlgo { kind, ours, theirs } => self.no_common_algorithm(&kind, &ours, &theirs),
            error if first.is_empty() => self.silent().await.caused_by(error),
            error if !is_ssh(&first) => {
                let said = one_line(&String::from_utf8_lossy(&first));
                self.failed(&format!("does not speak SSH, it said `{said}`"))
                    .advise(format!(
                        "check the port: SSH listens on 22, NETCONF over SSH on 22 or 830; or {LIMITS}"
                    ))
                    .caused_by(error)
            }
            error => {
                let what = format!("ended the SSH handshake: {}", one_line(&error.to_string()));
                self.failed(&what).caused_by(error)
            }
        }
    }

    /// The step did not end in time.
    pub(super) fn timed_out(&self) -> Error {
        let step = match self.line.first().is_empty() {
            true => "send its SSH identification",
            false => "finish the SSH key exchange",
        };
        timed_out(&self.hop.server, step, self.hop.timeout)
    }

    async fn silent(&self) -> Error {
        let Some(command) = self.command else {
            return self
                .failed("closed the connection before it said anything")
                .advise(LIMITS);
        };
        let said = command
            .text()
            .await
            .map(|said| format!(": `{said}`"))
            .unwrap_or_default();
        self.failed(&format!("did not say anything through the proxy command{said}"))
            .advise("check `ProxyCommand` in `ssh_config`: it must connect its input and output to the server")
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(Code::ConnectFailed, format!("{} {what}", self.hop.server))
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
            self.hop.server,
            list(ours),
            list(theirs)
        );
        let advice = if self.hop.is_device && !self.hop.legacy {
            "set `\"legacy\": true` for the device in the inventory to allow old algorithms (SHA-1, CBC, ssh-rsa), or \
             widen the `system services ssh` algorithms of the device"
        } else {
            "upgrade the SSH server, or widen the algorithms it allows"
        };
        Error::new(Code::NoCommonAlgorithm, text).advise(advice)
    }
}

/// Whether a server's first bytes hold an SSH identification; other lines may come before it (RFC 4253 section 4.2).
fn is_ssh(first: &[u8]) -> bool {
    first
        .split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-"))
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
    let text = format!("{server} did not {step} within {after:?}");
    Error::new(Code::ConnectTimeout, text)
}
