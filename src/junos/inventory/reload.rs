//! Which file a reload may read, and what it changes.

use std::path::{Component, Path, PathBuf};

use super::Inventory;
use crate::error::{Code, Error, Result};

/// What differs between two inventories, by device name, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Only in the new one.
    pub added: Vec<String>,
    /// Only in the old one.
    pub removed: Vec<String>,
    /// In both, with any field changed. Their sessions, like those of removed devices, must not be used again.
    pub changed: Vec<String>,
}

impl Changes {
    /// Compares two inventories.
    pub fn between(old: &Inventory, new: &Inventory) -> Self {
        let only_in = |one: &Inventory, other: &Inventory| {
            one.devices
                .keys()
                .filter(|name| !other.devices.contains_key(*name))
                .cloned()
                .collect()
        };
        let differs = |name: &&String| {
            old.devices
                .get(*name)
                .is_some_and(|device| new.devices.get(*name) != Some(device))
        };
        Self {
            added: only_in(new, old),
            removed: only_in(old, new),
            changed: new.devices.keys().filter(differs).cloned().collect(),
        }
    }

    /// For the log: `added a, b; removed c`; none where nothing differs.
    pub fn words(&self) -> Option<String> {
        let kinds = [
            ("added", &self.added),
            ("removed", &self.removed),
            ("changed", &self.changed),
        ];
        let words: Vec<String> = kinds
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(word, names)| format!("{word} {}", names.join(", ")))
            .collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// The file a caller may have loaded: the present one, or a path inside its directory.
///
/// A caller is a model: with any path allowed it could point jmcp at a file it wrote elsewhere.
///
/// # Errors
/// `invalid_input` for a path, `..` and links that lead out of the directory; `not_found` where there is no file.
pub fn resolve(present: &Path, requested: Option<&str>) -> Result<PathBuf> {
    let Some(requested) = requested.map(str::trim).filter(|name| !name.is_empty()) else {
        return Ok(present.to_owned());
    };
    let wanted = Path::new(requested);
    if wanted == present {
        return Ok(present.to_owned());
    }
    let shown = requested.escape_debug();
    let refused = |why: &str| {
        Error::new(Code::InvalidInput, format!("file '{shown}' cannot be loaded: {why}"))
            .advise("name a file inside the directory of the present inventory, or none to re-read it")
    };
    let directory = present
        .parent()
        .filter(|d| !d.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    let wanted = if wanted.is_absolute() {
        let inside = std::path::absolute(directory)
            .ok()
            .and_then(|d| wanted.strip_prefix(d).ok());
        inside.ok_or_else(|| refused("absolute paths lead out of the directory of the inventory"))?
    } else {
        wanted
    };
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if requested.contains('\0') || !wanted.components().all(is_plain) {
        return Err(refused("the path leads out of the directory of the inventory"));
    }
    let path = directory.join(wanted);
    let not_found =
        |error: std::io::Error| Error::new(Code::NotFound, format!("File '{shown}' not found")).caused_by(error);
    let real = std::fs::canonicalize(&path).map_err(not_found)?;
    let real_directory = std::fs::canonicalize(directory).map_err(not_found)?;
    // The present file may itself be a link, as mounted configuration often is.
    let is_present = std::fs::canonicalize(present).is_ok_and(|present| present == real);
    if !is_present && !real.starts_with(&real_directory) {
        return Err(refused("it is a link that leads out of the directory of the inventory"));
    }
    if !real.is_file() {
        return Err(refused("it is not a file"));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("conf");
        std::fs::create_dir_all(home.join("sub")).unwrap();
        for file in ["conf/devices.json", "conf/sub/b.json", "outside.json"] {
            std::fs::write(directory.path().join(file), "{}").unwrap();
        }
        let present = home.join("devices.json");
        let good = |name: Option<&str>| resolve(&present, name).unwrap();
        assert_eq!(good(None), present);
        assert_eq!(good(Some(" ")), present);
        assert_eq!(good(Some(present.to_str().unwrap())), present);
        assert_eq!(good(Some("sub/b.json")), home.join("sub/b.json"));
        let code = |name: &str| resolve(&present, Some(name)).unwrap_err().code();
        let absolute = home.join("sub/b.json");
        assert_eq!(good(absolute.to_str()), absolute);
        let outside = directory.path().join("conf/../outside.json");
        assert_eq!(
            resolve(&present, outside.to_str()).unwrap_err().code(),
            Code::InvalidInput
        );
        assert_eq!(code("../outside.json"), Code::InvalidInput);
        assert_eq!(code("sub/../../outside.json"), Code::InvalidInput);
        assert_eq!(code("/etc/passwd"), Code::InvalidInput);
        assert_eq!(code("sub"), Code::InvalidInput);
        assert_eq!(code("none.json"), Code::NotFound);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../outside.json", home.join("link.json")).unwrap();
            assert_eq!(code("link.json"), Code::InvalidInput);
        }
    }

    #[test]
    fn any_changed_field_counts() {
        let parse = |text: &str| Inventory::parse(text, Path::new(""), "test").unwrap();
        let entry = |ip: &str, more: &str| {
            format!(r#"{{"ip": "{ip}", "username": "u", "auth": {{"type": "password", "password": "p"}} {more}}}"#)
        };
        let old = format!(
            r#"{{"a": {}, "b": {}, "c": {}}}"#,
            entry("r1", ""),
            entry("r2", ""),
            entry("r3", "")
        );
        let legacy = entry("r3", r#", "legacy": true"#);
        let new = format!(
            r#"{{"b": {}, "c": {legacy}, "d": {}}}"#,
            entry("r2", ""),
            entry("r4", "")
        );
        let changes = Changes::between(&parse(&old), &parse(&new));
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            changes,
            Changes {
                added: names(&["d"]),
                removed: names(&["a"]),
                changed: names(&["c"])
            }
        );
        assert_eq!(Changes::between(&parse(&new), &parse(&new)), Changes::default());
    }
}
