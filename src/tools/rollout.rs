//! One change on several devices: in which order, where it stops, and what is taken back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::{
    error::{Code, Error, Result},
    junos::{Agreed, Change, Control, Outcome, Report, Source},
};

/// Devices at a time where they are not taken one by one.
const AT_ONCE: usize = 8;

/// In which order devices are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Strategy {
    /// One after the other: a change that cuts off the first does not reach the second.
    #[default]
    OneByOne,
    /// One first; when it went well the rest together.
    Canary,
    /// All together.
    AllAtOnce,
}

/// How a change is brought to several devices.
#[derive(Debug, Clone, Copy)]
pub struct How {
    /// In which order.
    pub strategy: Strategy,
    /// No further device is begun after one that failed. After a commit whose outcome is not known none is in any case: it may have
    /// cut off the device.
    pub stops: bool,
    /// After a failure the devices that have committed are taken back.
    pub undoes: bool,
}

/// A change on one device.
#[derive(Debug, Clone)]
pub struct DeviceChange {
    /// The device.
    pub router: String,
    /// Its change.
    pub change: Change,
}

/// What became of it.
#[derive(Debug)]
pub struct Done {
    /// The device.
    pub router: String,
    /// How its change ended; `None` where it was not begun.
    pub ended: Option<Result<Report>>,
    /// How it was taken back, where it was.
    pub undone: Option<Result<Report>>,
}

impl Done {
    /// Whether the device is as it should be.
    pub fn is_good(&self) -> bool {
        matches!(&self.ended, Some(Ok(report)) if is_good(report))
    }

    fn has_committed(&self) -> bool {
        matches!(&self.ended, Some(Ok(report)) if report.outcome == Outcome::Committed)
    }
}

fn is_good(report: &Report) -> bool {
    matches!(
        report.outcome,
        Outcome::Committed | Outcome::Unchanged | Outcome::Valid | Outcome::Compared
    )
}

/// Brings the changes to the devices. The answer has a row for each, in their order.
pub async fn roll_out(context: &Context, tool: &'static str, steps: &[DeviceChange], how: How) -> Vec<Done> {
    let run = Run {
        context,
        tool,
        how,
        total: steps.len(),
        ended: AtomicUsize::new(0),
        halted: AtomicBool::new(false),
    };
    let mut done = Vec::with_capacity(steps.len());
    for (batch, at_once) in batches(steps, how.strategy) {
        let running: Vec<_> = batch.iter().map(|step| run.one(step)).collect();
        done.extend(stream::iter(running).buffered(at_once).collect::<Vec<_>>().await);
        // The rest waits for the canary whatever else was asked.
        let is_good = done.iter().all(Done::is_good);
        if how.strategy == Strategy::Canary && !is_good {
            run.halted.store(true, Ordering::Relaxed);
        }
    }
    if how.undoes && !done.iter().all(Done::is_good) {
        for (done, step) in done.iter_mut().zip(steps).rev() {
            if done.has_committed() {
                done.undone = Some(run.undo(step, done).await);
            }
        }
    }
    done
}

fn batches(steps: &[DeviceChange], strategy: Strategy) -> Vec<(&[DeviceChange], usize)> {
    match (strategy, steps.split_first()) {
        (Strategy::OneByOne, _) => vec![(steps, 1)],
        (Strategy::Canary, Some((_, rest))) => {
            let canary = steps.get(..1).unwrap_or_default();
            vec![(canary, 1), (rest, AT_ONCE)]
        }
        _ => vec![(steps, AT_ONCE)],
    }
}

struct Run<'a> {
    context: &'a Context,
    tool: &'static str,
    how: How,
    total: usize,
    ended: AtomicUsize,
    halted: AtomicBool,
}

impl Run<'_> {
    async fn one(&self, step: &DeviceChange) -> Done {
        let ended = if self.halted.load(Ordering::Relaxed) {
            None
        } else {
            Some(self.change(step).await)
        };
        let failed = !matches!(&ended, None | Some(Ok(_))) || matches!(&ended, Some(Ok(report)) if !is_good(report));
        let is_unknown = matches!(&ended, Some(Ok(report)) if report.outcome == Outcome::Unknown);
        if is_unknown || (failed && self.how.stops) {
            self.halted.store(true, Ordering::Relaxed);
        }
        let number = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
        let word = match &ended {
            None => "not touched",
            Some(_) if failed => "failed",
            Some(_) => "done",
        };
        self.context
            .advance(number, self.total, &format!("{}: {word}", step.router));
        Done {
            router: step.router.clone(),
            ended,
            undone: None,
        }
    }

    async fn change(&self, step: &DeviceChange) -> Result<Report> {
        let control = self.control(self.context.cancel.clone());
        self.context
            .services
            .junos
            .change(&step.router, &step.change, &control)
            .await
    }

    /// Each device has the time of the call for itself.
    fn control(&self, cancel: CancellationToken) -> Control {
        Control {
            cancel,
            deadline: Instant::now() + self.context.timeout,
            ..self.context.control(self.tool)
        }
    }

    /// Takes back a commit, also for a caller who has gone: only where nothing was committed after it.
    async fn undo(&self, step: &DeviceChange, done: &Done) -> Result<Report> {
        let control = self.control(CancellationToken::new());
        let junos = &self.context.services.junos;
        let comment = format!("taken back: {}", step.change.comment);
        let now = done.ended.as_ref().and_then(|ended| ended.as_ref().ok()?.now.clone());
        if now.is_none() {
            let message = format!(
                "device `{}`: not taken back, as its commit history could not be read",
                step.router
            );
            return Err(Error::new(Code::Conflict, message).advise("a person has to look at `show system commit`"));
        }
        let restored = Change {
            database: step.change.database,
            agreed: Some(Agreed { diff: None, base: now }),
            ..Change::of(Source::Rollback(1), comment)
        };
        if step.change.confirm_minutes.is_some() {
            return junos.cancel_commit(&step.router, &restored, &control).await;
        }
        junos.change(&step.router, &restored, &control).await
    }
}
