//! The commit. It is sent once; when its reply is lost, the device's history is asked instead.

use std::time::Duration;

use super::{
    Change, History, Outcome, Report, Transaction,
    apply::Run,
    settle::{self, Settled, Sought},
    transaction::Verdict,
};
use crate::{
    error::{Code, Error},
    junos::{inventory::Device, netconf::xml::escape},
};

/// How long a commit may take before its outcome is not known, where the call allows less. Junos needs minutes for long
/// configurations and for several routing engines.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// How the sending of a commit ended.
pub(super) enum Ended {
    /// The report says how.
    Told,
    /// The device takes no confirmed commit of a private candidate, in these words. Nothing was committed.
    RefusesPrivate(String),
    /// Not known: what became of the reply, and why.
    Lost(&'static str, Error),
}

/// `<commit-configuration>`, whose `confirm-timeout` is in minutes (that of RFC 6241's `<commit>` is in seconds, and Junos
/// rounds it).
pub(super) fn request(confirm_minutes: Option<u32>, comment: &str, token: &str) -> String {
    let confirmed = confirm_minutes
        .map(|minutes| format!("<confirmed/><confirm-timeout>{minutes}</confirm-timeout>"))
        .unwrap_or_default();
    let comment = plain(comment);
    let log = format!("{} [{token}]", comment.trim());
    format!(
        "<commit-configuration>{confirmed}<log>{}</log></commit-configuration>",
        escape(log.trim_start())
    )
}

/// A comment on one line, as the CLI takes it.
fn plain(comment: &str) -> String {
    let line: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.replace('"', "'")
}

/// Commits. Nothing stops this once it has begun.
pub(super) async fn commit(run: &Run<'_>, transaction: &mut Transaction, report: &mut Report) -> Ended {
    let Change {
        confirm_minutes,
        comment,
        ..
    } = run.change;
    let request = request(*confirm_minutes, comment, &report.token);
    let patience = run.control.remaining().max(PATIENCE);
    match transaction.commit(&request, patience).await {
        Ok(Verdict::Good) => report.outcome = Outcome::Committed,
        Ok(Verdict::Refused(words)) if confirm_minutes.is_some() && transaction.refuses_private_confirmed(&words) => {
            return Ended::RefusesPrivate(words);
        }
        Ok(Verdict::Refused(words)) => {
            report.outcome = Outcome::Invalid;
            let message = format!("device `{}` refuses the commit: {words}", run.device.name);
            report.error =
                Some(Error::new(Code::ConfigurationInvalid, message).advise("nothing was committed; mend the change"));
        }
        Ok(Verdict::Hindered(error)) => {
            report.outcome = Outcome::CheckFailed;
            report.error = Some(super::holders::named(run.pool, run.device, error).await);
        }
        Ok(Verdict::Mixed(words)) => {
            report.outcome = Outcome::Unknown;
            report.error = Some(mixed(run.device, &words));
        }
        Ok(Verdict::Unclear) => {
            let message = format!("device `{}` reports neither success nor an error", run.device.name);
            return Ended::Lost("does not tell how it ended", Error::new(Code::Protocol, message));
        }
        Err(error) => return Ended::Lost("was lost", error),
    }
    Ended::Told
}

/// A commit that happened on some routing engines, or happened with errors, is no success and no failure.
pub(super) fn mixed(device: &Device, words: &str) -> Error {
    let message = format!(
        "device `{}` reports that it committed, and errors as well: {words}",
        device.name
    );
    Error::new(Code::CommitUnknown, message)
        .advise("a person has to look at `show system commit` and at the configuration on each routing engine")
}

/// Looks for our mark in the history over a new session. The session of the commit has to be closed by then: a lock of our own would be
/// in the way.
pub(super) async fn resolve(run: &Run<'_>, report: &mut Report, what: &str, lost: Error) {
    let device = run.device;
    tracing::warn!(device = %device.name, "the reply to a commit {what}: {lost}");
    let sought = Sought {
        mark: report.token.clone(),
        base: report.base.clone(),
        is_confirmed: run.change.confirm_minutes.is_some(),
    };
    let shows = format!("the reply to the commit {what}; the device's commit history shows that it");
    match settle::settle(run.pool, device, &sought).await {
        Settled::Committed(history) => {
            report.outcome = Outcome::Committed;
            identify(report, Some(&history));
            report.notes.push(format!("{shows} happened"));
        }
        Settled::NotCommitted(history) => {
            report.outcome = Outcome::NotCommitted;
            report.pending = history.pending;
            let message = format!("device `{}`: not committed: {shows} did not happen", device.name);
            report.error = Some(
                Error::new(Code::Transport, message)
                    .advise("nothing was committed, and nothing of the change is left; it may be made again")
                    .caused_by(lost),
            );
        }
        Settled::Unknown(why) => {
            report.outcome = Outcome::Unknown;
            let message = format!(
                "device `{}`: the reply to the commit {what} ({}), and {why}",
                device.name,
                lost.message()
            );
            let advice = format!(
                "do not repeat the change before a person has looked at `show system commit` for `{}` and at `show configuration | compare rollback 1`",
                report.token
            );
            report.error = Some(Error::new(Code::CommitUnknown, message).advise(advice).caused_by(lost));
        }
    }
}

/// Takes from the history what is known of our commit, and what waits now.
pub(super) fn identify(report: &mut Report, history: Option<&History>) {
    let Some(history) = history else {
        report
            .notes
            .push("the commit history could not be read after the commit".into());
        return;
    };
    report.pending.clone_from(&history.pending);
    report.now = history.base();
    report.commit = history.marked(&report.token).cloned();
    if report.commit.is_none() {
        // A confirmed commit's own words can take the place of its log, by release.
        report.commit = history.commits.first().filter(|_| history.pending.is_some()).cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stays_in_its_element_and_on_its_line() {
        let request = request(Some(5), "a\n\"b\" </log><x/>", "jmcp-1");
        let expected = "<commit-configuration><confirmed/><confirm-timeout>5</confirm-timeout>\
                        <log>a &apos;b&apos; &lt;/log&gt;&lt;x/&gt; [jmcp-1]</log></commit-configuration>";
        assert_eq!(request, expected);
        assert!(super::request(None, " ", "jmcp-1").contains("<log>[jmcp-1]</log>"));
    }
}
