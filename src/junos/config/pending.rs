//! The confirmed commit that waits on a device: it is confirmed, or taken back before its time.

use std::{sync::Arc, time::Duration};

use super::{
    Change, Commit, Database, History, Known, Outcome, Pending, Report, Source, Transaction,
    apply::{Control, Run},
    commit::{PATIENCE, mixed, request},
    settle::{self, Settled, Sought},
    transaction::Verdict,
};
use crate::{
    error::{Code, Error, Result},
    junos::{inventory::Device, pool::Pool},
};

/// What is told of a commit that is confirmed now.
#[derive(Debug)]
pub struct Confirmed {
    /// The commit that waited.
    pub was: Pending,
    /// The confirmation in the device's history, where it has one.
    pub commit: Option<Commit>,
    /// What the device warned of.
    pub warnings: Vec<String>,
    /// What else an operator should know.
    pub notes: Vec<String>,
}

/// What to do where it is not known whether a commit is confirmed.
const LOOK: &str = "look at get_commit_status: the commit is confirmed when no rollback is announced";

/// Confirms the confirmed commit that waits on the device, under the configuration lock: nothing else is committed with it. `agreed` is
/// the [`History::base`] that somebody saw and agreed to keep.
///
/// # Errors
/// `not_found` when none waits; `conflict` when another commit was made since; `configuration_invalid` when the device refuses;
/// `commit_unknown` when the reply is lost and the history does not tell; `transport` when it is lost and the history tells that the
/// commit still waits; `cancelled` and `timeout` before it is sent.
pub(crate) async fn confirm(
    pool: &Pool,
    known: &Known,
    device: &Arc<Device>,
    (comment, agreed): (&str, Option<&str>),
    control: &Control,
) -> Result<Confirmed> {
    let timeout = control.remaining();
    let (mut transaction, was) = control.step(device, opened(pool, device, timeout)).await?;
    let base = transaction.history.as_ref().ok().and_then(History::base);
    if agreed.is_some() && agreed != base.as_deref() {
        transaction.close().await?;
        let message = format!(
            "device `{}`: somebody committed since; nothing was confirmed",
            device.name
        );
        return Err(
            Error::new(Code::Conflict, message).advise("look at get_commit_status, and let a person agree again")
        );
    }
    let token = format!("jmcp-{:08x}", rand::random::<u32>());
    let noted = known.commits.note(&device.name, &token);
    let verdict = transaction
        .commit(&request(None, comment, &token), timeout.max(PATIENCE))
        .await;
    let mut confirmed = Confirmed {
        was,
        commit: None,
        warnings: std::mem::take(&mut transaction.warnings),
        notes: Vec::new(),
    };
    let ended = match verdict {
        Ok(Verdict::Good) => Ok(()),
        Ok(Verdict::Refused(words)) => Err(Error::new(
            Code::ConfigurationInvalid,
            format!("device `{}` refuses to confirm: {words}", device.name),
        )),
        Ok(Verdict::Hindered(error)) => Err(error),
        Ok(Verdict::Mixed(words)) => Err(mixed(device, &words)),
        Ok(Verdict::Unclear) => {
            let message = format!("device `{}` does not say whether it confirmed", device.name);
            Err(Error::new(Code::CommitUnknown, message).advise(LOOK))
        }
        Err(lost) => {
            drop(transaction);
            return settled(pool, device, (token, base), lost, confirmed).await;
        }
    };
    let (closed, history) = transaction.close_reading().await;
    drop(noted);
    ended?;
    confirmed.commit = history.and_then(|history| history.marked(&token).cloned());
    if let Err(cleanup) = closed {
        confirmed.notes.push(cleanup.to_string());
    }
    Ok(confirmed)
}

/// The lock, and the commit that waits. Read under the lock: what waits is what gets confirmed or taken back.
async fn opened(pool: &Pool, device: &Arc<Device>, timeout: Duration) -> Result<(Transaction, Pending)> {
    let transaction = Transaction::open(pool, device, Database::Exclusive, timeout).await?;
    let waits = match &transaction.history {
        Ok(History {
            pending: Some(pending), ..
        }) => Ok(pending.clone()),
        Ok(_) => Err(Error::new(
            Code::NotFound,
            format!(
                "device `{}`: no confirmed commit waits for its confirmation",
                device.name
            ),
        )
        .advise("it was confirmed already, or the device has rolled it back: get_commit_status tells")),
        Err(error) => {
            let why = error.message();
            let message = format!("device `{}`: the commit history cannot be read: {why}", device.name);
            Err(Error::new(error.code(), message))
        }
    };
    match waits {
        Ok(pending) => Ok((transaction, pending)),
        Err(error) => {
            transaction.close().await?;
            Err(error)
        }
    }
}

async fn settled(
    pool: &Pool,
    device: &Arc<Device>,
    (mark, base): (String, Option<String>),
    lost: Error,
    mut confirmed: Confirmed,
) -> Result<Confirmed> {
    let sought = Sought {
        mark,
        base: base.clone(),
        is_confirmed: false,
    };
    let name = &device.name;
    let (is_done, history) = match settle::settle(pool, device, &sought).await {
        Settled::Committed(history) => (true, Some(history)),
        // Some releases write no entry for a confirmation: nothing waits any more, and nothing else was committed.
        Settled::NotCommitted(history) => (history.pending.is_none() && history.base() == base, Some(history)),
        Settled::Unknown(_) => (false, None),
    };
    if is_done {
        confirmed.commit = history.and_then(|history| history.marked(&sought.mark).cloned());
        let note = "the reply to the confirmation was lost; the device's commit history shows that it happened";
        confirmed.notes.push(note.into());
        return Ok(confirmed);
    }
    if history.is_some_and(|history| history.pending.is_some()) {
        let message = format!("device `{name}`: the reply to the confirmation was lost, and the commit still waits");
        let error = Error::new(Code::Transport, message).caused_by(lost);
        return Err(error.advise("it was not confirmed: call confirm_commit again before the device rolls back"));
    }
    let message = format!("device `{name}`: the reply to the confirmation was lost");
    Err(Error::new(Code::CommitUnknown, message).advise(LOOK).caused_by(lost))
}

/// Takes back the confirmed commit that waits, at once: loads the configuration before it and commits that, under the lock.
///
/// No check comes first: it would confirm what is to be taken back, and a connection that breaks then would leave it in force.
///
/// # Errors
/// `not_found` when none waits; `blocked`; `conflict` where it is not what was agreed to; whatever stands in the way before the commit is
/// sent.
pub(crate) async fn cancel(
    pool: &Pool,
    known: &Known,
    device: &Arc<Device>,
    change: &Change,
    control: &Control,
) -> Result<Report> {
    let run = Run {
        pool,
        known,
        device,
        change,
        control,
    };
    let opening = opened(pool, device, control.remaining());
    let (mut transaction, was) = control.step(device, opening).await?;
    let mut report = Report::new(Database::Exclusive);
    report.base = transaction.history.as_ref().ok().and_then(History::base);
    report.pending = Some(was);
    let ready = restored(&run, &mut transaction, &mut report).await;
    run.conclude(transaction, ready, &mut report).await?;
    Ok(report)
}

/// Loads what was before the commit that waits.
async fn restored(run: &Run<'_>, transaction: &mut Transaction, report: &mut Report) -> Result<bool> {
    run.refuse_drift(transaction)?;
    let timeout = run.control.remaining();
    let loading = transaction.load(&Source::Rollback(1), timeout);
    match run.control.step(run.device, loading).await? {
        (Verdict::Good | Verdict::Unclear, diff) => report.diff = diff,
        (Verdict::Hindered(error), _) => return Err(error),
        (Verdict::Refused(words) | Verdict::Mixed(words), _) => {
            report.outcome = Outcome::Invalid;
            let message = format!("device `{}` cannot load rollback 1: {words}", run.device.name);
            report.error =
                Some(Error::new(Code::ConfigurationInvalid, message).advise("the device rolls back by itself"));
            return Ok(false);
        }
    }
    run.control.judge.judge(&run.device.name, &report.diff)?;
    run.refuse_other(report)?;
    Ok(true)
}
