//! Reads `devices.json`: every problem of the file in one error, one device without its key file stops no other.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{
    Auth, Inventory, Mode,
    entry::{Entry, Problem, others_can_read},
    fields::{Places, WRONG_MODE},
};
use crate::{
    error::{Code, Error, Result},
    json,
};

/// Largest inventory file in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The entry that holds the block rules of all devices.
pub(super) const BLOCKLIST_DEFAULTS: &str = "_blocklist_defaults";

/// The key that says how devices are judged that say nothing themselves.
pub(super) const MODE_DEFAULT: &str = "_mode_default";

impl Inventory {
    /// Reads the file. Blocks on file I/O.
    ///
    /// # Errors
    /// `not_found` where there is no such file, `io` where it cannot be read, `inventory_invalid` with every problem of
    /// the file, one per line.
    pub fn load(path: &Path) -> Result<Self> {
        let text = read(path)?;
        let base = path.parent().unwrap_or_else(|| Path::new(""));
        let mut inventory = Self::parse(&text, base, &path.display().to_string())?;
        let has_password = inventory.devices.values().any(|d| matches!(d.auth, Auth::Password(_)));
        if has_password && others_can_read(path) {
            inventory.warnings.push(format!(
                "inventory file `{}` holds passwords and can be read by other users: set its mode to 600",
                path.display()
            ));
        }
        inventory.path = Some(path.to_owned());
        Ok(inventory)
    }

    /// Reads the text of an inventory. `base_dir` is where relative paths begin, `origin` names the text in errors.
    /// Looks at key files only.
    ///
    /// # Errors
    /// `inventory_invalid` with every problem of the text, one per line.
    pub fn parse(text: &str, base_dir: &Path, origin: &str) -> Result<Self> {
        let (top, mut problems) = document(text, origin)?;
        let places = Places::of(base_dir);
        let mut inventory = Self {
            digest: digest(text),
            ..Self::default()
        };
        for (name, value) in &top {
            if name.starts_with('_') {
                continue;
            }
            let Some(fields) = value.as_object() else {
                problems.push(Problem {
                    device: Some(name.clone()),
                    field: None,
                    text: "must be an object".to_owned(),
                });
                continue;
            };
            let mut entry = Entry::new(name, fields, &places);
            if let Some(device) = entry.read() {
                inventory.devices.insert(name.clone(), Arc::new(device));
            }
            problems.append(&mut entry.problems);
            inventory.warnings.append(&mut entry.warnings);
        }
        inventory.blocklist_defaults = top.get(BLOCKLIST_DEFAULTS).cloned();
        inventory.default_mode = top.get(MODE_DEFAULT).and_then(Value::as_str).and_then(Mode::of);
        if top.get(MODE_DEFAULT).is_some_and(|mode| !mode.is_null()) && inventory.default_mode.is_none() {
            problems.push(Problem {
                device: None,
                field: Some(MODE_DEFAULT.to_owned()),
                text: WRONG_MODE.to_owned(),
            });
        }
        if problems.is_empty() {
            Ok(inventory)
        } else {
            Err(invalid(origin, &problems))
        }
    }
}

/// The file's text, without a byte order mark.
pub(super) fn read(path: &Path) -> Result<String> {
    let shown = path.display();
    let failed = |error: std::io::Error| {
        let (code, message) = match error.kind() {
            std::io::ErrorKind::NotFound => (Code::NotFound, format!("inventory file `{shown}` does not exist")),
            _ => (Code::Io, format!("inventory file read error: `{shown}`: {error}")),
        };
        Error::new(code, message).caused_by(error)
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_BYTES {
        let message = format!("inventory file `{shown}` has {size} bytes, more than {MAX_BYTES}");
        return Err(Error::new(Code::InventoryInvalid, message));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("inventory parse error: `{shown}` is not UTF-8 text (byte {at})");
        Error::new(Code::InventoryInvalid, message)
    })
}

/// SHA-256 of an inventory's text.
pub(super) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The top-level object, and a problem for each key that is given twice.
fn document(text: &str, origin: &str) -> Result<(Map<String, Value>, Vec<Problem>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = json::parse(text).map_err(|error| broken(&error, origin))?;
    let Value::Object(top) = document.value else {
        let text = "the top level must be an object of device names".to_owned();
        return Err(invalid(
            origin,
            &[Problem {
                device: None,
                field: None,
                text,
            }],
        ));
    };
    // One path can repeat several times; entries that are not devices may hold anything.
    let matters = |path: &Vec<String>| {
        path.first()
            .is_some_and(|n| !n.starts_with('_') || n == BLOCKLIST_DEFAULTS || n == MODE_DEFAULT)
    };
    let paths: BTreeSet<Vec<String>> = document.duplicates.into_iter().filter(matters).collect();
    Ok((top, paths.iter().filter_map(|path| repeated(path)).collect()))
}

fn repeated(path: &[String]) -> Option<Problem> {
    let (device, fields) = path.split_first()?;
    let (field, text) = match fields {
        [] => (None, "is defined more than once"),
        fields => (Some(fields.join(".")), "is given more than once"),
    };
    Some(Problem {
        device: Some(device.clone()),
        field,
        text: text.to_owned(),
    })
}

fn broken(error: &serde_json::Error, origin: &str) -> Error {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let (line, column) = (error.line(), error.column());
    Error::new(
        Code::InventoryInvalid,
        format!("inventory parse error: `{origin}` is not a valid JSON file: line {line}, column {column}: {what}"),
    )
    .advise("correct the JSON at that place; a missing or trailing comma is the usual cause")
}

fn invalid(origin: &str, problems: &[Problem]) -> Error {
    let mut message = format!("invalid devices.json: Device configuration validation failed for `{origin}`:");
    for problem in problems {
        message.push_str("\n  - ");
        message.push_str(&problem.to_string());
    }
    Error::new(Code::InventoryInvalid, message).advise("correct these entries; nothing was loaded")
}

impl Default for Inventory {
    fn default() -> Self {
        Self {
            devices: BTreeMap::new(),
            blocklist_defaults: None,
            default_mode: None,
            warnings: Vec::new(),
            path: None,
            digest: digest(""),
        }
    }
}
