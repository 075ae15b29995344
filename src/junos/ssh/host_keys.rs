//! The policy on host keys: checked always, refused when changed, and when unknown unless pinning at first sight is on.

use std::{path::PathBuf, sync::Arc};

use russh::keys::{Algorithm, PublicKey};

use super::known_hosts::{self, HostNames, KnownHosts, Verdict, fingerprint};
use crate::error::{Code, Error, Result};

/// Which host keys are trusted.
#[derive(Debug, Clone)]
pub struct HostKeys {
    /// The known_hosts files. New keys are written to the first.
    pub files: Vec<PathBuf>,
    /// Record the key of a server that is on no record, instead of refusing it. A key that differs from the one on record
    /// is refused in any case.
    pub accept_new: bool,
}

impl HostKeys {
    /// Only what the file says is trusted.
    pub fn strict(file: impl Into<PathBuf>) -> Self {
        Self {
            files: vec![file.into()],
            accept_new: false,
        }
    }

    /// What the file says is trusted, and a server seen for the first time is added to it.
    pub fn accept_new(file: impl Into<PathBuf>) -> Self {
        Self {
            files: vec![file.into()],
            accept_new: true,
        }
    }
}

/// Judges the host key of one server.
#[derive(Debug)]
pub(super) struct Verifier {
    known: KnownHosts,
    pin_to: Option<PathBuf>,
    file: Option<PathBuf>,
    names: Arc<HostNames>,
    server: String,
}

impl Verifier {
    /// Reads what is on record. `also` are files to read besides those of the policy, `server` is how errors call it.
    ///
    /// # Errors
    /// `known_hosts_missing` when there is no file to check against, or one cannot be read.
    pub(super) async fn read(policy: &HostKeys, also: &[PathBuf], names: HostNames, server: String) -> Result<Self> {
        let files: Vec<PathBuf> = policy.files.iter().chain(also).cloned().collect();
        let first = policy.files.first().cloned();
        let all = files.len();
        let read = tokio::task::spawn_blocking(move || known_hosts::read_all(&files)).await;
        let (known, missing) = match read.map_err(|lost| Error::new(Code::Internal, lost.to_string()))? {
            Ok(read) => read,
            Err((path, error)) => {
                let text = format!("the known_hosts file `{}` cannot be read: {error}", path.display());
                return Err(Error::new(Code::KnownHostsMissing, text).caused_by(error));
            }
        };
        if !policy.accept_new && missing.len() == all {
            return Err(no_file(first.as_ref(), &server));
        }
        let pin_to = first.clone().filter(|_| policy.accept_new);
        Ok(Self {
            known,
            pin_to,
            file: first,
            names: Arc::new(names),
            server,
        })
    }

    /// The types of the keys on record.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        self.known.algorithms(&self.names)
    }

    /// Whether this key may be trusted.
    ///
    /// # Errors
    /// `host_key_unknown`, `host_key_mismatch`; `io` when a new key cannot be recorded.
    pub(super) async fn check(&self, key: &PublicKey) -> Result<()> {
        match (self.known.check(&self.names, key), &self.pin_to) {
            (Verdict::Unknown, Some(path)) => self.pin(path.clone(), key).await,
            (verdict, _) => self.judge(verdict, key),
        }
    }

    async fn pin(&self, path: PathBuf, key: &PublicKey) -> Result<()> {
        let (names, pinned, file) = (self.names.clone(), key.clone(), path.clone());
        let written = tokio::task::spawn_blocking(move || known_hosts::pin(&file, &names, &pinned)).await;
        match written.unwrap_or_else(|lost| Err(std::io::Error::other(lost))) {
            Ok(Verdict::Match) => {
                tracing::info!(server = %self.server, fingerprint = %fingerprint(key), "host key recorded at first sight");
                Ok(())
            }
            Ok(verdict) => self.judge(verdict, key),
            Err(error) => {
                let text = format!(
                    "the host key of {} cannot be recorded in `{}`: {error}",
                    self.server,
                    path.display()
                );
                Err(Error::new(Code::Io, text)
                    .advise("make the file writable, or add the key with `jmcp known-hosts scan`")
                    .caused_by(error))
            }
        }
    }

    fn judge(&self, verdict: Verdict, key: &PublicKey) -> Result<()> {
        let (server, kind, print) = (&self.server, key.algorithm(), fingerprint(key));
        match verdict {
            Verdict::Match => Ok(()),
            Verdict::Unknown => Err(Error::new(
                Code::HostKeyUnknown,
                format!("no host key of {server} is on record; it shows `{kind}` `{print}`"),
            )
            .advise(format!(
                "compare the fingerprint with the device, then add it with `jmcp known-hosts scan`{}, or start with \
                 `--ssh-accept-new-host-keys`",
                self.file
                    .as_ref()
                    .map(|file| format!(" to `{}`", file.display()))
                    .unwrap_or_default()
            ))),
            Verdict::Changed(records) => {
                let old: Vec<String> = records
                    .iter()
                    .map(|record| {
                        format!(
                            "`{}` `{}` ({})",
                            record.key.algorithm(),
                            fingerprint(&record.key),
                            record.place
                        )
                    })
                    .collect();
                let text = format!(
                    "the host key of {server} changed: it shows `{kind}` `{print}`, on record is {}",
                    old.join(", ")
                );
                Err(Error::new(Code::HostKeyMismatch, text).advise(
                    "somebody may be in between; if the device was replaced, zeroized or switched its routing engine, \
                     remove the old line and add the new key",
                ))
            }
            Verdict::Revoked(place) => Err(Error::new(
                Code::HostKeyMismatch,
                format!("the host key `{print}` of {server} is revoked at {place}"),
            )
            .advise("give the device a new host key")),
        }
    }
}

fn no_file(path: Option<&PathBuf>, server: &str) -> Error {
    let text = match path {
        Some(path) => {
            format!(
                "the known_hosts file `{}` does not exist, so {server} cannot be checked",
                path.display()
            )
        }
        None => format!("no known_hosts file is configured, so {server} cannot be checked"),
    };
    Error::new(Code::KnownHostsMissing, text).advise(
        "make it with `jmcp known-hosts scan`, name another with `--known-hosts-file`, or start with \
         `--ssh-accept-new-host-keys`",
    )
}
