//! JSON as text: read leniently, as devices print it, with names that repeat and ends that are missing.

use super::{
    OF_JUNOS, PLACEHOLDER,
    attributes::is_secret_in_text,
    limits::{self, LOOK_AHEAD},
    plain::Plain,
    rules::{Place, Says},
};

struct Frame<'t> {
    /// The attribute that this object or list is the value of.
    name: &'t str,
    is_object: bool,
}

struct Walk<'t> {
    frames: Vec<Frame<'t>>,
    /// The attribute whose value comes next.
    name: &'t str,
    is_value: bool,
}

/// Whether an object or a list begins here. `[edit]` and `{master}` are none.
pub(super) fn begins(text: &str, at: usize, to: usize) -> bool {
    let rest = text.get(at..to).unwrap_or_default();
    let Some(inside) = rest.strip_prefix('{').or_else(|| rest.strip_prefix('[')) else {
        return false;
    };
    let next = inside.trim_start().chars().next();
    match next {
        Some('"') => true,
        Some('{' | '[') => rest.starts_with('['),
        _ => false,
    }
}

/// Walks through the value that begins here; where it ends, or where it is no JSON any more.
pub(super) fn scan(plain: &mut Plain, from: usize, to: usize) -> usize {
    let text = plain.text;
    let mut walk = Walk {
        frames: Vec::new(),
        name: "",
        is_value: true,
    };
    let mut at = from;
    while let Some(c) = text.get(at..to).and_then(|rest| rest.chars().next()) {
        match c {
            '{' | '[' => {
                walk.frames.push(Frame {
                    name: walk.name,
                    is_object: c == '{',
                });
                walk.is_value = c == '[';
                at += 1;
            }
            '}' | ']' => {
                walk.frames.pop();
                at += 1;
                walk.after_value();
                if walk.frames.is_empty() {
                    return at;
                }
            }
            ',' => {
                walk.after_value();
                at += 1;
            }
            ':' => {
                walk.is_value = true;
                at += 1;
            }
            '"' => {
                let Some(end) = string_end(text, at + 1, to) else {
                    return at;
                };
                if walk.is_value {
                    string(plain, &walk, at + 1, end);
                } else {
                    walk.name = text.get(at + 1..end).unwrap_or_default();
                }
                at = end + 1;
            }
            c if c.is_whitespace() => at += c.len_utf8(),
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.') => at += literal(plain, &walk, at, to),
            _ => return at,
        }
        if walk.frames.is_empty() {
            return at;
        }
    }
    at
}

/// A number, `true` or the like; how long it is. Where it is a secret, a string takes its place.
fn literal(plain: &mut Plain, walk: &Walk, at: usize, to: usize) -> usize {
    let rest = plain.text.get(at..to).unwrap_or_default();
    let ends = |c: char| c.is_whitespace() || ",]}:".contains(c);
    let length = rest.find(ends).unwrap_or(rest.len());
    let is_number = rest.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if walk.is_value && is_number && walk.is_secret(plain, "0", at + length) == Some(true) {
        plain.edits.replace(at, at + length, format!("\"{PLACEHOLDER}\""));
    }
    length.max(1)
}

impl Walk<'_> {
    fn after_value(&mut self) {
        self.is_value = self.frames.last().is_none_or(|frame| !frame.is_object);
        if self.is_value {
            self.name = self.frames.last().map_or("", |frame| frame.name);
        }
    }

    /// Whether the value of the present attribute is secret; `None` for the name of what may be a community of SNMP.
    fn is_secret(&self, plain: &Plain, value: &str, end: usize) -> Option<bool> {
        let mut path: Vec<&str> = limits::ends(&self.frames)
            .map(|frame| local(frame.name))
            .filter(|name| !name.is_empty())
            .collect();
        // A list's frame has the same name as the objects in it.
        path.dedup();
        let name = local(self.name);
        let says = if name == "name" {
            Place {
                path: &path,
                is_pure: true,
            }
            .judge_name()
        } else {
            if path.last() != Some(&name) {
                path.push(name);
            }
            Place {
                path: &path,
                is_pure: true,
            }
            .judge(value, None)
        };
        Some(match says {
            Says::Secret => true,
            Says::Nothing => !name.contains('-') && is_secret_in_text(name),
            Says::Community => name == "name" && is_of_snmp(plain.text, end),
        })
    }
}

/// The name without that of its module.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn string(plain: &mut Plain, walk: &Walk, start: usize, end: usize) {
    let text = plain.text;
    let value = text.get(start..end).unwrap_or_default();
    if value.is_empty() || value == PLACEHOLDER || value == OF_JUNOS {
        return;
    }
    if walk.is_secret(plain, value, end) == Some(true) {
        plain.edits.cover(start, end);
    } else if plain.has_candidate(start, end) {
        inner(plain, start, end);
    }
}

/// A string that may hold other text, with its escapes taken away and put back.
fn inner(plain: &mut Plain, start: usize, end: usize) {
    let text = plain.text;
    let value = text.get(start..end).unwrap_or_default();
    if !value.contains('\\') {
        plain.run_apart(start, end);
        return;
    }
    let quoted = text.get(start - 1..end + 1).unwrap_or_default();
    match serde_json::from_str::<String>(quoted) {
        Ok(decoded) => {
            if let Some(covered) = plain.below(&decoded) {
                let written = serde_json::Value::from(covered).to_string();
                let written = written.get(1..written.len() - 1).unwrap_or_default().to_owned();
                plain.edits.replace(start, end, written);
            }
        }
        Err(_) => plain.run_apart(start, end),
    }
}

fn string_end(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.get(from..to)?.bytes().enumerate() {
        match byte {
            b'"' if !is_escaped => return Some(from + at),
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    None
}

/// What else the community has whose name ends here.
fn is_of_snmp(text: &str, from: usize) -> bool {
    let rest = limits::begin(text.get(from..).unwrap_or_default(), LOOK_AHEAD);
    let rest = rest.split('}').next().unwrap_or_default();
    !rest.contains("\"members\"") && !rest.contains("\"invert-match\"")
}
