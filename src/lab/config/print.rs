//! Writes text format and set format the way Junos prints them.

use super::{
    schema::{Kind, Layout},
    tree::Node,
};

/// Text format of what a node holds, indented by `depth` levels of four spaces.
pub(super) fn text(node: &Node, depth: usize) -> String {
    let mut printer = Printer {
        out: String::new(),
        depth,
        groups: false,
    };
    printer.children(node);
    printer.out
}

/// Text format with a comment above each statement that came from a group (`display inheritance`).
pub(super) fn text_with_groups(node: &Node) -> String {
    let mut printer = Printer {
        out: String::new(),
        depth: 0,
        groups: true,
    };
    printer.children(node);
    printer.out
}

/// A statement's first line without `;` or `{`, with its marks.
pub(super) fn heading(node: &Node) -> String {
    let words: Vec<String> = words(node).collect();
    words.join(" ")
}

struct Printer {
    out: String,
    depth: usize,
    groups: bool,
}

impl Printer {
    fn line(&mut self, text: &str) {
        self.out.push_str(&"    ".repeat(self.depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn children(&mut self, node: &Node) {
        let mut rest = node.children.as_slice();
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|c| c.statement == first.statement).count();
            let (entries, after) = rest.split_at(same);
            if first.statement.wrapped {
                self.line(&format!("{} {{", first.statement.keyword));
                self.depth += 1;
                entries.iter().for_each(|e| self.node(e, ""));
                self.depth = self.depth.saturating_sub(1);
                self.line("}");
            } else {
                entries.iter().for_each(|e| self.node(e, ""));
            }
            rest = after;
        }
    }

    fn node(&mut self, node: &Node, prefix: &str) {
        if node.statement.layout == Layout::Prefix && !node.children.is_empty() {
            let prefix = format!("{prefix}{} ", node.statement.keyword);
            node.children.iter().for_each(|c| self.node(c, &prefix));
            return;
        }
        if let Some(comment) = &node.comment {
            self.line(&format!("/* {comment} */"));
        }
        if let Some(group) = node.origin.as_ref().filter(|_| self.groups) {
            let what = quoted(&last_word(node));
            self.line("##");
            self.line(&format!("## '{what}' was inherited from group '{group}'"));
            self.line("##");
        }
        let marks = marks(node);
        if node.is_line() {
            self.line(&format!("{marks}{prefix}{}", one_line_with_secret(node)));
            return;
        }
        self.line(&format!("{marks}{prefix}{} {{", heading(node)));
        self.depth += 1;
        self.children(node);
        self.depth = self.depth.saturating_sub(1);
        self.line("}");
    }
}

/// `inactive: `, `protect: ` as they apply.
pub(super) fn marks(node: &Node) -> String {
    let protect = if node.protect { "protect: " } else { "" };
    let inactive = if node.inactive { "inactive: " } else { "" };
    format!("{protect}{inactive}")
}

fn last_word(node: &Node) -> String {
    let word = node.keys.last().or_else(|| node.values.last());
    word.cloned().unwrap_or_else(|| node.statement.keyword.to_string())
}

fn has_secret(node: &Node) -> bool {
    node.statement.is_secret() || node.children.iter().any(has_secret)
}

/// Keyword and keys; in a block of entries, the keys only.
fn words(node: &Node) -> impl Iterator<Item = String> {
    let keyword = Some(node.statement.keyword.to_string());
    let keyword = keyword.filter(|k| !k.is_empty() && !node.statement.wrapped);
    let keys = node.statement.keys().iter().zip(&node.keys);
    let keys = keys.flat_map(|(key, value)| {
        key.keyword
            .as_ref()
            .map(ToString::to_string)
            .into_iter()
            .chain([quoted(value)])
    });
    keyword.into_iter().chain(keys)
}

/// A whole statement on one line, with `;` and, where it holds a secret, Junos' remark on that.
pub(super) fn one_line_with_secret(node: &Node) -> String {
    let secret = if has_secret(node) { " ## SECRET-DATA" } else { "" };
    format!("{};{secret}", one_line(node))
}

fn one_line(node: &Node) -> String {
    let mut all: Vec<String> = words(node).collect();
    match &node.statement.kind {
        Kind::Leaf(_) | Kind::LeafList(_) => match node.values.as_slice() {
            [] => {}
            [one] => all.push(quoted(one)),
            several => {
                all.push("[".to_owned());
                all.extend(several.iter().map(|v| quoted(v)));
                all.push("]".to_owned());
            }
        },
        _ => all.extend(node.children.iter().map(one_line)),
    }
    all.join(" ")
}

/// Quotes a value where Junos does.
pub(super) fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:+@%,~^-*".contains(c);
    let wildcard = value.strip_prefix('<').and_then(|v| v.strip_suffix('>'));
    let inner = wildcard.unwrap_or(value);
    // What would begin a comment is a name only in quotes.
    if !inner.is_empty()
        && !inner.contains("/*")
        && inner
            .chars()
            .all(|c| plain(c) || (wildcard.is_some() && "[]?".contains(c)))
    {
        return value.to_owned();
    }
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Set format of what a node holds; `path` leads to it.
pub(super) fn set(node: &Node, path: &[String]) -> String {
    let mut lines = SetLines {
        sets: String::new(),
        path: path.iter().map(|w| quoted(w)).collect(),
    };
    lines.children(node);
    lines.sets
}

struct SetLines {
    sets: String,
    path: Vec<String>,
}

impl SetLines {
    fn children(&mut self, node: &Node) {
        for child in &node.children {
            self.node(child);
        }
    }

    fn put(&mut self, verb: &str, more: &str) {
        let path = self.path.join(" ");
        let gap = if more.is_empty() { "" } else { " " };
        self.sets.push_str(&format!("{verb} {path}{gap}{more}\n"));
    }

    fn node(&mut self, node: &Node) {
        let length = self.path.len();
        self.path.extend(node.words().iter().map(|w| quoted(w)));
        match node.statement.kind {
            Kind::Leaf(_) | Kind::LeafList(_) => node.values.iter().for_each(|v| self.put("set", &quoted(v))),
            _ if node.children.is_empty() => self.put("set", ""),
            _ => self.children(node),
        }
        if node.inactive {
            self.put("deactivate", "");
        }
        if node.protect {
            self.put("protect", "");
        }
        self.path.truncate(length);
    }
}
