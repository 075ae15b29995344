//! When each token was used last: a file of its own beside the token file, so that a server never writes to the token file.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

use super::write::{self, Lock};
use crate::{
    error::{Code, Error, Result},
    time::{parse_rfc3339, rfc3339},
};

/// The key of the times in the file.
const TIMES: &str = "last_used";

/// Times of last use, by the ids of callers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastUsed(BTreeMap<String, Duration>);

impl LastUsed {
    /// The file beside this token file: its name with `.used` behind.
    pub fn path(tokens: &Path) -> PathBuf {
        let mut path = OsString::from(tokens);
        path.push(".used");
        path.into()
    }

    /// What is kept for this token file. Nothing where there is no file or it cannot be read. Blocks on file I/O.
    pub fn read(tokens: &Path) -> Self {
        let text = std::fs::read_to_string(Self::path(tokens)).unwrap_or_default();
        Self::parse(&text).unwrap_or_default()
    }

    /// When the caller with this id was here last.
    pub fn of(&self, id: &str) -> Option<SystemTime> {
        self.0.get(id).and_then(|since| UNIX_EPOCH.checked_add(*since))
    }

    /// Writes the times of these ids and forgets all others; for an id without a time, and for one that another server saw later, the
    /// time in the file stays. Answers whether the file could be written.
    pub(super) fn save<'a>(tokens: &Path, ids: impl Iterator<Item = (&'a str, Option<SystemTime>)>) -> Result<bool> {
        let path = Self::path(tokens);
        let target = match write::target(&path) {
            Ok(target) => target,
            Err(error) => return unwritable(&path, error),
        };
        let _lock = Lock::take(&target)?;
        let text = match std::fs::read_to_string(&target) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return unwritable(&path, error),
        };
        let Some(old) = Self::parse(&text) else {
            let message = format!("`{}` is not a file with times of use", path.display());
            return Err(Error::new(Code::Io, message).advise("move it away: jmcp writes its own"));
        };
        let new = Self(
            ids.filter_map(|(id, time)| Some((id.to_owned(), old.later(id, time)?)))
                .collect(),
        );
        if new == old {
            return Ok(true);
        }
        match write::replace(&target, &new.text()) {
            Ok(()) => Ok(true),
            Err(error) => unwritable(&path, error),
        }
    }

    fn later(&self, id: &str, time: Option<SystemTime>) -> Option<Duration> {
        // Seconds: what the file has.
        let time = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let time = time.map(|since| Duration::from_secs(since.as_secs()));
        time.max(self.0.get(id).copied())
    }

    fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        let top: Value = serde_json::from_str(text).ok()?;
        let times = top.get(TIMES)?.as_object()?.iter();
        let read = |(id, time): (&String, &Value)| Some((id.clone(), parse_rfc3339(time.as_str()?)?));
        Some(Self(times.filter_map(read).collect()))
    }

    fn text(&self) -> String {
        let times: Map<String, Value> = self
            .0
            .iter()
            .map(|(id, since)| (id.clone(), rfc3339(*since).into()))
            .collect();
        format!("{:#}\n", json!({ TIMES: times }))
    }
}

fn unwritable(path: &Path, error: io::Error) -> Result<bool> {
    use io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem};
    if matches!(error.kind(), NotFound | PermissionDenied | ReadOnlyFilesystem) {
        return Ok(false);
    }
    let message = format!("times of use cannot be written to `{}`: {error}", path.display());
    Err(Error::new(Code::Io, message).caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Option<SystemTime> {
        Some(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn the_latest_time_stays_and_the_departed_are_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let tokens = directory.path().join("tokens.json");
        let save = |ids: &[(&str, Option<SystemTime>)]| LastUsed::save(&tokens, ids.iter().copied()).unwrap();
        assert!(save(&[("a#1", at(100)), ("b#1", None)]));
        // Another server, which saw other tokens.
        assert!(save(&[("a#1", at(50)), ("b#1", at(70))]));
        let read = LastUsed::read(&tokens);
        assert_eq!(
            (read.of("a#1"), read.of("b#1"), read.of("c#1")),
            (at(100), at(70), None)
        );
        assert!(save(&[("a#2", at(200)), ("b#1", None)]));
        let read = LastUsed::read(&tokens);
        assert_eq!(
            (read.of("a#1"), read.of("a#2"), read.of("b#1")),
            (None, at(200), at(70))
        );
        let text = std::fs::read_to_string(directory.path().join("tokens.json.used")).unwrap();
        assert!(text.contains("\"a#2\": \"1970-01-01T00:03:20.000Z\""), "{text}");
    }

    #[test]
    fn a_file_of_somebody_else_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let tokens = directory.path().join(".tokens");
        std::fs::write(directory.path().join(".tokens.used"), "notes").unwrap();
        let error = LastUsed::save(&tokens, [("a", at(1))].into_iter()).unwrap_err();
        assert!(error.to_string().contains(".tokens.used"), "{error}");
        assert_eq!(LastUsed::read(&tokens), LastUsed::default());
    }

    #[test]
    fn a_directory_that_is_not_there_is_no_error() {
        let nowhere = Path::new("/no/such/directory/tokens.json");
        assert!(!LastUsed::save(nowhere, [("a", at(1))].into_iter()).unwrap());
    }
}
