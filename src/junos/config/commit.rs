//! The commit, and what is done when its reply is lost: it is never sent twice; the device's history is asked instead.

use std::{sync::Arc, time::Duration};

use super::{Change, Commits, Database, Outcome, Report, Transaction, history, transaction::Verdict};
use crate::{
    error::{Code, Error, Result},
    junos::{inventory::Device, netconf::xml::escape, pool::Pool},
};

/// How long a commit may take before its outcome is not known, where the call allows less. Junos needs minutes for long
/// configurations and for several routing engines.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often, and at what distance, the history is asked after a lost reply.
const LOOKS: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// `<commit-configuration>`, whose `confirm-timeout` is in minutes (that of RFC 6241's `<commit>` is in seconds, and Junos
/// rounds it).
pub(super) fn request(change: &Change, token: &str) -> String {
    let confirmed = change
        .confirm_minutes
        .map(|minutes| format!("<confirmed/><confirm-timeout>{minutes}</confirm-timeout>"))
        .unwrap_or_default();
    let comment = plain(&change.comment);
    format!(
        "<commit-configuration>{confirmed}<log>{} [{token}]</log></commit-configuration>",
        escape(comment.trim())
    )
}

/// A comment on one line, as the CLI takes it.
fn plain(comment: &str) -> String {
    let line: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.replace('"', "'")
}

/// Commits, and finds out what happened where the reply is lost. Nothing stops this once it has begun.
pub(super) async fn commit(
    pool: &Pool,
    device: &Arc<Device>,
    transaction: &mut Transaction,
    change: &Change,
    report: &mut Report,
    remaining: Duration,
) {
    let request = request(change, &report.token);
    match transaction.commit(&request, remaining.max(PATIENCE)).await {
        Ok(Verdict::Good) => report.outcome = Outcome::Committed,
        Ok(Verdict::Refused(words)) => {
            report.outcome = Outcome::Invalid;
            let message = format!("device `{}` refuses the commit: {words}", device.name);
            report.error =
                Some(Error::new(Code::ConfigurationInvalid, message).advise("nothing was committed; mend the change"));
        }
        Ok(Verdict::Mixed(words)) => {
            report.outcome = Outcome::Unknown;
            report.error = Some(mixed(device, &words));
        }
        Ok(Verdict::Unclear) => {
            let message = format!("device `{}` reports neither success nor an error", device.name);
            resolve(
                pool,
                device,
                report,
                "does not tell how it ended",
                Error::new(Code::Protocol, message),
            )
            .await;
        }
        Err(error) => resolve(pool, device, report, "was lost", error).await,
    }
}

/// A commit that happened on some routing engines, or happened with errors, is no success and no failure.
fn mixed(device: &Device, words: &str) -> Error {
    let message = format!(
        "device `{}` reports that it committed, and errors as well: {words}",
        device.name
    );
    Error::new(Code::CommitUnknown, message)
        .advise("a person has to look at `show system commit` and at the configuration on each routing engine")
}

/// Looks for our mark in the history over a new session.
async fn resolve(pool: &Pool, device: &Arc<Device>, report: &mut Report, what: &str, lost: Error) {
    tracing::warn!(device = %device.name, "the reply to a commit {what}: {lost}");
    let mut read_once = false;
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        let Ok(reply) = pool.read(device, history::REQUEST, Duration::from_secs(30)).await else {
            continue;
        };
        read_once = true;
        if history::has(reply.root(), &report.token) {
            report.outcome = Outcome::Committed;
            report.notes.push(format!(
                "the reply to the commit {what}; the device's commit history shows that it happened"
            ));
            return;
        }
    }
    report.outcome = Outcome::Unknown;
    let found = if read_once {
        "the device's commit history does not show it so far"
    } else {
        "the device cannot be asked at the moment"
    };
    let message = format!(
        "device `{}`: the reply to the commit {what} ({}), and {found}",
        device.name,
        lost.message()
    );
    let advice = format!(
        "do not repeat the change before a person has looked at `show system commit` for `{}` and at `show configuration | compare rollback 1`",
        report.token
    );
    report.error = Some(Error::new(Code::CommitUnknown, message).advise(advice).caused_by(lost));
}

/// Confirms the confirmed commit that waits on the device. Answers who had committed it.
///
/// # Errors
/// `not_found` when none waits; `configuration_invalid` when the device refuses; `commit_unknown` when the reply is lost.
pub(crate) async fn confirm(
    pool: &Pool,
    commits: &Commits,
    device: &Arc<Device>,
    comment: &str,
    timeout: Duration,
) -> Result<String> {
    let mut transaction = Transaction::open(pool, device, Database::Exclusive, timeout).await?;
    let outcome = confirm_in(&mut transaction, commits, device, &plain(comment), timeout).await;
    match (outcome, transaction.close().await) {
        (Err(error), _) => Err(error),
        (Ok(user), Ok(())) => Ok(user),
        (Ok(user), Err(cleanup)) => {
            tracing::warn!(device = %device.name, "{cleanup}");
            Ok(user)
        }
    }
}

async fn confirm_in(
    transaction: &mut Transaction,
    commits: &Commits,
    device: &Device,
    comment: &str,
    timeout: Duration,
) -> Result<String> {
    let user = match &transaction.pending {
        Ok(Some(pending)) => pending.user.clone(),
        Ok(None) => {
            return Err(Error::new(
                Code::NotFound,
                format!("device `{}`: no confirmed commit waits", device.name),
            )
            .advise("it was confirmed already, or its time was over and the device rolled it back"));
        }
        Err(error) => {
            let message = format!(
                "device `{}`: the commit history cannot be read: {}",
                device.name,
                error.message()
            );
            return Err(Error::new(error.code(), message));
        }
    };
    let request = format!(
        "<commit-configuration><log>{}</log></commit-configuration>",
        escape(comment)
    );
    let _noted = commits.note(&device.name, comment);
    match transaction.commit(&request, timeout.max(PATIENCE)).await {
        Ok(Verdict::Good) => Ok(user),
        Ok(Verdict::Refused(words)) => Err(Error::new(
            Code::ConfigurationInvalid,
            format!("device `{}` refuses to confirm: {words}", device.name),
        )),
        Ok(Verdict::Mixed(words)) => Err(mixed(device, &words)),
        Ok(Verdict::Unclear) => {
            let message = format!("device `{}` does not say whether it confirmed", device.name);
            Err(Error::new(Code::CommitUnknown, message)
                .advise("look at `show system commit`: the commit is confirmed when no rollback is announced"))
        }
        Err(lost) => {
            let message = format!("device `{}`: the reply to the confirmation was lost", device.name);
            Err(Error::new(Code::CommitUnknown, message)
                .advise("look at `show system commit`: the commit is confirmed when no rollback is announced")
                .caused_by(lost))
        }
    }
}
