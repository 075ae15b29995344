//! What the operator wants covered in events: fields that are dropped, or stand as a keyed digest that tells equal values and no more.

use std::{fmt::Write as _, path::Path, sync::Arc};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::error::{Code, Error, Result};

/// Fields that can be covered. Who called and how it ended never is.
const FIELDS: &[&str] = &["routers", "host", "name", "basename", "command", "pfe_command"];

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    Keep,
    Drop,
    Hmac,
}

/// What is covered; nothing by default.
#[derive(Clone, Default)]
pub struct Redaction(Arc<Covers>);

#[derive(Default)]
struct Covers {
    fields: Vec<(&'static str, Cover)>,
    /// The key of the digests, primed; there where any field needs it.
    key: Option<Hmac<Sha256>>,
}

impl Redaction {
    /// Reads `field=keep|drop|hmac,...`, and the key where a field needs it: the bytes of the file as they are.
    ///
    /// # Errors
    /// `invalid_input` for a map that cannot be read or a key that is missing.
    pub fn parse(map: &str, key_file: Option<&Path>) -> Result<Self> {
        let mut fields: Vec<(&'static str, Cover)> = Vec::new();
        for entry in map.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, cover) = entry
                .split_once('=')
                .ok_or_else(|| wrong(format!("`{}` is not FIELD=HOW", entry.escape_debug())))?;
            let name = name.trim();
            let field = FIELDS.iter().find(|field| **field == name).ok_or_else(|| {
                let all = FIELDS.join(", ");
                wrong(format!(
                    "there is no field `{}`; the fields are {all}",
                    name.escape_debug()
                ))
            })?;
            let cover = match cover.trim().to_ascii_lowercase().as_str() {
                "keep" => Cover::Keep,
                "drop" => Cover::Drop,
                "hmac" => Cover::Hmac,
                other => return Err(wrong(format!("`{}` is none of keep, drop, hmac", other.escape_debug()))),
            };
            // What is said last counts.
            fields.retain(|(name, _)| name != field);
            fields.push((*field, cover));
        }
        let needs_key = fields.iter().any(|(_, cover)| *cover == Cover::Hmac);
        let key = needs_key.then(|| key(key_file)).transpose()?;
        Ok(Self(Arc::new(Covers { fields, key })))
    }

    /// Whether values of this field stand otherwise than they are.
    pub(super) fn covers(&self, field: &str) -> bool {
        self.cover(field) != Cover::Keep
    }

    /// What stands for this value; `None` where nothing does.
    pub(super) fn apply(&self, field: &str, value: &str) -> Option<String> {
        match (self.cover(field), &self.0.key) {
            (Cover::Keep, _) => Some(value.to_owned()),
            (Cover::Hmac, Some(key)) => {
                let digest = key.clone().chain_update(value.as_bytes()).finalize().into_bytes();
                Some(format!("hmac:{}", hex(&digest)))
            }
            (Cover::Drop | Cover::Hmac, _) => None,
        }
    }

    fn cover(&self, field: &str) -> Cover {
        let of = |field: &str| {
            self.0
                .fields
                .iter()
                .find(|(name, _)| *name == field)
                .map(|(_, cover)| *cover)
        };
        // A command to a forwarding engine is a command where nothing is said of it.
        let or_command = || if field == "pfe_command" { of("command") } else { None };
        of(field).or_else(or_command).unwrap_or(Cover::Keep)
    }
}

fn key(file: Option<&Path>) -> Result<Hmac<Sha256>> {
    let Some(file) = file else {
        return Err(wrong(
            "`hmac` needs a key: name its file with --audit-hmac-key-file".into(),
        ));
    };
    let bytes = std::fs::read(file)
        .map_err(|e| wrong(format!("the key file `{}` cannot be read: {e}", file.display())).caused_by(e))?;
    if bytes.is_empty() {
        return Err(wrong(format!("the key file `{}` is empty", file.display())));
    }
    Hmac::new_from_slice(&bytes).map_err(|e| wrong(format!("the key cannot be used: {e}")))
}

fn wrong(why: String) -> Error {
    Error::new(Code::InvalidInput, format!("`--audit-redact`: {why}"))
}

/// The digest of a payload, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to memory does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hmac_of(key: &[u8], data: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        std::fs::write(&file, key).unwrap();
        let redaction = Redaction::parse("command=hmac", Some(&file)).unwrap();
        redaction.apply("command", data).unwrap()
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        // RFC 4231, test cases 1, 2 and 6; the key of the last is longer than a block.
        assert_eq!(
            hmac_of(&[0x0b; 20], "Hi There"),
            "hmac:b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hmac_of(b"Jefe", "what do ya want for nothing?"),
            "hmac:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hmac_of(&[0xaa; 131], "Test Using Larger Than Block-Size Key - Hash Key First"),
            "hmac:60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_map_that_is_wrong_is_told_in_one_line() {
        let missing = Path::new("/nowhere/key");
        for (map, key, words) in [
            ("host", None, "is not FIELD=HOW"),
            ("caller=drop", None, "no field `caller`"),
            ("host=hide", None, "none of keep, drop, hmac"),
            ("host=hmac", None, "--audit-hmac-key-file"),
            ("host=hmac", Some(missing), "cannot be read"),
        ] {
            let error = Redaction::parse(map, key).err().expect(map);
            assert_eq!(error.code(), Code::InvalidInput, "{map}");
            assert!(
                error.message().contains(words) && error.advice().is_none(),
                "{map}: {error}"
            );
        }
    }

    #[test]
    fn each_field_has_its_own_way() {
        let redaction = Redaction::parse("host=drop, command=DROP, name=keep,", None).unwrap();
        assert_eq!(redaction.apply("host", "192.0.2.1"), None);
        assert_eq!(redaction.apply("pfe_command", "show"), None, "a command like others");
        assert_eq!(redaction.apply("name", "mx").as_deref(), Some("mx"));
        let own = Redaction::parse("command=drop,pfe_command=keep", None).unwrap();
        assert_eq!(own.apply("pfe_command", "show").as_deref(), Some("show"));
    }
}
