//! One configuration transaction on one device: open, load, diff, check, commit, close. Owns its session; whatever happens, the
//! candidate that it made is gone when it is.

use std::{sync::Arc, time::Duration};

use super::{
    Change, Database,
    history::{self, Pending},
    load,
};
use crate::{
    error::{Code, Error, Result},
    junos::{
        inventory::Device,
        netconf::reply::{Reply, RpcError},
        pool::{Lease, Pool},
    },
};

/// What each step of the cleanup may take.
const CLEANUP: Duration = Duration::from_secs(30);
/// The difference between the candidate and the running configuration.
const COMPARE: &str = "<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>";

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
    /// The confirmed commit that waited when the transaction was opened; an error where that could not be read.
    pub(super) pending: Result<Option<Pending>>,
}

/// What the device says of a candidate.
pub(super) enum Verdict {
    /// It would take it, or has.
    Good,
    /// It refuses it, and these are its words.
    Refused(String),
}

impl Transaction {
    /// Opens a candidate on the device, and looks in the same flight whether a confirmed commit waits.
    ///
    /// # Errors
    /// `configuration_locked` naming the holder, `candidate_modified`, whatever the way to the device reports.
    pub async fn open(pool: &Pool, device: &Arc<Device>, database: Database, timeout: Duration) -> Result<Self> {
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
                return Err(error);
            }
        };
        let pending = history.map(|reply| history::pending(reply.root()));
        let mut transaction = Self {
            lease,
            device: device.clone(),
            database,
            dirty: false,
            warnings: Vec::new(),
            pending,
        };
        if database == Database::Shared {
            transaction.refuse_foreign_edits(opened)?;
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

    /// Brings the change into the candidate and compares, in one flight. The difference means nothing where the device refuses.
    ///
    /// # Errors
    /// `invalid_input` for text that cannot be sent; transport and time-out.
    pub(super) async fn load(&mut self, change: &Change, timeout: Duration) -> Result<(Verdict, String)> {
        let request = load::request(change)?;
        self.dirty = true;
        let (loaded, compared) = tokio::join!(
            self.lease.request_raw(&request, timeout),
            self.lease.request(COMPARE, timeout)
        );
        match self.verdict(&loaded?) {
            Verdict::Good => Ok((Verdict::Good, difference(compared?))),
            refused @ Verdict::Refused(_) => Ok((refused, String::new())),
        }
    }

    /// Asks the device to check the candidate.
    ///
    /// # Errors
    /// Transport, time-out, and an answer that is none.
    pub(super) async fn check(&mut self, timeout: Duration) -> Result<Verdict> {
        let request = "<commit-configuration><check/></commit-configuration>";
        let reply = self.lease.request_raw(request, timeout).await?;
        Ok(self.verdict(&reply))
    }

    /// Sends the commit, once. An error is a reply that did not come or cannot be read: then the outcome is not known.
    pub(super) async fn commit(&mut self, request: &str, timeout: Duration) -> Result<Verdict> {
        let reply = self.lease.request_raw(request, timeout).await?;
        let verdict = self.verdict(&reply);
        if matches!(verdict, Verdict::Good) {
            self.dirty = false;
        }
        Ok(verdict)
    }

    /// Undoes what is not committed, gives the candidate back and keeps the session for the next call.
    ///
    /// # Errors
    /// `candidate_cleanup_failed`: the session was closed instead, which makes the device do the same.
    pub async fn close(self) -> Result<()> {
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
        self.lease.release();
        Ok(())
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
            Verdict::Good
        } else {
            Verdict::Refused(words(errors))
        }
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

fn late(device: &Device) -> Error {
    Error::new(
        Code::Timeout,
        format!("device `{}`: no session within the time of this call", device.name),
    )
}

/// The text of a comparison; empty where there is no difference (the device sends a line feed then).
fn difference(reply: Reply) -> String {
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
