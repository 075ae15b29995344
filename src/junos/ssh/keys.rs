//! Private key files: reading, decrypting, and saying clearly what is wrong with one.

use std::{io, path::Path, sync::Arc};

use russh::keys::{PrivateKey, PublicKey, decode_secret_key, load_public_key};
use zeroize::Zeroizing;

use super::route::KeyFile;
use crate::error::{Code, Error, Result};

/// A key to log in with.
#[derive(Debug, Clone)]
pub(super) enum Key {
    /// Ready to sign.
    Ready(Arc<PrivateKey>),
    /// Encrypted, and the passphrase is not known; the agent may hold it.
    Locked(PublicKey),
}

impl Key {
    pub(super) fn public(&self) -> &PublicKey {
        match self {
            Key::Ready(key) => key.public_key(),
            Key::Locked(key) => key,
        }
    }
}

/// Reads a key file. `None`: the file is not required and cannot be used.
///
/// # Errors
/// For required files: `not_found`, `io`; `auth_failed` when it cannot be decrypted, `invalid_input` when it is no key.
pub(super) async fn load(file: &KeyFile, server: &str) -> Result<Option<Key>> {
    let (wanted, server) = (file.clone(), server.to_owned());
    let loaded = tokio::task::spawn_blocking(move || {
        let text = match std::fs::read_to_string(&wanted.path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) => return Err(unreadable(&wanted.path, &server, error)),
        };
        decode(&wanted, &text, &server)
    });
    match loaded
        .await
        .map_err(|lost| Error::new(Code::Internal, lost.to_string()))?
    {
        Ok(key) => Ok(Some(key)),
        Err(error) if file.required => Err(error),
        Err(error) => {
            tracing::debug!(path = %file.path.display(), %error, "key file skipped");
            Ok(None)
        }
    }
}

fn unreadable(path: &Path, server: &str, error: io::Error) -> Error {
    let code = if error.kind() == io::ErrorKind::NotFound {
        Code::NotFound
    } else {
        Code::Io
    };
    Error::new(
        code,
        format!("the key file `{}` for {server} cannot be read: {error}", path.display()),
    )
    .advise("check the path and its permissions for the user that runs jmcp")
    .caused_by(error)
}

fn decode(file: &KeyFile, text: &str, server: &str) -> Result<Key> {
    let path = file.path.display();
    if !is_encrypted(text) {
        return match decode_secret_key(text, None) {
            Ok(key) => Ok(Key::Ready(Arc::new(key))),
            Err(error) => Err(Error::new(
                Code::InvalidInput,
                format!("`{path}` for {server} is no private key: {error}"),
            )
            .advise("give a private key in OpenSSH, PEM or PuTTY format (RSA, ECDSA or Ed25519)")),
        };
    }
    match &file.passphrase {
        Some(passphrase) => match decode_secret_key(text, Some(passphrase.expose())) {
            Ok(key) => Ok(Key::Ready(Arc::new(key))),
            // The cause is left out: it may be told by a library that saw the passphrase.
            Err(_) => Err(Error::new(
                Code::AuthFailed,
                format!("the key `{path}` for {server} cannot be decrypted"),
            )
            .advise("check the passphrase of the key")),
        },
        None => public_part(text, &file.path)
            .map(Key::Locked)
            .ok_or_else(|| locked(&file.path, server)),
    }
}

/// The key is encrypted, and neither a passphrase nor an agent opens it.
pub(super) fn locked(path: &Path, server: &str) -> Error {
    let text = format!(
        "the key `{}` for {server} is encrypted, and no passphrase is given",
        path.display()
    );
    Error::new(Code::AuthFailed, text)
        .advise("give the passphrase in the inventory, or add the key to the SSH agent with `ssh-add`")
}

fn is_encrypted(text: &str) -> bool {
    match PrivateKey::from_openssh(text) {
        Ok(key) => key.is_encrypted(),
        Err(_) => {
            let putty = text.trim_start().starts_with("PuTTY-User-Key-File-");
            // `BEGIN ENCRYPTED PRIVATE KEY` (PKCS #8) or `Proc-Type: 4,ENCRYPTED` (PKCS #1).
            text.contains("ENCRYPTED") || (putty && !text.contains("Encryption: none"))
        }
    }
}

/// The OpenSSH format holds the public part in the clear; for other formats there may be a `.pub` file.
fn public_part(text: &str, path: &Path) -> Option<PublicKey> {
    if let Ok(key) = PrivateKey::from_openssh(text) {
        return Some(key.public_key().clone());
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    load_public_key(beside).ok()
}

#[cfg(test)]
mod tests;
