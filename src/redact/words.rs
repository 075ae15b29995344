//! Takes a line apart into words, quoted strings and what stands between them, in each way in which statements are written.

use super::limits::MOST_ESCAPES;

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Braces and semicolons.
    Curly,
    /// Words between blanks.
    Set,
    /// As people write, with statements in quotes of any kind.
    Sentence,
}

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A string in quotes, without them.
    Quoted,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `;`
    End,
    /// `[`
    ListOpen,
    /// `]`
    ListClose,
}

/// A piece of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    /// Without quotes.
    pub(super) text: &'t str,
    /// Where the text begins and ends in the whole.
    pub(super) start: usize,
    pub(super) end: usize,
    /// How its quotes are written.
    pub(super) quote: &'t str,
}

impl Token<'_> {
    /// A word or a string.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

const ENTITIES: &[&str] = &["&quot;", "&#34;", "&#x22;"];

/// Puts the pieces of the line, which begins at this place of the whole, into `out`. A remark at its end is none of them.
pub(super) fn split<'t>(line: &'t str, offset: usize, style: Style, out: &mut Vec<Token<'t>>) {
    out.clear();
    let mut at = 0;
    // Quotes that are never closed from here on.
    let mut unclosed: Vec<&str> = Vec::new();
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        if rest.starts_with("##") && style != Style::Sentence {
            return;
        }
        if style != Style::Sentence && rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            continue;
        }
        if let Some(kind) = mark(rest, style) {
            let (start, end) = (offset + at, offset + at + 1);
            let text = rest.get(..1).unwrap_or_default();
            out.push(Token {
                kind,
                text,
                start,
                end,
                quote: "",
            });
            at += 1;
            continue;
        }
        if let Some(quote) = opening(rest, style).filter(|quote| !unclosed.contains(quote)) {
            let inner = rest.get(quote.len()..).unwrap_or_default();
            if let Some(length) = closing(inner, quote, style) {
                let start = offset + at + quote.len();
                let text = inner.get(..length).unwrap_or_default();
                out.push(Token {
                    kind: Kind::Quoted,
                    text,
                    start,
                    end: start + length,
                    quote,
                });
                at += (quote.len() + length + quote.len()).min(rest.len());
                continue;
            }
            unclosed.push(quote);
        }
        let length = word(rest, style).max(rest.chars().next().map_or(1, char::len_utf8));
        let text = rest.get(..length).unwrap_or_default();
        let start = offset + at;
        out.push(Token {
            kind: Kind::Word,
            text,
            start,
            end: start + length,
            quote: "",
        });
        at += length;
    }
}

/// A character that is a piece of its own.
fn mark(rest: &str, style: Style) -> Option<Kind> {
    let kind = match rest.bytes().next()? {
        b'[' => Kind::ListOpen,
        b']' => Kind::ListClose,
        b'{' if style == Style::Curly => Kind::Open,
        b'}' if style == Style::Curly => Kind::Close,
        b';' if style == Style::Curly => Kind::End,
        _ => return None,
    };
    let stands_alone = rest
        .get(1..)
        .is_none_or(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
    (style != Style::Set || stands_alone).then_some(kind)
}

/// The quotes that begin here, as they are written: also escaped, any number of times, and in XML.
fn opening(rest: &str, style: Style) -> Option<&str> {
    if let Some(entity) = ENTITIES.iter().find(|entity| rest.starts_with(**entity)) {
        return rest.get(..entity.len());
    }
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    let after = rest.get(slashes..).filter(|_| slashes <= MOST_ESCAPES)?;
    if after.starts_with('"') {
        return rest.get(..slashes + 1);
    }
    (style == Style::Sentence && after.starts_with(['\'', '`']) && slashes == 0)
        .then(|| rest.get(..1))
        .flatten()
}

/// How long the string is; a quote that is never closed holds for the rest of the line, except where people write.
fn closing(inner: &str, quote: &str, style: Style) -> Option<usize> {
    let open = Some(inner.len()).filter(|_| style != Style::Sentence);
    if quote.starts_with('&') {
        let is_escaped = |at: usize| {
            let before = inner.get(..at).unwrap_or_default();
            (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
        };
        let ends = inner.match_indices(quote).map(|(at, _)| at).find(|at| !is_escaped(*at));
        return ends.or(open);
    }
    if matches!(quote, "'" | "`") {
        // Not the apostrophe in the middle of a word.
        let ends = |(at, _): &(usize, &str)| {
            let next = inner.get(at + 1..).and_then(|rest| rest.chars().next());
            next.is_none_or(|next| !next.is_alphanumeric())
        };
        return inner.match_indices(quote).find(ends).map(|(at, _)| at);
    }
    let slashes = quote.len() - 1;
    let mut run = 0;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'\\' => run += 1,
            b'"' if (slashes == 0 && run % 2 == 0) || (slashes > 0 && run == slashes) => return Some(at - slashes),
            _ => run = 0,
        }
        if byte == b'"' {
            run = 0;
        }
    }
    open
}

fn word(rest: &str, style: Style) -> usize {
    let ends = |c: char| match style {
        Style::Curly => c.is_whitespace() || matches!(c, ';' | '{' | '}' | ']'),
        Style::Set => c.is_whitespace(),
        Style::Sentence => c.is_whitespace() || c == ']',
    };
    rest.find(ends).unwrap_or(rest.len())
}
