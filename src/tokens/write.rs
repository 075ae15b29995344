//! Writes a file that other processes read and edit: one editor at a time, old text or new text, owner, group and mode as they were.

use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::error::{Code, Error, Result};

/// How long an editor waits for the others, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(10);

/// How long a reader waits for an editor that writes in place.
const READER_PATIENCE: Duration = Duration::from_secs(1);

/// Symbolic links on the way to a file, at most.
const MOST_LINKS: usize = 40;

/// The file that the path leads to, through symbolic links, whether it exists or not.
pub(super) fn target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&target) {
            Ok(link) => target = directory(&target).join(link),
            Err(_) => {
                let name = target
                    .file_name()
                    .ok_or_else(|| io::Error::new(io::ErrorKind::IsADirectory, "it is no file"))?;
                return Ok(directory(&target).canonicalize()?.join(name));
            }
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Keeps other editors of the same file away, in this process and in others, until it is dropped.
///
/// The directory is locked, because an edit puts another file in the place of the old one, and the file, because it may be reached through
/// another directory (a bind mount).
pub(super) struct Lock {
    _directory: Option<File>,
    _file: Option<File>,
}

impl Lock {
    /// Waits for the lock. Where the file system has no locks there is none, and that is logged.
    ///
    /// # Errors
    /// `conflict` where others hold it all the time.
    pub(super) fn take(target: &Path) -> Result<Self> {
        let until = Instant::now() + PATIENCE;
        let directory = hold(File::open(directory(target)).ok(), target, until)?;
        loop {
            let open = OpenOptions::new().read(true).write(true).open(target);
            let file = open.or_else(|_| File::open(target)).ok();
            let exists = file.is_some();
            let file = hold(file, target, until)?;
            if directory.is_none() && file.is_none() && exists {
                tracing::warn!(
                    "`{}` cannot be locked: an edit at the same time would be lost",
                    target.display()
                );
            }
            // Somebody without the directory's lock may have put another file there meanwhile.
            if file.as_ref().is_none_or(|file| is_same(file, target)) {
                return Ok(Self {
                    _directory: directory,
                    _file: file,
                });
            }
        }
    }
}

/// The file with its lock; nothing where it cannot have one.
fn hold(file: Option<File>, target: &Path, until: Instant) -> Result<Option<File>> {
    let Some(file) = file else { return Ok(None) };
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                let message = format!("another process is changing `{}`", target.display());
                return Err(Error::new(Code::Conflict, message).advise("try again in a moment"));
            }
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, target: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |of: Metadata| (of.dev(), of.ino());
    let there = std::fs::metadata(target).map(place);
    file.metadata().map(place).ok() == there.ok()
}

#[cfg(not(unix))]
fn is_same(_file: &File, _target: &Path) -> bool {
    true
}

/// Waits, for a moment, until nobody writes the file in place. The lock goes with the file.
pub(super) fn wait_for_writer(file: &File) {
    let until = Instant::now() + READER_PATIENCE;
    while matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) && Instant::now() < until {
        thread::sleep(PAUSE);
    }
}

/// Puts the text into the file; a new file can be read by its owner only. Call it with the [`Lock`] held.
///
/// A temporary file takes the place of the old one, so that a reader, or a machine that loses power, has either the old text or the new
/// one. Where that cannot be had (a bind mount, a directory that cannot be written, an owner that cannot be given), the text is written in
/// place.
pub(super) fn replace(target: &Path, text: &str) -> io::Result<()> {
    let old = match std::fs::metadata(target) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match (rename(target, text, old.as_ref()), old) {
        (Err(error), Some(_)) if needs_the_old_file(&error) => in_place(target, text),
        (result, _) => result,
    }
}

/// Writes the text into the file itself, so that whoever has it open or mounted sees the change; where there is no file, as [`replace`].
/// Call it with the [`Lock`] held.
pub(super) fn overwrite(target: &Path, text: &str) -> io::Result<()> {
    match in_place(target, text) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => rename(target, text, None),
        result => result,
    }
}

/// Whether the same text may be written into the file itself. Not for a full disk: that would destroy what is there.
fn needs_the_old_file(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    matches!(
        error.kind(),
        PermissionDenied | ReadOnlyFilesystem | ResourceBusy | CrossesDevices
    )
}

fn rename(target: &Path, text: &str, old: Option<&Metadata>) -> io::Result<()> {
    let directory = directory(target);
    let mut new = tempfile::Builder::new().prefix(".jmcp-").tempfile_in(directory)?;
    new.write_all(text.as_bytes())?;
    if let Some(old) = old {
        keep_owner(new.path(), old)?;
        new.as_file().set_permissions(old.permissions())?;
    }
    new.as_file().sync_all()?;
    new.persist(target).map_err(|failed| failed.error)?;
    if cfg!(unix) {
        File::open(directory).and_then(|directory| directory.sync_all()).ok();
    }
    Ok(())
}

#[cfg(unix)]
fn keep_owner(new: &Path, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let now = std::fs::metadata(new)?;
    if (now.uid(), now.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(new, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_new: &Path, _old: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Writes over the old text. What is longer than it goes first: a full disk shows there, while the old text is still whole.
fn in_place(target: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(target)?;
    let mut old = Vec::new();
    file.read_to_end(&mut old)?;
    let text = text.as_bytes();
    if let Some(tail) = text.get(old.len()..) {
        let written = file.write_all(tail).and_then(|()| file.sync_all());
        if let Err(error) = written {
            file.set_len(u64::try_from(old.len()).unwrap_or(u64::MAX)).ok();
            return Err(error);
        }
    }
    let head = text.get(..old.len()).unwrap_or(text);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(head)?;
    file.set_len(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn in_place_the_file_stays_the_same_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, "middle").unwrap();
        let before = File::open(&path).unwrap();
        for new in ["a longer text", "short", "", "again", "again"] {
            in_place(&path, new).unwrap();
            assert_eq!(text(&path), new);
        }
        assert!(is_same(&before, &path));
    }

    #[test]
    #[cfg(unix)]
    fn renaming_keeps_the_mode_and_new_files_are_private() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        let mode = || std::fs::metadata(&path).unwrap().mode() & 0o7777;
        replace(&path, "one").unwrap();
        assert_eq!((text(&path).as_str(), mode()), ("one", 0o600));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        replace(&path, "two").unwrap();
        assert_eq!((text(&path).as_str(), mode()), ("two", 0o640));
        assert_eq!(
            std::fs::read_dir(directory.path()).unwrap().count(),
            1,
            "nothing is left behind"
        );
    }

    #[test]
    #[cfg(unix)]
    fn links_are_followed_also_to_files_that_are_not_there_yet() {
        use std::os::unix::fs::symlink;
        let directory = tempfile::tempdir().unwrap();
        let real = directory.path().canonicalize().unwrap();
        std::fs::create_dir(real.join("below")).unwrap();
        symlink("below/second", real.join("first")).unwrap();
        symlink("../third", real.join("below/second")).unwrap();
        assert_eq!(target(&real.join("first")).unwrap(), real.join("third"));
        symlink("round", real.join("round")).unwrap();
        assert!(target(&real.join("round")).is_err());
        assert!(target(&real.join("no/such")).is_err());
    }

    #[test]
    fn a_lock_is_for_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, "").unwrap();
        let lock = Lock::take(&path).unwrap();
        let soon = Instant::now();
        let other = hold(File::open(&path).ok(), &path, soon).unwrap_err();
        assert_eq!(other.code(), Code::Conflict);
        assert!(hold(File::open(directory.path()).ok(), &path, soon).is_err());
        drop(lock);
        assert!(hold(File::open(&path).ok(), &path, soon).unwrap().is_some());
    }
}
