//! Keys of the lab: one host key per device and one for the user, made at start or kept in a folder.

use std::{io::Write as _, path::Path};

use russh::keys::{Algorithm, PrivateKey, key::safe_rng, ssh_key::LineEnding};

use crate::error::{Code, Error, Result};

/// A new ed25519 key.
pub(super) fn generate() -> Result<PrivateKey> {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519)
        .map_err(|e| Error::new(Code::Internal, "the lab cannot make an SSH key").caused_by(e))
}

/// The key of this name in the folder, made at first use; a key of this run only where there is no folder.
pub(super) fn keep(dir: Option<&Path>, name: &str) -> Result<PrivateKey> {
    let Some(dir) = dir else { return generate() };
    let path = dir.join(name);
    if path.exists() {
        return russh::keys::load_secret_key(&path, None)
            .map_err(|e| Error::new(Code::Io, format!("`{}` is not a private key", path.display())).caused_by(e));
    }
    let key = generate()?;
    write(&path, &key)?;
    Ok(key)
}

/// Writes the key in OpenSSH's format, readable for its owner only.
pub(super) fn write(path: &Path, key: &PrivateKey) -> Result<()> {
    let text = key
        .to_openssh(LineEnding::LF)
        .map_err(|e| Error::new(Code::Internal, "the lab cannot write an SSH key").caused_by(e))?;
    write_private(path, text.as_bytes())
}

/// Writes a file that only its owner may read, in one step: a reader sees the old or the new one.
pub(super) fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let failed = |e: std::io::Error| Error::new(Code::Io, format!("cannot write `{}`", path.display())).caused_by(e);
    let dir = path
        .parent()
        .filter(|d| !d.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// The public half as a line of `authorized_keys` or `known_hosts` has it.
pub(super) fn public_line(key: &PrivateKey) -> String {
    let line = key.public_key().to_openssh().unwrap_or_default();
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}
