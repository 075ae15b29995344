//! Lines that are no configuration: errors, log lines, what people write. They may quote a statement, or say `name=value`.

use super::{
    OF_JUNOS, PLACEHOLDER,
    attributes::is_secret_in_text,
    limits::Next,
    plain::Plain,
    rules::{self},
    words::{self, Kind, Style, Token},
    xml,
};

/// How far before a word stands what makes it a statement.
const NEAR: usize = 6;

impl<'t> Plain<'t, '_> {
    /// Covers what a sentence quotes.
    pub(super) fn sentence(&mut self, body: &'t str, start: usize) {
        self.elements(start, start + body.len());
        self.pairs(body, start, true);
        let mut tokens = Vec::new();
        words::split(body, start, Style::Sentence, &mut tokens);
        let mut at = 0;
        let mut list_end = 0;
        while let Some(token) = tokens.get(at) {
            let rest = tokens.get(at + 1..).unwrap_or_default();
            match token.kind {
                Kind::ListOpen => {
                    if list_end <= at {
                        let length = rest.iter().position(|token| token.kind == Kind::ListClose);
                        list_end = at + 1 + length.unwrap_or(rest.len());
                    }
                    let inside = tokens.get(at + 1..list_end).unwrap_or_default();
                    let is_edit = inside.first().is_some_and(|word| word.text == "edit");
                    let words = inside.get(usize::from(is_edit)..).unwrap_or_default();
                    if words.first().is_some_and(|word| rules::is("top", word.text)) {
                        self.whole(words);
                        at += inside.len();
                    }
                }
                Kind::Quoted => self.quoted(token),
                Kind::Word if begins_statement(token.text, rest) => {
                    self.whole(rest);
                    return;
                }
                Kind::Word => at += self.word(&tokens, at),
                _ => {}
            }
            at += 1;
        }
    }

    /// Covers what follows a word that means a statement; how many words that were.
    fn word(&mut self, tokens: &[Token<'t>], at: usize) -> usize {
        let Some((token, value)) = tokens.get(at).zip(tokens.get(at + 1)) else {
            return 0;
        };
        let keyword = token.text.trim_start_matches(['(', '\'', '`', '"']);
        let (text, start) = bare(value);
        if !value.is_text() || text.is_empty() || text == PLACEHOLDER || text == OF_JUNOS || rules::is("no-value", text)
        {
            return 0;
        }
        let before = tokens.get(at.saturating_sub(NEAR)..at).unwrap_or_default();
        let is_said = |section: &str| {
            before
                .iter()
                .any(|word| rules::is(section, word.text.trim_start_matches(['\'', '`', '"'])))
        };
        let is_prose =
            value.kind == Kind::Word && (rules::is("prose", text) || value.text.starts_with([':', '=', '-', ',']));
        let is_secret = match keyword {
            _ if is_prose => false,
            "community" => before.iter().any(|word| word.text.ends_with("snmp")),
            "key" => is_said("before"),
            "secret" | "password" | "passphrase" => {
                is_said("before") || (value.kind == Kind::Quoted && value.quote != "'")
            }
            // `unauthorized SNMP community ... to unknown community name (public)`
            "name" => value.text.starts_with('(') && before.last().is_some_and(|word| word.text == "community"),
            keyword => rules::counts_in_sentences(keyword),
        };
        if is_secret {
            self.edits.cover(start, start + text.len());
            return 1;
        }
        0
    }

    /// Elements in the middle of a sentence.
    fn elements(&mut self, from: usize, to: usize) {
        let mut at = from;
        while let Some(found) = self.text.get(at..to).and_then(|rest| rest.find('<')) {
            let begin = at + found;
            let past = if xml::begins(self.text, begin, to) {
                xml::scan_leaf(self, begin, to)
            } else {
                begin
            };
            at = past.max(begin + 1);
        }
    }

    /// `name=value`, and in sentences `name: value` and `"name": "value"`.
    pub(super) fn pairs(&mut self, body: &'t str, start: usize, is_sentence: bool) {
        // Where what stands before the first name ends, and where the value ends that is not in quotes.
        let lead = body.len() - body.trim_start_matches([' ', '-']).len();
        let mut unquoted_end = Next::default();
        for (at, sign) in body.match_indices([':', '=']) {
            let before = body.get(..at).unwrap_or_default().trim_end();
            let unquoted = before.trim_end_matches('"').trim_end_matches('\\');
            let is_quoted = unquoted.len() < before.len();
            let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            let name = unquoted.rsplit(|c| !of_name(c)).next().unwrap_or_default();
            let is_named = is_secret_in_text(name) || (is_quoted && rules::counts_in_sentences(name));
            if !is_named {
                continue;
            }
            let begins = unquoted.len() == name.len() || unquoted.len().saturating_sub(lead) == name.len();
            let counts = is_quoted || (is_sentence && (begins || name.contains('_')));
            if sign == ":" && !counts {
                continue;
            }
            let after = body.get(at + 1..).unwrap_or_default();
            let rest = if sign == ":" { after.trim_start() } else { after };
            let is_counted = sign == ":" && !is_quoted;
            let end = |rest: &str| rest.find(ends_value);
            let found = in_quotes(rest).or_else(|| {
                let from = body.len() - rest.len();
                Some((0, unquoted_end.after(body, from, end) - from))
            });
            if let Some((from, length)) = found.filter(|(from, length)| {
                let value = rest.get(*from..from + length).unwrap_or_default();
                is_one(value) && !(is_counted && *from == 0 && is_count(value))
            }) {
                let from = start + body.len() - rest.len() + from;
                self.edits.cover(from, from + length);
            }
        }
    }
}

/// A verb with the beginning of the tree behind it: `set snmp ...`.
fn begins_statement(word: &str, rest: &[Token]) -> bool {
    let word = word.trim_start_matches(['\'', '`', '"', '(']);
    let next = rest.first().map(|token| token.text).unwrap_or_default();
    rules::is("verb", word) && rules::is("top", next)
}

/// The value without what a sentence puts around it, and where it begins.
fn bare<'t>(token: &Token<'t>) -> (&'t str, usize) {
    if token.kind == Kind::Quoted {
        return (token.text, token.start);
    }
    let text = token.text.trim_start_matches(['(', '\'', '`', '"']);
    let start = token.end - text.len();
    let text = text.trim_end_matches(['.', ',', ';', ':', ')', '\'', '`', '"', '\\', '>']);
    (text, start)
}

/// Where a value in quotes begins and how long it is, without them.
fn in_quotes(rest: &str) -> Option<(usize, usize)> {
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let quotes = rest.get(slashes..).and_then(|rest| rest.chars().next());
    let quote = quotes.filter(|c| matches!(c, '"' | '\''))?;
    let from = slashes + 1;
    let inner = rest.get(from..)?;
    let mut is_escaped = false;
    let end = inner.char_indices().find(|(_, c)| {
        let ends = *c == quote && (!is_escaped || slashes > 0);
        is_escaped = *c == '\\' && !is_escaped;
        ends
    });
    let end = end.map_or(inner.len(), |(end, _)| end);
    let text = inner.get(..end)?;
    Some((from, text.trim_end_matches('\\').len()))
}

/// Whether a value that is not in quotes ends here.
fn ends_value(c: char) -> bool {
    c.is_whitespace() || ",;&)]}\"'<>".contains(c)
}

fn is_one(value: &str) -> bool {
    let is_nothing = matches!(
        value,
        "" | PLACEHOLDER | OF_JUNOS | "null" | "None" | "none" | "true" | "false" | "{" | "[" | "Secret(***"
    );
    !is_nothing && !value.starts_with(['{', '[', '/']) && !value.bytes().all(|byte| byte == b'*')
}

/// A few digits after a colon are a number of something.
fn is_count(value: &str) -> bool {
    value.len() < 7 && value.bytes().all(|byte| byte.is_ascii_digit())
}
