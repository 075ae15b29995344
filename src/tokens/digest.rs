//! The hash of a secret: the only form in which a secret is kept while the server runs.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What every hash in a file begins with.
const PREFIX: &str = "sha256:";

/// SHA-256 of a secret. Compared in constant time. As the key of a map it is found by a keyed hash, so that the time of a search says nothing
/// about the digests in it either.
#[derive(Clone, Copy)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    pub(super) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// The hash as files have it: `sha256:` and 43 characters of base64url.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The hash as files have it.
    pub(super) fn text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// Twelve digits that tell secrets apart and say nothing about them: a hash of the hash.
    pub(super) fn short(&self) -> String {
        let again: [u8; 32] = Sha256::digest(self.0).into();
        again.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Hashes do not belong in a log either.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(***)")
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_in_files_is_exact() {
        // echo -n secret | sha256sum | xxd -r -p | basenc --base64url
        let text = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols";
        assert_eq!(Digest::of("secret").text(), text);
        assert!(Digest::parse(text) == Some(Digest::of("secret")));
        for bad in [
            "",
            "sha256:",
            "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols",
            "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols=",
            "sha256:K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols",
            "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unolt",
            "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Uno",
            "SHA256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols",
        ] {
            assert!(Digest::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_short_form_is_not_part_of_the_hash() {
        let digest = Digest::of("secret");
        let hex: String = digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest.short().len(), 12);
        assert!(!hex.contains(&digest.short()));
    }
}
