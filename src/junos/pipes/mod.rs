//! CLI pipes: what the device does with its output and what jmcp has to do itself.
//!
//! Over NETCONF the device honours `| display` and `| compare` and silently ignores every other pipe, so a filter sent along
//! would answer with the full output as if it had matched. Filters are therefore taken off the command and done here, in the
//! order in which they are written, as the CLI does. A pipe that cannot be done is refused, never dropped.
//!
//! `match`, `except` and `find` ignore case, as the Junos CLI does, and take a regular expression.

mod apply;
mod parse;

use regex::Regex;

pub use self::{apply::apply, parse::split};

/// A command taken apart.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// What the device gets: the command with its `| display` and `| compare` pipes, without `| display json`.
    pub command: String,
    /// The form of the output that is asked for.
    pub display: Display,
    /// What is done here with the output, in this order.
    pub pipes: Vec<Pipe>,
    /// Pipes that are accepted but change nothing here, each with why; the caller should be told.
    pub notes: Vec<&'static str>,
}

/// The form of a command's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Display {
    /// As the CLI prints it, including what `| display set` and its like make of it.
    #[default]
    Text,
    /// `| display xml`: the device's XML.
    Xml,
    /// `| display json`: JSON made here from the device's XML, because the device's own JSON is not reliable.
    Json,
}

/// One step of filtering.
#[derive(Debug, Clone)]
pub enum Pipe {
    /// Keep the lines that match.
    Match(Regex),
    /// Keep the lines that do not match.
    Except(Regex),
    /// Begin at the first line that matches.
    Find(Regex),
    /// Count the lines.
    Count,
    /// Keep this many lines at the end.
    Last(usize),
    /// Take this many columns (characters) off the start of every line.
    Trim(usize),
}

#[cfg(test)]
mod tests;
