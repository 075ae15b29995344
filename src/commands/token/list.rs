//! `jmcp token list`: the table of the server that the file's format comes from, with expiry and last use behind its columns.

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{print, say};
use crate::{
    error::Result,
    time::{parse_rfc3339, rfc3339},
    tokens::{Entry, Format, Known, LastUsed, TokenSet},
};

/// What is in a column where there is nothing to say.
const NOTHING: &str = "-";

/// Prints the tokens; without a file there are none.
pub(super) fn run(file: Option<&Path>, known: &Known) -> Result<ExitCode> {
    let Some(file) = file else {
        print("No tokens found");
        return Ok(ExitCode::SUCCESS);
    };
    let set = TokenSet::read(file, known)?;
    for warning in set.warnings() {
        say(&format!("warning: {warning}"));
    }
    let used = LastUsed::read(file);
    match (set.format(), set.is_empty()) {
        (Format::Hashed, true) => say("(no tokens)"),
        (Format::Plain, true) => print("No tokens found"),
        (Format::Hashed, false) => print(&hashed(&set, &used, SystemTime::now())),
        (Format::Plain, false) => print(&plain(&set, &used, SystemTime::now())),
    }
    Ok(ExitCode::SUCCESS)
}

fn hashed(set: &TokenSet, used: &LastUsed, now: SystemTime) -> String {
    let row = |cells: [&str; 6]| {
        let [name, routers, tools, created, expires, used] = cells.map(shown);
        format!("{name:<32} {routers:<24} {tools:<24} {created:<35} {expires:<35} {used}\n")
    };
    let mut text = row(["NAME", "ROUTERS", "TOOLS", "CREATED_AT", "EXPIRES_AT", "LAST_USED"]);
    for entry in set.entries() {
        let created = entry.created().and_then(parse_rfc3339).map(utc);
        text.push_str(&row([
            entry.name(),
            entry.routers(),
            entry.tools(),
            created.as_deref().unwrap_or(NOTHING),
            &expiry(entry, now),
            &last_used(entry, used),
        ]));
    }
    text
}

/// The further columns are there only where a token has something to say in them.
fn plain(set: &TokenSet, used: &LastUsed, now: SystemTime) -> String {
    let has_more = |entry: &Entry| entry.expires().is_some() || used.of(entry.id()).is_some();
    let is_wide = set.entries().iter().any(has_more);
    let row = |cells: [&str; 5]| {
        let [name, description, created, expires, used] = cells.map(shown);
        let more = if is_wide {
            format!(" {expires:<35} {used:<25}")
        } else {
            String::new()
        };
        format!("{name:<20} {description:<40} {created:<25}{more}\n")
    };
    let mut text = row(["ID", "Description", "Created", "Expires", "Last used"]);
    text.push_str(&"-".repeat(if is_wide { 147 } else { 85 }));
    text.push('\n');
    for entry in set.entries() {
        text.push_str(&row([
            entry.name(),
            entry.description().unwrap_or("No description"),
            entry.created().unwrap_or("Unknown"),
            &expiry(entry, now),
            &last_used(entry, used),
        ]));
    }
    text
}

fn expiry(entry: &Entry, now: SystemTime) -> String {
    let Some(end) = entry.expires() else {
        return NOTHING.to_owned();
    };
    let over = if end <= now { " (expired)" } else { "" };
    format!("{}{over}", seconds(end))
}

fn last_used(entry: &Entry, used: &LastUsed) -> String {
    used.of(entry.id()).map_or_else(|| NOTHING.to_owned(), seconds)
}

fn seconds(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    utc(Duration::from_secs(since.as_secs()))
}

/// RFC 3339 with as many digits of a second as it needs, by threes, and `+00:00`.
fn utc(since_epoch: Duration) -> String {
    let text = rfc3339(since_epoch);
    let whole = text.split('.').next().unwrap_or_default();
    let nanoseconds = format!("{:09}", since_epoch.subsec_nanos());
    let digits = match since_epoch.subsec_nanos() {
        0 => 0,
        n if n % 1_000_000 == 0 => 3,
        n if n % 1000 == 0 => 6,
        _ => 9,
    };
    let fraction = nanoseconds.get(..digits).filter(|digits| !digits.is_empty());
    let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
    format!("{whole}{fraction}+00:00")
}

/// Text that moves nothing on a terminal.
pub(super) fn shown(cell: &str) -> String {
    let visible = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    cell.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_earlier_server_does() {
        for (text, wanted) in [
            ("2026-05-05T00:00:00Z", "2026-05-05T00:00:00+00:00"),
            ("2026-05-05T02:00:00.5+02:00", "2026-05-05T00:00:00.500+00:00"),
            ("2026-05-05T00:00:00.000001Z", "2026-05-05T00:00:00.000001+00:00"),
            ("2026-05-05T00:00:00.123456789Z", "2026-05-05T00:00:00.123456789+00:00"),
        ] {
            assert_eq!(utc(parse_rfc3339(text).unwrap()), wanted);
        }
    }
}
