//! Step 10: the record of calls. What changes anything is written before it acts and completed after; where the record cannot be
//! written, nothing is changed.

mod actions;
mod event;
mod journald;
mod line;
mod metadata;
mod noted;
mod redaction;
mod sink;

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use self::{event::Phase, sink::Sink};
pub use self::{
    event::{Ended, Event},
    journald::SOCKET,
    redaction::Redaction,
};
use crate::error::{Code, Error, Result};

/// How events are written on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum AuditFormat {
    /// `key=value` on one line.
    #[default]
    Text,
    /// One JSON object on one line.
    Json,
}

/// Where events go, and what is covered in them.
#[derive(Clone, Default)]
pub struct AuditOptions {
    /// How they are written on stderr, where they go if nothing else is named.
    pub format: AuditFormat,
    /// The file that JSON lines are appended to.
    pub file: Option<PathBuf>,
    /// The socket of journald.
    pub journald: Option<PathBuf>,
    /// What is covered.
    pub redaction: Redaction,
}

impl AuditOptions {
    /// Each sink, and whether it can be used; opens nothing that is not there yet.
    pub fn check(&self) -> Vec<(String, Result<&'static str>)> {
        let file = self
            .file
            .as_deref()
            .map(|file| (format!("audit log {}", file.display()), sink::look_at(file)));
        let journald = self.journald.as_deref().map(|socket| {
            let usable = journald::Journald::open(socket).map(|_| "found");
            (format!("journald {}", socket.display()), usable)
        });
        file.into_iter().chain(journald).collect()
    }
}

/// Where events go.
pub struct Audit {
    sinks: Vec<Mutex<Sink>>,
    redaction: Redaction,
    /// Whether the last event did not reach every sink.
    is_failing: AtomicBool,
}

impl Audit {
    /// Events on stderr, or appended to a file (then always JSON).
    ///
    /// # Errors
    /// `io` when the file cannot be opened: a server that cannot keep its record does not start.
    pub fn open(format: AuditFormat, file: Option<&Path>) -> Result<Self> {
        Self::with(&AuditOptions {
            format,
            file: file.map(Path::to_owned),
            ..AuditOptions::default()
        })
    }

    /// Events in every sink that is named; on stderr where none is.
    ///
    /// # Errors
    /// `io` when the file cannot be opened, `not_found` when journald is not there.
    pub fn with(options: &AuditOptions) -> Result<Self> {
        let mut sinks = Vec::new();
        if let Some(file) = &options.file {
            sinks.push(Sink::file(file)?);
        }
        if let Some(socket) = &options.journald {
            sinks.push(Sink::journald(socket)?);
        }
        if sinks.is_empty() {
            sinks.push(Sink::stderr(options.format));
        }
        Ok(Self {
            sinks: sinks.into_iter().map(Mutex::new).collect(),
            redaction: options.redaction.clone(),
            is_failing: AtomicBool::new(false),
        })
    }

    /// What is covered in events.
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// Whether the last event could not be written everywhere: nothing is changed until one can.
    pub fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// Writes that a call is about to act. Events that are still owed come first.
    ///
    /// # Errors
    /// `io` where that failed: the call must not act.
    pub fn begin(&self, event: &Event) -> Result<()> {
        self.write(event, Phase::Begin)
    }

    /// Writes how a call ended. Where that fails the event is owed, and is written before the next.
    ///
    /// # Errors
    /// `io` where that failed.
    pub fn end(&self, event: &Event) -> Result<()> {
        self.write(event, Phase::End)
    }

    fn write(&self, event: &Event, phase: Phase) -> Result<()> {
        let mut failed = None;
        for sink in &self.sinks {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(e) = sink.write(event, phase) {
                tracing::error!("an audit event could not be written to {}: {e}", sink.name());
                failed = Some(e);
            }
        }
        let was_failing = self.is_failing.swap(failed.is_some(), Ordering::Relaxed);
        match failed {
            None => {
                if was_failing {
                    tracing::info!("audit events are written again");
                }
                Ok(())
            }
            Some(e) => Err(Error::new(
                Code::Io,
                "the audit record cannot be written, and without it nothing is changed",
            )
            .advise("nothing was done; an operator has to see to the audit log, the server's log says what is wrong")
            .again()
            .caused_by(e)),
        }
    }

    /// Whether there is a file that can be opened again.
    pub fn has_file(&self) -> bool {
        self.sinks
            .iter()
            .any(|sink| sink.lock().unwrap_or_else(PoisonError::into_inner).is_file())
    }

    /// Opens files again, after somebody moved them away. One that cannot be opened stays in use as it is.
    pub fn reopen(&self) {
        for sink in &self.sinks {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            match sink.reopen() {
                Ok(false) => {}
                Ok(true) => tracing::info!("{} was opened again", sink.name()),
                Err(e) => tracing::error!(
                    "{} cannot be opened again, the one before stays in use: {e}",
                    sink.name()
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests;
