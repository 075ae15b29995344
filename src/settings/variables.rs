//! The variables of the Mist servers: set in the environment, or in a `.env` file. What is set in the real environment wins, so that a
//! stray file in a directory changes nothing that an operator decided.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::{
    cli::{Command, Options, Transport},
    error::{Code, Error, Result},
    secret::Secret,
};

/// What a file that nobody named does not decide: a model that can write files where the server starts must not unlock it.
const UNLOCKING: &[&str] = &[
    "MISTMCP_ENABLE_WRITE_TOOLS",
    "MISTMCP_LOG_FILE",
    "MISTMCP_HOST",
    "MISTMCP_TRANSPORT_MODE",
    "MIST_STRICT_SECURITY_MODE",
    "MIST_SECURITY_RISKS_ACKNOWLEDGED",
    "MIST_MAX_ADMIN_ORGS",
    "MIST_MAX_WRITE_ORGS",
    "MIST_MAX_ADMIN_MSPS",
    "MIST_MAX_WRITE_MSPS",
    "MIST_MAX_ORGS_PER_MSP",
];

/// The file that is read where nobody names one and there is one.
const DEFAULT_FILE: &str = ".env";
/// What the names of the servers' variables begin with. Nothing else in the file counts: it may be another program's.
const PREFIX: &str = "MIST";

/// The variables that are set to something, by name.
#[derive(Debug, Default)]
pub struct Variables {
    values: HashMap<String, Secret>,
    /// What an operator should know, once there is a log.
    pub notes: Vec<String>,
}

impl Variables {
    /// The variables of this process, and of the file that the flag or `MIST_ENV_FILE` names, else of `./.env`.
    ///
    /// # Errors
    /// `not_found`, `io` or `invalid_input` for a file that was named and cannot be read.
    pub fn read(named: Option<&Path>) -> Result<Self> {
        let process: HashMap<String, Secret> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| (name, Secret::new(value)))
            .collect();
        let of_process = process.get("MIST_ENV_FILE").map(|file| PathBuf::from(file.expose()));
        let named = named
            .map(Path::to_owned)
            .or(of_process.filter(|file| *file != Path::new("")));
        let mut variables = Self::default();
        match named {
            Some(file) => variables.take(&expanded(&file), true)?,
            None => variables.take(Path::new(DEFAULT_FILE), false)?,
        }
        variables.overlay(process);
        Ok(variables)
    }

    /// Only these, for tests.
    #[cfg(test)]
    pub(super) fn of(values: &[(&str, &str)]) -> Self {
        let mut variables = Self::default();
        variables.overlay(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())));
        variables
    }

    /// The value of a variable that is set to something.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.expose().trim())
    }

    /// The first of these that is set.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// Whether a variable whose name begins so is set.
    pub(super) fn has_any(&self, prefix: &str) -> bool {
        self.values.keys().any(|name| name.starts_with(prefix))
    }

    /// Yes or no.
    ///
    /// # Errors
    /// `invalid_input` for what is neither.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>> {
        let Some(word) = self.get(name) else {
            return Ok(None);
        };
        match word.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(Some(true)),
            "false" | "0" | "no" | "off" => Ok(Some(false)),
            _ => Err(wrong(name, word, "is neither true nor false")),
        }
    }

    /// A whole number of at least `least`.
    ///
    /// # Errors
    /// `invalid_input` for what is none.
    pub(super) fn number(&self, name: &str, least: usize) -> Result<Option<usize>> {
        let Some(word) = self.get(name) else {
            return Ok(None);
        };
        let number = word.parse().ok().filter(|number| *number >= least);
        number
            .map(Some)
            .ok_or_else(|| wrong(name, word, &format!("is no whole number of at least {least}")))
    }

    /// Whether this is switched on; what is neither yes nor no is not, as in mistmcp.
    fn is_on(&mut self, name: &str) -> bool {
        let read = self.flag(name);
        read.unwrap_or_else(|e| {
            self.notes.push(format!("{}: it is passed over", e.message()));
            None
        })
        .unwrap_or_default()
    }

    /// Puts what the flags left open into the options, as far as these variables say it.
    pub fn fill(&mut self, options: &mut Options, command: Option<&Command>) {
        options.mist.enable_write_tools |= self.is_on("MISTMCP_ENABLE_WRITE_TOOLS");
        // Whoever wrote RUST_LOG said more exactly what the log should hold.
        let says_more = options.log.level().is_some() || std::env::var_os("RUST_LOG").is_some();
        options.log.debug |= !says_more && self.is_on("MISTMCP_DEBUG");
        if options.log.log_file.is_none() {
            options.log.log_file = self.get("MISTMCP_LOG_FILE").map(|file| expanded(Path::new(file)));
        }
        self.fill_address(options);
        // Other commands open no server.
        let serves = matches!(command, None | Some(Command::Lab(_) | Command::Check(_)));
        if serves && options.transport.is_none() {
            options.transport = self.transport();
        }
    }

    fn fill_address(&mut self, options: &mut Options) {
        if let Some(host) = self.get("MISTMCP_HOST").filter(|_| !options.given.host) {
            options.host = host.to_owned();
        }
        let Some(port) = self.get("MISTMCP_PORT").filter(|_| !options.given.port) else {
            return;
        };
        match port.parse() {
            Ok(port) => options.port = port,
            Err(_) => self.notes.push(format!(
                "MISTMCP_PORT is `{}`, no port: {} is used",
                port.escape_debug(),
                options.port
            )),
        }
    }

    fn transport(&mut self) -> Option<Transport> {
        let word = self.get("MISTMCP_TRANSPORT_MODE")?;
        match word.to_ascii_lowercase().as_str() {
            "stdio" => Some(Transport::Stdio),
            "http" | "streamable-http" => Some(Transport::StreamableHttp),
            "sse" => Some(Transport::Sse),
            _ => {
                let note = format!(
                    "MISTMCP_TRANSPORT_MODE is `{}`, not stdio or http: stdio is used",
                    word.escape_debug()
                );
                self.notes.push(note);
                None
            }
        }
    }

    /// Takes the variables of a file. One that nobody named may be missing, and lines in it that cannot be read are passed over.
    fn take(&mut self, file: &Path, is_named: bool) -> Result<()> {
        let shown = file.display();
        let failed = |code, why: &dyn std::fmt::Display| {
            Error::new(code, format!("the file `{shown}` with variables cannot be read: {why}"))
                .advise("correct `--env-file` or MIST_ENV_FILE")
        };
        let lines = match dotenvy::from_path_iter(file) {
            Ok(lines) => lines,
            Err(e) if e.not_found() && !is_named => return Ok(()),
            Err(e) if e.not_found() => return Err(failed(Code::InvalidInput, &"there is no such file")),
            Err(e) if is_named => return Err(failed(Code::Io, &e)),
            Err(e) => {
                self.notes.push(format!("`{shown}` is not read: {e}"));
                return Ok(());
            }
        };
        let mut found = HashMap::new();
        for line in lines {
            match line {
                Ok((name, _)) if !is_named && UNLOCKING.contains(&name.as_str()) => self.notes.push(format!(
                    "`{shown}` sets {name}, which counts only in the environment or in a file that `--env-file` names"
                )),
                Ok((name, value)) if name.starts_with(PREFIX) => {
                    found.insert(name, Secret::new(value));
                }
                Ok(_) => {}
                // The line itself may hold a secret.
                Err(_) if is_named => return Err(failed(Code::InvalidInput, &"a line in it is not NAME=value")),
                Err(_) => self.notes.push(format!(
                    "`{shown}` has a line that is not NAME=value; it is passed over"
                )),
            }
        }
        self.overlay(found);
        Ok(())
    }

    /// Puts these on top. One that is set to nothing, as compose files leave them, is not set.
    fn overlay(&mut self, values: impl IntoIterator<Item = (String, Secret)>) {
        let set = values
            .into_iter()
            .filter(|(_, value)| !value.expose().trim().is_empty());
        self.values.extend(set);
    }
}

pub(super) fn wrong(name: &str, word: &str, why: &str) -> Error {
    Error::new(
        Code::InvalidInput,
        format!("{name} is `{}`, which {why}", word.escape_debug()),
    )
    .advise("correct the variable or leave it out")
}

/// With the home directory for `~/`.
fn expanded(file: &Path) -> PathBuf {
    match (file.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_and_empty_is_not_set() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("variables");
        let text = "export MIST_HOST=\"api.eu.mist.com\" # ours\nMIST_APITOKEN='of $file'\nOTHER=x\nMISTMCP_PORT=81\nMIST_MAX_CONCURRENT=\n";
        std::fs::write(&file, text).unwrap();
        let mut variables = Variables::default();
        variables.take(&file, true).unwrap();
        let process = [("MIST_HOST", "api.mist.com"), ("MISTMCP_PORT", " ")];
        variables.overlay(process.map(|(name, value)| (name.to_owned(), value.into())));
        assert_eq!(variables.get("MIST_HOST"), Some("api.mist.com"));
        assert_eq!(variables.get("MIST_APITOKEN"), Some("of $file"));
        assert_eq!(variables.get("MISTMCP_PORT"), Some("81"));
        assert_eq!(
            (variables.get("OTHER"), variables.get("MIST_MAX_CONCURRENT")),
            (None, None)
        );
        assert!(!format!("{variables:?}").contains("of $file"));
    }

    #[test]
    fn only_a_named_file_has_to_be_there_and_whole() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("none");
        let mut variables = Variables::default();
        assert!(variables.take(&missing, false).is_ok());
        assert_eq!(variables.take(&missing, true).unwrap_err().code(), Code::InvalidInput);
        let broken = directory.path().join("broken");
        std::fs::write(&broken, "MIST_HOST=api.mist.com\nsecret words\n").unwrap();
        let error = variables.take(&broken, true).unwrap_err().to_string();
        assert!(
            error.contains("not NAME=value") && !error.contains("secret words"),
            "{error}"
        );
        variables.take(&broken, false).unwrap();
        assert_eq!(variables.get("MIST_HOST"), Some("api.mist.com"));
        assert_eq!(variables.notes.len(), 1);
    }

    #[test]
    fn words_are_read_strictly_where_much_hangs_on_them() {
        let variables = Variables::of(&[("A", "Yes"), ("B", "maybe"), ("C", "0"), ("D", "-1"), ("E", "12")]);
        assert_eq!(variables.flag("A").unwrap(), Some(true));
        assert_eq!(variables.flag("none").unwrap(), None);
        assert!(variables.flag("B").is_err());
        assert!(variables.number("C", 1).is_err());
        assert_eq!(variables.number("C", 0).unwrap(), Some(0));
        assert!(variables.number("D", 0).is_err());
        assert_eq!(variables.number("E", 1).unwrap(), Some(12));
    }
}
