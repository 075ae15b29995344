//! The tokens of a file, read as a whole or not at all.

use std::{collections::HashMap, path::Path};

use super::{
    Digest, Entry, Format, Known,
    document::Document,
    file,
    reader::{Findings, Reader},
};
use crate::error::{Code, Error, Result};

/// The tokens of one reading of a file, free of mistakes.
#[derive(Debug, Clone)]
pub struct TokenSet {
    format: Format,
    entries: Vec<Entry>,
    /// First those that the file alone gives rise to, then those about devices.
    warnings: Vec<String>,
    of_the_file: usize,
    origin: String,
}

impl TokenSet {
    /// Reads the file. Blocks on file I/O, and up to a second where another process is writing it.
    ///
    /// # Errors
    /// `not_found` where there is no such file, `io` where it cannot be read, `invalid_input` with every problem of the file, one per
    /// line. None of them tells a secret.
    pub fn read(path: &Path, known: &Known) -> Result<Self> {
        file::check_attached(path)?;
        Self::parse(&file::read(path)?, &path.display().to_string(), known)
    }

    /// Reads the text of a token file. `origin` names it in errors and warnings.
    ///
    /// # Errors
    /// `invalid_input` with every problem of the text, one per line.
    pub fn parse(text: &str, origin: &str, known: &Known) -> Result<Self> {
        Self::of(&Document::parse(text, origin)?, origin, known)
    }

    pub(super) fn of(document: &Document, origin: &str, known: &Known) -> Result<Self> {
        let mut findings = Findings::default();
        let mut entries: Vec<Entry> = Vec::new();
        for (name, fields) in document.entries(&mut findings) {
            let reader = Reader {
                name,
                fields,
                format: document.format,
                known,
                findings: &mut findings,
            };
            entries.extend(reader.read());
        }
        doubles(&entries, &mut findings);
        if findings.problems.is_empty() {
            let said = |warning: String| format!("token file `{origin}`: {warning}");
            let mut set = Self {
                format: document.format,
                entries,
                of_the_file: findings.warnings.len(),
                warnings: findings.warnings.into_iter().map(said).collect(),
                origin: origin.to_owned(),
            };
            set.look_for_devices(known);
            return Ok(set);
        }
        Err(invalid(origin, &findings.problems))
    }

    /// Which format the file has.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The tokens, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The token of this name.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name() == name)
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What deserves a look: unknown devices, empty scopes, fields without effect.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Warns about devices that are not known, and no more about those that were not known before.
    pub(super) fn look_for_devices(&mut self, known: &Known) {
        self.warnings.truncate(self.of_the_file);
        let devices = known.devices().into_iter();
        let unknown = devices.flat_map(|devices| self.entries.iter().flat_map(|entry| entry.unknown_devices(devices)));
        let said = unknown.map(|warning| format!("token file `{}`: {warning}", self.origin));
        self.warnings.extend(said.collect::<Vec<_>>());
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

/// Two tokens of one name, or with one secret: which of the two would be meant?
fn doubles(entries: &[Entry], findings: &mut Findings) {
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut secrets: HashMap<Digest, &str> = HashMap::new();
    for entry in entries {
        let shown = entry.name().escape_debug();
        let seen = names.entry(entry.name()).or_default();
        *seen += 1;
        if *seen == 2 {
            findings
                .problems
                .push(format!("token `{shown}` is there more than once"));
        }
        if let Some(other) = secrets
            .insert(entry.digest, entry.name())
            .filter(|name| *name != entry.name())
        {
            let other = other.escape_debug();
            findings
                .problems
                .push(format!("tokens `{other}` and `{shown}` have the same secret"));
        }
    }
}

fn invalid(origin: &str, problems: &[String]) -> Error {
    let mut message = format!("token file `{origin}` has mistakes:");
    for problem in problems {
        message.push_str("\n  - ");
        message.push_str(problem);
    }
    Error::new(Code::InvalidInput, message).advise("correct these entries; nothing of the file was used or changed")
}
