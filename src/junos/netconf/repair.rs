//! The one kind of broken reply that is repaired: `<routing-engine>` opened and not closed.
//!
//! Junos sends it for commit, commit check and validate on clusters, virtual chassis and dual routing engines (seen
//! from 12.3 to 25.4). The next `<routing-engine>` or the closing `<ok/>` then stands inside of it.

use super::xml::{Element, Node};

const NAME: &str = "routing-engine";

/// Whether an element of this name may be closed without its end tag.
pub(super) fn may_be_unclosed(name: &str) -> bool {
    name == NAME
}

/// What an unclosed `<routing-engine>` really holds, and what follows it in its parent.
pub(super) fn split(mut engine: Element) -> (Element, Vec<Node>) {
    let ends = |node: &Node| matches!(node, Node::Element(e) if matches!(&*e.name, NAME | "ok"));
    let own = engine.children.iter().position(ends).unwrap_or(engine.children.len());
    let after = engine.children.split_off(own);
    (engine, after)
}
