//! The rule files of the Python server: `block.cmd` for commands, `block.cfg` for configuration; and `allow.cmd`, of the form of
//! `block.cmd`, for the commands that are allowed where only what is listed is.
//!
//! Each line that is neither blank nor a comment is a rule. In `block.cmd` it is a regular expression that must match the
//! beginning of a command; in `block.cfg` each word is one, and must match the whole word at the same place of a line of
//! configuration. Where a file is not found the built-in rules hold. A file that cannot be read, or holds a line that is no
//! regular expression, stops the server: without its rules it would do what somebody forbade.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::error::{Code, Error, Result};

/// The files.
pub(super) const NAMES: [&str; 3] = ["block.cmd", "block.cfg", "allow.cmd"];

/// Commands that are safe to run wherever only what is listed is allowed.
const SAFE: &str = include_str!("builtin/safe.cmd");

/// A rule on commands.
#[derive(Debug, Clone)]
pub(super) struct CommandRule {
    /// The line of the file.
    pub(super) text: String,
    /// The file, and the number of the line.
    pub(super) origin: String,
    pattern: Regex,
}

/// A rule on lines of configuration.
#[derive(Debug, Clone)]
pub(super) struct ConfigRule {
    /// The line of the file.
    pub(super) text: String,
    /// The file, and the number of the line.
    pub(super) origin: String,
    words: Vec<Regex>,
}

/// The rules of all files and where they are from.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    /// Rules on commands.
    pub(super) commands: Vec<CommandRule>,
    /// Rules on configuration.
    pub(super) config: Vec<ConfigRule>,
    /// Commands that are allowed where only what is listed is.
    pub(super) allowed: Vec<CommandRule>,
    /// Those that are allowed there without any file.
    pub(super) safe: Vec<CommandRule>,
    /// Where each is from, for people.
    pub(super) origins: Vec<String>,
}

impl Files {
    /// Reads the files from the first of the directories that has them; else, where `default_rules`, takes the built-in ones.
    ///
    /// # Errors
    /// `io` for a file that cannot be read, `invalid_input` for a line that is no regular expression.
    pub(super) fn read(directories: &[PathBuf], default_rules: bool) -> Result<Self> {
        let mut files = Self {
            safe: command_rules(SAFE, "built-in safe.cmd")?,
            ..Self::default()
        };
        let built_in = [
            Some(include_str!("builtin/block.cmd")),
            Some(include_str!("builtin/block.cfg")),
            None,
        ];
        for (name, built_in) in NAMES.into_iter().zip(built_in) {
            let found = directories
                .iter()
                .map(|directory| directory.join(name))
                .find(|path| path.symlink_metadata().is_ok());
            let (text, origin) = match (found, built_in) {
                (Some(path), _) => (read(&path)?, path.display().to_string()),
                (None, Some(built_in)) if default_rules => (built_in.to_owned(), format!("built-in {name}")),
                _ => continue,
            };
            match name {
                "block.cmd" => files.commands = command_rules(&text, &origin)?,
                "allow.cmd" => files.allowed = command_rules(&text, &origin)?,
                _ => files.config = config_rules(&text, &origin)?,
            }
            files.origins.push(origin);
        }
        Ok(files)
    }
}

/// The lines that are rules, each with where it is.
fn rules<'a>(text: &'a str, origin: &'a str) -> impl Iterator<Item = (&'a str, String)> {
    let lines = text.lines().map(str::trim).enumerate();
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(move |(at, line)| (line, format!("{origin} line {}", at + 1)))
}

fn command_rules(text: &str, origin: &str) -> Result<Vec<CommandRule>> {
    let rule = |(line, place): (&str, String)| {
        Ok(CommandRule {
            text: line.to_owned(),
            pattern: regex(&format!("^(?:{line})"), line, origin)?,
            origin: place,
        })
    };
    rules(text, origin).map(rule).collect()
}

fn config_rules(text: &str, origin: &str) -> Result<Vec<ConfigRule>> {
    let rule = |(line, place): (&str, String)| {
        let words = split(line);
        let words = words.iter().map(|word| regex(&format!("^(?:{word})$"), line, origin));
        Ok(ConfigRule {
            text: line.to_owned(),
            words: words.collect::<Result<_>>()?,
            origin: place,
        })
    };
    rules(text, origin).map(rule).collect()
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::new(
            Code::Io,
            format!("blocklist file `{}` cannot be read: {error}", path.display()),
        )
        .advise("make it readable or remove it; without its rules nothing is run")
        .caused_by(error)
    })
}

fn regex(pattern: &str, line: &str, origin: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| {
        let text = error.to_string();
        let why = text
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned();
        Error::new(
            Code::InvalidInput,
            format!("invalid regex in `{origin}`: `{line}`: {why}"),
        )
        .advise("look-around and back-references are not supported")
    })
}

impl CommandRule {
    /// Whether the rule holds for this command.
    pub(super) fn matches(&self, command: &str) -> bool {
        self.pattern.is_match(command)
    }
}

impl ConfigRule {
    /// Whether the rule holds for a line with these words: each of its own fits the word at its place.
    pub(super) fn matches(&self, words: &[String]) -> bool {
        words.len() >= self.words.len()
            && self
                .words
                .iter()
                .zip(words)
                .all(|(pattern, word)| pattern.is_match(word))
    }

    /// Whether the rule could hold for a statement of which only these words are known: `is_open` where more may follow, and a word
    /// that `is_any` stands for any other.
    pub(super) fn could_match(&self, words: &[String], is_open: bool, is_any: impl Fn(&str) -> bool) -> bool {
        (is_open || words.len() >= self.words.len())
            && self
                .words
                .iter()
                .zip(words)
                .all(|(pattern, word)| is_any(word) || pattern.is_match(word))
    }
}

/// The words of a rule; blanks inside `[...]` belong to the word.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut in_brackets = false;
    for c in line.chars() {
        match c {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => {}
        }
        if c.is_whitespace() && !in_brackets {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// More alternatives than this are not told apart.
const MOST: usize = 256;

/// The rules that a rule with plain alternatives (`(a|b)`, `(a|b)?`, `a|b`) stands for; itself where there are too many.
pub(super) fn alternatives(rule: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![rule.replace("\\s+", " ").replace(" +", " ")];
    while let Some(next) = open.pop() {
        match group(&next) {
            Some((before, choices, after)) => {
                open.extend(choices.iter().map(|choice| format!("{before}{choice}{after}")));
            }
            None if next.contains(['(', '[', '\\']) => done.push(next),
            None => done.extend(next.split('|').map(str::to_owned)),
        }
        if open.len() + done.len() > MOST {
            return vec![rule.to_owned()];
        }
    }
    done
}

/// The first group of plain alternatives, with what stands before and behind it.
fn group(rule: &str) -> Option<(&str, Vec<&str>, &str)> {
    let is_plain = |inner: &str| !inner.contains(['(', '[', '\\', '{']);
    for (begin, _) in rule.match_indices('(') {
        let (before, inner) = (rule.get(..begin)?, rule.get(begin + 1..)?);
        let Some((inner, after)) = inner.split_once(')') else {
            break;
        };
        let inner = inner.strip_prefix("?:").unwrap_or(inner);
        if before.ends_with('\\') || !is_plain(inner) || after.starts_with(['*', '+', '{']) {
            continue;
        }
        let (after, none) = after.strip_prefix('?').map_or((after, None), |after| (after, Some("")));
        return Some((before, inner.split('|').chain(none).collect(), after));
    }
    None
}

/// A rule on configuration, in which each word has alternatives of its own, as one on whole lines.
pub(super) fn as_line(rule: &str) -> String {
    let word = |word: String| match word.contains('|') {
        true => format!("({word})"),
        false => word,
    };
    split(rule).into_iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn files_are_found_in_order_and_fail_closed() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let places = [first.path().to_owned(), second.path().to_owned()];
        let read = |default_rules| Files::read(&places, default_rules);
        assert_eq!(
            read(true).unwrap().origins,
            ["built-in block.cmd", "built-in block.cfg"]
        );
        assert!(read(false).unwrap().commands.is_empty());
        std::fs::write(second.path().join("block.cmd"), "# none\n\nclear .*\n").unwrap();
        let files = read(true).unwrap();
        assert_eq!((files.commands.len(), files.config.len()), (1, 2));
        assert!(files.commands[0].matches("clear bgp neighbor") && !files.commands[0].matches("show clear x"));
        std::fs::write(first.path().join("block.cmd"), "request (\n").unwrap();
        assert!(read(true).unwrap_err().message().contains("invalid regex in"));
        std::fs::remove_file(first.path().join("block.cmd")).unwrap();
        std::fs::create_dir(first.path().join("block.cmd")).unwrap();
        assert_eq!(read(true).unwrap_err().code(), Code::Io);
    }

    #[test]
    fn plain_alternatives_are_told_apart() {
        let of = |rule: &str| {
            let mut all = alternatives(rule);
            all.sort();
            all.dedup();
            all
        };
        assert_eq!(
            of("request dhcp (server|relay)"),
            ["request dhcp relay", "request dhcp server"]
        );
        assert_eq!(of("(a|(?:b|c) d) e"), ["a e", "b d e", "c d e"]);
        assert_eq!(of("a( b)?|c"), ["a", "a b", "c"]);
        assert_eq!(of(r"request\s+system"), ["request system"]);
        for rule in ["a (b|c)*", r"a \(b|c)", "a ([^|]+|b)", "a (b"] {
            assert_eq!(of(rule), [rule]);
        }
        let many = "(a|b) ".repeat(9);
        assert_eq!(of(&many), [many]);
        assert_eq!(of(&as_line("set login|services x")), ["set login x", "set services x"]);
    }

    #[test]
    fn words_match_in_full_and_from_the_start() {
        let rule = &Files::read(&[], true).unwrap().config[1];
        assert!(rule.matches(&words("set system login user bob authentication plain")));
        assert!(!rule.matches(&words("set system login user bob class x")));
        assert!(!rule.matches(&words("set system login user")));
        let none = |_: &str| false;
        assert!(rule.could_match(&words("set system login"), true, none));
        assert!(!rule.could_match(&words("set system login"), false, none));
        assert!(!rule.could_match(&words("set system ntp"), true, none));
        assert!(
            rule.could_match(&words("set system login user <*> authentication"), false, |word| word
                == "<*>")
        );
        assert_eq!(split("set user ([^ ]+) x"), ["set", "user", "([^ ]+)", "x"]);
    }
}
