//! One configuration transaction on one device: open, load, diff, check, commit, close. Owns its session; whatever happens, the
//! candidate that it made is gone when it is.

use std::{sync::Arc, time::Duration};

use super::{Database, History, Source, history, holders, load};
use crate::{
    error::{Code, Error, Result},
    junos::{
        inventory::Device,
        netconf::{
            reply::{Reply, RpcError},
            xml::Element,
        },
        pool::{Lease, Pool},
    },
};

/// What each step of the cleanup may take.
const CLEANUP: Duration = Duration::from_secs(30);
/// The difference between the candidate and the running configuration.
pub(super) const COMPARE: &str = "<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>";

/// An open transaction. Dropping it closes its NETCONF session, and with it the device discards a private or locked candidate;
/// [`Transaction::close`] does so in order and keeps the session.
pub struct Transaction {
    lease: Lease,
    device: Arc<Device>,
    database: Database,
    /// The candidate holds edits of ours that are not committed.
    dirty: bool,
    /// What the device warned of, in order, each once.
    pub(super) warnings: Vec<String>,
    /// The commit history when the transaction was opened; an error where it could not be read.
    pub(super) history: Result<History>,
    /// The difference that our edits made to the shared candidate, where it could be read.
    ours: Option<String>,
}

/// What the device says of a candidate.
pub(super) enum Verdict {
    /// It would take it, or has.
    Good,
    /// It refuses it, and these are its words.
    Refused(String),
    /// It did not look at it: a lock, somebody's edits, the rights of the user stand in the way.
    Hindered(Error),
    /// It reports success and errors: on some routing engine the change may not be in force.
    Mixed(String),
    /// Its answer reports neither success nor an error.
    Unclear,
}

impl Verdict {
    /// Without a word of success a commit has none, and one that reports both has neither.
    fn of_commit(self, root: &Element) -> Self {
        match (self, success(root)) {
            (Verdict::Good, Some(true)) => Verdict::Good,
            (Verdict::Good, _) => Verdict::Unclear,
            (Verdict::Refused(words), Some(_)) => Verdict::Mixed(words),
            (Verdict::Hindered(error), Some(_)) => Verdict::Mixed(error.message().to_owned()),
            (other, _) => other,
        }
    }
}

impl Transaction {
    /// Opens a candidate on the device, and looks in the same flight whether a confirmed commit waits.
    ///
    /// # Errors
    /// `configuration_locked` naming the holder, `candidate_modified`, whatever the way to the device reports.
    pub async fn open(pool: &Pool, device: &Arc<Device>, database: Database, timeout: Duration) -> Result<Self> {
        let opened = Self::try_open(pool, device, database, timeout).await;
        match opened {
            // A session that had gone stale: what it may have opened on the device went with it, so this may be sent again.
            Err(error) if error.code() == Code::Transport => Self::try_open(pool, device, database, timeout).await,
            opened => opened,
        }
    }

    async fn try_open(pool: &Pool, device: &Arc<Device>, database: Database, timeout: Duration) -> Result<Self> {
        let lease = tokio::time::timeout(timeout, pool.exclusive(device))
            .await
            .map_err(|_| late(device))??;
        let request = match database {
            Database::Private => "<open-configuration><private/></open-configuration>",
            Database::Exclusive => "<lock-configuration/>",
            Database::Shared => COMPARE,
        };
        let (opened, history) = tokio::join!(
            lease.request(request, timeout),
            lease.request(history::REQUEST, timeout)
        );
        let opened = match opened {
            Ok(reply) => reply,
            Err(error) => {
                // Without a clear refusal the device may have opened it: the end of the session closes it again.
                if !matches!(
                    error.code(),
                    Code::Transport | Code::Protocol | Code::Timeout | Code::Internal
                ) {
                    lease.release();
                }
                return Err(holders::named(pool, device, error).await);
            }
        };
        let history = history.map(|reply| History::of(reply.root()));
        let mut transaction = Self {
            lease,
            device: device.clone(),
            database,
            dirty: false,
            warnings: Vec::new(),
            history,
            ours: None,
        };
        if database == Database::Shared {
            if let Err(error) = transaction.refuse_foreign_edits(opened) {
                transaction.lease.release();
                return Err(holders::named(pool, device, error).await);
            }
        } else {
            // That a private candidate is lost at the end of its session is what it is for.
            let lost = |w: &&RpcError| w.message.contains("uncommitted changes will be discarded");
            transaction.note(opened.warnings().iter().filter(|w| !lost(w)));
        }
        Ok(transaction)
    }

    /// Where this transaction edits.
    pub fn database(&self) -> Database {
        self.database
    }

    /// The candidate nobody has locked may hold another person's edits: a commit would commit them, a discard would lose them.
    fn refuse_foreign_edits(&self, compared: Reply) -> Result<()> {
        if difference(compared).is_empty() {
            return Ok(());
        }
        let message = format!(
            "device `{}`: the shared candidate holds somebody's uncommitted edits",
            self.device.name
        );
        Err(Error::new(Code::CandidateModified, message).advise(
            "look at them with junos_config_diff version 0; a private candidate (the default) leaves them alone",
        ))
    }

    /// Brings the change into the candidate, compares, and looks whether a confirmed commit has come to wait, in one flight. The
    /// difference means nothing where the device refuses.
    ///
    /// # Errors
    /// `invalid_input` for text that cannot be sent; transport and time-out.
    pub(super) async fn load(&mut self, source: &Source, timeout: Duration) -> Result<(Verdict, String)> {
        let request = load::request(source)?;
        self.dirty = true;
        let (loaded, compared, history) = tokio::join!(
            self.lease.request_raw(&request, timeout),
            self.lease.request(COMPARE, timeout),
            self.read_history_again(timeout)
        );
        self.history_is(history);
        let compared = compared.map(difference);
        match self.verdict(&loaded?) {
            Verdict::Good => Ok((Verdict::Good, compared?)),
            refused => Ok((refused, String::new())),
        }
    }

    /// Says what the edits of this transaction make of the shared candidate. Whatever else is found there is somebody else's.
    pub(super) fn expect(&mut self, diff: String) {
        self.ours = Some(diff);
    }

    /// Whether the shared candidate holds our edits and nothing else.
    pub(super) fn is_as_expected(&self, diff: &str) -> bool {
        self.database != Database::Shared || self.ours.as_deref() == Some(diff)
    }

    /// Under the lock nobody else commits.
    async fn read_history_again(&self, timeout: Duration) -> Option<Result<History>> {
        if self.database == Database::Exclusive {
            return None;
        }
        Some(self.read_history(timeout).await)
    }

    fn history_is(&mut self, read: Option<Result<History>>) {
        if let Some(history) = read {
            self.history = history;
        }
    }

    /// Asks the device to check the candidate.
    ///
    /// # Errors
    /// Transport, time-out, and an answer that is none.
    pub(super) async fn check(&mut self, timeout: Duration) -> Result<Verdict> {
        let request = "<commit-configuration><check/></commit-configuration>";
        let (reply, history) = tokio::join!(
            self.lease.request_raw(request, timeout),
            self.read_history_again(timeout)
        );
        self.history_is(history);
        let reply = reply?;
        let verdict = self.verdict(&reply);
        // An empty reply is a good one to a check (RFC 6241 wants `<ok/>`, old Junos leaves it out).
        let says = |name| !reply.root().descendants(name).is_empty();
        let is_silent = reply.root().children.is_empty();
        Ok(match verdict {
            Verdict::Good if !(is_silent || says("ok") || says("commit-check-success")) => Verdict::Unclear,
            verdict => verdict,
        })
    }

    /// Refuses where the shared candidate no longer holds just what we loaded: a commit would commit another person's edits, or nothing
    /// of ours.
    ///
    /// # Errors
    /// `candidate_modified`; transport, time-out.
    pub(super) async fn refuse_newer_edits(&self, timeout: Duration) -> Result<()> {
        if self.database != Database::Shared {
            return Ok(());
        }
        let present = difference(self.lease.request(COMPARE, timeout).await?);
        if self.is_as_expected(&present) {
            return Ok(());
        }
        Err(self.edited_meanwhile())
    }

    /// Somebody else edits what everybody shares.
    pub(super) fn edited_meanwhile(&self) -> Error {
        let message = format!(
            "device `{}`: somebody edited the shared candidate meanwhile",
            self.device.name
        );
        Error::new(Code::CandidateModified, message).advise("use a private candidate (the default)")
    }

    /// Sends the commit, once. An error is a reply that did not come or cannot be read: then the outcome is not known.
    pub(super) async fn commit(&mut self, request: &str, timeout: Duration) -> Result<Verdict> {
        let reply = self.lease.request_raw(request, timeout).await?;
        let verdict = self.verdict(&reply).of_commit(reply.root());
        if matches!(verdict, Verdict::Good) {
            self.dirty = false;
        }
        Ok(verdict)
    }

    /// The history as it is now. What is asked behind it goes out with it.
    pub(super) async fn read_history(&self, timeout: Duration) -> Result<History> {
        let reply = self.lease.request(history::REQUEST, timeout).await?;
        Ok(History::of(reply.root()))
    }

    /// Undoes what is not committed, gives the candidate back and keeps the session for the next call.
    ///
    /// # Errors
    /// `candidate_cleanup_failed`: the session was closed instead, which makes the device do the same.
    pub async fn close(self) -> Result<()> {
        self.close_reading().await.0
    }

    /// As [`Transaction::close`], and reads the history in the same flight.
    pub(super) async fn close_reading(self) -> (Result<()>, Option<History>) {
        let (closed, history) = tokio::join!(self.clean_up(), self.read_history(CLEANUP));
        if closed.is_ok() {
            self.lease.release();
        }
        (closed, history.ok())
    }

    async fn clean_up(&self) -> Result<()> {
        if self.database == Database::Shared && self.dirty {
            let present = self.lease.request(COMPARE, CLEANUP).await.map(difference);
            match present {
                // Nothing of anybody is there.
                Ok(present) if present.is_empty() => return Ok(()),
                Ok(present) if self.is_as_expected(&present) => {}
                _ => return Err(self.mixed_with_others()),
            }
        }
        let steps: &[&str] = match (self.database, self.dirty) {
            (Database::Private, _) => &["<close-configuration/>"],
            (Database::Exclusive, false) => &["<unlock-configuration/>"],
            (Database::Exclusive, true) => &["<load-configuration rollback=\"0\"/>", "<unlock-configuration/>"],
            (Database::Shared, false) => &[],
            (Database::Shared, true) => &["<load-configuration rollback=\"0\"/>"],
        };
        for step in steps {
            let Err(error) = self.lease.request(step, CLEANUP).await else {
                continue;
            };
            // A candidate that the device has closed already needs no closing.
            if error.message().to_ascii_lowercase().contains("database is not open") {
                continue;
            }
            return Err(self.not_cleaned(&error).caused_by(error));
        }
        Ok(())
    }

    /// The difference that our edits made, where they may have stayed in the shared candidate.
    pub(super) fn may_be_left(&self) -> Option<String> {
        self.ours
            .clone()
            .filter(|_| self.database == Database::Shared && self.dirty)
    }

    fn mixed_with_others(&self) -> Error {
        let message = format!(
            "device `{}`: candidate cleanup failed: the shared candidate holds our edits and perhaps another person's",
            self.device.name
        );
        Error::new(Code::CandidateCleanupFailed, message)
            .advise("a person has to look at `show | compare` in configuration mode and take our edits back")
    }

    fn not_cleaned(&self, error: &Error) -> Error {
        let mut message = format!(
            "device `{}`: candidate cleanup failed: {}",
            self.device.name,
            error.message()
        );
        if self.database == Database::Shared {
            message.push_str("; the shared candidate may still hold the edits of this change");
            return Error::new(Code::CandidateCleanupFailed, message).advise(
                "look at them with junos_config_diff version 0; a person has to discard them (`rollback 0`) or commit them",
            );
        }
        Error::new(Code::CandidateCleanupFailed, message)
            .advise("its session was closed, which makes the device discard the candidate; `show system users` tells")
    }

    fn verdict(&mut self, reply: &Reply) -> Verdict {
        self.note(reply.warnings());
        let errors = reply.errors();
        if errors.is_empty() {
            return Verdict::Good;
        }
        match reply.clone().into_result(&self.device.name) {
            Err(error) if error.code() != Code::DeviceError => Verdict::Hindered(error),
            _ if errors.iter().all(is_no_verdict) => {
                let message = format!("device `{}`: {}", self.device.name, words(errors));
                Verdict::Hindered(Error::new(Code::DeviceError, message))
            }
            _ => Verdict::Refused(words(errors)),
        }
    }

    /// Whether the device has refused, in these words, a confirmed commit of a private candidate.
    pub(super) fn refuses_private_confirmed(&self, words: &str) -> bool {
        let words = words.to_ascii_lowercase();
        self.database == Database::Private && words.contains("confirmed") && words.contains("not supported")
    }

    fn note<'a>(&mut self, warnings: impl IntoIterator<Item = &'a RpcError>) {
        for warning in warnings {
            let text = line(warning);
            if !self.warnings.contains(&text) {
                self.warnings.push(text);
            }
        }
    }
}

/// Whether the reply to a commit reports success: of everything (`Some(true)`), of some routing engines only, or not at all.
/// Junos says it by `<ok/>` or by a `<commit-success/>` for each engine, by release and platform.
fn success(root: &Element) -> Option<bool> {
    if !root.descendants("ok").is_empty() {
        return Some(true);
    }
    if root.descendants("commit-success").is_empty() {
        return None;
    }
    let engines = root.descendants("routing-engine");
    let named = |engine: &Element| engine.text_at(&["name"]);
    let done: Vec<_> = engines
        .iter()
        .filter(|engine| !engine.descendants("commit-success").is_empty())
        .map(|engine| named(engine))
        .collect();
    Some(engines.iter().all(|engine| done.contains(&named(engine))))
}

fn late(device: &Device) -> Error {
    Error::new(
        Code::Timeout,
        format!("device `{}`: no session within the time of this call", device.name),
    )
}

/// Errors that say nothing of the configuration (RFC 6241, appendix A).
const NO_VERDICT: &[&str] = &[
    "in-use",
    "too-big",
    "access-denied",
    "lock-denied",
    "resource-denied",
    "rollback-failed",
    "operation-not-supported",
    "malformed-message",
];

fn is_no_verdict(error: &RpcError) -> bool {
    error.tag.as_deref().is_some_and(|tag| NO_VERDICT.contains(&tag))
}

/// The text of a comparison; empty where there is no difference (the device sends a line feed then).
pub(super) fn difference(reply: Reply) -> String {
    let text = reply.into_cli_text();
    if text.trim().is_empty() {
        String::new()
    } else {
        text.trim_matches('\n').to_owned() + "\n"
    }
}

/// All errors of a reply, one on a line.
fn words(errors: &[RpcError]) -> String {
    let mut lines: Vec<String> = errors.iter().map(line).collect();
    lines.dedup();
    lines.join("\n")
}

/// `[edit interfaces] ge-0/0/0: message`, as the CLI shows place, statement and message.
fn line(error: &RpcError) -> String {
    let place = error.path.as_deref().map(|path| format!("{path} ")).unwrap_or_default();
    let statement = error.bad_element.as_deref().filter(|bad| !error.message.contains(bad));
    let statement = statement.map(|bad| format!("`{bad}`: ")).unwrap_or_default();
    format!("{place}{statement}{}", error.message)
}

#[cfg(test)]
mod tests;
