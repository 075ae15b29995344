//! The record of a call: one audit event and the figures, written also where whoever called is gone and the call is dropped.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{Call, Path};
use crate::{
    error::{Code, Error, Result},
    server::audit::{Ended, Event},
    tools::{Answer, Arguments},
};

/// The record of one call.
pub(super) struct Record<'a> {
    pub(super) event: Event,
    path: &'a Path,
    started: Instant,
    is_written: bool,
}

impl<'a> Record<'a> {
    /// A record that begins now.
    pub(super) fn new(path: &'a Path, call: &Call, started: Instant) -> Self {
        Self {
            event: Event::new(&call.principal.name, &call.name),
            path,
            started,
            is_written: false,
        }
    }

    pub(super) fn write(&mut self, duration: Duration, ended: Ended) {
        self.event.finish(duration, ended);
        self.path.audit.write(&self.event);
        let figures = &self.path.figures;
        figures.tool_call(self.event.known_tool(), self.event.result(), duration);
        self.is_written = true;
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        if !self.is_written {
            let gone = Error::new(
                Code::Cancelled,
                "the client was gone before the answer; a change under way comes to its own end",
            );
            self.write(self.started.elapsed(), Ended::Error(&gone));
        }
    }
}

/// How a call ended.
pub(super) fn ended(outcome: &Result<Answer>) -> Ended<'_> {
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
