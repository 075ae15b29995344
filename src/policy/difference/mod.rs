//! What a change really does: the device's own difference (`show | compare`) as statements with full paths.
//!
//! Whatever a change came from (text, XML, JSON, a template, a rollback), its difference has one form, and rules are judged on that.
//! Nothing is guessed: a difference that does not read as one from its first line to its last is an error.

mod lines;
mod tree;

use std::fmt;

use crate::error::{Code, Error, Result};

/// What becomes of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// It is new.
    Set,
    /// It goes.
    Delete,
    /// It counts again.
    Activate,
    /// It stays and no longer counts.
    Deactivate,
    /// It stands elsewhere among its like.
    Insert,
    /// It may no longer be changed.
    Protect,
    /// It may be changed again.
    Unprotect,
    /// A comment at this place is new, other or gone.
    Annotate,
}

impl Verb {
    /// The word of the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Set => "set",
            Verb::Delete => "delete",
            Verb::Activate => "activate",
            Verb::Deactivate => "deactivate",
            Verb::Insert => "insert",
            Verb::Protect => "protect",
            Verb::Unprotect => "unprotect",
            Verb::Annotate => "annotate",
        }
    }
}

/// How much of a statement the difference shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Extent {
    /// It holds nothing.
    Leaf,
    /// What it holds follows, each with its own full path.
    Container,
    /// What it holds, or its value, is not shown.
    Hidden,
}

/// One statement that changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Statement {
    /// What becomes of it.
    pub verb: Verb,
    /// Its words from the top of the configuration, without quotes.
    pub path: Vec<String>,
    /// How much of it is shown.
    pub extent: Extent,
}

impl Statement {
    /// The verb and the words of the path.
    pub fn words(&self) -> Vec<String> {
        let words = self.path.iter().cloned();
        std::iter::once(self.verb.as_str().to_owned()).chain(words).collect()
    }
}

/// As one would type it, quotes included.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb.as_str())?;
        self.path.iter().try_for_each(|word| write!(f, " {}", quoted(word)))
    }
}

/// What [`statements_of`] gives for a difference that cannot be read. A rule by path has to hold for it.
pub const UNREADABLE: &str = "unreadable";

/// The statements that a difference changes, in its order: what holds others stands before them.
///
/// # Errors
/// `blocked` where the text is no difference that can be read with certainty.
pub fn changes(diff: &str) -> Result<Vec<Statement>> {
    let hunks = lines::read(diff).map_err(|fault| {
        Error::new(
            Code::Blocked,
            format!(
                "the change cannot be judged: line {} of its difference cannot be read: {}",
                fault.line, fault.why
            ),
        )
        .advise("make the change in smaller steps, and tell an operator which statements are in it")
    })?;
    let mut found: Vec<Statement> = Vec::new();
    for hunk in &hunks {
        found.extend(tree::statements(hunk));
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|statement| seen.insert(statement.clone()));
    Ok(found)
}

/// The same as lines (`set a b`, `delete a c`); [`UNREADABLE`] alone where the difference cannot be read. They hold secrets as the
/// difference does.
pub fn statements_of(diff: &str) -> Vec<String> {
    match changes(diff) {
        Ok(found) => found.iter().map(ToString::to_string).collect(),
        Err(_) => vec![UNREADABLE.to_owned()],
    }
}

/// A word as the CLI wants it typed.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_./:+@%,~^-*<>=$&!?()|'".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let inner = word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{inner}\"")
}

#[cfg(test)]
mod tests;
