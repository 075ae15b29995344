//! Adds a device to the inventory, in memory or in the file.
//!
//! The file is somebody's: everything in it that jmcp does not know stays byte for byte, the new entry is put behind the last
//! one, and nothing is written before the whole result has been found valid.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{
    Auth, Inventory,
    entry::Entry,
    fields::{self, Places},
    load,
};
use crate::{
    error::{Code, Error, Result},
    json,
    secret::Secret,
};

/// One edit at a time within this process; the directory's lock keeps other processes out.
static EDITS: Mutex<()> = Mutex::new(());

/// How often, and at what distance, the directory's lock is tried.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// A device to be added.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// Its name.
    pub name: String,
    /// Address literal or host name.
    pub host: String,
    /// TCP port of SSH.
    pub port: u16,
    /// User name.
    pub username: String,
    /// How to log in. A key's path is written as it is given; `~` is allowed.
    pub auth: Auth,
    /// Further fields of the entry (`role`, `site`, `ssh_config`, `legacy` ...).
    pub extra: Map<String, Value>,
}

impl NewDevice {
    fn check(&self) -> Result<()> {
        let wrong = |message: String| Err(Error::new(Code::InvalidInput, message));
        fields::check_new_name(&self.name).or_else(wrong)?;
        fields::host(&self.host).map_err(|text| Error::new(Code::InvalidInput, text))?;
        if self.port == 0 {
            return wrong("invalid device port `0`: must be in 1..=65535".to_owned());
        }
        fields::check_username(&self.username)
            .map_err(|text| Error::new(Code::InvalidInput, format!("validation error: {text}")))
    }

    fn entry(&self) -> Map<String, Value> {
        let auth = match &self.auth {
            Auth::Password(password) => json!({ "type": "password", "password": password.expose() }),
            Auth::Agent => json!({ "type": "ssh_agent" }),
            Auth::Key { path, passphrase } => {
                let mut auth = json!({ "type": "ssh_key", "private_key_path": path.to_string_lossy() });
                if let (Some(passphrase), Some(auth)) = (passphrase.as_ref().map(Secret::expose), auth.as_object_mut())
                {
                    auth.insert("passphrase".to_owned(), passphrase.into());
                }
                auth
            }
        };
        let mut entry = self.extra.clone();
        let own = [
            ("ip", json!(self.host)),
            ("port", json!(self.port)),
            ("username", json!(self.username)),
            ("auth", auth),
        ];
        // The fields every entry has come first; a field of the same name among the extra ones never replaces them.
        for (at, (name, value)) in own.into_iter().enumerate() {
            entry.shift_remove(name);
            entry.shift_insert(at, name.to_owned(), value);
        }
        entry
    }
}

impl Inventory {
    /// Checks whether the device could be added.
    ///
    /// # Errors
    /// `conflict` where the name is taken, `invalid_input` where a field is wrong.
    pub fn check_new(&self, device: &NewDevice) -> Result<()> {
        device.check()?;
        if self.devices.contains_key(&device.name) {
            let message = format!("device `{}` already exists in the inventory", device.name);
            return Err(Error::new(Code::Conflict, message));
        }
        Ok(())
    }

    /// This inventory with the device, for this process only: the file is not touched.
    ///
    /// # Errors
    /// As [`Inventory::check_new`]; `not_found` where the device's key file is missing.
    pub fn with_device(&self, device: &NewDevice) -> Result<Self> {
        self.check_new(device)?;
        let base = self.path().and_then(Path::parent).unwrap_or_else(|| Path::new(""));
        let (fields, places) = (device.entry(), Places::of(base));
        let mut entry = Entry::new(&device.name, &fields, &places);
        let read = entry.read();
        let Some(read) = read else {
            let all: Vec<String> = entry.problems.iter().map(ToString::to_string).collect();
            return Err(Error::new(Code::InvalidInput, all.join("; ")));
        };
        read.usable()?;
        let mut inventory = self.clone();
        inventory.devices.insert(device.name.clone(), Arc::new(read));
        Ok(inventory)
    }

    /// Adds the device to the file and answers the inventory that is now in it. Blocks on file I/O and up to five seconds on
    /// the lock of the file's directory. The file's mode and owner are kept.
    ///
    /// # Errors
    /// As [`Inventory::with_device`]; `conflict` where the file is not the one that this inventory was loaded from,
    /// `inventory_invalid` where it is not valid, `inventory_readonly` where there is no file, `io`. In each case the file is
    /// as it was.
    pub fn add_to_file(&self, device: &NewDevice) -> Result<Self> {
        self.check_new(device)?;
        let path = self.path().ok_or_else(|| {
            Error::new(
                Code::InventoryReadonly,
                "the inventory was not read from a file, a device cannot be written to it",
            )
        })?;
        let target = std::fs::canonicalize(path).map_err(|e| write_failed(path, e))?;
        let _edit = EDITS.lock().unwrap_or_else(PoisonError::into_inner);
        let _directory = lock_directory(&target)?;
        let text = load::read(&target)?;
        if load::digest(&text) != self.digest {
            return Err(Error::new(
                Code::Conflict,
                "inventory file changed on disk between read and write; call reload_devices and retry",
            ));
        }
        let added = inserted(&text, &device.name, &device.entry())?;
        let mut inventory = Self::parse(&added, parent(path), &path.display().to_string())?;
        inventory.device(&device.name)?.usable()?;
        replace(&target, &added).map_err(|e| write_failed(&target, e))?;
        inventory.path = Some(path.to_owned());
        Ok(inventory)
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new(""))
}

fn write_failed(path: &Path, error: std::io::Error) -> Error {
    Error::new(
        Code::Io,
        format!("inventory file write error: `{}`: {error}", path.display()),
    )
    .caused_by(error)
}

/// The text with the entry behind the last one. Refused where that would be anything but the old document and the new entry.
fn inserted(text: &str, name: &str, entry: &Map<String, Value>) -> Result<String> {
    let mut added = with_entry(text, name, entry).ok_or_else(not_understood)?;
    let strip = |text: &str| json::parse(text.trim_start_matches('\u{feff}')).ok().map(|d| d.value);
    let expected = strip(text).and_then(|mut document| {
        document
            .as_object_mut()?
            .insert(name.to_owned(), Value::Object(entry.clone()));
        Some(document)
    });
    if expected.is_none() || strip(&added) != expected {
        return Err(not_understood());
    }
    if text.contains("\r\n") {
        added = added.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    Ok(added)
}

fn not_understood() -> Error {
    Error::new(
        Code::InventoryInvalid,
        "the place for a new entry in the inventory file cannot be found",
    )
}

fn with_entry(text: &str, name: &str, entry: &Map<String, Value>) -> Option<String> {
    let body = text.trim_end();
    let end = text.get(body.len()..)?;
    let before = body.strip_suffix('}')?.trim_end();
    let comma = if before.ends_with('{') { "" } else { "," };
    let indent = indent(text);
    let mut pretty = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut pretty, formatter);
    serde::Serialize::serialize(&json!({ name: entry }), &mut serializer).ok()?;
    let pretty = String::from_utf8(pretty).ok()?;
    let lines = pretty.strip_prefix('{')?;
    Some(format!("{before}{comma}{lines}{end}"))
}

/// The white space before the first key; four blanks where the file is one line.
fn indent(text: &str) -> String {
    let first = text.lines().find(|line| line.trim_start().starts_with('"'));
    let blanks = first.map(|line| line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect::<String>());
    blanks.filter(|b| !b.is_empty()).unwrap_or_else(|| " ".repeat(4))
}

/// Holds an advisory lock on the directory: it keeps two processes apart without leaving a lock file behind.
#[cfg(unix)]
fn lock_directory(target: &Path) -> Result<File> {
    let directory: PathBuf = parent(target).to_owned();
    let file = File::open(&directory).map_err(|e| write_failed(target, e))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(std::fs::TryLockError::Error(error)) => return Err(write_failed(target, error)),
        }
    }
    let message = format!("another process is changing files in `{}`", directory.display());
    Err(Error::new(Code::Conflict, message).advise("try again in a moment"))
}

#[cfg(not(unix))]
fn lock_directory(_target: &Path) -> Result<()> {
    Ok(())
}

/// Writes a temporary file beside the target and renames it over the target, so that a reader, or a machine that loses
/// power, sees either the old file or the new one.
fn replace(target: &Path, text: &str) -> std::io::Result<()> {
    let old = std::fs::metadata(target)?;
    let mut new = tempfile::Builder::new().prefix(".jmcp-").tempfile_in(parent(target))?;
    new.write_all(text.as_bytes())?;
    keep_owner(new.path(), &old)?;
    new.as_file().set_permissions(old.permissions())?;
    new.as_file().sync_all()?;
    new.persist(target).map_err(|failed| failed.error)?;
    if cfg!(unix) {
        File::open(parent(target))?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn keep_owner(new: &Path, old: &std::fs::Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let now = std::fs::metadata(new)?;
    if (now.uid(), now.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(new, Some(old.uid()), Some(old.gid()))
        .map_err(|e| std::io::Error::new(e.kind(), format!("the file's owner and group cannot be kept: {e}")))
}

#[cfg(not(unix))]
fn keep_owner(_new: &Path, _old: &std::fs::Metadata) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
