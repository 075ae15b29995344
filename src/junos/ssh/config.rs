//! `ssh_config`: what it says about one host (ssh_config(5)).
//!
//! Understood are `Host` with patterns, `Match all | host | originalhost`, `Include`, and the keywords that concern the way
//! to a host and its keys. Everything else is ignored, as are `Match` blocks with other conditions. The first value of a
//! keyword wins.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::pattern;
use crate::error::{Code, Error, Result};

/// How deep files may include each other (OpenSSH has the same limit).
const INCLUDE_DEPTH: usize = 16;

/// How the way to a host goes, where it is not direct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proxy {
    /// Explicitly direct.
    None,
    /// Through these jump hosts, as written.
    Jump(String),
    /// Through a program, as written.
    Command(String),
}

/// What the file says about one host. Tokens (`%h`) and `~` are still in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HostConfig {
    pub(super) host_name: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) identity_files: Vec<String>,
    pub(super) proxy: Option<Proxy>,
    pub(super) known_hosts: Option<Vec<String>>,
    pub(super) host_key_alias: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
}

/// A configuration file, and where `~` is.
#[derive(Debug, Clone)]
pub(super) struct ConfigFile {
    /// The file; `None` when there is none.
    pub(super) path: Option<PathBuf>,
    /// The home directory.
    pub(super) home: Option<PathBuf>,
}

impl ConfigFile {
    /// What the file says about the host that is called `alias`. Blocks: call it where files may be read.
    ///
    /// # Errors
    /// `not_found` when the file is missing, `invalid_input` when a value cannot be used.
    pub(super) fn about(&self, alias: &str) -> Result<HostConfig> {
        let mut lookup = Lookup {
            alias,
            home: self.home.as_deref(),
            found: HostConfig::default(),
        };
        if let Some(path) = &self.path {
            let text = std::fs::read(path).map_err(|error| {
                let code = if error.kind() == std::io::ErrorKind::NotFound {
                    Code::NotFound
                } else {
                    Code::Io
                };
                Error::new(
                    code,
                    format!("the ssh_config file `{}` cannot be read: {error}", path.display()),
                )
            })?;
            lookup.read(&String::from_utf8_lossy(&text), path, true, 0)?;
        }
        Ok(lookup.found)
    }
}

struct Lookup<'a> {
    alias: &'a str,
    home: Option<&'a Path>,
    found: HostConfig,
}

impl Lookup<'_> {
    fn read(&mut self, text: &str, path: &Path, within: bool, depth: usize) -> Result<()> {
        let mut active = within;
        for (index, line) in text.lines().enumerate() {
            let Some((keyword, rest)) = split_keyword(line) else {
                continue;
            };
            match keyword.as_str() {
                "host" => {
                    let patterns = words(rest);
                    active = within && pattern::list_matches(patterns.iter().map(String::as_str), self.alias);
                }
                "match" => active = within && self.condition(&words(rest)),
                "include" if active => self.include(rest, path, depth)?,
                _ if active => {
                    if let Err(what) = self.apply(&keyword, rest) {
                        let place = format!("{}:{}", path.display(), index + 1);
                        return Err(Error::new(Code::InvalidInput, format!("{place}: {what}")));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn condition(&self, words: &[String]) -> bool {
        let target = self.found.host_name.as_deref().unwrap_or(self.alias);
        let mut words = words.iter();
        let mut any = false;
        while let Some(word) = words.next() {
            let (expected, criterion) = match word.strip_prefix('!') {
                Some(rest) => (false, rest.to_lowercase()),
                None => (true, word.to_lowercase()),
            };
            let holds = match criterion.as_str() {
                "all" => true,
                "host" | "originalhost" => {
                    let name = if criterion == "host" { target } else { self.alias };
                    let Some(list) = words.next() else { return false };
                    pattern::list_matches(list.split(','), name)
                }
                _ => return false,
            };
            if holds != expected {
                return false;
            }
            any = true;
        }
        any
    }

    fn include(&mut self, rest: &str, from: &Path, depth: usize) -> Result<()> {
        if depth >= INCLUDE_DEPTH {
            let text = format!(
                "{}: files include each other more than {INCLUDE_DEPTH} deep",
                from.display()
            );
            return Err(Error::new(Code::InvalidInput, text));
        }
        for wanted in words(rest) {
            for path in self.included(&wanted) {
                // As in OpenSSH, a file that cannot be read is as if it were empty.
                if let Ok(text) = std::fs::read(&path) {
                    self.read(&String::from_utf8_lossy(&text), &path, true, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// The files an `Include` names; wildcards may be in the last part of the path.
    fn included(&self, wanted: &str) -> Vec<PathBuf> {
        let mut path = expand_home(wanted, self.home);
        if path.is_relative() {
            let Some(home) = self.home else { return Vec::new() };
            path = home.join(".ssh").join(path);
        }
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if !name.contains(['*', '?', '[']) {
            return vec![path];
        }
        let Ok(glob) = globset::Glob::new(&name) else {
            return Vec::new();
        };
        let matcher = glob.compile_matcher();
        let directory = path.parent().map(std::fs::read_dir);
        let Some(Ok(entries)) = directory else {
            return Vec::new();
        };
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.file_name().is_some_and(|name| matcher.is_match(name)))
            .filter(|path| {
                !path
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with('.'))
            })
            .collect();
        found.sort();
        found
    }

    fn apply(&mut self, keyword: &str, rest: &str) -> Result<(), String> {
        let found = &mut self.found;
        let value = || {
            words(rest)
                .into_iter()
                .next()
                .ok_or(format!("`{keyword}` has no value"))
        };
        match keyword {
            "hostname" => keep(&mut found.host_name, value()?),
            "port" => {
                let port = value()?;
                let number = port.parse::<u16>().ok().filter(|port| *port > 0);
                keep(&mut found.port, number.ok_or(format!("`{port}` is not a port"))?);
            }
            "user" => keep(&mut found.user, value()?),
            "identityfile" => found.identity_files.push(value()?),
            "userknownhostsfile" => keep(&mut found.known_hosts, words(rest)),
            "hostkeyalias" => keep(&mut found.host_key_alias, value()?),
            "connecttimeout" => {
                let seconds = value()?;
                let number = seconds.parse::<u64>().ok().filter(|seconds| *seconds > 0);
                let duration = number.ok_or(format!("`{seconds}` is not a number of seconds"))?;
                keep(&mut found.connect_timeout, Duration::from_secs(duration));
            }
            // Of the two, the one that comes first wins.
            "proxyjump" => {
                let jumps = value()?;
                let none = jumps.eq_ignore_ascii_case("none");
                keep(&mut found.proxy, if none { Proxy::None } else { Proxy::Jump(jumps) });
            }
            "proxycommand" => {
                let command = rest.trim();
                if command.is_empty() {
                    return Err("`proxycommand` has no value".to_owned());
                }
                let none = command.eq_ignore_ascii_case("none");
                keep(
                    &mut found.proxy,
                    if none {
                        Proxy::None
                    } else {
                        Proxy::Command(command.to_owned())
                    },
                );
            }
            _ => {}
        }
        Ok(())
    }
}

fn keep<T>(place: &mut Option<T>, value: T) {
    place.get_or_insert(value);
}

/// Splits `Keyword value` and `Keyword=value`; `None` for comments and empty lines.
fn split_keyword(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (keyword, rest) = line.split_at_checked(end)?;
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    Some((keyword.to_lowercase(), rest))
}

/// Splits at white space outside of quotes, up to a comment.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Replaces a leading `~`.
pub(super) fn expand_home(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

/// Replaces `%` tokens (ssh_config(5) TOKENS); unknown ones stay as they are.
pub(super) fn expand_tokens(text: &str, tokens: &[(char, &str)]) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            expanded.push(c);
            continue;
        }
        match rest.next() {
            Some('%') => expanded.push('%'),
            Some(token) => match tokens.iter().find(|(name, _)| *name == token) {
                Some((_, value)) => expanded.push_str(value),
                None => expanded.extend(['%', token]),
            },
            None => expanded.push('%'),
        }
    }
    expanded
}

#[cfg(test)]
mod tests;
