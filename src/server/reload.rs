//! Reads again what the server works with: inventory, guardrails, tokens, certificate. All or nothing: with a mistake in any file
//! everything stays as it was, and the log says what is wrong.

use std::{
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio_util::sync::CancellationToken;

use super::{
    http::{Health, Tls},
    path::Path,
};
use crate::{
    error::{Code, Error, Result},
    junos::{Junos, inventory::Inventory},
    policy::{self, Policy},
    tokens::Tokens,
};

/// How often files are looked at.
const EVERY: Duration = Duration::from_millis(500);

/// What is read again, and from where.
pub struct Reloader {
    /// The inventory and the rules.
    pub path: Arc<Path>,
    /// What an operator decided about rules.
    pub policy: policy::Options,
    /// The tokens, where there are any.
    pub tokens: Option<Arc<Tokens>>,
    /// The certificate, where there is one.
    pub tls: Option<Arc<Tls>>,
    /// Is told what is wrong.
    pub health: Arc<Health>,
}

/// What a file was when it was last looked at: time of change, length and, where there are such, its number in the file system and how
/// many directories name it. None does after it was replaced on the other side of a bind mount.
type Seen = Option<(Option<SystemTime>, u64, u64, u64)>;

impl Reloader {
    /// Reads everything again whenever a file changes or `asked` says so, for as long as `over` does not fire.
    pub async fn run(self, mut asked: tokio::sync::mpsc::Receiver<()>, over: CancellationToken) {
        let mut in_use = self.seen().await;
        let mut before = in_use.clone();
        loop {
            let is_asked = tokio::select! {
                // Where nobody can ask, the files alone count.
                Some(()) = asked.recv() => true,
                () = tokio::time::sleep(EVERY) => false,
                () = over.cancelled() => return,
            };
            let now = self.seen().await;
            // A file that is being written is read when it has come to rest.
            let is_changed = now != in_use && now == before;
            before.clone_from(&now);
            if is_asked || is_changed {
                // As it was before it is read: what changes meanwhile is another change.
                in_use = now;
                self.reload().await;
            }
        }
    }

    /// Reads everything again, now. Whether it is in force.
    pub async fn reload(&self) -> bool {
        let outcome = self.try_reload().await;
        self.path.figures().reloaded(outcome.is_ok());
        match outcome {
            Ok(changes) if changes.is_empty() => tracing::info!("read all files again: nothing has changed"),
            Ok(changes) => tracing::info!("read all files again: {}", changes.join("; ")),
            Err(wrong) => {
                wrong
                    .iter()
                    .for_each(|(part, error)| tracing::error!("{part}: {error}"));
                tracing::error!("nothing of what was read is in force; everything stays as it was");
                self.health.set_wrong(wrong.iter().map(|(part, _)| *part).collect());
                return false;
            }
        }
        self.health.set_wrong(Vec::new());
        true
    }

    /// What has changed, or all that is wrong.
    async fn try_reload(&self) -> std::result::Result<Vec<String>, Vec<(&'static str, Error)>> {
        let mut wrong = Vec::new();
        let (tokens, tls, path) = (self.tokens.clone(), self.tls.clone(), self.path.clone());
        let read = tokio::task::spawn_blocking(move || {
            (
                tokens.map(|tokens| tokens.read()).transpose(),
                tls.map(|tls| tls.read()).transpose(),
                path.approval().read_rules(),
            )
        });
        let (tokens, tls, confirm_rules) = match read.await {
            Ok(read) => read,
            Err(e) => {
                return Err(vec![(
                    "tokens",
                    Error::new(Code::Internal, format!("files were not read: {e}")),
                )]);
            }
        };
        let tokens = tokens.map_err(|e| wrong.push(("tokens", e))).ok().flatten();
        let confirm_rules = confirm_rules.map_err(|e| wrong.push(("confirmation rules", e))).ok();
        let renewed = tls.map_err(|e| wrong.push(("certificate", e))).ok().flatten();
        let mut changes = Vec::new();
        let is_well_so_far = wrong.is_empty();
        let (mut rules_wrong, mut is_held_back) = (false, false);
        let services = self.path.services();
        let accept = |inventory: &Inventory| {
            let policy = Policy::load(inventory, self.policy).inspect_err(|_| rules_wrong = true)?;
            if !is_well_so_far {
                is_held_back = true;
                return Err(Error::new(Code::Conflict, "another file is wrong"));
            }
            // Nothing fails from here on. Rules come before devices: a device is never in force without its own.
            let summary = policy.summary();
            if summary != services.policy.swap(Arc::new(policy)).summary() {
                changes.push(format!("guardrails: {summary}"));
            }
            let approval = self.path.approval();
            if confirm_rules.is_some_and(|rules| approval.install(rules)) {
                changes.push(format!("confirmation rules: {}", approval.rules().len()));
            }
            if let (Some(in_force), Some(tokens)) = (&self.tokens, tokens) {
                in_force.set_devices(inventory.devices.keys());
                let changed = in_force.install(tokens);
                if !changed.is_empty() {
                    changes.push(format!("tokens: {changed}"));
                }
            }
            let is_renewed = self
                .tls
                .as_ref()
                .zip(renewed)
                .is_some_and(|(tls, renewed)| tls.install(renewed));
            if is_renewed {
                changes.push("the certificate was renewed".into());
            }
            Ok(())
        };
        match devices(&services.junos, accept).await {
            Err(_) if is_held_back => {}
            Err(e) => wrong.push((if rules_wrong { "rules" } else { "inventory" }, e)),
            Ok(words) => changes.extend(words.map(|words| format!("devices: {words}"))),
        }
        if wrong.is_empty() { Ok(changes) } else { Err(wrong) }
    }

    /// The state of every file that counts, also of those that are not there yet.
    async fn seen(&self) -> Vec<(PathBuf, Seen)> {
        let inventory = self.path.services().junos.inventory();
        let mut files: Vec<PathBuf> = inventory.path().map(FilePath::to_owned).into_iter().collect();
        files.extend(Policy::files(&inventory));
        files.extend(self.path.approval().rules_file().map(FilePath::to_owned));
        files.extend(self.tokens.iter().map(|tokens| tokens.path().to_owned()));
        files.extend(self.tls.iter().flat_map(|tls| tls.files()));
        let look_at_all = || {
            files
                .into_iter()
                .map(|file| {
                    let seen = look(&file);
                    (file, seen)
                })
                .collect()
        };
        tokio::task::spawn_blocking(look_at_all).await.unwrap_or_default()
    }
}

/// Reads the devices again, and says what has changed of them.
async fn devices(junos: &Junos, accept: impl FnOnce(&Inventory) -> Result<()>) -> Result<Option<String>> {
    let inventory = junos.inventory();
    match inventory.path() {
        Some(_) => Ok(junos.reload(None, accept).await?.changes.words()),
        // A server for the Mist cloud alone has none.
        None => accept(&inventory).map(|()| None),
    }
}

fn look(file: &FilePath) -> Seen {
    let found = std::fs::metadata(file).ok()?;
    #[cfg(unix)]
    let (number, names) = {
        use std::os::unix::fs::MetadataExt as _;
        (found.ino(), found.nlink())
    };
    #[cfg(not(unix))]
    let (number, names) = (0, 0);
    Some((found.modified().ok(), found.len(), number, names))
}
