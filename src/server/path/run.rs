//! Step 8: the tool runs under a deadline and a cancellation token. A panic ends in an answer; a read is dropped when nobody waits for it.
//! What writes is in `operations`.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Call, Path, Place};
use crate::{
    error::{Code, Error, Result},
    tools::{Answer, Arguments, Context, Limit, Log, OutputLimits, Progress, Tool},
};

/// What the tool's own time-outs get before the path ends the call: theirs name the device.
const GRACE: Duration = Duration::from_secs(2);
/// The longest that any call may take.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A call that may run.
pub(super) struct Ready {
    pub(super) context: Context,
    /// Fires when the tool should come to its end.
    pub(super) cancel: CancellationToken,
    /// Fires when the caller takes the call back.
    pub(super) taken_back: CancellationToken,
    pub(super) place: Place,
    pub(super) arguments: Arguments,
}

/// What the tool is given, and what tells it to come to its end.
pub(super) fn context(path: &Path, call: &Call, arguments: &Arguments) -> (Context, CancellationToken) {
    let timeout = seconds(arguments, "timeout").unwrap_or(path.rules.timeout).min(LONGEST);
    let cancel = path.shutdown.child_token();
    let context = Context {
        caller: call.principal.clone(),
        services: path.services.clone(),
        catalogue: path.tools.clone(),
        permits: path.rules.permits.clone(),
        shows_secrets: path.rules.show_secrets || call.principal.show_secrets,
        cancel: cancel.clone(),
        timeout,
        deadline: Instant::now() + timeout,
        progress: call.progress.clone().map(Progress::to).unwrap_or_default(),
        log: call.progress.clone().map(Log::to).unwrap_or_default(),
        ask: call.ask.clone(),
        limits: output_limits(arguments),
        account: call.account.clone(),
        chosen: call.chosen.clone(),
        plan: None,
    };
    (context, cancel)
}

/// Runs a call that only reads.
pub(super) async fn read(tool: &Tool, ready: Ready) -> Result<Answer> {
    let Ready {
        mut context,
        cancel,
        taken_back,
        place: _place,
        arguments,
    } = ready;
    let timeout = context.timeout;
    // The time that a person took to agree is not the call's.
    context.deadline = Instant::now() + timeout;
    let running = tool.run(context, arguments);
    let limit = if tool.limit == Limit::Own {
        LONGEST
    } else {
        timeout + GRACE
    };
    // What is dropped here at the end of a read reaches the device.
    let mut running = std::pin::pin!(AssertUnwindSafe(running).catch_unwind());
    tokio::select! {
        biased;
        () = taken_back.cancelled() => Err(self::taken_back(tool)),
        () = cancel.cancelled() => Err(going_down(tool)),
        outcome = &mut running => outcome.unwrap_or_else(|panic| Err(panicked(tool.name, &*panic))),
        () = tokio::time::sleep(limit) => Err(Error::new(
            Code::Timeout,
            format!("`{}` had no answer within {} s", tool.name, timeout.as_secs()),
        )
        .advise("give a longer `timeout`, or ask for less")),
    }
}

/// A write whose task has ended without an answer: the runtime has.
pub(super) fn lost(path: &Path, tool: &Tool) -> Error {
    if path.shutdown.is_cancelled() {
        going_down(tool)
    } else {
        Error::new(Code::Cancelled, format!("`{}` was cancelled", tool.name))
    }
}

/// The caller has taken the call back.
pub(super) fn taken_back(tool: &Tool) -> Error {
    Error::new(Code::Cancelled, format!("`{}` was cancelled by the client", tool.name))
}

fn going_down(tool: &Tool) -> Error {
    Error::new(
        Code::ShuttingDown,
        format!("`{}` was ended because the server is going down", tool.name),
    )
}

pub(super) fn panicked(tool: &'static str, payload: &(dyn Any + Send)) -> Error {
    let words = payload.downcast_ref::<&str>().copied();
    let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(tool, "a tool panicked: {}", words.unwrap_or("no message"));
    Error::new(Code::Internal, format!("`{tool}` failed by a defect of jmcp")).advise(
        "look at the device before you try again if the call was to change something; the server's log has more",
    )
}

fn seconds(arguments: &Arguments, name: &str) -> Option<Duration> {
    arguments.get(name).and_then(Value::as_u64).map(Duration::from_secs)
}

fn output_limits(arguments: &Arguments) -> OutputLimits {
    let number = |name: &str| {
        arguments
            .get(name)
            .and_then(Value::as_u64)
            .and_then(|n| usize::try_from(n).ok())
    };
    OutputLimits {
        max_lines: number("max_lines"),
        max_bytes: number("max_bytes"),
        tail: arguments.get("tail").and_then(Value::as_bool).unwrap_or_default(),
    }
}
