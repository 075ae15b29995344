//! Files that the tests compare with and, when told, write.

use std::{fs, path::Path};

/// Whether files are to be written rather than compared: `UPDATE_GOLDEN=1`.
pub(crate) fn updating() -> bool {
    std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1")
}

/// Compares a file of the repository with what it should be, or writes it.
pub(crate) fn check(path: &Path, wanted: &str) -> Result<(), String> {
    if updating() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, wanted).unwrap();
        return Ok(());
    }
    let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display();
    match fs::read_to_string(path) {
        Ok(found) if found == wanted => Ok(()),
        Ok(found) => Err(format!("{name} differs:\n{}", difference(&found, wanted))),
        Err(e) => Err(format!("{name}: {e}")),
    }
}

fn difference(found: &str, wanted: &str) -> String {
    similar::TextDiff::from_lines(found, wanted)
        .unified_diff()
        .header("file", "program")
        .to_string()
}
