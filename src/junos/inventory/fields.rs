//! The rules for the single fields of an inventory entry. Each answers what is wrong with a value, without naming the device.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// What is said of a mode that is none.
pub(super) const WRONG_MODE: &str = "must be `deny-listed` or `allow-listed`";

/// Longest name of a device or user, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// Device names: whatever can be read, as the Python server takes them (blanks, slashes, letters of any script).
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let length = 1..=MAX_NAME_BYTES;
    if length.contains(&name.len()) && name.trim() == name && !name.chars().any(is_unseen) {
        return Ok(());
    }
    Err(format!(
        "a name must have 1 to {MAX_NAME_BYTES} bytes, no control or invisible characters, and no blank at either end"
    ))
}

/// Names of devices that are added by a call: what files, metrics and audit events can all carry.
pub(super) fn check_new_name(name: &str) -> Result<(), String> {
    if is_word(name) && !name.starts_with('_') {
        return Ok(());
    }
    Err(format!(
        "invalid device name `{}`: must match ^[A-Za-z0-9_.-]+$ and not begin with `-` or `_`",
        name.escape_debug()
    ))
}

/// User names, also `user@realm`; without what could make one an option or a command where a shell sees it.
pub(super) fn check_username(name: &str) -> Result<(), String> {
    let refused = |c: char| is_unseen(c) || c.is_whitespace() || "'\"`;&|<>(){}[]*?!#~$".contains(c);
    let at_the_ends = name.starts_with('-') || name.ends_with('\\');
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.contains(refused) && !at_the_ends {
        return Ok(());
    }
    Err(format!(
        "invalid username `{}`: no blanks, quotes, control or shell characters, no leading `-`",
        name.escape_debug()
    ))
}

/// Control, bidirectional and zero-width characters.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_word(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=64).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed)
}

/// An address literal or a host name (RFC 1123, and `_` because aliases of `ssh_config` carry it). Brackets around an IPv6
/// address are taken off.
pub(super) fn host(text: &str) -> Result<String, String> {
    let wrong = || format!("invalid device IP/hostname `{}`", text.escape_debug());
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return if is_ipv6(inner) {
            Ok(inner.to_owned())
        } else {
            Err(wrong())
        };
    }
    let valid = if text.contains(':') {
        is_ipv6(text)
    } else {
        is_ipv4(text) || is_host_name(text)
    };
    if valid { Ok(text.to_owned()) } else { Err(wrong()) }
}

fn is_ipv4(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

/// With a zone (`fe80::1%eth0`, RFC 4007 section 11) too.
fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    address.parse::<std::net::Ipv6Addr>().is_ok() && is_word(zone)
}

fn is_host_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| is_word(label) && label.len() <= 63 && !label.ends_with('-');
    // A last label of digits only is a mistyped IPv4 address (RFC 1123 section 2.1).
    let last_is_number = name
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (1..=253).contains(&name.len()) && !last_is_number && name.split('.').all(is_label)
}

/// A TCP port as number or as numeric string.
pub(super) fn port(value: &Value) -> Result<u16, String> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .and_then(|n| u16::try_from(n).ok())
        .filter(|n| *n != 0)
        .ok_or_else(|| format!("invalid device port `{}`: must be in 1..=65535", shown(value)))
}

/// A positive number of whole seconds.
pub(super) fn seconds(value: &Value) -> Result<u64, String> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    };
    let number = number.filter(|n| (1..=86_400).contains(n));
    number.ok_or_else(|| format!("invalid timeout `{}`: must be in 1..=86400 seconds", shown(value)))
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.chars().take(40).collect::<String>().escape_debug().to_string()
}

/// Where relative and `~` paths begin.
#[derive(Debug, Clone)]
pub(super) struct Places {
    /// The inventory's directory.
    pub(super) base: PathBuf,
    /// The home directory of the server's user.
    pub(super) home: Option<PathBuf>,
}

impl Places {
    /// The inventory's directory and `$HOME`.
    pub(super) fn of(base: &Path) -> Self {
        Self {
            base: base.to_owned(),
            home: std::env::var_os("HOME")
                .map(PathBuf::from)
                .filter(|h| !h.as_os_str().is_empty()),
        }
    }

    /// Expands `~`. A relative path is taken from the inventory's directory where something is there, else from the working
    /// directory.
    pub(super) fn expand(&self, text: &str) -> Result<PathBuf, String> {
        if text.contains('\0') || text.trim().is_empty() {
            return Err("must be a path".to_owned());
        }
        let Some(rest) = text.strip_prefix('~') else {
            let here = self.base.join(text);
            return Ok(if here.exists() { here } else { PathBuf::from(text) });
        };
        if !rest.is_empty() && !rest.starts_with('/') {
            return Err(format!(
                "`{}`: only `~/` is expanded, not the home of another user",
                text.escape_debug()
            ));
        }
        let home = self
            .home
            .as_ref()
            .ok_or_else(|| "`~` cannot be expanded: HOME is not set".to_owned())?;
        Ok(home.join(rest.trim_start_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hosts() {
        for good in [
            "192.0.2.1",
            "2001:db8::1",
            "fe80::1%eth0",
            "r1",
            "core_1.example.net.",
            "9.example",
            "localhost",
        ] {
            assert_eq!(host(good).as_deref(), Ok(good));
        }
        assert_eq!(host("[2001:db8::1]").as_deref(), Ok("2001:db8::1"));
        for bad in [
            "",
            " r1",
            "300.1.1.1",
            "192.0.2",
            "-r1",
            "r1-",
            "a..b",
            "a b",
            "2001:db8::g",
            "[r1]",
            "r1;id",
            "r1:22",
        ] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ports() {
        assert_eq!(port(&json!(830)), Ok(830));
        assert_eq!(port(&json!("22")), Ok(22));
        for bad in [
            json!(0),
            json!(65536),
            json!(-1),
            json!(22.5),
            json!("ssh"),
            json!(null),
            json!([22]),
        ] {
            assert!(port(&bad).unwrap_err().contains("1..=65535"), "{bad}");
        }
    }

    #[test]
    fn names_and_users() {
        for good in ["r1.lab-7_x", "core 1", "Zürich/1", "-r1", "東京"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", " r1", "r\n1", "r\u{202e}1", "r\u{200b}", &"a".repeat(256)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_new_name("r1.lab-7_x").is_ok());
        for bad in ["", "-r1", "_r1", "core 1", "Zürich", "r1/../x", &"a".repeat(65)] {
            assert!(check_new_name(bad).is_err(), "{bad:?}");
        }
        for good in [
            "netops",
            "netops@radius.example",
            "REALM\\netops",
            "svc+jmcp",
            "a%b",
            "müller",
        ] {
            assert!(check_username(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-oProxyCommand=x",
            "a b",
            "a;b",
            "$(id)",
            "a`id`",
            "a|b",
            "a\\",
            "a\nb",
            "'a'",
        ] {
            assert!(check_username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn paths() {
        let places = Places {
            base: PathBuf::from("/nowhere"),
            home: Some(PathBuf::from("/home/netops")),
        };
        assert_eq!(
            places.expand("~/.ssh/id").unwrap(),
            PathBuf::from("/home/netops/.ssh/id")
        );
        assert_eq!(places.expand("/etc/key").unwrap(), PathBuf::from("/etc/key"));
        assert_eq!(places.expand("keys/id").unwrap(), PathBuf::from("keys/id"));
        assert!(places.expand("~root/id").is_err());
        assert!(
            Places { home: None, ..places }
                .expand("~/id")
                .unwrap_err()
                .contains("HOME")
        );
    }
}
