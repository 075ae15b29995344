//! Finds the token file and reads its text; says what to do where that fails.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::write;
use crate::error::{Code, Error, Result};

/// Largest token file in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Where the Python server looks, in the working directory.
const PLAIN_FILE: &str = ".tokens";

/// The given file, else `.tokens` in the working directory where it is.
pub fn find(given: Option<&Path>) -> Option<PathBuf> {
    let plain = PathBuf::from(PLAIN_FILE);
    given
        .map(Path::to_owned)
        .or_else(|| plain.symlink_metadata().is_ok().then_some(plain))
}

/// The file's text. Waits a moment for a process that is writing it in place.
pub(super) fn read(path: &Path) -> Result<String> {
    let file = File::open(path).map_err(|error| failed(path, error))?;
    write::wait_for_writer(&file);
    text(path, &file)
}

/// The file's text, for who holds its lock.
pub(super) fn read_now(path: &Path) -> Result<String> {
    text(path, &File::open(path).map_err(|error| failed(path, error))?)
}

fn text(path: &Path, file: &File) -> Result<String> {
    let failed = |error| failed(path, error);
    let mut bytes = Vec::new();
    let size = file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    let shown = path.display();
    if u64::try_from(size).unwrap_or(u64::MAX) > MAX_BYTES {
        let message = format!("token file `{shown}` has more than {MAX_BYTES} bytes");
        return Err(Error::new(Code::InvalidInput, message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::new(
            Code::InvalidInput,
            format!("token file `{shown}` is not UTF-8 text (byte {at})"),
        )
    })
}

/// Refuses a file that has been taken out of its directory. A bind mount of a single file shows such a one after the file was replaced on the
/// other side of the mount: this process would go on with old tokens, revoked ones among them, for as long as the mount lives.
///
/// # Errors
/// `io` with what to do.
#[cfg(unix)]
pub(super) fn check_attached(path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.nlink() == 0) {
        let message = format!(
            "token file `{}` was replaced on the other side of its mount, and this process sees the old one only",
            path.display()
        );
        return Err(Error::new(Code::Io, message)
            .advise("start the container again, and mount the file's directory instead of the file"));
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn check_attached(_path: &Path) -> Result<()> {
    Ok(())
}

/// The file holds no tokens, and its format is that of a server that does not start then.
pub(super) fn has_no_tokens(path: &Path) -> Error {
    Error::new(
        Code::InvalidInput,
        format!("token file `{}` has no tokens: nobody could call", path.display()),
    )
    .advise("`jmcp token generate --id NAME` makes one")
}

/// The file cannot be opened or read.
pub(super) fn failed(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Error::new(Code::NotFound, format!("token file `{shown}` does not exist"))
            .advise("`jmcp token add --name NAME` with this `--tokens-file` makes it, with a first token"),
        io::ErrorKind::PermissionDenied => unreadable(path),
        _ => Error::new(Code::Io, format!("token file `{shown}` cannot be read: {error}")),
    }
    .caused_by(error)
}

#[cfg(unix)]
fn unreadable(path: &Path) -> Error {
    use std::os::unix::fs::MetadataExt as _;
    let file = std::fs::metadata(path).ok().map(|file| Standing {
        uid: file.uid(),
        gid: file.gid(),
        mode: file.mode() & 0o7777,
    });
    no_permission(path, file, rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn unreadable(path: &Path) -> Error {
    Error::new(
        Code::Io,
        format!("token file `{}` cannot be read: permission denied", path.display()),
    )
}

/// Whose a file is.
#[cfg(unix)]
struct Standing {
    uid: u32,
    gid: u32,
    mode: u32,
}

/// The usual case: somebody ran `jmcp token` as root, and the server runs as a user of its own.
#[cfg(unix)]
fn no_permission(path: &Path, file: Option<Standing>, runs_as: u32) -> Error {
    let shown = path.display();
    let Some(Standing { uid, gid, mode }) = file else {
        let message =
            format!("token file `{shown}` cannot be reached: permission denied (this process runs as uid {runs_as})");
        return Error::new(Code::Io, message)
            .advise("let this user search the directories on the way: `chmod o+x` or `chown` them");
    };
    let message = format!(
        "token file `{shown}` cannot be read: permission denied (owner uid {uid}, gid {gid}, mode {mode:04o}; this \
         process runs as uid {runs_as})"
    );
    let advice = if uid == runs_as {
        format!("run `chmod u+rw {shown}`")
    } else {
        format!(
            "run `chown {runs_as} {shown}`, or let its group read it: `chmod g+r {shown}`; later edits with `jmcp token` keep \
             owner and mode"
        )
    };
    Error::new(Code::Io, message).advise(advice)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::tokens::{Known, TokenSet};

    #[test]
    fn a_file_of_somebody_else_is_told_with_what_to_do() {
        let path = Path::new("/etc/jmcp/tokens.json");
        let file = |uid, mode| Some(Standing { uid, gid: 5, mode });
        let text = no_permission(path, file(0, 0o600), 65532).to_string();
        for part in [
            "`/etc/jmcp/tokens.json`",
            "owner uid 0, gid 5, mode 0600",
            "runs as uid 65532",
            "chown 65532 /etc/jmcp/tokens.json",
            "chmod g+r",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let own = no_permission(path, file(65532, 0), 65532).to_string();
        assert!(own.contains("chmod u+rw /etc/jmcp/tokens.json"), "{own}");
        let hidden = no_permission(path, None, 65532).to_string();
        assert!(
            hidden.contains("cannot be reached") && hidden.contains("directories"),
            "{hidden}"
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_was_taken_away_is_noticed() {
        use std::os::fd::AsRawFd as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.json");
        std::fs::write(&path, r#"{"version": 1}"#).unwrap();
        let open = File::open(&path).unwrap();
        let still_open = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
        let read = || TokenSet::read(&still_open, &Known::default());
        assert!(read().is_ok());
        std::fs::remove_file(&path).unwrap();
        let error = read().unwrap_err();
        assert!(error.to_string().contains("mount the file's directory"), "{error}");
    }

    #[test]
    fn a_directory_and_no_file_are_told() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(directory.path()).unwrap_err().code(), Code::Io);
        let missing = read(&directory.path().join("none")).unwrap_err();
        assert_eq!(missing.code(), Code::NotFound);
        assert!(missing.to_string().contains("jmcp token add"), "{missing}");
    }
}
