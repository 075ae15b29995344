//! The one way a change takes: open, load, look at the difference, check, commit, close.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Change, Commits, Database, Outcome, Report, Transaction, commit, history, transaction::Verdict};
use crate::{
    error::{Code, Error, Result},
    junos::{inventory::Device, pool::Pool},
};

/// What can end a change before its commit is sent. After that nothing can.
#[derive(Clone)]
pub struct Control {
    /// Fires when the caller takes the call back or the server goes down.
    pub cancel: CancellationToken,
    /// When the call has to be over.
    pub deadline: Instant,
}

impl Control {
    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// A step before the commit: given up when the call is. The transaction is dropped then, which ends its session.
    async fn step<T>(&self, device: &Device, step: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::new(
                Code::Cancelled,
                format!("device `{}`: the change was cancelled before its commit; nothing was committed", device.name),
            )),
            () = tokio::time::sleep_until(self.deadline) => Err(Error::new(
                Code::Timeout,
                format!("device `{}`: the time was over before the commit; nothing was committed", device.name),
            )
            .advise("give a longer `timeout`")),
            outcome = step => outcome,
        }
    }
}

/// Makes the change on the device. Whatever happens, no candidate or lock of ours stays behind.
///
/// # Errors
/// What stood in the way before the device gave a verdict: no way to the device, a lock, somebody's edits, a cancelled call. Once there
/// is a verdict the report holds it.
pub(crate) async fn apply(
    pool: &Pool,
    commits: &Commits,
    device: &Arc<Device>,
    change: &Change,
    control: &Control,
) -> Result<Report> {
    let mut report = Report {
        outcome: Outcome::CheckFailed,
        diff: String::new(),
        warnings: Vec::new(),
        error: None,
        database: change.database.unwrap_or_default(),
        token: format!("jmcp-{:08x}", rand::random::<u32>()),
        notes: Vec::new(),
    };
    let mut transaction = control
        .step(device, open(pool, device, change, control, &mut report))
        .await?;
    let ready = prepare(&mut transaction, device, change, control, &mut report).await;
    if matches!(ready, Ok(true)) {
        // Noted until it is known how it ended, not only until the reply comes or is lost.
        let _noted = commits.note(&device.name, &report.token);
        commit::commit(pool, device, &mut transaction, change, &mut report, control.remaining()).await;
    }
    report.warnings = std::mem::take(&mut transaction.warnings);
    finish(transaction, ready, report).await
}

/// Private by default; exclusive where the commit is to be confirmed, which most platforms refuse for a private candidate, and
/// where the device knows no private candidate.
async fn open(
    pool: &Pool,
    device: &Arc<Device>,
    change: &Change,
    control: &Control,
    report: &mut Report,
) -> Result<Transaction> {
    let wanted = match (change.database, change.confirm_minutes) {
        (Some(database), _) => database,
        (None, Some(_)) => Database::Exclusive,
        (None, None) => Database::Private,
    };
    let opened = Transaction::open(pool, device, wanted, control.remaining()).await;
    let transaction = match opened {
        Err(error) if wanted == Database::Private && refuses_private(&error) => {
            report.notes.push(format!(
                "the device refuses a private candidate ({}); edited exclusively",
                error.message()
            ));
            Transaction::open(pool, device, Database::Exclusive, control.remaining()).await?
        }
        other => other?,
    };
    report.database = transaction.database();
    Ok(transaction)
}

/// The device does not know private candidates, as opposed to: somebody is in the way.
fn refuses_private(error: &Error) -> bool {
    let words = error.message().to_ascii_lowercase();
    error.code() == Code::Unsupported
        || (error.code() == Code::DeviceError
            && [
                "not supported",
                "not allowed",
                "syntax error",
                "unknown element",
                "bad-element",
            ]
            .iter()
            .any(|w| words.contains(w)))
}

/// Up to the commit: whether there is something to commit and the device would take it.
async fn prepare(
    transaction: &mut Transaction,
    device: &Arc<Device>,
    change: &Change,
    control: &Control,
    report: &mut Report,
) -> Result<bool> {
    let timeout = control.remaining();
    match &transaction.pending {
        Ok(Some(pending)) => return Err(confirm_waits(device, pending)),
        Ok(None) => {}
        Err(error) if matches!(error.code(), Code::DeviceError | Code::PermissionDenied) => {
            report.notes.push(format!(
                "whether a confirmed commit waits could not be read: {}",
                error.message()
            ));
        }
        // Not known whether one waits: a check could confirm it.
        Err(error) => {
            let message = format!("the commit history cannot be read: {}", error.message());
            return Err(Error::new(error.code(), message).advise("nothing was changed; try again"));
        }
    }
    let (verdict, diff) = control.step(device, transaction.load(change, timeout)).await?;
    if let Verdict::Refused(words) | Verdict::Mixed(words) = verdict {
        return refused(report, device, "cannot load the configuration", &words);
    }
    report.diff = diff;
    if report.diff.is_empty() {
        report.outcome = Outcome::Unchanged;
        return Ok(false);
    }
    match control.step(device, transaction.check(timeout)).await {
        Ok(Verdict::Refused(words) | Verdict::Mixed(words)) => {
            refused(report, device, "refuses the configuration", &words)
        }
        Ok(Verdict::Unclear) => {
            let message = format!(
                "device `{}` answered the check with neither success nor an error",
                device.name
            );
            report.error = Some(Error::new(Code::Protocol, message).advise("nothing was committed"));
            Ok(false)
        }
        Ok(Verdict::Good) if change.check_only => {
            report.outcome = Outcome::Valid;
            Ok(false)
        }
        // Whoever took the call back while the check ran must not see a commit.
        Ok(Verdict::Good) => control
            .step(device, transaction.refuse_newer_edits(timeout))
            .await
            .map(|()| true),
        Err(error) => Err(error),
    }
}

fn refused(report: &mut Report, device: &Device, what: &str, words: &str) -> Result<bool> {
    report.outcome = Outcome::Invalid;
    let message = format!("device `{}` {what}: {words}", device.name);
    report.error =
        Some(Error::new(Code::ConfigurationInvalid, message).advise("nothing was committed; mend the configuration"));
    Ok(false)
}

/// On Junos any commit, and any commit check, confirms the confirmed commit that waits.
fn confirm_waits(device: &Device, pending: &history::Pending) -> Error {
    let message = format!(
        "device `{}`: a confirmed commit of `{}` waits for its confirmation ({}); a check or commit now would confirm it",
        device.name, pending.user, pending.deadline
    );
    Error::new(Code::CommitConfirmedActive, message)
        .advise("confirm it with confirm_commit, or wait until the device has rolled it back")
}

/// Closes the transaction. After a step that was given up, its session is closed instead: the device discards the candidate by itself.
async fn finish(transaction: Transaction, ready: Result<bool>, mut report: Report) -> Result<Report> {
    let given_up = |error: &Error| {
        matches!(
            error.code(),
            Code::Cancelled | Code::Timeout | Code::Transport | Code::Protocol
        )
    };
    match ready {
        Err(error) if given_up(&error) && transaction.database() != Database::Shared => {
            drop(transaction);
            Err(error)
        }
        Err(error) => {
            let shared = transaction.database() == Database::Shared;
            match transaction.close().await {
                // Nothing else takes our edits out of the candidate that everybody shares.
                Err(cleanup) if shared => Err(left_behind(&error, &cleanup)),
                Err(cleanup) => {
                    tracing::warn!("{cleanup}");
                    Err(error)
                }
                Ok(()) => Err(error),
            }
        }
        Ok(_) if report.outcome == Outcome::Unknown || transaction.is_lost() => Ok(report),
        Ok(_) => {
            if let Err(cleanup) = transaction.close().await {
                report.notes.push(cleanup.to_string());
            }
            Ok(report)
        }
    }
}

/// What ended the change, and what is left of it.
fn left_behind(error: &Error, cleanup: &Error) -> Error {
    let message = format!("{}; {}", error.message(), cleanup.message());
    let report = Error::new(cleanup.code(), message);
    match cleanup.advice() {
        Some(advice) => report.advise(advice),
        None => report,
    }
}
