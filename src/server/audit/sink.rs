//! Where events are written, and what is done about one that could not be.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{AuditFormat, Event, event::Phase, journald::Journald, line};
use crate::error::{Code, Error, Result};

/// Bytes of events that wait until a sink works again. More of them are counted and lost.
const OWED: usize = 1 << 20;

/// One place where events go.
pub(super) struct Sink {
    target: Target,
    /// How calls ended that could not be written.
    owed: VecDeque<Vec<u8>>,
    owed_bytes: usize,
    lost: usize,
    /// Whether the last attempt failed.
    is_failing: bool,
}

enum Target {
    Stderr(AuditFormat),
    File {
        path: PathBuf,
        file: File,
        /// The end of the last line is missing.
        is_torn: bool,
    },
    Journald(Journald),
}

impl Sink {
    fn of(target: Target) -> Self {
        Self {
            target,
            owed: VecDeque::new(),
            owed_bytes: 0,
            lost: 0,
            is_failing: false,
        }
    }

    pub(super) fn stderr(format: AuditFormat) -> Self {
        Self::of(Target::Stderr(format))
    }

    pub(super) fn file(path: &Path) -> Result<Self> {
        let file = open(path).map_err(|e| cannot_open(path, e))?;
        Ok(Self::of(Target::File {
            path: path.to_owned(),
            file,
            is_torn: false,
        }))
    }

    pub(super) fn journald(socket: &Path) -> Result<Self> {
        Journald::open(socket).map(|journald| Self::of(Target::Journald(journald)))
    }

    /// Its name in the log.
    pub(super) fn name(&self) -> String {
        match &self.target {
            Target::Stderr(_) => "stderr".into(),
            Target::File { path, .. } => format!("`{}`", path.display()),
            Target::Journald(_) => "journald".into(),
        }
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self.target, Target::File { .. })
    }

    /// Writes what is owed, and then this event. One that says how a call ended is owed where that fails; one that says that a call
    /// begins is not, since that call does not begin.
    pub(super) fn write(&mut self, event: &Event, phase: Phase) -> io::Result<()> {
        let bytes = match &self.target {
            Target::Stderr(format) => line::of(event, phase, *format),
            Target::File { .. } => line::of(event, phase, AuditFormat::Json),
            Target::Journald(_) => Journald::message(event, phase),
        };
        if self.is_failing {
            // The file may have been replaced by one that takes more.
            let _ = self.target.reopen();
        }
        let written = self.pay().and_then(|()| self.target.put(&bytes));
        self.is_failing = written.is_err();
        if written.is_err() && phase == Phase::End {
            self.owe(bytes);
        }
        written
    }

    fn pay(&mut self) -> io::Result<()> {
        while let Some(bytes) = self.owed.front() {
            self.target.put(bytes)?;
            self.owed_bytes = self.owed_bytes.saturating_sub(bytes.len());
            self.owed.pop_front();
        }
        if self.lost > 0 {
            tracing::error!("{} audit events are lost: there was no room to keep them", self.lost);
            self.lost = 0;
        }
        Ok(())
    }

    fn owe(&mut self, bytes: Vec<u8>) {
        if self.owed_bytes + bytes.len() > OWED {
            self.lost += 1;
        } else {
            self.owed_bytes += bytes.len();
            self.owed.push_back(bytes);
        }
    }

    /// Opens a file again. Whether there is one.
    pub(super) fn reopen(&mut self) -> io::Result<bool> {
        self.target.reopen()
    }
}

impl Target {
    /// One write for each event: lines of several processes never mix, and nothing waits in memory when this one ends.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Target::Stderr(_) => std::io::stderr().lock().write_all(bytes),
            Target::Journald(journald) => journald.send(bytes),
            Target::File { file, is_torn, .. } if *is_torn => {
                let whole = [b"\n", bytes].concat();
                append(file, &whole, is_torn)
            }
            Target::File { file, is_torn, .. } => append(file, bytes, is_torn),
        }
    }

    fn reopen(&mut self) -> io::Result<bool> {
        let Target::File { path, file, is_torn } = self else {
            return Ok(false);
        };
        *file = open(path)?;
        // It may be the same file.
        *is_torn = *is_torn && file.metadata()?.len() > 0;
        Ok(true)
    }
}

fn append(file: &mut File, bytes: &[u8], is_torn: &mut bool) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match file.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                rest = rest.get(count..).unwrap_or_default();
                *is_torn = !rest.is_empty();
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn cannot_open(path: &Path, e: io::Error) -> Error {
    Error::new(
        Code::Io,
        format!("audit log `{}` cannot be opened: {e}", path.display()),
    )
    .caused_by(e)
}

/// Whether events can be appended to this file, without making it.
pub(super) fn look_at(path: &Path) -> Result<&'static str> {
    if path.exists() {
        let opened = OpenOptions::new().append(true).open(path);
        return opened.map(|_| "usable").map_err(|e| cannot_open(path, e));
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if directory.is_none_or(Path::is_dir) {
        Ok("will be made")
    } else {
        Err(Error::new(
            Code::NotFound,
            format!("audit log `{}`: there is no such directory", path.display()),
        ))
    }
}
