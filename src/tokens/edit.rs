//! Edits a token file: everything in it that jmcp does not know stays, edits at the same time all count, and a file with mistakes is left
//! alone.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

use super::{
    Digest, Format, Known, TokenSet,
    document::Document,
    file, mint,
    reader::{Findings, Reader},
    write::{self, Lock},
};
use crate::{
    error::{Code, Error, Result},
    secret::Secret,
    time::rfc3339,
};

/// Characters of a new token's name, at most.
const LONGEST_NAME: usize = 128;

/// A token to be added. What is `None` is left out of the file, and then allows everything.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Devices, or patterns of them.
    pub routers: Option<Vec<String>>,
    /// Tools.
    pub tools: Option<Vec<String>>,
    /// Families of tools.
    pub toolsets: Option<Vec<String>>,
    /// `read`, `write`, `destroy`.
    pub effects: Option<Vec<String>>,
    /// Organisations of the Mist cloud.
    pub mist_orgs: Option<Vec<String>>,
    /// Sites of the Mist cloud.
    pub mist_sites: Option<Vec<String>>,
    /// When it is over.
    pub expires: Option<SystemTime>,
    /// Calls at once.
    pub max_inflight_requests: Option<usize>,
    /// Calls in a second.
    pub max_requests_per_second: Option<u32>,
    /// Calls at a burst.
    pub max_request_burst: Option<u32>,
    /// Sessions at once.
    pub max_sessions: Option<usize>,
    /// Whether secrets in answers are shown to it.
    pub show_secrets: bool,
}

impl NewToken {
    /// Finds what is wrong with it, without a file. Answers what deserves a look.
    ///
    /// # Errors
    /// `invalid_input` with every mistake, one per line.
    pub fn check(&self, known: &Known) -> Result<Vec<String>> {
        let mut findings = Findings::default();
        if self.name.chars().count() > LONGEST_NAME {
            findings
                .problems
                .push(format!("the name has more than {LONGEST_NAME} characters"));
        }
        let mut fields = self.fields();
        fields.insert("hash".to_owned(), Digest::of("").text().into());
        let reader = Reader {
            name: &self.name,
            fields: &fields,
            format: Format::Hashed,
            known,
            findings: &mut findings,
        };
        let entry = reader.read();
        if !findings.problems.is_empty() {
            return Err(Error::new(Code::InvalidInput, findings.problems.join("\n")));
        }
        let mut warnings = findings.warnings;
        if let (Some(entry), Some(devices)) = (entry, known.devices()) {
            warnings.extend(entry.unknown_devices(devices));
        }
        Ok(warnings)
    }

    /// The fields that both formats have.
    fn fields(&self) -> Map<String, Value> {
        let limits = [
            ("max_inflight_requests", self.max_inflight_requests.map(Value::from)),
            ("max_requests_per_second", self.max_requests_per_second.map(Value::from)),
            ("max_request_burst", self.max_request_burst.map(Value::from)),
            ("max_sessions", self.max_sessions.map(Value::from)),
        ];
        let limits = given(limits);
        let fields = [
            ("routers", self.routers.as_ref().map(|names| json!(names))),
            ("tools", self.tools.as_ref().map(|names| json!(names))),
            ("toolsets", self.toolsets.as_ref().map(|names| json!(names))),
            ("effects", self.effects.as_ref().map(|words| json!(words))),
            ("mist_orgs", self.mist_orgs.as_ref().map(|ids| json!(ids))),
            ("mist_sites", self.mist_sites.as_ref().map(|ids| json!(ids))),
            ("limits", (!limits.is_empty()).then(|| limits.into())),
            ("show_secrets", self.show_secrets.then(|| true.into())),
            ("expires_at", self.expires.map(|end| written(end).into())),
            ("description", self.description.clone().map(Value::from)),
        ];
        given(fields)
    }

    /// The whole entry, in the order of fields that users of the format know.
    fn entry(&self, format: Format, secret: &Secret, now: SystemTime) -> Map<String, Value> {
        let mut fields = self.fields();
        let mut entry = Map::new();
        match format {
            Format::Hashed => {
                entry.insert("name".to_owned(), self.name.clone().into());
                entry.insert("hash".to_owned(), Digest::of(secret.expose()).text().into());
                for scope in ["routers", "tools"] {
                    entry.insert(
                        scope.to_owned(),
                        fields.shift_remove(scope).unwrap_or_else(|| json!(["*"])),
                    );
                }
            }
            Format::Plain => {
                entry.insert("token".to_owned(), secret.expose().into());
                entry.extend(fields.shift_remove_entry("description"));
            }
        }
        entry.insert(format.created_field().to_owned(), format.created(now).into());
        entry.extend(fields);
        entry
    }
}

fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let fields = fields.into_iter();
    fields
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn written(time: SystemTime) -> String {
    rfc3339(time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO))
}

impl Format {
    /// A time of creation as the earlier server writes it.
    fn created(self, now: SystemTime) -> String {
        let text = written(now);
        match self {
            Format::Hashed => text,
            Format::Plain => text.replace('Z', "+00:00"),
        }
    }
}

/// Adds a token and answers its secret, the only time that it is seen; `None` where the name is taken. A file that is not there, or is
/// empty, is made in the format `new`. Blocks on file I/O and on other edits.
///
/// # Errors
/// `invalid_input` where the token or the file has mistakes, `conflict` where others edit the file all the time, `io`.
pub fn add(path: &Path, token: &NewToken, known: &Known, new: Format) -> Result<Option<Secret>> {
    change(path, known, Some(new), |document, set| {
        let format = document.format;
        if set.find(&token.name).is_some() {
            return Ok(None);
        }
        let secret = mint::secret(format);
        let entry = Value::Object(token.entry(format, &secret, SystemTime::now()));
        match format {
            Format::Plain => _ = document.top.insert(token.name.clone(), entry),
            Format::Hashed => {
                let list = document.top.entry("tokens").or_insert_with(|| json!([]));
                list.as_array_mut().ok_or_else(not_understood)?.push(entry);
            }
        }
        Ok(Some(secret))
    })
}

/// Removes a token and answers whether it was there, and the file's format. Blocks on file I/O and on other edits.
///
/// # Errors
/// `not_found` where there is no file, `invalid_input` where it has mistakes, `conflict` where others edit it all the time, `io`.
pub fn revoke(path: &Path, name: &str, known: &Known) -> Result<(bool, Format)> {
    change(path, known, None, |document, set| {
        if set.find(name).is_none() {
            return Ok((false, document.format));
        }
        match document.format {
            Format::Plain => _ = document.top.shift_remove(name),
            Format::Hashed => document.hashed_entries()?.retain(|entry| !is_named(entry, name)),
        }
        Ok((true, document.format))
    })
}

/// Gives a token another secret and answers it; `None` where there is no such token. All else stays, but for the time of creation. Blocks
/// on file I/O and on other edits.
///
/// # Errors
/// As [`revoke`].
pub fn rotate(path: &Path, name: &str, known: &Known) -> Result<Option<Secret>> {
    change(path, known, None, |document, set| {
        let format = document.format;
        if set.find(name).is_none() {
            return Ok(None);
        }
        let secret = mint::secret(format);
        let entry = match format {
            Format::Plain => document.top.get_mut(name),
            Format::Hashed => document
                .hashed_entries()?
                .iter_mut()
                .find(|entry| is_named(entry, name)),
        };
        let fields = entry.and_then(Value::as_object_mut).ok_or_else(not_understood)?;
        let kept = match format {
            Format::Hashed => Digest::of(secret.expose()).text(),
            Format::Plain => secret.expose().to_owned(),
        };
        fields.insert(format.secret_field().to_owned(), kept.into());
        fields.insert(
            format.created_field().to_owned(),
            format.created(SystemTime::now()).into(),
        );
        Ok(Some(secret))
    })
}

/// The secret of a token, where the file has it: one of another format has hashes only. Blocks on file I/O.
///
/// # Errors
/// As [`TokenSet::read`], but for mistakes in entries, which are passed over.
pub fn show(path: &Path, name: &str) -> Result<Option<Secret>> {
    let document = Document::parse(&file::read(path)?, &path.display().to_string())?;
    let secret = match document.format {
        Format::Hashed => None,
        Format::Plain => document.top.get(name).and_then(|entry| entry.get("token")?.as_str()),
    };
    Ok(secret.map(Secret::new))
}

impl Document {
    fn hashed_entries(&mut self) -> Result<&mut Vec<Value>> {
        let list = self.top.get_mut("tokens").and_then(Value::as_array_mut);
        list.ok_or_else(not_understood)
    }
}

fn is_named(entry: &Value, name: &str) -> bool {
    entry.get("name").and_then(Value::as_str) == Some(name)
}

fn not_understood() -> Error {
    Error::new(Code::Internal, "the token's place in the file cannot be found")
}

/// Reads the file, edits it and writes it, with other editors locked out. Nothing is written where the edit changes nothing, or where its
/// result would not be a file without mistakes.
fn change<T>(
    path: &Path,
    known: &Known,
    new: Option<Format>,
    edit: impl FnOnce(&mut Document, &TokenSet) -> Result<T>,
) -> Result<T> {
    let origin = path.display().to_string();
    let target = write::target(path).map_err(|error| no_directory(path, error))?;
    file::check_attached(path)?;
    let _lock = Lock::take(&target)?;
    let text = match (file::read_now(&target), new) {
        (Err(error), Some(_)) if error.code() == Code::NotFound => String::new(),
        (Err(_), _) if target.symlink_metadata().is_err() => return Err(missing(path)),
        (text, _) => text?,
    };
    let mut document = match new {
        Some(format) if text.trim().is_empty() => Document::new(format),
        _ => Document::parse(&text, &origin)?,
    };
    let before = document.top.clone();
    let set = TokenSet::of(&document, &origin, known)?;
    let done = edit(&mut document, &set)?;
    if document.top != before {
        TokenSet::of(&document, &origin, known)?;
        let text = document.text();
        let written = match document.format {
            Format::Hashed => write::replace(&target, &text),
            // The file that containers mount by itself: in another file's place, its mounts would show the old one, with what was revoked.
            Format::Plain => write::overwrite(&target, &text),
        };
        written.map_err(|error| {
            let message = format!("token file `{origin}` cannot be written: {error}");
            Error::new(Code::Io, message).caused_by(error)
        })?;
    }
    Ok(done)
}

fn no_directory(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        let message = format!("the directory of token file `{}` does not exist", path.display());
        return Error::new(Code::NotFound, message).caused_by(error);
    }
    file::failed(path, error)
}

fn missing(path: &Path) -> Error {
    file::failed(path, std::io::ErrorKind::NotFound.into())
}
