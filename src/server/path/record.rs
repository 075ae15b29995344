//! The record of a call: audit events and the figures, written also where whoever called is gone and the call is dropped.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::Instant;

use super::{Call, Path};
use crate::{
    error::{Code, Error, Result},
    server::{
        audit::{Audit, Ended, Event},
        figures::Figures,
    },
    tools::{Answer, Arguments},
};

/// The record of one call.
pub(super) struct Record {
    pub(super) event: Event,
    audit: Arc<Audit>,
    figures: Arc<Figures>,
    started: Instant,
    /// A call that changes something was let act.
    acts: bool,
    is_written: bool,
}

impl Record {
    /// A record that begins now.
    pub(super) fn new(path: &Path, call: &Call, started: Instant) -> Self {
        let event = Event::new(&call.principal.name, &call.name);
        // Whoever showed a token is told from others by more than a name.
        let has_token = call.principal.id != call.principal.name;
        Self {
            event: if has_token { event } else { event.without_token() },
            audit: path.audit.clone(),
            figures: path.figures.clone(),
            started,
            acts: false,
            is_written: false,
        }
    }

    /// Which devices and arguments.
    pub(super) fn call(&mut self, named: &[String], arguments: &Arguments) {
        self.event.call(named, arguments, self.audit.redaction());
    }

    /// Writes that the call is about to act.
    ///
    /// # Errors
    /// `io`: it must not.
    pub(super) fn begin(&mut self) -> Result<()> {
        self.audit.begin(&self.event)?;
        self.acts = true;
        Ok(())
    }

    /// Whether the call was let act.
    pub(super) fn acts(&self) -> bool {
        self.acts
    }

    /// The record for the task that makes the change; here nothing is left to write.
    pub(super) fn hand_over(&mut self) -> Self {
        self.is_written = true;
        Self {
            event: std::mem::replace(&mut self.event, Event::new("", "")),
            audit: self.audit.clone(),
            figures: self.figures.clone(),
            started: self.started,
            acts: self.acts,
            is_written: false,
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes how the call ended. It is written by `write`.
    pub(super) fn finish(&mut self, duration: Duration, outcome: &Result<Answer>) {
        self.event.noted(outcome);
        self.event.finish(duration, ended(outcome));
    }

    /// Writes how the call ended. Whether every sink has it.
    pub(super) fn write(&mut self, duration: Duration) -> bool {
        if self.is_written {
            return true;
        }
        self.is_written = true;
        self.figures
            .tool_call(self.event.known_tool(), self.event.result(), duration);
        let written = self.audit.end(&self.event);
        if written.is_err() && self.acts {
            tracing::error!(
                "a change was made and its outcome is not in the audit record yet: {} ({})",
                self.event.result(),
                self.event.outcome().unwrap_or("no outcome")
            );
        }
        written.is_ok()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.is_written {
            return;
        }
        let gone = if self.acts {
            let why = "the server ended before it was known what became of the change";
            Error::new(Code::OutcomeUnknown, why)
        } else {
            Error::new(Code::Cancelled, "the client was gone before the answer")
        };
        let duration = self.elapsed();
        self.finish(duration, &Err(gone));
        self.write(duration);
    }
}

/// How a call ended.
fn ended(outcome: &Result<Answer>) -> Ended<'_> {
    match outcome {
        Ok(answer) if !answer.failed => Ended::Well,
        Ok(answer) if answer.structured.values().any(is_unsettled) || is_unknown(&answer.structured) => {
            Ended::Unsettled
        }
        Ok(_) => Ended::Failed,
        Err(error) => Ended::Error(error),
    }
}

/// Whether a row of this list, one for each device, reports a change whose outcome is not known.
fn is_unsettled(rows: &Value) -> bool {
    let rows = rows.as_array().into_iter().flatten();
    rows.filter_map(Value::as_object).any(is_unknown)
}

fn is_unknown(report: &Arguments) -> bool {
    report.get("error_code").and_then(Value::as_str) == Some(Code::CommitUnknown.as_str())
}
