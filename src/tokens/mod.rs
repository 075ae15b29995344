//! Bearer tokens: who may call, what each caller reaches, and until when. Knows nothing of HTTP.
//!
//! [`Tokens`] are those in force. A file is read into a [`TokenSet`] as a whole or not at all, and only [`Tokens::install`] changes what is
//! in force. Both files of the earlier servers are understood, told apart by their content: `tokens.json` with hashes and scopes, and
//! `.tokens` with the secrets themselves.

mod caller;
mod digest;
mod document;
pub mod edit;
mod entry;
mod file;
mod known;
mod mint;
mod reader;
mod set;
mod used;
mod write;

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;

pub use self::{
    caller::Caller, document::Format, entry::Entry, file::find, known::Known, set::TokenSet, used::LastUsed,
};
use self::{caller::Held, digest::Digest};
use crate::error::Result;

/// What time it is.
type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The tokens in force, of one file. Kept in an `Arc`; every method takes `&self`.
pub struct Tokens {
    path: PathBuf,
    known: ArcSwap<Known>,
    in_force: ArcSwap<InForce>,
    /// One change of what is in force at a time.
    changing: Mutex<()>,
    /// Whether it was said already that times of use cannot be written.
    said_unwritable: AtomicBool,
    clock: Clock,
}

/// The tokens of one set, by the hashes of their secrets.
#[derive(Default)]
struct InForce {
    held: HashMap<Digest, Held>,
}

impl Tokens {
    /// Reads the file and puts its tokens in force. Blocks on file I/O. Warnings go to the log.
    ///
    /// # Errors
    /// As [`TokenSet::read`]; `invalid_input` for a file with plain secrets that holds none, as in the server it comes from.
    pub fn open(path: PathBuf, known: &Known) -> Result<Self> {
        Self::open_at(path, known, Arc::new(SystemTime::now))
    }

    /// [`Tokens::open`] with a clock of the caller's.
    ///
    /// # Errors
    /// As [`Tokens::open`].
    pub fn open_at(path: PathBuf, known: &Known, clock: Arc<dyn Fn() -> SystemTime + Send + Sync>) -> Result<Self> {
        let set = TokenSet::read(&path, known)?;
        if set.is_empty() && set.format() == Format::Plain {
            return Err(file::has_no_tokens(&path));
        }
        let tokens = Self {
            path,
            known: ArcSwap::from_pointee(known.clone()),
            in_force: ArcSwap::default(),
            changing: Mutex::new(()),
            said_unwritable: AtomicBool::new(false),
            clock,
        };
        tokens.install(set);
        Ok(tokens)
    }

    /// The file, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many tokens are in force, expired ones included.
    pub fn len(&self) -> usize {
        self.in_force.load().held.len()
    }

    /// Whether nobody can call.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The devices that the inventory has from now on: [`Tokens::install`] warns about scopes that name others.
    pub fn set_devices(&self, names: impl IntoIterator<Item = impl Into<String>>) {
        let known = self.known.load().as_ref().clone();
        self.known.store(Arc::new(known.with_devices(names)));
    }

    /// The caller with this secret, while its token has not expired. Notes the time of use in memory.
    ///
    /// The secret is hashed and the hashes are compared in constant time; nothing is allocated.
    pub fn authenticate(&self, secret: &str) -> Option<Caller> {
        let in_force = self.in_force.load();
        let held = in_force.held.get(&Digest::of(secret))?;
        let now = (self.clock)();
        if held.is_over(now) {
            return None;
        }
        held.used.fetch_max(milliseconds(now), Ordering::Relaxed);
        Some(held.caller.clone())
    }

    /// Reads the file as it is now and changes nothing. Blocks on file I/O.
    ///
    /// # Errors
    /// As [`TokenSet::read`].
    pub fn read(&self) -> Result<TokenSet> {
        TokenSet::read(&self.path, &self.known.load())
    }

    /// Puts the set in force. Callers of tokens that are gone, have another secret or are over get their `alive` cancelled; a
    /// token that only has other scopes keeps it. The set's warnings go to the log.
    pub fn install(&self, mut set: TokenSet) -> TokenChanges {
        let _change = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.in_force.load_full();
        set.look_for_devices(&self.known.load());
        for warning in set.warnings() {
            tracing::warn!("{warning}");
        }
        if set.is_empty() {
            tracing::warn!("token file `{}` has no tokens: nobody can call", self.path.display());
        }
        let changes = TokenChanges::between(&old, &set);
        let entries = set.into_entries().into_iter();
        let held: HashMap<Digest, Held> = entries
            .map(|entry| (entry.digest, Held::of(entry, |digest| old.held.get(digest))))
            .collect();
        let new = Arc::new(InForce { held });
        self.in_force.store(new.clone());
        for (digest, held) in &old.held {
            let goes_on = new.held.get(digest).is_some_and(|new| new.caller.id == held.caller.id);
            if !goes_on {
                held.caller.alive.cancel();
            }
        }
        self.end_expired();
        changes
    }

    /// Cancels `alive` of the callers whose tokens are over. Cheap; meant to be called every second.
    pub fn end_expired(&self) {
        let now = (self.clock)();
        for held in self.in_force.load().held.values() {
            if held.is_over(now) && !held.caller.alive.is_cancelled() {
                tracing::warn!("token `{}` has expired", held.caller.principal.name);
                held.caller.alive.cancel();
            }
        }
    }

    /// Writes the times of last use to a file beside the token file, never into it. Where nothing can be written, that is logged once
    /// and is no error. Blocks on file I/O.
    ///
    /// # Errors
    /// `io` where writing fails for another reason, `conflict` where other processes hold the directory's lock for long.
    pub fn save_used(&self) -> Result<()> {
        let in_force = self.in_force.load_full();
        let times = in_force.held.values().map(|held| {
            let used = held.used.load(Ordering::Relaxed);
            let time = (used > 0).then(|| UNIX_EPOCH + Duration::from_millis(used));
            (held.caller.id.as_ref(), time)
        });
        let saved = LastUsed::save(&self.path, times)?;
        if !saved && !self.said_unwritable.swap(true, Ordering::Relaxed) {
            let path = LastUsed::path(&self.path);
            tracing::warn!("times of use are not kept: `{}` cannot be written", path.display());
        }
        Ok(())
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("path", &self.path)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What an installation changed: names of tokens, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenChanges {
    /// Tokens that were not there before.
    pub added: Vec<String>,
    /// Tokens that are gone.
    pub removed: Vec<String>,
    /// Tokens with another secret.
    pub rotated: Vec<String>,
    /// Tokens with the same secret and other fields, such as scopes or expiry.
    pub changed: Vec<String>,
}

impl TokenChanges {
    fn between(old: &InForce, new: &TokenSet) -> Self {
        let before: HashMap<&str, &Held> = old
            .held
            .values()
            .map(|held| (held.caller.principal.name.as_ref(), held))
            .collect();
        let mut changes = Self::default();
        for entry in new.entries() {
            let name = entry.name().to_owned();
            match before.get(entry.name()) {
                None => changes.added.push(name),
                Some(held) if held.caller.id != entry.id => changes.rotated.push(name),
                Some(held) if held.fingerprint != entry.fingerprint => changes.changed.push(name),
                Some(_) => {}
            }
        }
        let is_gone = |name: &&str| new.entries().iter().all(|entry| entry.name() != *name);
        changes.removed = before.into_keys().filter(is_gone).map(str::to_owned).collect();
        for names in [
            &mut changes.added,
            &mut changes.removed,
            &mut changes.rotated,
            &mut changes.changed,
        ] {
            names.sort_unstable();
        }
        changes
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// For the log: `added a, b; removed c`, or `nothing changed`.
impl fmt::Display for TokenChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("added", &self.added),
            ("removed", &self.removed),
            ("rotated", &self.rotated),
            ("changed", &self.changed),
        ];
        let said: Vec<String> = kinds
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| format!("{kind} {}", names.join(", ")))
            .collect();
        if said.is_empty() {
            f.write_str("nothing changed")
        } else {
            f.write_str(&said.join("; "))
        }
    }
}

#[cfg(test)]
mod tests;
