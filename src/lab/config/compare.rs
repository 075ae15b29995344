//! The difference of two configurations as `show | compare` prints it.
//!
//! Junos indents a changed statement by its depth in the XML: two more than the depth for what holds statements, one more
//! for a leaf.

use super::{
    print,
    schema::{Kind, Layout},
    tree::Node,
};

/// A statement as it is printed: families joined with their prefix, entries of one block under their keyword.
#[derive(Debug, Clone, PartialEq)]
struct Item {
    /// What tells it from its siblings, and its words in `[edit ...]`.
    label: String,
    /// The whole of it on one line, where it is printed so.
    line: Option<String>,
    /// Whether it holds statements.
    holds: bool,
    /// Its depth in the XML.
    depth: usize,
    marks: String,
    inactive: bool,
    /// Whether it is one of several whose order counts.
    ordered: bool,
    children: Vec<Item>,
}

/// The lines that lead from `old` to `new`; empty where both are equal.
pub(super) fn compare(old: &Node, new: &Node) -> String {
    let mut comparison = Comparison {
        out: String::new(),
        path: Vec::new(),
    };
    comparison.level(&items(old, 0), &items(new, 0));
    comparison.out
}

fn items(parent: &Node, depth: usize) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for child in &parent.children {
        if child.statement.layout == Layout::Prefix {
            for mut item in items(child, depth + 1) {
                item.label = format!("{} {}", child.statement.keyword, item.label);
                item.line = item.line.map(|l| format!("{} {l}", child.statement.keyword));
                found.push(item);
            }
        } else if child.statement.wrapped {
            match found.last_mut() {
                Some(block) if block.label == *child.statement.keyword => block.children.push(item(child, depth)),
                _ => found.push(block(child, depth)),
            }
        } else {
            found.push(item(child, depth));
        }
    }
    found
}

/// The block around the entries of a list.
fn block(first: &Node, depth: usize) -> Item {
    Item {
        label: first.statement.keyword.to_string(),
        line: None,
        holds: true,
        depth,
        marks: String::new(),
        inactive: false,
        ordered: false,
        children: vec![item(first, depth)],
    }
}

fn item(node: &Node, depth: usize) -> Item {
    let holds = node.statement.holds_statements();
    let list = matches!(node.statement.kind, Kind::List(_));
    let label = match node.statement.kind {
        Kind::Leaf(_) | Kind::LeafList(_) if node.statement.keyword.is_empty() => String::new(),
        _ => print::heading(node),
    };
    Item {
        label,
        line: node.is_line().then(|| print::one_line_with_secret(node)),
        holds,
        depth,
        marks: print::marks(node),
        inactive: node.inactive,
        ordered: list && matches!(&*node.statement.keyword, "term" | "policy" | "rule" | "name-server"),
        children: if holds { items(node, depth + 1) } else { Vec::new() },
    }
}

struct Comparison {
    out: String,
    path: Vec<String>,
}

impl Comparison {
    fn level(&mut self, old: &[Item], new: &[Item]) {
        let mut lines = String::new();
        let mut inner: Vec<(&Item, &Item)> = Vec::new();
        let mut gone = old
            .iter()
            .filter(|o| !new.iter().any(|n| n.label == o.label))
            .peekable();
        let mut previous: Option<&Item> = None;
        for item in new {
            while let Some(left) = gone.next_if(|g| comes_before(g, item, old, new)) {
                full(&mut lines, '-', left);
            }
            match old.iter().find(|o| o.label == item.label) {
                None => {
                    if let Some(before) = previous.filter(|p| item.ordered && old.iter().any(|o| o.label == p.label)) {
                        let brief = before
                            .line
                            .clone()
                            .unwrap_or_else(|| format!("{} {{ ... }}", before.label));
                        line(&mut lines, ' ', before, &brief);
                    }
                    full(&mut lines, '+', item);
                }
                Some(before) => {
                    change(&mut lines, before, item, moved(before, item, old, new));
                    if item.holds && before.children != item.children {
                        inner.push((before, item));
                    }
                }
            }
            previous = Some(item);
        }
        gone.for_each(|left| full(&mut lines, '-', left));
        if !lines.is_empty() {
            let path: String = self.path.iter().map(|word| format!(" {word}")).collect();
            self.out.push_str(&format!("[edit{path}]\n{lines}"));
        }
        for (before, after) in inner {
            self.path.push(after.label.clone());
            self.level(&before.children, &after.children);
            self.path.pop();
        }
    }
}

/// Whether a statement that is gone stood before one that is still there or new.
fn comes_before(gone: &Item, item: &Item, old: &[Item], new: &[Item]) -> bool {
    let place = old.iter().position(|o| o.label == gone.label);
    let later = new
        .iter()
        .skip_while(|n| n.label != item.label)
        .find_map(|n| old.iter().position(|o| o.label == n.label));
    later.is_none_or(|later| place.is_some_and(|p| p < later))
}

/// Whether an entry whose order counts stands elsewhere among those that both sides have.
fn moved(before: &Item, item: &Item, old: &[Item], new: &[Item]) -> bool {
    let rank = |these: &[Item], those: &[Item]| {
        let common = |i: &&Item| i.ordered && those.iter().any(|t| t.label == i.label);
        these.iter().filter(common).position(|i| i.label == item.label)
    };
    before.ordered && rank(old, new) != rank(new, old)
}

/// A statement that both sides have: changed value, other mark, other place.
fn change(out: &mut String, before: &Item, after: &Item, moved: bool) {
    if !after.holds && before.line != after.line {
        full(out, '-', before);
        full(out, '+', after);
        return;
    }
    let rest = if after.holds { " { ... }" } else { ";" };
    if before.inactive != after.inactive {
        let mark = if after.inactive { "inactive" } else { "active" };
        line(out, '!', after, &format!("{mark}: {}{rest}", after.label));
    } else if before.marks != after.marks {
        let mark = if after.marks.contains("protect") {
            "protect"
        } else {
            "unprotect"
        };
        line(out, '!', after, &format!("{mark}: {}{rest}", after.label));
    } else if moved {
        line(out, '!', after, &format!("{}{rest}", after.label));
    }
}

fn line(out: &mut String, sign: char, item: &Item, text: &str) {
    let indent = item.depth + if item.holds { 2 } else { 1 };
    out.push_str(&format!("{sign}{}{text}\n", " ".repeat(indent)));
}

/// A whole statement.
fn full(out: &mut String, sign: char, item: &Item) {
    let indent = item.depth + if item.holds { 2 } else { 1 };
    body(out, sign, item, indent);
}

fn body(out: &mut String, sign: char, item: &Item, indent: usize) {
    let space = " ".repeat(indent);
    let marks = &item.marks;
    if let Some(text) = &item.line {
        out.push_str(&format!("{sign}{space}{marks}{text}\n"));
        return;
    }
    out.push_str(&format!("{sign}{space}{marks}{} {{\n", item.label));
    for child in &item.children {
        body(out, sign, child, indent + 4);
    }
    out.push_str(&format!("{sign}{space}}}\n"));
}

#[cfg(test)]
mod tests;
