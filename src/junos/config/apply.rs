//! The one way a change takes: open, load, look at the difference, judge it, check, commit, close.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Agreed, Change, Database, Known, Outcome, Pending, Purpose, Report, Transaction,
    commit::{self, Ended},
    digest, load,
    transaction::Verdict,
};
use crate::{
    error::{Code, Error, Result},
    junos::{inventory::Device, pool::Pool},
};

/// Says of a change whether it may be made.
pub trait Judge: Send + Sync {
    /// Judges what the device would change, as `show | compare` shows it.
    ///
    /// # Errors
    /// `blocked`, naming the rule.
    fn judge(&self, device: &str, diff: &str) -> Result<()>;
}

/// What can end a change before its commit is sent. After that nothing can.
#[derive(Clone)]
pub struct Control {
    /// Fires when the caller takes the call back or the server goes down.
    pub cancel: CancellationToken,
    /// When the call has to be over.
    pub deadline: Instant,
    /// Who judges the difference.
    pub judge: Arc<dyn Judge>,
}

impl Control {
    /// What is left until the deadline.
    pub(super) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// A step before the commit: given up when the call is. The transaction is dropped then, which ends its session.
    pub(super) async fn step<T>(&self, device: &Device, step: impl Future<Output = Result<T>>) -> Result<T> {
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

/// One change on one device.
pub(super) struct Run<'a> {
    pub(super) pool: &'a Pool,
    pub(super) known: &'a Known,
    pub(super) device: &'a Arc<Device>,
    pub(super) change: &'a Change,
    pub(super) control: &'a Control,
}

/// Makes the change on the device. Whatever happens, no candidate or lock of ours stays behind.
///
/// # Errors
/// What stood in the way before the device gave a verdict: no way to the device, a lock, somebody's edits, a cancelled call, a
/// guardrail, a configuration that is not the one agreed to. Once there is a verdict the report holds it.
pub(crate) async fn apply(
    pool: &Pool,
    known: &Known,
    device: &Arc<Device>,
    change: &Change,
    control: &Control,
) -> Result<Report> {
    // What cannot be sent is told before a device is touched.
    load::request(&change.source)?;
    let run = Run {
        pool,
        known,
        device,
        change,
        control,
    };
    let wanted = change.database.or(device.database).unwrap_or_default();
    let is_known = change.confirm_minutes.is_some() && known.confirms_exclusively(&device.name);
    if wanted == Database::Private && is_known && change.purpose == Purpose::Commit {
        return run
            .exclusively("the device refuses confirmed commits of a private candidate")
            .await;
    }
    let mut report = Report::new(wanted);
    match run.attempt(&mut report).await? {
        Attempt::Done => Ok(report),
        Attempt::RefusesPrivate(words) => run.exclusively(&words).await,
    }
}

/// How an attempt ended.
pub(super) enum Attempt {
    /// The report says it.
    Done,
    /// The device does not do this with a private candidate; nothing was committed.
    RefusesPrivate(String),
}

impl Run<'_> {
    /// The only fallback there is: a private candidate that the device refuses becomes the locked one.
    async fn exclusively(&self, why: &str) -> Result<Report> {
        let mut report = Report::new(Database::Exclusive);
        let note = format!("a private candidate was refused ({why}); edited exclusively");
        report.notes.push(note);
        self.attempt(&mut report).await?;
        Ok(report)
    }

    async fn attempt(&self, report: &mut Report) -> Result<Attempt> {
        let expected = match report.database {
            Database::Shared => match self.expected(report).await? {
                Some(expected) => Some(expected),
                None => return Ok(Attempt::Done),
            },
            _ => None,
        };
        let remaining = self.control.remaining();
        let opening = Transaction::open(self.pool, self.device, report.database, remaining);
        let mut transaction = match self.control.step(self.device, opening).await {
            Err(error) if report.database == Database::Private && refuses_private(&error) => {
                return Ok(Attempt::RefusesPrivate(error.message().to_owned()));
            }
            opened => opened?,
        };
        if let Some(expected) = expected {
            transaction.expect(expected);
        }
        let ready = self.prepare(&mut transaction, report).await;
        self.conclude(transaction, ready, report).await
    }

    /// Commits where everything is ready, and closes the transaction.
    pub(super) async fn conclude(
        &self,
        mut transaction: Transaction,
        ready: Result<bool>,
        report: &mut Report,
    ) -> Result<Attempt> {
        if !matches!(ready, Ok(true)) {
            report.warnings = std::mem::take(&mut transaction.warnings);
            self.finish(transaction, ready, report).await?;
            return Ok(Attempt::Done);
        }
        // Noted until it is known how it ended, not only until the reply comes or is lost.
        let _noted = self.known.commits.note(&self.device.name, &report.token);
        let ended = commit::commit(self, &mut transaction, report).await;
        report.warnings = std::mem::take(&mut transaction.warnings);
        match ended {
            Ended::Told => self.finish(transaction, ready, report).await?,
            Ended::RefusesPrivate(words) => {
                self.known.note_confirms_exclusively(&self.device.name);
                self.finish(transaction, ready, report).await?;
                return Ok(Attempt::RefusesPrivate(words));
            }
            Ended::Lost(what, lost) => {
                let left = transaction.may_be_left();
                drop(transaction);
                commit::resolve(self, report, what, lost).await;
                self.note_left(left, report);
            }
        }
        Ok(Attempt::Done)
    }

    /// Edits that nobody takes out of the shared candidate any more.
    fn note_left(&self, left: Option<String>, report: &mut Report) {
        if report.outcome == Outcome::Unknown && left.is_some() {
            let note =
                "if it was not committed, its edits are in the shared candidate: discard_candidate takes them out";
            report.notes.push(note.into());
            self.known.note_left(&self.device.name, left);
        }
    }

    /// What the change makes of the running configuration, tried in a private candidate: only so can our edits be told from other
    /// people's in the one that everybody shares. `None` where the report says already how it ended.
    async fn expected(&self, report: &mut Report) -> Result<Option<String>> {
        let remaining = self.control.remaining();
        let opening = Transaction::open(self.pool, self.device, Database::Private, remaining);
        let mut trial = match self.control.step(self.device, opening).await {
            Err(error) if refuses_private(&error) => {
                let message = format!(
                    "device `{}` has no private candidates, and without one edits in the shared candidate cannot be told apart",
                    self.device.name
                );
                return Err(Error::new(Code::Unsupported, message).advise("use the database `exclusive`"));
            }
            opened => opened?,
        };
        let loading = trial.load(&self.change.source, self.control.remaining());
        let loaded = self.control.step(self.device, loading).await;
        if matches!(&loaded, Err(error) if given_up(error)) {
            drop(trial);
        } else {
            trial.close().await?;
        }
        match loaded? {
            (Verdict::Good | Verdict::Unclear, diff) if diff.is_empty() => {
                report.outcome = Outcome::Unchanged;
                Ok(None)
            }
            (Verdict::Good | Verdict::Unclear, diff) => Ok(Some(diff)),
            (Verdict::Refused(words) | Verdict::Mixed(words), _) => {
                let words = load::located(&self.change.source, &words);
                self.refused(report, "cannot load the configuration", &words)?;
                Ok(None)
            }
            (Verdict::Hindered(error), _) => {
                self.hindered(report, error).await;
                Ok(None)
            }
        }
    }

    /// Up to the commit: whether there is something to commit and the device would take it.
    async fn prepare(&self, transaction: &mut Transaction, report: &mut Report) -> Result<bool> {
        self.refuse_pending(transaction, report)?;
        self.refuse_drift(transaction)?;
        let timeout = self.control.remaining();
        let loading = transaction.load(&self.change.source, timeout);
        let (verdict, diff) = self.control.step(self.device, loading).await?;
        match verdict {
            Verdict::Refused(words) | Verdict::Mixed(words) => {
                let words = load::located(&self.change.source, &words);
                return self.refused(report, "cannot load the configuration", &words);
            }
            Verdict::Hindered(error) => return Ok(self.hindered(report, error).await),
            Verdict::Good | Verdict::Unclear => report.diff = diff,
        }
        if !transaction.is_as_expected(&report.diff) {
            return Err(transaction.edited_meanwhile());
        }
        self.refuse_pending(transaction, report)?;
        if report.diff.is_empty() {
            report.outcome = Outcome::Unchanged;
            return Ok(false);
        }
        if self.change.purpose == Purpose::Compare {
            report.outcome = Outcome::Compared;
            if let Err(refusal) = self.control.judge.judge(&self.device.name, &report.diff) {
                report.notes.push(format!("it would be refused: {}", refusal.message()));
            }
            return Ok(false);
        }
        self.control.judge.judge(&self.device.name, &report.diff)?;
        self.refuse_other(report)?;
        self.check(transaction, report).await
    }

    async fn check(&self, transaction: &mut Transaction, report: &mut Report) -> Result<bool> {
        let timeout = self.control.remaining();
        match self.control.step(self.device, transaction.check(timeout)).await? {
            Verdict::Refused(words) | Verdict::Mixed(words) => {
                self.refused(report, "refuses the configuration", &words)
            }
            Verdict::Hindered(error) => Ok(self.hindered(report, error).await),
            Verdict::Unclear => {
                let message = format!(
                    "device `{}` answered the check with neither success nor an error",
                    self.device.name
                );
                report.error = Some(Error::new(Code::Protocol, message).advise("nothing was committed"));
                Ok(false)
            }
            Verdict::Good if self.change.purpose == Purpose::Check => {
                report.outcome = Outcome::Valid;
                Ok(false)
            }
            // Whoever took the call back while the check ran must not see a commit.
            Verdict::Good => self
                .control
                .step(self.device, self.refuse_newer(transaction, report))
                .await
                .map(|()| true),
        }
    }

    /// What others did since the transaction was opened.
    async fn refuse_newer(&self, transaction: &mut Transaction, report: &mut Report) -> Result<()> {
        transaction.refuse_newer_edits(self.control.remaining()).await?;
        let before = report.base.clone();
        self.refuse_pending(transaction, report)?;
        if before != report.base {
            let message = format!(
                "device `{}`: somebody committed while the change was checked; nothing of it was committed. If that commit was to be \
                 confirmed, the check has confirmed it",
                self.device.name
            );
            return Err(Error::new(Code::Conflict, message).advise("look at get_commit_status and try again"));
        }
        self.refuse_drift(transaction)
    }

    /// On Junos any commit, and any commit check, confirms the confirmed commit that waits.
    fn refuse_pending(&self, transaction: &Transaction, report: &mut Report) -> Result<()> {
        match &transaction.history {
            Ok(history) => {
                report.base = history.base();
                report.pending.clone_from(&history.pending);
                match &history.pending {
                    Some(pending) if self.change.purpose != Purpose::Compare => {
                        Err(confirm_waits(self.device, pending))
                    }
                    _ => Ok(()),
                }
            }
            Err(error) if matches!(error.code(), Code::DeviceError | Code::PermissionDenied) => {
                let why = error.message();
                let note = format!("whether a confirmed commit waits could not be read: {why}");
                if !report.notes.contains(&note) {
                    report.notes.push(note);
                }
                Ok(())
            }
            // Not known whether one waits: a check could confirm it.
            Err(error) => {
                let message = format!("the commit history cannot be read: {}", error.message());
                Err(Error::new(error.code(), message).advise("nothing was changed; try again"))
            }
        }
    }

    /// Somebody committed since the change was agreed to.
    pub(super) fn refuse_drift(&self, transaction: &Transaction) -> Result<()> {
        let Some(Agreed { base: Some(base), .. }) = &self.change.agreed else {
            return Ok(());
        };
        let present = transaction.history.as_ref().ok().and_then(|history| history.base());
        if present.as_ref() == Some(base) {
            return Ok(());
        }
        let message = format!(
            "device `{}`: its running configuration has changed since the plan was made; nothing was committed",
            self.device.name
        );
        Err(Error::new(Code::Conflict, message).advise("make a new plan, and let a person look at it"))
    }

    /// The difference is another than the one that was agreed to.
    pub(super) fn refuse_other(&self, report: &Report) -> Result<()> {
        match &self.change.agreed {
            Some(Agreed { diff: Some(diff), .. }) if *diff != digest(&report.diff) => {
                let message = format!(
                    "device `{}`: the change would no longer be the one that was shown; nothing was committed",
                    self.device.name
                );
                Err(Error::new(Code::Conflict, message)
                    .advise("look at the new difference, and let a person agree to it"))
            }
            _ => Ok(()),
        }
    }

    /// The device gave no verdict: somebody or something is in the way.
    async fn hindered(&self, report: &mut Report, error: Error) -> bool {
        report.outcome = Outcome::CheckFailed;
        report.error = Some(super::holders::named(self.pool, self.device, error).await);
        false
    }

    fn refused(&self, report: &mut Report, what: &str, words: &str) -> Result<bool> {
        report.outcome = Outcome::Invalid;
        let message = format!("device `{}` {what}: {words}", self.device.name);
        let error = Error::new(Code::ConfigurationInvalid, message);
        report.error = Some(error.advise("nothing was committed; mend the configuration"));
        Ok(false)
    }

    /// Closes the transaction. After a step that was given up, its session is closed instead: the device discards the candidate by
    /// itself.
    async fn finish(&self, transaction: Transaction, ready: Result<bool>, report: &mut Report) -> Result<()> {
        let is_shared = transaction.database() == Database::Shared;
        match ready {
            Err(error) if given_up(&error) && !is_shared => Err(error),
            Err(error) => {
                let left = transaction.may_be_left();
                match transaction.close().await {
                    // Nothing else takes our edits out of the candidate that everybody shares.
                    Err(cleanup) if is_shared => {
                        self.known.note_left(&self.device.name, left);
                        Err(left_behind(&error, &cleanup))
                    }
                    Err(cleanup) => {
                        tracing::warn!("{cleanup}");
                        Err(error)
                    }
                    Ok(()) => Err(error),
                }
            }
            Ok(_) if report.outcome == Outcome::Unknown => {
                self.note_left(transaction.may_be_left(), report);
                Ok(())
            }
            Ok(_) if report.outcome == Outcome::Committed => {
                let (closed, history) = transaction.close_reading().await;
                commit::identify(report, history.as_ref());
                note_cleanup(report, closed);
                Ok(())
            }
            Ok(_) => {
                let left = transaction.may_be_left();
                let closed = transaction.close().await;
                if closed.is_err() && is_shared {
                    self.known.note_left(&self.device.name, left);
                }
                note_cleanup(report, closed);
                Ok(())
            }
        }
    }
}

fn note_cleanup(report: &mut Report, closed: Result<()>) {
    if let Err(cleanup) = closed {
        report.notes.push(cleanup.to_string());
    }
}

fn given_up(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::Cancelled | Code::Timeout | Code::Transport | Code::Protocol
    )
}

/// The device does not know private candidates, as opposed to: somebody is in the way.
fn refuses_private(error: &Error) -> bool {
    let words = error.message().to_ascii_lowercase();
    let refusals = [
        "not supported",
        "not allowed",
        "syntax error",
        "unknown element",
        "bad-element",
    ];
    error.code() == Code::Unsupported
        || (error.code() == Code::DeviceError && refusals.iter().any(|refusal| words.contains(refusal)))
}

fn confirm_waits(device: &Device, pending: &Pending) -> Error {
    let message = format!(
        "device `{}`: a confirmed commit of `{}` waits for its confirmation ({}); a check or commit now would confirm it",
        device.name, pending.user, pending.rolls_back
    );
    Error::new(Code::CommitConfirmedActive, message).advise(
        "keep it with confirm_commit, take it back with cancel_commit, or wait until the device has rolled it back; \
         get_commit_status tells",
    )
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
