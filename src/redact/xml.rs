//! XML: elements known by their names and by what is around them. Takes any, also broken or cut off.

use memchr::{memchr, memmem};

use super::{
    OF_JUNOS, PLACEHOLDER,
    attributes::is_secret_in_text,
    limits::{self, LONGEST_TAG, LOOK_AHEAD, OPEN_ELEMENTS},
    plain::Plain,
    rules::{Place, Says},
};

/// What a community of routes has, and none of SNMP.
const OF_ROUTES: &[&str] = &["members>", "invert-match"];

struct Open<'t> {
    name: &'t str,
    /// Where its content begins.
    content: usize,
    /// Where the text since the last tag begins.
    text: usize,
    has_children: bool,
}

struct Tag<'t> {
    name: &'t str,
    is_end: bool,
    is_empty: bool,
    past: usize,
}

/// Whether an element, a declaration or a remark begins here. `<ge-*> {` is a name in curly braces.
pub(super) fn begins(text: &str, at: usize, line_end: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    if rest.starts_with("<?xml") || rest.starts_with("<!--") {
        return true;
    }
    tag(text, at).is_some_and(|tag| {
        let after = text.get(tag.past..line_end).unwrap_or_default();
        !tag.is_end && !after.trim_start().starts_with('{')
    })
}

/// Walks through the element that begins here; where it ends.
pub(super) fn scan<'t>(plain: &mut Plain<'t, '_>, from: usize, to: usize) -> usize {
    let text = plain.text.get(..to).unwrap_or(plain.text);
    let mut open: Vec<Open<'t>> = Vec::new();
    let mut at = from;
    let mut text_from = from;
    while let Some(found) = memchr(b'<', text.as_bytes().get(at..).unwrap_or_default()) {
        let begin = at + found;
        if let Some(past) = skipped(text, begin) {
            at = past;
            if open.is_empty() {
                plain.run_apart(text_from, begin);
                text_from = past;
            }
            continue;
        }
        let Some(tag) = tag(text, begin) else {
            at = begin + 1;
            continue;
        };
        let past = tag.past;
        at = past;
        if !tag.is_end {
            plain.run_apart(text_from, begin);
            if let Some(parent) = open.last_mut() {
                parent.has_children = true;
            }
            if !tag.is_empty {
                open.push(Open {
                    name: tag.name,
                    content: past,
                    text: past,
                    has_children: false,
                });
            }
            text_from = past;
        } else if let Some(index) = opened(&open, tag.name) {
            open.truncate(index + 1);
            leaf(plain, &open, text_from, begin);
            open.pop();
            text_from = past;
        }
        if open.is_empty() {
            return past;
        }
    }
    // Cut off in the middle.
    leaf(plain, &open, text_from, to);
    to
}

/// Which of the open elements an end tag of this name closes. In what is well formed it is the last.
fn opened(open: &[Open], name: &str) -> Option<usize> {
    let first = open.len().saturating_sub(OPEN_ELEMENTS);
    let near = open.get(first..)?.iter().rposition(|element| element.name == name)?;
    Some(first + near)
}

/// One element in the middle of a sentence.
pub(super) fn scan_leaf<'t>(plain: &mut Plain<'t, '_>, from: usize, to: usize) -> usize {
    let text = plain.text.get(..to).unwrap_or_default();
    let Some(first) = tag(text, from).filter(|tag| !tag.is_empty) else {
        return from;
    };
    let content = text.get(first.past..).unwrap_or_default();
    let next = memchr(b'<', content.as_bytes()).map(|length| first.past + length);
    let is_end = |at: &usize| text.get(*at..).is_some_and(|rest| rest.starts_with("</"));
    let Some(end) = next.filter(is_end) else {
        return first.past;
    };
    let element = Open {
        name: first.name,
        content: first.past,
        text: first.past,
        has_children: false,
    };
    leaf_of(plain, &[element], end);
    end
}

/// The end of an element: it is a leaf, or its last piece of text.
fn leaf<'t>(plain: &mut Plain<'t, '_>, open: &[Open<'t>], text_from: usize, end: usize) {
    match open.last() {
        Some(element) if !element.has_children => leaf_of(plain, open, end),
        _ => plain.run_apart(text_from, end),
    }
}

fn leaf_of<'t>(plain: &mut Plain<'t, '_>, open: &[Open<'t>], end: usize) {
    let Some((element, parents)) = open.split_last() else {
        return;
    };
    let (from, to) = content(plain.text, element.content.max(element.text), end);
    let value = plain.text.get(from..to).unwrap_or_default();
    if value.is_empty() || value == PLACEHOLDER || value == OF_JUNOS {
        return;
    }
    let mut path: Vec<&str> = limits::ends(parents).map(|open| open.name).collect();
    let says = if element.name == "name" {
        Place {
            path: &path,
            is_pure: true,
        }
        .judge_name()
    } else {
        path.push(element.name);
        let says = Place {
            path: &path,
            is_pure: true,
        }
        .judge(value, None);
        if is_secret_in_text(element.name) && says == Says::Nothing && !element.name.contains('-') {
            Says::Secret
        } else {
            says
        }
    };
    let is_secret = match says {
        Says::Secret => true,
        Says::Nothing => false,
        Says::Community => element.name == "name" && is_of_snmp(plain.text, end),
    };
    if is_secret {
        plain.edits.cover(from, to);
    } else {
        plain.run_apart(from, to);
    }
}

/// What else the community has whose name ends here.
fn is_of_snmp(text: &str, from: usize) -> bool {
    let rest = limits::begin(text.get(from..).unwrap_or_default(), LOOK_AHEAD);
    let end = memmem::find(rest.as_bytes(), b"community>").unwrap_or(rest.len());
    let rest = rest.get(..end).unwrap_or_default();
    !OF_ROUTES.iter().any(|word| rest.contains(word))
}

/// The range without blanks and without the marks of a CDATA section.
fn content(text: &str, from: usize, to: usize) -> (usize, usize) {
    let whole = text.get(from..to).unwrap_or_default();
    let trimmed = whole.trim();
    let mut start = from + (whole.len() - whole.trim_start().len());
    let mut length = trimmed.len();
    if let Some(inner) = trimmed.strip_prefix("<![CDATA[") {
        let inner = inner.strip_suffix("]]>").unwrap_or(inner);
        start += "<![CDATA[".len();
        length = inner.len();
    }
    (start, start + length)
}

/// Past a declaration, a remark or a CDATA section.
fn skipped(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let end = if rest.starts_with("<![CDATA[") {
        "]]>"
    } else if rest.starts_with("<!--") {
        "-->"
    } else if rest.starts_with("<?") {
        "?>"
    } else {
        return None;
    };
    let length = memmem::find(rest.as_bytes(), end.as_bytes());
    Some(length.map_or(text.len(), |length| at + length + end.len()))
}

/// The tag that begins here, if it is one.
fn tag(text: &str, at: usize) -> Option<Tag<'_>> {
    let rest = limits::begin(text.get(at..)?, LONGEST_TAG).strip_prefix('<')?;
    let is_end = rest.starts_with('/');
    let from = usize::from(is_end);
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let whole = rest.get(from..)?;
    let length = whole.find(|c| !of_name(c))?;
    let name = whole
        .get(..length)
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))?;
    let after = whole.get(length..)?;
    if !after.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/')) {
        return None;
    }
    let mut quote = None;
    for (end, c) in after.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '>') => {
                let is_empty = after.get(..end).is_some_and(|inside| inside.ends_with('/'));
                let past = at + 1 + from + length + end + 1;
                let name = name.rsplit(':').next().unwrap_or(name);
                return Some(Tag {
                    name,
                    is_end,
                    is_empty,
                    past,
                });
            }
            (None, '<') => return None,
            _ => {}
        }
    }
    None
}
