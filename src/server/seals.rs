//! The server's key: what a client keeps for the server and brings back is signed with it, and remembered once it came back. A
//! confirmation that could be sent again would confirm what nobody was asked.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};

/// Bytes of a key file, at least.
const SHORTEST: usize = 32;
/// Bytes of a key file, at most: more is another file.
const LONGEST: usize = 4096;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Signs with one key, and knows what was brought back to this process.
pub struct Seals {
    /// Filled up to the block of the hash with zeros, as HMAC does with shorter keys.
    key: Zeroizing<[u8; 64]>,
    is_shared: bool,
    clock: Clock,
    /// What came back, by its number, with the second since the epoch after which it would be refused anyway.
    spent: Mutex<HashMap<[u8; 16], u64>>,
}

impl Seals {
    /// A random key, for this process.
    pub fn random() -> Self {
        let mut key = Zeroizing::new([0; 64]);
        let (random, _) = key.split_at_mut(32);
        random.copy_from_slice(&rand::random::<[u8; 32]>());
        Self::with(key, false)
    }

    /// A key that several processes share. White space at the end of the file does not count.
    ///
    /// # Errors
    /// `io` where the file cannot be read, `invalid_input` where it is too short or too long for a key.
    pub fn of_file(file: &Path) -> Result<Self> {
        let name = file.display();
        let bytes = fs::read(file).map_err(|e| {
            Error::new(
                Code::Io,
                format!("the key for confirmations `{name}` cannot be read: {e}"),
            )
            .caused_by(e)
        })?;
        let bytes = Zeroizing::new(bytes);
        let secret = bytes.trim_ascii_end();
        if !(SHORTEST..=LONGEST).contains(&secret.len()) {
            let message = format!(
                "the key for confirmations `{name}` has {} bytes; it has to have {SHORTEST} to {LONGEST}",
                secret.len()
            );
            return Err(Error::new(Code::InvalidInput, message)
                .advise(format!("make one with `openssl rand -hex 32 > {name}`")));
        }
        let mut key = Zeroizing::new([0; 64]);
        let (digest, _) = key.split_at_mut(32);
        digest.copy_from_slice(&Sha256::digest(secret));
        Ok(Self::with(key, true))
    }

    fn with(key: Zeroizing<[u8; 64]>, is_shared: bool) -> Self {
        Self {
            key,
            is_shared,
            clock: Arc::new(SystemTime::now),
            spent: Mutex::default(),
        }
    }

    /// With another clock.
    #[must_use]
    pub fn by_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Whether other processes have the same key.
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Seconds since the epoch.
    pub(super) fn now(&self) -> u64 {
        let since = (self.clock)().duration_since(UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    }

    /// The second since the epoch at which what is signed now is too old.
    pub(super) fn until(&self, lasts: Duration) -> u64 {
        self.now().saturating_add(lasts.as_secs())
    }

    /// The keyed digest of these parts, in this order; each purpose has digests of its own.
    pub(super) fn digest(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new((&*self.key).into());
        for part in [purpose.as_bytes()].iter().chain(parts) {
            // With its length, so that no two lists of parts read the same.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether this number came back for the first time. Afterwards it has come back.
    pub(super) fn spend(&self, number: [u8; 16], until: u64) -> bool {
        let now = self.now();
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.retain(|_, until| *until >= now);
        spent.insert(number, until).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        fs::write(&file, text).unwrap();
        (directory, file)
    }

    #[test]
    fn two_processes_with_one_file_have_one_key_and_two_without_have_two() {
        let (_directory, file) = file(&"k".repeat(32));
        let of_file = || Seals::of_file(&file).unwrap().digest("x", &[b"y"]);
        assert_eq!(of_file(), of_file());
        let random = || Seals::random().digest("x", &[b"y"]);
        assert_ne!(random(), random());
    }

    #[test]
    fn digests_of_other_purposes_and_other_parts_differ() {
        let seals = Seals::random();
        let all = [
            seals.digest("a", &[b"bc"]),
            seals.digest("ab", &[b"c"]),
            seals.digest("a", &[b"b", b"c"]),
        ];
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    }

    #[test]
    fn a_short_key_is_refused() {
        let (_directory, file) = file(&format!("{}\n\n\n", "k".repeat(31)));
        let error = Seals::of_file(&file).err().unwrap();
        assert_eq!(error.code(), Code::InvalidInput);
        assert!(error.message().contains("31 bytes"), "{error}");
        assert_eq!(
            Seals::of_file(Path::new("/no/such/key")).err().unwrap().code(),
            Code::Io
        );
    }

    #[test]
    fn a_number_comes_back_once_and_is_forgotten_when_it_is_too_old() {
        let now = Arc::new(Mutex::new(UNIX_EPOCH + Duration::from_secs(1000)));
        let clock = now.clone();
        let seals = Seals::random().by_clock(Arc::new(move || *clock.lock().unwrap()));
        let until = seals.until(Duration::from_secs(10));
        assert!(seals.spend([1; 16], until));
        assert!(!seals.spend([1; 16], until));
        *now.lock().unwrap() += Duration::from_secs(11);
        assert!(seals.spend([2; 16], until));
        assert_eq!(seals.spent.lock().unwrap().len(), 1);
    }
}
