//! Calls that change something: recorded before they act, run in a task of their own to their end, and kept with what became of them for
//! their caller, also where nobody waits any more.

use std::{panic::AssertUnwindSafe, sync::Arc, time::SystemTime};

use futures::FutureExt as _;
use tokio::time::Instant;

use super::{Answered, Path, present::Presented, record::Record, run, run::Ready};
use crate::{
    error::{Code, Error, Result},
    tools::{Answer, End, Operations, Principal, Services, Tool},
};

/// Where the call's id stands in `_meta`.
pub(in crate::server) const META: &str = "jmcp/operation";

/// What is said where the end of a change is not in the record.
const NOT_RECORDED: &str = "\nnote: the end of this call could not be written to the audit record; further changes are refused until it can be";

/// Runs a call that changes something.
///
/// # Errors
/// `io` where it cannot be recorded: nothing was done. `cancelled` or `shutting_down` where the runtime ends first.
pub(super) async fn write(
    path: &Path,
    tool: &Tool,
    ready: Ready,
    targets: Vec<String>,
    presented: &Presented,
    record: &mut Record,
) -> Result<Answered> {
    let Ready {
        mut context,
        cancel,
        taken_back,
        place,
        arguments,
    } = ready;
    // The time that a person took to agree is not the call's.
    context.deadline = Instant::now() + context.timeout;
    let id = Operations::name();
    record.event.operation(&id);
    record.begin()?;
    let operation = Running::begin(path, &context.caller, id.clone(), tool, targets);
    let heard = format!("this change is operation {id}: get_operation has its outcome, also where no answer comes");
    context.progress.step(0, None, heard);
    let writing = Writing {
        path: path.clone(),
        tool: tool.name,
        presented: presented.clone(),
        operation,
        record: record.hand_over(),
    };
    let running = tool.run(context, arguments);
    // Whoever waits no more has gone, and what is not committed yet is undone.
    let _gone = cancel.clone().drop_guard();
    let mut task = path.running.spawn(async move {
        // Also of a write whose caller has gone.
        let _place = place;
        writing.run(running).await
    });
    let ended = tokio::select! {
        ended = &mut task => ended,
        () = taken_back.cancelled() => {
            cancel.cancel();
            task.await
        }
    };
    ended.map_err(|_| run::lost(path, tool))
}

/// A write in its task.
struct Writing {
    path: Path,
    tool: &'static str,
    presented: Presented,
    operation: Running,
    record: Record,
}

impl Writing {
    async fn run(self, running: impl Future<Output = Result<Answer>>) -> Answered {
        let Self {
            path,
            tool,
            presented,
            mut operation,
            mut record,
        } = self;
        let outcome = AssertUnwindSafe(running).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|panic| Err(run::panicked(tool, &*panic)));
        let mut answered = path.conclude(&presented, outcome, &mut record);
        answered.operation = Some(operation.id.clone());
        if answered.error.as_ref().is_some_and(needs_a_look) {
            let id = &operation.id;
            answered.text.push_str(&format!(
                "\nThis call is operation `{id}`: get_operation has its outcome."
            ));
        }
        operation.finish(&answered, &record);
        answered
    }
}

impl Path {
    /// Makes the answer of an outcome, and records it.
    pub(super) fn conclude(&self, presented: &Presented, outcome: Result<Answer>, record: &mut Record) -> Answered {
        let duration = record.elapsed();
        record.finish(duration, &outcome);
        let mut answered = match outcome {
            Ok(answer) => presented.answer(self, answer, duration),
            Err(error) => presented.refusal(error, duration),
        };
        record.event.answered(answered.text.len());
        if !record.write(duration) && record.acts() {
            answered.text.push_str(NOT_RECORDED);
        }
        answered
    }
}

/// Whether the answer may not reach a client that waits for it, or says less than will be known.
fn needs_a_look(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::Cancelled | Code::Timeout | Code::ShuttingDown | Code::CommitUnknown | Code::OutcomeUnknown
    )
}

/// An operation that runs. One that is dropped has ended without anybody knowing how.
struct Running {
    services: Arc<Services>,
    id: Arc<str>,
    is_over: bool,
}

impl Running {
    fn begin(path: &Path, caller: &Principal, id: Arc<str>, tool: &Tool, targets: Vec<String>) -> Self {
        let services = path.services.clone();
        services.operations.begin(&caller.id, id.clone(), tool.name, targets);
        Self {
            services,
            id,
            is_over: false,
        }
    }

    fn finish(&mut self, answered: &Answered, record: &Record) {
        self.end(End {
            at: SystemTime::now(),
            result: record.event.result().into(),
            outcome: record.event.outcome().map(str::to_owned),
            error_code: answered.error.as_ref().map(|error| error.code().as_str().to_owned()),
            text: answered.text.clone(),
            structured: answered.structured.clone(),
        });
    }

    fn end(&mut self, end: End) {
        self.is_over = true;
        self.services.operations.finish(&self.id, end);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_over {
            self.end(End {
                at: SystemTime::now(),
                result: "unsettled".into(),
                outcome: Some("unknown".into()),
                error_code: Some(Code::OutcomeUnknown.as_str().into()),
                text: "the server lost this call: look at the device before anything is done again".into(),
                structured: None,
            });
        }
    }
}
