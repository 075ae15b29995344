//! A token file as JSON: which of the two formats it is, its entries, and its text after an edit.

use serde_json::{Map, Value};

use super::reader::Findings;
use crate::{
    error::{Code, Error, Result},
    json,
};

/// The formats of the earlier servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `{"version": 1, "tokens": [...]}` with hashes of the secrets.
    Hashed,
    /// An object of names, with the secrets themselves.
    Plain,
}

impl Format {
    /// The fields that only this format has.
    pub(super) fn own_fields(self) -> &'static [&'static str] {
        match self {
            Format::Hashed => &["name", "hash", "created_at"],
            Format::Plain => &["token", "created"],
        }
    }

    pub(super) fn secret_field(self) -> &'static str {
        match self {
            Format::Hashed => "hash",
            Format::Plain => "token",
        }
    }

    pub(super) fn created_field(self) -> &'static str {
        match self {
            Format::Hashed => "created_at",
            Format::Plain => "created",
        }
    }

    /// Told by the content: only one of them has a version or a list of tokens at the top.
    fn of(top: &Map<String, Value>) -> Self {
        let is_hashed = top.get("tokens").is_some_and(Value::is_array)
            || top.get("version").is_some_and(|version| !version.is_object());
        if is_hashed { Format::Hashed } else { Format::Plain }
    }
}

/// A parsed file.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) format: Format,
    pub(super) top: Map<String, Value>,
    /// Problems that are seen in the text only.
    repeated: Vec<String>,
}

impl Document {
    /// A file without tokens.
    pub(super) fn new(format: Format) -> Self {
        let mut top = Map::new();
        if format == Format::Hashed {
            top.insert("version".to_owned(), 1.into());
            top.insert("tokens".to_owned(), Value::Array(Vec::new()));
        }
        Self {
            format,
            top,
            repeated: Vec::new(),
        }
    }

    /// Parses the text; `origin` names it in errors.
    pub(super) fn parse(text: &str, origin: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            let message = format!("token file `{origin}` is empty");
            return Err(Error::new(Code::InvalidInput, message).advise("`jmcp token add` writes the first token to it"));
        }
        let document = json::parse(text).map_err(|error| broken(&error, origin))?;
        let Value::Object(top) = document.value else {
            let message = format!("token file `{origin}`: the top level must be an object");
            return Err(Error::new(Code::InvalidInput, message));
        };
        let shown = |path: Vec<String>| format!("`{}` is given more than once", path.join(".").escape_debug());
        let mut repeated: Vec<String> = document.duplicates.into_iter().map(shown).collect();
        repeated.dedup();
        Ok(Self {
            format: Format::of(&top),
            top,
            repeated,
        })
    }

    /// Name and fields of every entry that has both. What is wrong with the rest, and with the top level, goes to the findings.
    pub(super) fn entries(&self, findings: &mut Findings) -> Vec<(&str, &Map<String, Value>)> {
        findings.problems.extend(self.repeated.iter().cloned());
        match self.format {
            Format::Hashed => self.hashed(findings),
            Format::Plain => self.plain(findings),
        }
    }

    fn hashed(&self, findings: &mut Findings) -> Vec<(&str, &Map<String, Value>)> {
        if self.top.get("version").and_then(Value::as_u64) != Some(1) {
            findings.problems.push("`version` must be 1".to_owned());
        }
        for key in self
            .top
            .keys()
            .filter(|key| !["version", "tokens"].contains(&key.as_str()))
        {
            let key = key.escape_debug();
            findings
                .warnings
                .push(format!("the field `{key}` is not known and has no effect"));
        }
        let list = match self.top.get("tokens") {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                findings.problems.push("`tokens` must be a list".to_owned());
                return Vec::new();
            }
        };
        let mut entries = Vec::with_capacity(list.len());
        for (at, entry) in list.iter().enumerate() {
            let number = at + 1;
            match (entry.as_object(), entry.get("name").map(Value::as_str)) {
                (None, _) => findings.problems.push(format!("token {number}: must be an object")),
                (Some(_), None) => findings.problems.push(format!("token {number}: `name` is missing")),
                (Some(_), Some(None)) => findings
                    .problems
                    .push(format!("token {number}: `name` must be a string")),
                (Some(fields), Some(Some(name))) => entries.push((name, fields)),
            }
        }
        entries
    }

    fn plain(&self, findings: &mut Findings) -> Vec<(&str, &Map<String, Value>)> {
        let mut entries = Vec::with_capacity(self.top.len());
        for (name, entry) in &self.top {
            match entry.as_object() {
                Some(fields) => entries.push((name.as_str(), fields)),
                None => {
                    let name = name.escape_debug();
                    findings.problems.push(format!("token `{name}`: must be an object"));
                }
            }
        }
        entries
    }

    /// The text of the file, as the earlier servers lay it out.
    pub(super) fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.top).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The parser's words hold nothing of the text, which may be a secret.
fn broken(error: &serde_json::Error, origin: &str) -> Error {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let (line, column) = (error.line(), error.column());
    Error::new(
        Code::InvalidInput,
        format!("token file `{origin}` is not valid JSON: line {line}, column {column}: {what}"),
    )
    .advise("correct the JSON at that place; a missing or trailing comma is the usual cause")
}
