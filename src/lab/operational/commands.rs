//! Which RPC a CLI command stands for. The table is data: `replies/commands.txt`.

use serde_json::{Map, Value};

use super::CommandError;
use crate::lab::Kind;

/// The commands of one kind of device.
pub(super) struct Commands(Vec<Entry>);

/// One line of the table.
struct Entry {
    words: Vec<Word>,
    options: Vec<Choice>,
    rpc: &'static str,
    fixed: Vec<(&'static str, &'static str)>,
}

/// What has to stand at a place of the command.
enum Word {
    Literal(&'static str),
    Value(&'static str),
    Rest(&'static str),
}

/// What may follow, in any order.
enum Choice {
    Flag(&'static str),
    Named {
        keyword: &'static str,
        argument: &'static str,
    },
    Value(&'static str),
}

struct Found {
    rpc: &'static str,
    arguments: Map<String, Value>,
    /// How many words were written out.
    exact: usize,
}

impl Commands {
    pub(super) fn of(kind: Kind) -> Self {
        let lines = include_str!("../replies/commands.txt").lines();
        Self(lines.filter_map(|line| Entry::parse(line, kind)).collect())
    }

    /// The RPC of a command and its arguments. Words may be abbreviated as long as they are unambiguous.
    pub(super) fn find(&self, line: &str) -> Result<(String, Map<String, Value>), CommandError> {
        let tokens = tokens(line);
        let mut found: Vec<Found> = Vec::new();
        let mut reached = 0;
        for entry in &self.0 {
            match entry.matches(&tokens) {
                Ok((arguments, exact)) => found.push(Found {
                    rpc: entry.rpc,
                    arguments,
                    exact,
                }),
                Err(at) => reached = reached.max(at),
            }
        }
        let most = found.iter().map(|f| f.exact).max();
        let mut best = found.into_iter().filter(|f| Some(f.exact) == most);
        let error = |message: String, at: usize| {
            let word = tokens.get(at).or(tokens.last()).cloned();
            Err(CommandError {
                message,
                bad_element: word,
            })
        };
        match best.next() {
            Some(first) if best.any(|other| other.rpc != first.rpc) => {
                let last = tokens.last().map_or("", String::as_str);
                error(format!("'{last}' is ambiguous"), tokens.len())
            }
            Some(first) => Ok((first.rpc.to_owned(), first.arguments)),
            None if reached == 0 => error("unknown command".to_owned(), 0),
            None => error("syntax error, expecting <command>".to_owned(), reached),
        }
    }
}

impl Entry {
    /// Reads `[kinds:] words [options] -> rpc [name[=value] ...]`.
    fn parse(line: &'static str, kind: Kind) -> Option<Self> {
        let line = line.split('#').next()?.trim();
        let (left, right) = line.split_once("->")?;
        let left = match left.split_once(": ") {
            Some((kinds, rest)) if kinds.split(',').any(|k| k.trim() == kind.word()) => rest,
            Some(_) => return None,
            None => left,
        };
        let (words, options) = left.split_at(left.find('[').unwrap_or(left.len()));
        let mut right = right.split_whitespace();
        Some(Self {
            words: words.split_whitespace().map(Word::parse).collect(),
            options: options
                .split('[')
                .filter_map(|o| Choice::parse(o.split(']').next()?.trim()))
                .collect(),
            rpc: right.next()?,
            fixed: right.map(|word| word.split_once('=').unwrap_or((word, ""))).collect(),
        })
    }

    /// The arguments and how many words were written out; or the word where it fails.
    fn matches(&self, tokens: &[String]) -> Result<(Map<String, Value>, usize), usize> {
        let mut arguments = Map::new();
        let mut exact = 0;
        let mut at = 0;
        for word in &self.words {
            let token = tokens.get(at).ok_or(at)?;
            match word {
                Word::Literal(literal) if literal.starts_with(&token.to_ascii_lowercase()) => {
                    exact += usize::from(*literal == token);
                }
                Word::Literal(_) => return Err(at),
                Word::Value(name) => {
                    arguments.insert((*name).to_owned(), Value::String(token.clone()));
                }
                Word::Rest(name) => {
                    let rest = tokens.get(at..).unwrap_or_default().join(" ");
                    arguments.insert((*name).to_owned(), Value::String(rest));
                    at = tokens.len();
                    break;
                }
            }
            at += 1;
        }
        while let Some(token) = tokens.get(at) {
            let (choice, was_exact) = self.choice(token, &arguments).ok_or(at)?;
            exact += usize::from(was_exact);
            match choice {
                Choice::Flag(name) => arguments.insert((*name).to_owned(), Value::String(String::new())),
                Choice::Value(name) => arguments.insert((*name).to_owned(), Value::String(token.clone())),
                Choice::Named { argument, .. } => {
                    at += 1;
                    let value = tokens.get(at).ok_or(at)?;
                    arguments.insert((*argument).to_owned(), Value::String(value.clone()))
                }
            };
            at += 1;
        }
        for (name, value) in &self.fixed {
            arguments.insert((*name).to_owned(), Value::String((*value).to_owned()));
        }
        Ok((arguments, exact))
    }

    fn choice(&self, token: &str, taken: &Map<String, Value>) -> Option<(&Choice, bool)> {
        let free = || self.options.iter().filter(|c| !taken.contains_key(c.argument()));
        let word = token.to_ascii_lowercase();
        free()
            .find(|c| c.keyword() == Some(word.as_str()))
            .map(|c| (c, true))
            .or_else(|| {
                free()
                    .find(|c| c.keyword().is_some_and(|k| k.starts_with(&word)))
                    .map(|c| (c, false))
            })
            .or_else(|| free().find(|c| c.keyword().is_none()).map(|c| (c, false)))
    }
}

impl Word {
    fn parse(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            None => Word::Literal(text),
            Some(name) => match name.strip_suffix("...") {
                Some(name) => Word::Rest(name),
                None => Word::Value(name),
            },
        }
    }
}

impl Choice {
    fn parse(text: &'static str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let first = words.next()?;
        let value = |text: &'static str| text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
        Some(match (value(first), words.next().and_then(value)) {
            (Some(name), _) => Choice::Value(name),
            (None, Some(argument)) => Choice::Named {
                keyword: first,
                argument,
            },
            (None, None) => Choice::Flag(first),
        })
    }

    fn keyword(&self) -> Option<&'static str> {
        match self {
            Choice::Flag(word) => Some(word),
            Choice::Named { keyword, .. } => Some(keyword),
            Choice::Value(_) => None,
        }
    }

    fn argument(&self) -> &'static str {
        match self {
            Choice::Flag(name) | Choice::Value(name) => name,
            Choice::Named { argument, .. } => argument,
        }
    }
}

/// Splits a line at pipes outside quotes.
pub(super) fn split_pipes(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        quoted ^= c == '"';
        match parts.last_mut() {
            Some(part) if c != '|' || quoted => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// Words of a line; quotes hold a word together and are taken away.
pub(super) fn tokens(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(line: &str) -> Result<String, String> {
        let found = Commands::of(Kind::Ex)
            .find(line)
            .map_err(|e| format!("{} {:?}", e.message, e.bad_element))?;
        Ok(format!("{} {}", found.0, Value::Object(found.1)))
    }

    #[test]
    fn words_may_be_short_options_in_any_order() {
        assert_eq!(find("show version").unwrap(), "get-software-information {}");
        assert_eq!(find("sh ver").unwrap(), "get-software-information {}");
        let terse = r#"get-interface-information {"terse":"","interface-name":"ge-0/0/0"}"#;
        assert_eq!(find("show interfaces terse ge-0/0/0").unwrap(), terse);
        assert!(find("show interfaces ge-0/0/0 terse").unwrap().contains("terse"));
        assert_eq!(
            find("show route table inet.0").unwrap(),
            r#"get-route-information {"table":"inet.0"}"#
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            find("frobnicate all").unwrap_err(),
            r#"unknown command Some("frobnicate")"#
        );
        assert_eq!(
            find("show frobs").unwrap_err(),
            r#"syntax error, expecting <command> Some("frobs")"#
        );
        assert!(find("show v").unwrap_err().contains("ambiguous"));
    }
}
