//! Configuration as it is typed, as lines of words: what each statement would be as a `set` command.
//!
//! Only `set` lines and braces name every level and its keys in the order of a `set` command. XML and JSON are judged on what they
//! change; here they only have to be readable.

use serde_json::Value;

use crate::{
    error::{Code, Error, Result},
    junos::{ConfigFormat, netconf::xml::Element},
};

/// The words of every statement, the verb first; none of XML and JSON.
///
/// # Errors
/// `invalid_input` where XML or JSON cannot be read.
pub(super) fn statements(format: ConfigFormat, text: &str) -> Result<Vec<Vec<String>>> {
    let mut found = match format {
        ConfigFormat::Set => set_lines(text),
        ConfigFormat::Text => braces(text),
        ConfigFormat::Xml => {
            let body = text.trim_start_matches('\u{feff}').trim_start();
            let body = if body.starts_with("<?xml") {
                body.split_once("?>").map_or("", |(_, rest)| rest)
            } else {
                body
            };
            Element::parse(format!("<root>{body}</root>")).map_err(|e| unreadable(format, &e.to_string()))?;
            Vec::new()
        }
        ConfigFormat::Json => {
            serde_json::from_str::<Value>(text).map_err(|e| unreadable(format, &e.to_string()))?;
            Vec::new()
        }
    };
    let inside: Vec<_> = found.iter().flat_map(|words| without_groups(words)).collect();
    found.extend(inside);
    Ok(found)
}

fn unreadable(format: ConfigFormat, why: &str) -> Error {
    Error::new(
        Code::InvalidInput,
        format!("configuration is not well-formed {}: {why}", format.as_str()),
    )
}

/// A statement inside a group, logical system or tenant, as if it stood outside: applied, it has that effect. A logical system in a group
/// is taken off in two steps.
pub(super) fn without_groups(words: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut words = words.to_vec();
    while let Some(at) = words.iter().take(3).position(|word| is_wrapper(word)) {
        let rest = words.get(at + 2..).filter(|rest| !rest.is_empty()).unwrap_or_default();
        let inner: Vec<String> = words.first().into_iter().chain(rest).cloned().collect();
        if inner.len() < 2 {
            break;
        }
        found.push(inner.clone());
        words = inner;
    }
    found
}

/// Whether what stands below this word has its effect elsewhere.
pub(super) fn is_wrapper(word: &str) -> bool {
    WRAPPERS.contains(&word)
}

/// The words whose statements have their effect elsewhere.
pub(super) const WRAPPERS: &[&str] = &["groups", "logical-systems", "tenants"];

/// Lines of `set` format; `edit`, `top`, `up`, `exit` and `quit` move as they do in configuration mode: `exit` goes back to where the last
/// `edit` was given, and a command behind `top` or `up` is meant there and moves nothing.
fn set_lines(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut place: Vec<String> = Vec::new();
    let mut earlier: Vec<Vec<String>> = Vec::new();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let words = unquoted_words(line);
        let mut rest = words.as_slice();
        if rest.first().is_some_and(|verb| verb == "top") {
            rest = rest.get(1..).unwrap_or_default();
            if rest.is_empty() || rest.first().is_some_and(|verb| verb == "edit") {
                place.clear();
            } else {
                found.push(rest.to_vec());
                continue;
            }
        }
        match (rest.first().map(String::as_str), rest.get(1..).unwrap_or_default()) {
            (None, _) => {}
            (Some("edit"), path) => {
                earlier.push(place.clone());
                place.extend_from_slice(path);
            }
            (Some("up"), path) => {
                let levels = path.first().and_then(|n| n.parse::<usize>().ok());
                let command = path.get(usize::from(levels.is_some())..).unwrap_or_default();
                let kept = place.len().saturating_sub(levels.unwrap_or(1));
                let above = place.get(..kept).unwrap_or_default();
                match command.split_first() {
                    None => place.truncate(kept),
                    Some((verb, path)) => found.extend([at(verb, above, path), command.to_vec()]),
                }
            }
            (Some("exit" | "quit"), _) => place = earlier.pop().unwrap_or_default(),
            (Some(verb), path) => {
                if !place.is_empty() {
                    found.push(at(verb, &place, path));
                }
                found.push(words);
            }
        }
    }
    found
}

/// A command given at a place of the hierarchy, as it would be at the top.
fn at(verb: &str, place: &[String], path: &[String]) -> Vec<String> {
    let words = place.iter().chain(path).cloned();
    std::iter::once(verb.to_owned()).chain(words).collect()
}

/// The words of a line; quotes around a word are taken off.
pub(super) fn unquoted_words(line: &str) -> Vec<String> {
    let mut tokens = Tokens {
        text: line,
        braces: false,
    };
    std::iter::from_fn(|| tokens.next_token())
        .map(Token::into_text)
        .collect()
}

/// One token of the brace format.
enum Token {
    Word(String),
    Sign(char),
}

impl Token {
    fn into_text(self) -> String {
        match self {
            Token::Word(word) => word,
            Token::Sign(sign) => sign.to_string(),
        }
    }
}

struct Tokens<'a> {
    text: &'a str,
    /// Whether braces, brackets, semicolons and comments are signs.
    braces: bool,
}

impl Tokens<'_> {
    fn next_token(&mut self) -> Option<Token> {
        loop {
            self.text = self.text.trim_start();
            let comment_end = match self.text {
                text if self.braces && text.starts_with("/*") => text.find("*/").map(|at| at + 2),
                text if self.braces && text.starts_with('#') => text.find('\n'),
                _ => break,
            };
            self.text = comment_end.and_then(|at| self.text.get(at..)).unwrap_or_default();
        }
        let first = self.text.chars().next()?;
        if self.braces && is_sign(first) {
            self.text = self.text.get(first.len_utf8()..).unwrap_or_default();
            return Some(Token::Sign(first));
        }
        Some(Token::Word(self.word(first)))
    }

    fn word(&mut self, first: char) -> String {
        let quoted = first == '"';
        let mut word = String::new();
        let mut escaped = false;
        let mut end = self.text.len();
        for (at, c) in self.text.char_indices().skip(usize::from(quoted)) {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => {
                    escaped = true;
                    continue;
                }
                '"' if quoted => {
                    end = at + 1;
                    break;
                }
                c if !quoted && (c.is_whitespace() || (self.braces && is_sign(c))) => {
                    end = at;
                    break;
                }
                _ => {}
            }
            word.push(c);
        }
        self.text = self.text.get(end..).unwrap_or_default();
        word
    }
}

fn is_sign(c: char) -> bool {
    matches!(c, '{' | '}' | ';' | '[' | ']')
}

/// Tags in front of a statement in the brace format.
const TAGS: &[&str] = &["inactive:", "active:", "replace:", "delete:", "protect:", "unprotect:"];

/// Statements of the brace format. What is not closed counts as far as it goes.
fn braces(text: &str) -> Vec<Vec<String>> {
    let mut tokens = Tokens { text, braces: true };
    let mut found = Vec::new();
    let mut open: Vec<Vec<String>> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut list: Option<Vec<String>> = None;
    let mut emit = |open: &[Vec<String>], words: &[String], item: Option<&String>| {
        let all = open.iter().flatten().chain(words).chain(item);
        let verb = if all.clone().any(|word| word == "delete:") {
            "delete"
        } else {
            "set"
        };
        let path = all.filter(|word| !TAGS.contains(&word.as_str())).cloned();
        found.push(std::iter::once(verb.to_owned()).chain(path).collect());
    };
    while let Some(token) = tokens.next_token() {
        match token {
            Token::Word(word) => list.as_mut().unwrap_or(&mut words).push(word),
            Token::Sign('[') => list = Some(Vec::new()),
            Token::Sign(']') => {
                let items = list.take().unwrap_or_default();
                items.iter().for_each(|item| emit(&open, &words, Some(item)));
            }
            Token::Sign('{') => {
                emit(&open, &words, None);
                open.push(std::mem::take(&mut words));
            }
            Token::Sign(sign) => {
                if !words.is_empty() {
                    emit(&open, &words, None);
                }
                words.clear();
                if sign == '}' {
                    open.pop();
                }
            }
        }
    }
    if !words.is_empty() {
        emit(&open, &words, None);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(format: ConfigFormat, text: &str) -> Vec<String> {
        statements(format, text)
            .unwrap()
            .iter()
            .map(|words| words.join(" "))
            .collect()
    }

    #[test]
    fn set_lines_follow_edit() {
        let text = "# c\nset system host-name \"r 1\"\nedit system login\nset user bob class x\ntop set a\nup\nset root-authentication y\ntop\nset b\n";
        let expected = [
            "set system host-name r 1",
            "set system login user bob class x",
            "set user bob class x",
            "set a",
            "set system root-authentication y",
            "set root-authentication y",
            "set b",
        ];
        assert_eq!(lines(ConfigFormat::Set, text), expected);
        let grouped = lines(ConfigFormat::Set, "set groups G system root-authentication x");
        assert!(grouped.contains(&"set system root-authentication x".to_owned()));
    }

    #[test]
    fn a_place_is_never_lost() {
        let text = "edit system\nedit login\nexit\nset root-authentication x\nedit login user bob\nup 2 set class x\nup set y\nset z\nquit\nset a";
        let found = lines(ConfigFormat::Set, text);
        for expected in [
            "set system root-authentication x",
            "set system login class x",
            "set system login user y",
            "set system login user bob z",
            "set system a",
        ] {
            assert!(found.iter().any(|line| line == expected), "{expected}: {found:?}");
        }
    }

    #[test]
    fn braces_become_set_lines() {
        let text = "/* c */ system { # x\n replace: login { user \"bob\" { class x; } } inactive: name-server [ 192.0.2.1 192.0.2.2 ];\n delete: ntp; } last";
        let expected = [
            "set system",
            "set system login",
            "set system login user bob",
            "set system login user bob class x",
            "set system name-server 192.0.2.1",
            "set system name-server 192.0.2.2",
            "set system name-server",
            "delete system ntp",
            "set last",
        ];
        assert_eq!(lines(ConfigFormat::Text, text), expected);
    }

    #[test]
    fn groups_are_taken_off_one_by_one() {
        let found = lines(
            ConfigFormat::Set,
            "set groups G logical-systems L protocols bgp group x",
        );
        for expected in [
            "set logical-systems L protocols bgp group x",
            "set protocols bgp group x",
        ] {
            assert!(found.iter().any(|line| line == expected), "{expected}: {found:?}");
        }
        assert_eq!(lines(ConfigFormat::Set, "delete groups G"), ["delete groups G"]);
    }

    #[test]
    fn xml_and_json_only_have_to_be_readable() {
        let xml = "<?xml version='1.0'?><configuration><system><ntp operation='delete'/></system></configuration>";
        assert_eq!(lines(ConfigFormat::Xml, xml), Vec::<String>::new());
        assert_eq!(lines(ConfigFormat::Json, "{}"), Vec::<String>::new());
        assert!(statements(ConfigFormat::Xml, "<a>").is_err() && statements(ConfigFormat::Json, "{").is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[ -~\n\"ä]{0,60}") {
            for format in [ConfigFormat::Set, ConfigFormat::Text, ConfigFormat::Xml, ConfigFormat::Json] {
                let _ = statements(format, &text);
            }
        }
    }
}
