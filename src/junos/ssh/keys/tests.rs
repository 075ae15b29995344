use std::path::PathBuf;

use russh::keys::{Algorithm, ssh_key::LineEnding};

use super::*;
use crate::secret::Secret;

struct Written {
    _directory: tempfile::TempDir,
    path: PathBuf,
    public: PublicKey,
}

fn write(passphrase: Option<&str>) -> Written {
    let directory = tempfile::tempdir().unwrap();
    let mut key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    if let Some(passphrase) = passphrase {
        key = key.encrypt(&mut rand::rng(), passphrase).unwrap();
    }
    let path = directory.path().join("id");
    std::fs::write(&path, key.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
    Written {
        public: key.public_key().clone(),
        path,
        _directory: directory,
    }
}

async fn read(path: &Path, passphrase: Option<&str>, required: bool) -> Result<Option<Key>> {
    let passphrase = passphrase.map(Secret::new);
    load(
        &KeyFile {
            path: path.to_owned(),
            passphrase,
            required,
        },
        "device `r1` (192.0.2.1:22)",
    )
    .await
}

#[tokio::test]
async fn plain_keys_load_whether_or_not_a_passphrase_is_given() {
    let written = write(None);
    for passphrase in [None, Some("not needed")] {
        let key = read(&written.path, passphrase, true).await.unwrap().unwrap();
        assert!(matches!(&key, Key::Ready(_)));
        assert_eq!(key.public().key_data(), written.public.key_data());
    }
}

#[tokio::test]
async fn encrypted_keys_need_their_passphrase() {
    let written = write(Some("right"));
    assert!(matches!(
        read(&written.path, Some("right"), true).await.unwrap(),
        Some(Key::Ready(_))
    ));
    let error = read(&written.path, Some("wrong-secret"), true).await.unwrap_err();
    assert_eq!(error.code(), Code::AuthFailed);
    assert!(!format!("{error} {error:?}").contains("wrong-secret"));
    let locked = read(&written.path, None, true).await.unwrap().unwrap();
    assert!(matches!(&locked, Key::Locked(key) if key.key_data() == written.public.key_data()));
}

#[tokio::test]
async fn missing_and_odd_files_say_what_is_wrong() {
    let written = write(None);
    let missing = written.path.with_file_name("none");
    let error = read(&missing, None, true).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(
        error.message().contains("device `r1`") && error.message().contains("none`"),
        "{error}"
    );
    assert!(read(&missing, None, false).await.unwrap().is_none());
    std::fs::write(&written.path, "ssh-ed25519 AAAA this is the public one").unwrap();
    assert_eq!(
        read(&written.path, None, true).await.unwrap_err().code(),
        Code::InvalidInput
    );
}

#[tokio::test]
async fn encrypted_pem_keys_are_recognised() {
    let written = write(None);
    std::fs::write(
        &written.path,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGj\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    assert_eq!(
        read(&written.path, None, true).await.unwrap_err().code(),
        Code::AuthFailed
    );
}
