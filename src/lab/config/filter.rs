//! Subtree filters (RFC 6241 section 6) on a configuration: `<system><host-name/></system>`.

use super::tree::Node;
use crate::junos::netconf::xml::Element;

/// What a `<configuration>` filter selects; all, where the filter is empty.
pub(super) fn filter(tree: &Node, wanted: &Element) -> Node {
    if wanted.elements().next().is_none() {
        return tree.clone();
    }
    Node {
        children: select(tree, &[wanted]),
        ..tree.shell()
    }
}

fn select(parent: &Node, wanted: &[&Element]) -> Vec<Node> {
    let mut found = Vec::new();
    for child in &parent.children {
        let matching: Vec<&Element> = wanted
            .iter()
            .flat_map(|w| w.elements())
            .filter(|e| fits(child, e))
            .collect();
        if matching.is_empty() {
            continue;
        }
        if matching.iter().any(|e| takes_all(child, e)) {
            found.push(child.clone());
        } else {
            found.push(Node {
                children: select(child, &matching),
                ..child.shell()
            });
        }
    }
    found
}

fn fits(node: &Node, wanted: &Element) -> bool {
    let key_fits = |(key, value): (&super::schema::Key, &String)| {
        wanted.text_at(&[&key.element]).is_none_or(|text| text == *value)
    };
    let text = wanted.text();
    let value = text.trim();
    *node.statement.element == *wanted.name
        && node.statement.keys().iter().zip(&node.keys).all(key_fits)
        && (value.is_empty() || node.statement.holds_statements() || node.values.iter().any(|v| v == value))
}

/// Whether a filter element selects all of a statement: it names nothing below it but its keys.
fn takes_all(node: &Node, wanted: &Element) -> bool {
    wanted.elements().all(|e| {
        let is_key = node.statement.keys().iter().any(|k| *k.element == *e.name);
        is_key && !e.text().trim().is_empty()
    })
}
