//! Events in the journal of systemd, by its native protocol: one datagram of fields.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Event,
    event::{Field, Phase},
    line::write_json,
};
use crate::error::{Code, Error, Result};

/// Where journald listens.
pub const SOCKET: &str = "/run/systemd/journal/socket";

/// Bytes of one field, so that an event fits into a datagram: what is larger would have to be sent as a file.
const LONGEST: usize = 8 * 1024;

/// A way to journald.
pub(super) struct Journald {
    #[cfg(unix)]
    socket: std::os::unix::net::UnixDatagram,
    path: PathBuf,
}

impl Journald {
    /// # Errors
    /// `not_found` where nobody listens at this socket.
    #[cfg(unix)]
    pub(super) fn open(path: &Path) -> Result<Self> {
        let open = || {
            let socket = std::os::unix::net::UnixDatagram::unbound()?;
            // A journal that hangs must not hold the server for good.
            socket.set_write_timeout(Some(std::time::Duration::from_secs(1)))?;
            // Each event finds its own way, since journald may be started again; here it is only seen whether there is one.
            std::os::unix::net::UnixDatagram::unbound()?.connect(path)?;
            Ok(socket)
        };
        let absent = |e: io::Error| {
            Error::new(
                Code::NotFound,
                format!("`--audit-journald`: nobody listens at `{}`: {e}", path.display()),
            )
            .caused_by(e)
        };
        let socket = open().map_err(absent)?;
        Ok(Self {
            socket,
            path: path.to_owned(),
        })
    }

    #[cfg(not(unix))]
    pub(super) fn open(path: &Path) -> Result<Self> {
        let _ = path.to_owned() as PathBuf;
        Err(Error::new(
            Code::Unsupported,
            "`--audit-journald`: this system has no journald",
        ))
    }

    #[cfg(unix)]
    pub(super) fn send(&self, message: &[u8]) -> io::Result<()> {
        self.socket.send_to(message, &self.path).map(drop)
    }

    #[cfg(not(unix))]
    pub(super) fn send(&self, _message: &[u8]) -> io::Result<()> {
        let _ = &self.path;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// An event as the journal takes it. What is long is cut, and says so.
    pub(super) fn message(event: &Event, phase: Phase) -> Vec<u8> {
        let mut message = Vec::with_capacity(1024);
        // As every line of a service without a level of its own: informational.
        for (name, value) in [
            ("MESSAGE", "audit"),
            ("PRIORITY", "6"),
            ("SYSLOG_IDENTIFIER", "jmcp"),
            ("TARGET", "audit"),
        ] {
            put(&mut message, name, value.as_bytes());
        }
        for (name, field) in event.fields(phase) {
            if matches!(name, "target" | "time") {
                continue;
            }
            let name = format!("AUDIT_{}", name.to_ascii_uppercase());
            put(&mut message, &name, &value(&field));
        }
        message
    }
}

fn value(field: &Field) -> Vec<u8> {
    let mut bytes = match field {
        Field::Text(text) => text.as_bytes().to_vec(),
        Field::Number(number) => number.to_string().into_bytes(),
        Field::Object(fields) => {
            let words = fields.iter().map(|(name, value)| match value.as_str() {
                Some(text) => format!("{name}={text}"),
                None => format!("{name}={value}"),
            });
            words.collect::<Vec<_>>().join(" ").into_bytes()
        }
        list @ Field::List(_) => {
            let mut bytes = Vec::new();
            write_json(&mut bytes, list);
            bytes
        }
    };
    if bytes.len() > LONGEST {
        bytes.truncate(LONGEST);
        let whole = String::from_utf8_lossy(&bytes).trim_end_matches('\u{fffd}').len();
        bytes.truncate(whole);
        bytes.extend_from_slice("…".as_bytes());
    }
    bytes
}

/// A field: `NAME=value`, or with its length where the value has line ends.
fn put(message: &mut Vec<u8>, name: &str, value: &[u8]) {
    message.extend_from_slice(name.as_bytes());
    if value.contains(&b'\n') {
        message.push(b'\n');
        message.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        message.push(b'=');
    }
    message.extend_from_slice(value);
    message.push(b'\n');
}
