//! Attributes of the Mist cloud, and of programs, that hold secrets.

/// Names that say so themselves, in any part.
const PART: &[&str] = &[
    "secret",
    "password",
    "passphrase",
    "passwd",
    "private_key",
    "token",
    "credential",
    "psk",
    "apikey",
];
const WHOLE: &[&str] = &["key", "keys", "community", "community_name", "pin"];
const END: &[&str] = &["_key", "_keys"];
/// The id, the name or the number of a secret is none.
const NOT: &[&str] = &["_id", "_ids", "_name", "_policy", "_days", "_type"];

/// What jmcp itself gives for a caller to send back.
const OWN: &[&str] = &["commit_token", "confirmation_token", "plan_token", "token_name"];

/// Names that end like this hold secrets in whatever text `name=value` stands.
const IN_TEXT: &[&str] = &[
    "secret",
    "password",
    "passphrase",
    "passwd",
    "private_key",
    "psk",
    "api_key",
    "apikey",
    "secret_key",
    "access_key",
    "auth_key",
    "shared_key",
    "authentication_key",
    "privacy_key",
    "encryption_key",
    "auth_token",
    "access_token",
    "api_token",
    "apitoken",
    "snmp_community",
    "community_name",
    "credential",
    "credentials",
];

/// Whether an attribute of the Mist cloud of this name holds a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if NOT.iter().any(|end| name.ends_with(end)) && name != "community_name" {
        return false;
    }
    PART.iter().any(|part| name.contains(part))
        || WHOLE.contains(&name.as_str())
        || END.iter().any(|end| name.ends_with(end)) && !name.starts_with("public_") && !name.starts_with("ssh_")
}

/// Whether a name is one of what jmcp itself gives out.
pub(super) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// Whether a name in any text, such as `radius_secret=...`, is that of a secret.
pub(super) fn is_secret_in_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    !is_own(&name) && (IN_TEXT.iter().any(|end| name.ends_with(end)) || name == "token")
}
