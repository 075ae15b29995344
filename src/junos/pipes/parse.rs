//! Takes a command apart at its pipes.

use regex::{Regex, RegexBuilder};

use super::{Display, Pipe, Pipeline};
use crate::{
    error::{Code, Error, Result},
    junos::grammar,
};

/// What `| last` shows without a number: the lines of the CLI's standard screen.
const SCREEN_LINES: usize = 24;

/// Largest compiled size of a pattern in bytes.
const PATTERN_BYTES: usize = 1024 * 1024;

/// The pipes of the Junos CLI. An unambiguous beginning of a name stands for it.
const NAMES: &[&str] = &[
    "append", "compare", "count", "display", "except", "find", "hold", "last", "match", "no-more", "refresh",
    "request", "resolve", "save", "tee", "trim",
];

/// Options of `| display`, to resolve a shortened one.
const DISPLAY_OPTIONS: &[&str] = &[
    "changed",
    "commit-scripts",
    "detail",
    "inheritance",
    "json",
    "omit",
    "rfc5952",
    "set",
    "translation-scripts",
    "xml",
];

/// Names that other systems use, and what Junos calls them.
const FOREIGN: &[(&str, &str)] = &[
    ("grep", "match"),
    ("include", "match"),
    ("exclude", "except"),
    ("begin", "find"),
    ("head", "match"),
    ("tail", "last"),
];

/// Takes a command apart: what the device gets, and what is done here.
///
/// `|` separates wherever it stands outside quotes and is not escaped with a backslash, with or without blanks around it. In what the
/// device gets only double quotes hide one, as they do there.
///
/// # Errors
/// `invalid_input` for an empty command, control characters, an open quote, a `|` that the device could take for a pipe, an unknown or incomplete pipe, a wrong number or
/// pattern, and for `| display` or `| compare` behind a filter; `unsupported` for pipes that write (`save`, `append`, `tee`,
/// `request`).
pub fn split(command: &str) -> Result<Pipeline> {
    let command = command.trim();
    if let Some(control) = command.chars().find(|c| c.is_control()) {
        let message = format!("the command holds the control character `{}`", control.escape_unicode());
        return Err(Error::new(Code::InvalidInput, message).advise("send one command without line breaks per call"));
    }
    let mut segments = segments(command)?.into_iter();
    let first = segments.next().unwrap_or_default();
    if first.is_empty() {
        return Err(wrong("the command is empty"));
    }
    plain_to_device(first)?;
    let mut line = Pipeline {
        command: first.to_owned(),
        display: Display::Text,
        pipes: Vec::new(),
        notes: Vec::new(),
    };
    let mut last_filter = None;
    for segment in segments {
        let (word, rest) = segment
            .split_once(' ')
            .map_or((segment, ""), |(word, rest)| (word, rest.trim()));
        let name = name(word)?;
        match name {
            "display" | "compare" => {
                if let Some(filter) = last_filter {
                    return Err(behind_filter(segment, filter));
                }
                for_device(&mut line, name, rest)?;
            }
            "save" | "append" | "tee" | "request" => return Err(writes(name)),
            _ => {
                line.pipes.extend(filter(name, rest, &mut line.notes)?);
                last_filter = Some(segment);
            }
        }
    }
    Ok(line)
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidInput, message)
}

/// Refuses what the device would take apart where it is one piece here.
fn plain_to_device(text: &str) -> Result<()> {
    if grammar::has_pipe(text) {
        return Err(wrong(format!(
            "a device could take the `|` in `{}` for a pipe: single quotes and backslashes do not hide it there",
            text.escape_debug()
        ))
        .advise("put what holds `|` into double quotes"));
    }
    Ok(())
}

/// The parts between the pipes, trimmed.
fn segments(command: &str) -> Result<Vec<&str>> {
    let mut found = Vec::new();
    let (mut quote, mut escaped, mut word_begins, mut from) = (None, false, true, 0);
    for (at, byte) in command.bytes().enumerate() {
        let in_word = !word_begins;
        word_begins = byte == b' ' || byte == b'|';
        match (quote, byte) {
            _ if escaped => escaped = false,
            (_, b'\\') => escaped = true,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"') => quote = Some(byte),
            // An apostrophe inside a word (`don't`) is none.
            (None, b'\'') if !in_word => quote = Some(byte),
            (None, b'|') => {
                found.push(command.get(from..at).unwrap_or_default().trim());
                from = at + 1;
            }
            (None, _) => {}
        }
    }
    if quote.is_some() {
        return Err(wrong(format!("a quote is not closed in `{command}`")));
    }
    found.push(command.get(from..).unwrap_or_default().trim());
    if found.len() > 1 && found.iter().any(|segment| segment.is_empty()) {
        return Err(wrong(format!("there is nothing before or behind a `|` in `{command}`"))
            .advise("put a pattern that holds `|` into double quotes"));
    }
    Ok(found)
}

/// The full name of a pipe.
fn name(word: &str) -> Result<&'static str> {
    let word = word.to_ascii_lowercase();
    resolve(NAMES, &word).map_err(|fitting| {
        let error = match fitting.as_slice() {
            [] => Error::new(Code::InvalidInput, format!("unknown pipe `| {}`", word.escape_debug())),
            several => wrong(format!("`| {word}` is ambiguous: {}", several.join(", "))),
        };
        let junos = FOREIGN
            .iter()
            .find(|(foreign, _)| *foreign == word)
            .map(|(_, junos)| *junos);
        error.advise(match junos {
            Some(junos) => format!("in Junos it is `| {junos}`"),
            None => {
                "the pipes are match, except, find, count, last, trim, no-more, display and compare; put a pattern \
                     that holds `|` into double quotes"
                    .to_owned()
            }
        })
    })
}

/// The one name that is the word or begins with it; else those that begin with it.
fn resolve(names: &[&'static str], word: &str) -> Result<&'static str, Vec<&'static str>> {
    if let Some(exact) = names.iter().find(|name| **name == word) {
        return Ok(exact);
    }
    let fitting: Vec<_> = names
        .iter()
        .copied()
        .filter(|name| !word.is_empty() && name.starts_with(word))
        .collect();
    match fitting.as_slice() {
        [one] => Ok(one),
        _ => Err(fitting),
    }
}

fn for_device(line: &mut Pipeline, name: &str, rest: &str) -> Result<()> {
    plain_to_device(rest)?;
    if name == "display" {
        let option = rest.split(' ').next().unwrap_or_default().to_ascii_lowercase();
        let asked = match resolve(DISPLAY_OPTIONS, &option) {
            Ok("json") => Display::Json,
            Ok("xml") => Display::Xml,
            _ if option.is_empty() => return Err(wrong("`| display` needs an option, such as `set`, `xml` or `json`")),
            _ => Display::Text,
        };
        if asked != Display::Text && line.display != Display::Text && asked != line.display {
            return Err(wrong("`| display json` and `| display xml` exclude each other"));
        }
        if asked != Display::Text {
            line.display = asked;
        }
        if asked == Display::Json {
            return Ok(());
        }
    }
    line.command.push_str(" | ");
    line.command.push_str(name);
    if !rest.is_empty() {
        line.command.push(' ');
        line.command.push_str(rest);
    }
    Ok(())
}

fn filter(name: &'static str, rest: &str, notes: &mut Vec<&'static str>) -> Result<Option<Pipe>> {
    let no_argument = |pipe: Option<Pipe>| match rest {
        "" => Ok(pipe),
        _ => Err(wrong(format!(
            "`| {name}` takes no argument, not `{}`",
            rest.escape_debug()
        ))),
    };
    Ok(match name {
        "match" => Some(Pipe::Match(pattern(name, rest)?)),
        "except" => Some(Pipe::Except(pattern(name, rest)?)),
        "find" => Some(Pipe::Find(pattern(name, rest)?)),
        "count" => return no_argument(Some(Pipe::Count)),
        "last" if rest.is_empty() => Some(Pipe::Last(SCREEN_LINES)),
        "last" => Some(Pipe::Last(number(name, rest)?)),
        "trim" => Some(Pipe::Trim(number(name, rest)?)),
        "refresh" => {
            if !rest.is_empty() {
                number(name, rest)?;
            }
            notes.push("`| refresh` shows the output once: repeat the call to see it again");
            None
        }
        "resolve" => {
            notes.push("`| resolve` leaves addresses as they are: no names are looked up");
            None
        }
        _ => return no_argument(None),
    })
}

fn number(name: &str, rest: &str) -> Result<usize> {
    let number = rest.parse::<usize>().ok().filter(|n| *n > 0);
    number.ok_or_else(|| {
        wrong(format!(
            "`| {name}` needs a number greater than zero, not `{}`",
            rest.escape_debug()
        ))
    })
}

fn pattern(name: &str, rest: &str) -> Result<Regex> {
    let text = unquoted(name, rest)?;
    if text.is_empty() {
        return Err(wrong(format!("`| {name}` needs a pattern")));
    }
    let build = |text: &str| {
        RegexBuilder::new(text)
            .case_insensitive(true)
            .size_limit(PATTERN_BYTES)
            .build()
    };
    let first = build(&text);
    // POSIX takes a brace that opens no repetition literally, and `match {` is a common way to list a hierarchy.
    first
        .or_else(|error| build(&with_literal_braces(&text)).map_err(|_| error))
        .map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            wrong(format!(
                "`| {name}`: invalid regular expression `{}`: {why}",
                text.escape_debug()
            ))
            .advise("put a backslash before characters that are meant literally")
        })
}

/// The argument without one pair of quotes around it, `\"` made `"`.
fn unquoted(name: &str, rest: &str) -> Result<String> {
    let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return Ok(rest.to_owned());
    };
    let mut text = String::new();
    let mut inner = rest.chars().skip(1);
    while let Some(c) = inner.next() {
        match c {
            '\\' => match inner.next() {
                Some(next) if next == quote => text.push(quote),
                next => text.extend(std::iter::once('\\').chain(next)),
            },
            _ if c == quote => {
                let behind: String = inner.collect();
                if behind.trim().is_empty() {
                    return Ok(text);
                }
                return Err(wrong(format!(
                    "`| {name}`: `{}` behind the quoted pattern",
                    behind.trim().escape_debug()
                )));
            }
            _ => text.push(c),
        }
    }
    Ok(text)
}

fn with_literal_braces(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(std::iter::once(c).chain(chars.next())),
            '{' if !chars.peek().is_some_and(char::is_ascii_digit) => out.push_str("\\{"),
            _ => out.push(c),
        }
    }
    out
}

fn behind_filter(segment: &str, filter: &str) -> Error {
    wrong(format!("`| {segment}` stands behind `| {filter}`")).advise(
        "the device formats its output before it is filtered: put `| display` and `| compare` before the other pipes",
    )
}

fn writes(name: &str) -> Error {
    Error::new(
        Code::Unsupported,
        format!("`| {name}` is refused: it would write the output elsewhere"),
    )
    .advise("leave the pipe out: the answer holds the output")
}
