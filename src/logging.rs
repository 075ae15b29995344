//! Log lines on stderr; stdout belongs to the protocol.

use std::{
    borrow::Cow,
    fs::OpenOptions,
    io::{self, IsTerminal as _},
    path::Path,
    sync::Mutex,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::redact;

/// What is logged where `RUST_LOG` does not say. rmcp reports ordinary ends of connections as errors.
const DEFAULT: &str = "warn,jmcp=info,rmcp=error,rmcp::service=off";

/// Sends log lines to stderr, and to the end of a file where one is given. The level counts before `RUST_LOG`.
///
/// # Errors
/// Why the file cannot be opened.
pub(crate) fn start(level: Option<&str>, file: Option<&Path>) -> io::Result<()> {
    let file = file.map(|file| OpenOptions::new().create(true).append(true).open(file));
    let filter = match level {
        // Other parts say nothing at their lower levels that an operator asks for.
        Some("error") => EnvFilter::new("error,rmcp::service=off"),
        Some(level) => EnvFilter::new(format!("warn,jmcp={level},rmcp=error,rmcp::service=off")),
        None => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT)),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| Covered(io::stderr()))
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .with_filter(filter_fn(holds_no_secret));
    let kept = file.transpose()?.map(|file| {
        tracing_subscriber::fmt::layer()
            .with_writer(Mutex::new(Covered(file)))
            .with_ansi(false)
            .with_target(false)
            .with_filter(filter_fn(holds_no_secret))
    });
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(kept)
        .try_init();
    Ok(())
}

/// Writes lines without the secrets in them. Each write is one whole line or more.
struct Covered<W>(W);

impl<W: io::Write> io::Write for Covered<W> {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(lines);
        let plain = without_colours(&text);
        match redact::text(&plain) {
            // Colours stand between a name and its value, so a line that had a secret goes out without.
            Cow::Owned(covered) => self.0.write_all(covered.as_bytes())?,
            Cow::Borrowed(_) => self.0.write_all(lines)?,
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The text without the sequences that colour it.
fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut pieces = text.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or(piece, |(_, rest)| rest));
    }
    Cow::Owned(plain)
}

/// The protocol libraries write whole messages to their log below these levels, and with them passwords: no setting shows those.
fn holds_no_secret(line: &Metadata<'_>) -> bool {
    let most = match line.target().split("::").next() {
        Some("rmcp") => Level::WARN,
        Some("russh") => Level::INFO,
        _ => return true,
    };
    *line.level() <= most
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_line_goes_out_without_its_secrets() {
        let line = |line: &str| {
            let mut out = Covered(Vec::new());
            out.write_all(line.as_bytes()).unwrap();
            String::from_utf8(out.0).unwrap()
        };
        assert_eq!(
            line(
                "WARN \u{1b}[3mradius_secret\u{1b}[0m\u{1b}[2m=\u{1b}[0m\"a B3\" the device said: set snmp community aB3 view all\n"
            ),
            "WARN radius_secret=\"***redacted***\" the device said: set snmp community ***redacted*** view all\n"
        );
        let plain = "\u{1b}[32mINFO\u{1b}[0m Failed password for root\n";
        assert_eq!(line(plain), plain);
    }
}
