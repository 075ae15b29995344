//! Any two configurations of one or two devices against each other. Where a device compares them itself, its own difference is shown;
//! all others are read whole and compared here, statement by statement.

mod difference;
mod print;
#[cfg(test)]
mod tests;
mod text;

use std::{fmt, sync::Arc, time::Duration};

use super::{inventory::Device, pool::Pool};
use crate::error::{Code, Error, Result};

/// A configuration that a device holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The shared candidate, with the edits that are not committed.
    Candidate,
    /// What the device runs.
    Running,
    /// That of an earlier commit, 1 to 49.
    Rollback(u32),
    /// The rescue configuration.
    Rescue,
}

impl Point {
    /// The configuration of this name: `candidate`, `running`, `rescue`, `rollback 3` or only `3`.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn of(name: &str) -> Result<Self> {
        let name = name.trim().to_ascii_lowercase();
        let number = name.strip_prefix("rollback");
        let number = number.map_or(name.as_str(), |number| number.trim_start_matches([' ', '-', '_', '=']));
        match (name.as_str(), number.parse()) {
            ("candidate", _) => Ok(Point::Candidate),
            ("running" | "active" | "committed", _) | (_, Ok(0)) => Ok(Point::Running),
            ("rescue", _) => Ok(Point::Rescue),
            (_, Ok(number @ 1..=49)) => Ok(Point::Rollback(number)),
            _ => {
                let message = format!("`{}` is no configuration of a device", name.escape_debug());
                Err(Error::new(Code::InvalidInput, message)
                    .advise("name one of `candidate`, `running`, `rollback N` (0 to 49) and `rescue`"))
            }
        }
    }

    /// Reads it whole, as text.
    fn request(self) -> String {
        let configuration = |database: &str| format!("<get-configuration database=\"{database}\" format=\"text\"/>");
        match self {
            Point::Candidate => configuration("candidate"),
            Point::Running => configuration("committed"),
            Point::Rollback(number) => format!(
                "<get-rollback-information><rollback>{number}</rollback><format>text</format></get-rollback-information>"
            ),
            Point::Rescue => "<get-rescue-information><format>text</format></get-rescue-information>".to_owned(),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Point::Candidate => f.write_str("candidate"),
            Point::Running => f.write_str("running"),
            Point::Rollback(number) => write!(f, "rollback {number}"),
            Point::Rescue => f.write_str("rescue"),
        }
    }
}

/// The form of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As `show | compare` shows it.
    Hunks,
    /// The commands of configuration mode that lead from the one to the other.
    Commands,
}

/// What is compared, and how it is shown.
#[derive(Debug)]
pub struct Comparison {
    /// Where the difference leads from.
    pub from: Point,
    /// Where it leads to.
    pub to: Point,
    /// Only this part of the tree.
    pub path: Option<String>,
    /// The form.
    pub form: Form,
}

/// How two configurations differ.
#[derive(Debug)]
pub struct Compared {
    /// The difference; empty where there is none.
    pub text: String,
    /// Whether the device compared, and not we.
    pub by_device: bool,
    /// The part that was asked for is in neither of both.
    pub is_nowhere: bool,
}

/// Compares a configuration of one device with one of another, or of the same.
///
/// # Errors
/// `invalid_input` for a path without words; `not_found` where a device has no such configuration; `protocol` where it cannot be read as
/// one; whatever the ways to the devices report.
pub(super) async fn compare(
    pool: &Pool,
    (from, to): (&Arc<Device>, &Arc<Device>),
    asked: &Comparison,
    timeout: Duration,
) -> Result<Compared> {
    let path = asked.path.as_deref().map(words_of).transpose()?.unwrap_or_default();
    let is_whole = from.name == to.name && path.is_empty() && asked.form == Form::Hunks;
    if is_whole && let Some(text) = by_device(pool, from, asked, timeout).await? {
        return Ok(Compared {
            text,
            by_device: true,
            is_nowhere: false,
        });
    }
    let (old, new) = tokio::try_join!(read(pool, from, asked.from, timeout), read(pool, to, asked.to, timeout))?;
    let old = text::at(
        text::parse(&old).map_err(|why| unreadable(from, asked.from, why))?,
        &path,
    );
    let new = text::at(text::parse(&new).map_err(|why| unreadable(to, asked.to, why))?, &path);
    let changes = difference::between(&old, &new);
    Ok(Compared {
        text: match asked.form {
            Form::Hunks => print::hunks(&changes),
            Form::Commands => print::commands(&changes),
        },
        by_device: false,
        is_nowhere: !path.is_empty() && old.is_empty() && new.is_empty(),
    })
}

/// The device's own comparison; `None` where it has none of these two. Junos compares the candidate with any commit, what runs with an
/// earlier commit, and an earlier with a later one.
async fn by_device(pool: &Pool, device: &Arc<Device>, asked: &Comparison, timeout: Duration) -> Result<Option<String>> {
    let candidate =
        |number: u32| format!("<get-configuration compare=\"rollback\" rollback=\"{number}\" format=\"text\"/>");
    let request = match (asked.from, asked.to) {
        (Point::Running, Point::Candidate) => candidate(0),
        (Point::Rollback(number), Point::Candidate) => candidate(number),
        (Point::Rollback(number), Point::Running) => {
            format!("<command format=\"text\">show configuration | compare rollback {number}</command>")
        }
        (Point::Rollback(earlier), Point::Rollback(later)) if earlier > later => {
            format!("<command format=\"text\">show system rollback compare {earlier} {later}</command>")
        }
        _ => return Ok(None),
    };
    match pool.read(device, &request, timeout).await {
        Ok(reply) => Ok(Some(reply.into_cli_text().trim_matches('\n').to_owned())),
        // Such as a stored configuration that no longer parses: read as text it can be compared all the same.
        Err(error) if error.code() == Code::DeviceError => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read(pool: &Pool, device: &Arc<Device>, point: Point, timeout: Duration) -> Result<String> {
    let read = pool.read(device, &point.request(), timeout).await;
    read.map(|reply| reply.into_cli_text()).map_err(|error| {
        let is_stored = matches!(point, Point::Rollback(_) | Point::Rescue);
        if !(is_stored && error.code() == Code::DeviceError) {
            return error;
        }
        let message = format!(
            "device `{}` has no {point} configuration: {}",
            device.name,
            error.message()
        );
        Error::new(Code::NotFound, message)
            .advise("get_rollback_list shows what is stored; save_rescue_config makes a rescue configuration")
    })
}

fn unreadable(device: &Device, point: Point, why: String) -> Error {
    let message = format!(
        "device `{}`: its {point} configuration cannot be read: {why}",
        device.name
    );
    Error::new(Code::Protocol, message).advise("look at it with get_junos_config")
}

/// The words of a path, as typed after `show configuration` or as in `[edit ...]`.
fn words_of(path: &str) -> Result<Vec<String>> {
    let path = path.trim();
    let path = path
        .strip_prefix("[edit")
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(path);
    match text::words(path) {
        Some(words) => Ok(words),
        None => Err(Error::new(Code::InvalidInput, "`path` is no part of a configuration")
            .advise("give words of the hierarchy, such as `protocols bgp group ibgp`")),
    }
}
