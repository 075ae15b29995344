//! Brings the changes of a private candidate into a configuration that may have moved on meanwhile, statement by
//! statement.

use super::{fault::Fault, schema::Kind, tree::Node};

/// What `mine` changed since `base`, brought into `theirs`; a conflict where both changed a statement differently.
pub(super) fn merge(base: &Node, mine: &Node, theirs: &Node) -> Result<Node, Vec<Fault>> {
    let mut merger = Merger {
        path: Vec::new(),
        conflicts: Vec::new(),
    };
    let mut merged = merger.node(base, mine, theirs);
    merged.prune();
    if merger.conflicts.is_empty() {
        Ok(merged)
    } else {
        Err(merger.conflicts)
    }
}

struct Merger {
    path: Vec<String>,
    conflicts: Vec<Fault>,
}

impl Merger {
    /// A statement that all sides have (or that both sides added: then `base` is empty).
    fn node(&mut self, base: &Node, mine: &Node, theirs: &Node) -> Node {
        let mut merged = theirs.shell();
        let changed = mine.shell() != base.shell();
        if changed {
            if theirs.shell() != base.shell() && theirs.shell() != mine.shell() {
                self.conflict(mine, theirs);
            }
            merged = mine.shell();
        }
        let ordered = mine
            .children
            .iter()
            .map(Node::shell)
            .ne(base.children.iter().map(Node::shell));
        let (first, second) = if ordered { (mine, theirs) } else { (theirs, mine) };
        for child in &first.children {
            let outcome = self.child(base.find(child), mine.find(child), theirs.find(child));
            merged.children.extend(outcome);
        }
        for child in second.children.iter().filter(|c| first.find(c).is_none()) {
            if let Some(outcome) = self.child(base.find(child), mine.find(child), theirs.find(child)) {
                merged.insert(outcome);
            }
        }
        merged
    }

    fn child(&mut self, base: Option<&Node>, mine: Option<&Node>, theirs: Option<&Node>) -> Option<Node> {
        match (base, mine, theirs) {
            _ if mine == base || mine == theirs => theirs.cloned(),
            _ if theirs == base => mine.cloned(),
            (_, Some(mine), Some(theirs)) => {
                let empty = Node {
                    keys: mine.keys.clone(),
                    ..Node::new(mine.statement)
                };
                self.path.extend(mine.words());
                let merged = self.node(base.unwrap_or(&empty), mine, theirs);
                self.path.truncate(self.path.len().saturating_sub(mine.words().len()));
                Some(merged)
            }
            (_, Some(kept), None) | (_, None, Some(kept)) => {
                self.conflict(kept, kept);
                Some(kept.clone())
            }
            (_, None, None) => None,
        }
    }

    fn conflict(&mut self, mine: &Node, theirs: &Node) {
        let (mine_value, their_value) = (mine.values.join(" "), theirs.values.join(" "));
        let message = match mine.statement.kind {
            Kind::Leaf(_) | Kind::LeafList(_) if mine_value != their_value => {
                format!("statement does not match patch; '{their_value}' != '{mine_value}'")
            }
            _ => "statement does not match patch; it was changed by another user".to_owned(),
        };
        let level = self.path.split_last().map(|(_, level)| level).unwrap_or_default();
        let word = if mine.statement.holds_statements() {
            mine.label()
        } else {
            mine.statement.keyword.to_string()
        };
        self.conflicts.push(Fault::error(message).at(level).at_word(word));
    }
}
