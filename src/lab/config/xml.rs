//! Writes and reads configuration as XML, as described in the Junos XML API reference.

use super::{
    fault::Fault,
    schema::{Key, Kind, Statement, Value},
    text::Parsed,
    tree::{Move, Node, Tag},
};
use crate::junos::netconf::xml::{Element, escape};

/// The namespace of configuration elements.
pub(super) const NAMESPACE: &str = "http://xml.juniper.net/xnm/1.1/xnm";

/// What a node holds, as elements indented by `depth` levels.
pub(super) fn write(node: &Node, depth: usize) -> String {
    let mut writer = Writer {
        out: String::new(),
        depth,
    };
    for child in &node.children {
        writer.node(child);
    }
    writer.out
}

struct Writer {
    out: String,
    depth: usize,
}

impl Writer {
    fn line(&mut self, text: &str) {
        self.out.push_str(&"    ".repeat(self.depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn node(&mut self, node: &Node) {
        if let Some(comment) = &node.comment {
            self.line(&format!("<junos:comment>/* {} */</junos:comment>", escape(comment)));
        }
        let name = &node.statement.element;
        let attributes = attributes(node);
        match node.statement.kind {
            Kind::Leaf(_) | Kind::LeafList(_) => {
                for value in &node.values {
                    self.line(&format!("<{name}{attributes}>{}</{name}>", escape(value)));
                }
            }
            _ if node.children.is_empty() && node.keys.is_empty() => self.line(&format!("<{name}{attributes}/>")),
            _ => {
                self.line(&format!("<{name}{attributes}>"));
                self.depth += 1;
                for (key, value) in node.statement.keys().iter().zip(&node.keys) {
                    self.key(key, value);
                }
                node.children.iter().for_each(|c| self.node(c));
                self.depth = self.depth.saturating_sub(1);
                self.line(&format!("</{name}>"));
            }
        }
    }

    fn key(&mut self, key: &Key, value: &str) {
        let name = &key.element;
        if key.choice.is_empty() {
            self.line(&format!("<{name}>{}</{name}>", escape(value)));
        } else {
            self.line(&format!("<{value}/>"));
        }
    }
}

fn attributes(node: &Node) -> String {
    let mut out = String::new();
    if node.protect {
        out.push_str(" protect=\"protect\"");
    }
    if node.inactive {
        out.push_str(" inactive=\"inactive\"");
    }
    if let Some(group) = &node.origin {
        out.push_str(&format!(" junos:group=\"{}\"", escape(group)));
    }
    out
}

/// Reads the statements in a `<configuration>` element, up to the first error.
pub(super) fn read(configuration: &Element) -> Parsed {
    let mut reader = Reader { path: Vec::new() };
    let mut parsed = Parsed::default();
    parsed.fault = reader
        .children(configuration, Statement::root(), &mut parsed.statements)
        .err();
    parsed
}

struct Reader {
    path: Vec<String>,
}

impl Reader {
    fn children(&mut self, element: &Element, parent: &'static Statement, found: &mut Vec<Node>) -> Result<(), Fault> {
        let mut comment = None;
        for child in element.elements() {
            if &*child.name == "comment" && parent.by_element("comment").is_none() {
                let text = child.text();
                let text = text.trim().trim_start_matches("/*").trim_end_matches("*/");
                comment = Some(text.trim().to_owned());
                continue;
            }
            if is_key(parent, &child.name) {
                continue;
            }
            let statement = parent
                .by_element(&child.name)
                .ok_or_else(|| Fault::syntax(child.name.to_string()).at(&self.path))?;
            let mut node = self.node(child, statement)?;
            node.comment = comment.take();
            match found.last_mut() {
                Some(last) if can_join(last, &node) => last.values.extend(node.values),
                _ => found.push(node),
            }
        }
        Ok(())
    }

    fn node(&mut self, element: &Element, statement: &'static Statement) -> Result<Node, Fault> {
        let mut node = Node::new(statement);
        self.marks(element, &mut node)?;
        let deletes = matches!(node.tag, Tag::Delete | Tag::Remove);
        match &statement.kind {
            Kind::Flag => {}
            Kind::Leaf(value) | Kind::LeafList(value) => {
                let text = element.text().trim().to_owned();
                if text.is_empty() && !deletes {
                    return Err(Fault::error("missing argument")
                        .at(&self.path)
                        .at_word(element.name.to_string()));
                }
                self.check(value, &text, deletes)?;
                node.values.extend(Some(text).filter(|t| !t.is_empty()));
            }
            Kind::List(keys) => self.keys(element, keys, deletes, &mut node)?,
            Kind::Container { .. } => {}
        }
        if statement.holds_statements() {
            let depth = self.path.len();
            self.path.extend(node.words());
            self.children(element, statement, &mut node.children)?;
            self.path.truncate(depth);
        }
        Ok(node)
    }

    fn check(&self, value: &Value, text: &str, deletes: bool) -> Result<(), Fault> {
        match value.fault(text) {
            Some(message) if !deletes => Err(Fault::error(message).at(&self.path).at_word(text)),
            _ => Ok(()),
        }
    }

    fn keys(&self, element: &Element, keys: &[Key], deletes: bool, node: &mut Node) -> Result<(), Fault> {
        for key in keys {
            let chosen = key
                .choice
                .iter()
                .find(|c| element.child(c).is_some())
                .map(ToString::to_string);
            match chosen.or_else(|| element.text_at(&[&key.element])) {
                Some(value) => {
                    self.check(&key.value, &value, deletes)?;
                    node.keys.push(value);
                }
                None if deletes && node.keys.is_empty() => return Ok(()),
                None => {
                    let fault = Fault::error(format!("missing mandatory argument: {}", key.element));
                    return Err(Fault {
                        tag: "missing-element",
                        ..fault.at(&self.path).at_word(&*element.name)
                    });
                }
            }
        }
        Ok(())
    }

    fn marks(&self, element: &Element, node: &mut Node) -> Result<(), Fault> {
        let name = || element.attribute("name").unwrap_or_default().to_owned();
        node.moved = match (element.attribute("insert"), element.attribute("rename")) {
            (Some("first"), _) => Some(Move::First),
            (Some("before"), _) => Some(Move::Before(name())),
            (Some("after"), _) => Some(Move::After(name())),
            (Some(other), _) => return Err(Fault::error("invalid value for insert").at(&self.path).at_word(other)),
            (None, Some(_)) => Some(Move::Rename(name())),
            (None, None) => None,
        };
        node.tag = match element.attribute("operation") {
            Some("merge") => Tag::Merge,
            Some("replace") => Tag::Replace,
            Some("create") => Tag::Create,
            Some("delete") => Tag::Delete,
            Some("remove") => Tag::Remove,
            Some(other) => {
                let fault = Fault::error("invalid operation").at(&self.path).at_word(other);
                return Err(Fault {
                    tag: "bad-attribute",
                    ..fault
                });
            }
            None if element.attribute("delete").is_some() => Tag::Delete,
            None if element.attribute("replace").is_some() => Tag::Replace,
            None => Tag::Inherit,
        };
        if element.attribute("inactive").is_some() {
            node.activate = Some(false);
        } else if element.attribute("active").is_some() {
            node.activate = Some(true);
        }
        if element.attribute("protect").is_some() {
            node.guard = Some(true);
        } else if element.attribute("unprotect").is_some() {
            node.guard = Some(false);
        }
        Ok(())
    }
}

fn is_key(parent: &Statement, element: &str) -> bool {
    parent
        .keys()
        .iter()
        .any(|k| &*k.element == element || k.choice.iter().any(|c| &**c == element))
}

/// Elements of one leaf with several values belong together.
fn can_join(last: &Node, next: &Node) -> bool {
    last.statement == next.statement
        && last.tag == next.tag
        && next.comment.is_none()
        && matches!(next.statement.kind, Kind::LeafList(_))
}
