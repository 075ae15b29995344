//! The known_hosts file: which host keys belong to which servers (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
//!
//! Understood are plain names, lists, wildcards, `!`, hashed names, `[host]:port` and `@revoked`. `@cert-authority` lines
//! are skipped: host certificates are never asked for.

use std::{
    fmt,
    fs::OpenOptions,
    io::{self, Write},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use hmac::{Hmac, KeyInit, Mac};
use russh::keys::{Algorithm, HashAlg, PublicKey, ssh_key::known_hosts::HostPatterns};
use sha1::Sha1;

use super::pattern;

/// The port that known_hosts does not write.
const SSH_PORT: u16 = 22;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    path: Arc<Path>,
    line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// A key on record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) key: PublicKey,
    pub(super) place: Place,
}

/// The names under which one server may be on record.
#[derive(Debug, Clone)]
pub(super) struct HostNames {
    hosts: Vec<String>,
    port: u16,
}

impl HostNames {
    /// A server by its names (the address that is dialled first) and port.
    pub(super) fn new<'a>(hosts: impl IntoIterator<Item = &'a str>, port: u16) -> Self {
        let mut names: Vec<String> = Vec::new();
        for host in hosts {
            let name = match host.parse::<IpAddr>() {
                Ok(address) => address.to_string(),
                Err(_) => host.to_lowercase(),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Self { hosts: names, port }
    }

    /// The name under which a new key is recorded.
    pub(super) fn primary(&self) -> String {
        self.hosts.first().map(|host| self.with_port(host)).unwrap_or_default()
    }

    fn with_port(&self, host: &str) -> String {
        match self.port {
            SSH_PORT => host.to_owned(),
            port => format!("[{host}]:{port}"),
        }
    }

    fn written(&self) -> Vec<String> {
        self.hosts.iter().map(|host| self.with_port(host)).collect()
    }
}

/// What the files say about a key.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is the server's.
    Match,
    /// The server is not on record.
    Unknown,
    /// The server is on record with these keys, and this is none of them.
    Changed(Vec<Record>),
    /// Somebody declared this key compromised.
    Revoked(Place),
}

#[derive(Debug)]
struct Entry {
    revoked: bool,
    hosts: HostPatterns,
    record: Record,
}

impl Entry {
    fn parse(text: &str, place: Place) -> Option<Self> {
        let text = text.trim();
        let (revoked, text) = match text.strip_prefix('@') {
            Some(marked) => {
                let (marker, rest) = marked.split_once(char::is_whitespace)?;
                // Not understood or not used: such a line must never count as a plain one.
                if marker != "revoked" {
                    return None;
                }
                (true, rest.trim_start())
            }
            None => (false, text),
        };
        let (hosts, key) = text.split_once(char::is_whitespace)?;
        if hosts.starts_with('#') {
            return None;
        }
        let mut fields = key.split_whitespace();
        let key = format!("{} {}", fields.next()?, fields.next()?);
        let key = PublicKey::from_openssh(&key).ok()?;
        Some(Self {
            revoked,
            hosts: hosts.parse().ok()?,
            record: Record { key, place },
        })
    }

    fn names(&self, name: &str) -> bool {
        match &self.hosts {
            HostPatterns::Patterns(patterns) => pattern::list_matches(patterns.iter().map(String::as_str), name),
            HostPatterns::HashedName { salt, hash } => match Hmac::<Sha1>::new_from_slice(salt) {
                Ok(hmac) => hmac.chain_update(name.as_bytes()).verify_slice(hash).is_ok(),
                Err(_) => false,
            },
        }
    }
}

/// The contents of one or more known_hosts files.
#[derive(Debug, Default)]
pub(super) struct KnownHosts {
    entries: Vec<Entry>,
}

impl KnownHosts {
    /// Adds the entries of a file. Lines that cannot be understood are skipped, as OpenSSH does.
    pub(super) fn read(&mut self, path: &Path) -> io::Result<()> {
        let bytes = std::fs::read(path)?;
        self.add(&String::from_utf8_lossy(&bytes), path);
        Ok(())
    }

    fn add(&mut self, text: &str, path: &Path) {
        let path: Arc<Path> = Arc::from(path);
        let entries = text.lines().enumerate().filter_map(|(index, line)| {
            Entry::parse(
                line,
                Place {
                    path: path.clone(),
                    line: index + 1,
                },
            )
        });
        self.entries.extend(entries);
    }

    /// What is on record about this key for this server.
    ///
    /// As OpenSSH does, a server on another port than 22 is also found under its name without port, but only to its
    /// favour: another key there belongs to another server.
    pub(super) fn check(&self, host: &HostNames, key: &PublicKey) -> Verdict {
        let written = host.written();
        let here = |entry: &&Entry| written.iter().any(|name| entry.names(name));
        let bare = |entry: &&Entry| host.hosts.iter().any(|name| entry.names(name));
        let same = |entry: &&Entry| entry.record.key.key_data() == key.key_data();
        let revoked = self.entries.iter().filter(|entry| entry.revoked).filter(same);
        if let Some(entry) = revoked.clone().find(here).or_else(|| revoked.clone().find(bare)) {
            return Verdict::Revoked(entry.record.place.clone());
        }
        let recorded: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| !entry.revoked)
            .filter(here)
            .collect();
        if recorded.iter().any(same) {
            return Verdict::Match;
        }
        if !recorded.is_empty() {
            return Verdict::Changed(recorded.into_iter().map(|entry| entry.record.clone()).collect());
        }
        match self
            .entries
            .iter()
            .filter(|entry| !entry.revoked)
            .filter(bare)
            .any(|entry| same(&entry))
        {
            true => Verdict::Match,
            false => Verdict::Unknown,
        }
    }

    /// The types of the keys on record for this server.
    pub(super) fn algorithms(&self, host: &HostNames) -> Vec<Algorithm> {
        let types = |names: &[String]| -> Vec<Algorithm> {
            let found = self.entries.iter().filter(|entry| !entry.revoked);
            found
                .filter(|entry| names.iter().any(|name| entry.names(name)))
                .map(|entry| entry.record.key.algorithm())
                .collect()
        };
        let here = types(&host.written());
        if here.is_empty() { types(&host.hosts) } else { here }
    }
}

/// The SHA-256 fingerprint as `ssh-keygen -l` prints it.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// A line for the file.
pub(super) fn line(host: &HostNames, key: &PublicKey) -> String {
    let bare = PublicKey::from(key.key_data().clone());
    format!("{} {}", host.primary(), bare.to_openssh().unwrap_or_default())
}

/// Serialises the writers of this process. Other processes are met by appending with one write.
static WRITER: Mutex<()> = Mutex::new(());

/// Records the key of a server seen for the first time, unless another connection was faster; then its verdict counts.
pub(super) fn pin(path: &Path, host: &HostNames, key: &PublicKey) -> io::Result<Verdict> {
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let existing = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(other) => return Err(other),
    };
    let mut known = KnownHosts::default();
    known.add(&String::from_utf8_lossy(&existing), path);
    let verdict = known.check(host, key);
    if !matches!(verdict, Verdict::Unknown) {
        return Ok(verdict);
    }
    let mut text = line(host, key);
    text.push('\n');
    if existing.last().is_some_and(|last| *last != b'\n') {
        text.insert(0, '\n');
    }
    let mut file = open_to_append(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    Ok(Verdict::Match)
}

fn open_to_append(path: &Path) -> io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    let mut directory = std::fs::DirBuilder::new();
    directory.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        options.mode(0o600);
        directory.mode(0o700);
    }
    if let Some(parent) = path.parent().filter(|parent| *parent != Path::new("")) {
        directory.create(parent)?;
    }
    options.open(path)
}

/// The files that exist, read; and those that do not.
pub(super) fn read_all(paths: &[PathBuf]) -> Result<(KnownHosts, Vec<PathBuf>), (PathBuf, io::Error)> {
    let mut known = KnownHosts::default();
    let mut missing = Vec::new();
    for path in paths {
        match known.read(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(path.clone()),
            Err(error) => return Err((path.clone(), error)),
        }
    }
    Ok((known, missing))
}

#[cfg(test)]
mod tests;
