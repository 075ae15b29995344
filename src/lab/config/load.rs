//! Brings loaded statements into a configuration: merge, replace, delete, create, as Junos and RFC 6241 section 7.2 do.

use super::{
    fault::Fault,
    schema::Kind,
    tree::{Move, Node, Tag},
};

/// Brings statements into a configuration and collects what there is to complain about.
#[derive(Debug)]
pub(super) struct Loader {
    /// A missing statement is an error to `edit-config` and a warning to Junos' own operations.
    strict: bool,
    path: Vec<String>,
    /// What was complained about.
    pub(super) faults: Vec<Fault>,
}

impl Loader {
    /// A loader; `strict` as `edit-config` asks for.
    pub(super) fn new(strict: bool) -> Self {
        Self {
            strict,
            path: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Brings statements into `tree`. `default` applies where a statement does not say what is to happen to it;
    /// [`Tag::Inherit`] means that nothing happens (`default-operation` `none`).
    pub(super) fn load(&mut self, tree: &mut Node, drafts: Vec<Node>, default: Tag) {
        for draft in drafts {
            self.apply(tree, draft, default);
        }
        tree.prune();
    }

    fn apply(&mut self, parent: &mut Node, draft: Node, inherited: Tag) {
        let tag = if draft.tag == Tag::Inherit {
            inherited
        } else {
            draft.tag
        };
        if draft.is_whole_list() && !matches!(tag, Tag::Delete | Tag::Remove) {
            for entry in draft.children {
                self.apply(parent, entry, tag);
            }
            return;
        }
        if let Some(to) = &draft.moved {
            self.relocate(parent, &draft, to);
            return;
        }
        match tag {
            Tag::Delete | Tag::Remove => self.delete(parent, &draft, tag),
            Tag::Replace => self.replace(parent, draft),
            Tag::Create if parent.find(&draft).is_some() => {
                let fault = Fault::error("statement already exists")
                    .at(&self.path)
                    .at_word(draft.label());
                self.faults.push(Fault {
                    tag: "data-exists",
                    ..fault
                });
            }
            Tag::Create | Tag::Merge | Tag::Inherit => self.merge(parent, draft, tag),
        }
    }

    fn guarded(&mut self, found: Option<&Node>, draft: &Node, done: &str) -> bool {
        let guarded = draft.guard != Some(false) && found.is_some_and(|n| n.protect);
        if guarded {
            let path = self.path.join(" ");
            let message = format!("[{path}] is protected, '{}' cannot be {done}", draft.label());
            self.faults.push(Fault::warning(message).at(&self.path));
        }
        guarded
    }

    fn merge(&mut self, parent: &mut Node, draft: Node, tag: Tag) {
        if self.guarded(parent.find(&draft), &draft, "changed") {
            return;
        }
        if tag == Tag::Inherit && !draft.statement.holds_statements() {
            return;
        }
        let is_new = parent.find(&draft).is_none();
        if is_new {
            if draft.statement.exclusive {
                parent.children.retain(|c| !c.statement.exclusive);
            }
            parent.insert(Node {
                keys: draft.keys.clone(),
                ..Node::new(draft.statement)
            });
        }
        let Some(node) = parent.find_mut(&draft) else { return };
        update(node, &draft);
        self.path.extend(draft.words());
        for child in draft.children {
            self.apply(node, child, tag);
        }
        self.path.truncate(self.path.len().saturating_sub(node.words().len()));
        if is_new && tag == Tag::Inherit && node.children.is_empty() {
            let empty = node.shell();
            parent.children.retain(|c| !c.is_same(&empty));
        }
    }

    fn replace(&mut self, parent: &mut Node, draft: Node) {
        if self.guarded(parent.find(&draft), &draft, "changed") {
            return;
        }
        let place = parent.children.iter().position(|c| c.is_same(&draft));
        let statement = draft.statement;
        let keys = draft.keys.clone();
        let mut fresh = Node {
            keys,
            values: draft.values.clone(),
            ..Node::new(statement)
        };
        update(&mut fresh, &draft);
        let path = self.path.len();
        self.path.extend(draft.words());
        for child in draft.children {
            self.apply(&mut fresh, child, Tag::Merge);
        }
        self.path.truncate(path);
        match place.and_then(|p| parent.children.get_mut(p)) {
            Some(old) => *old = fresh,
            None => parent.insert(fresh),
        }
    }

    /// Moves or renames an entry of a list.
    fn relocate(&mut self, parent: &mut Node, draft: &Node, to: &Move) {
        let named = |parent: &Node, name: &str| {
            let is = |c: &Node| c.statement == draft.statement && c.name() == name;
            parent.children.iter().position(is)
        };
        let Some(from) = parent.children.iter().position(|c| c.is_same(draft)) else {
            self.missing(draft);
            return;
        };
        if let Move::Rename(name) = to {
            if let Some(key) = parent.children.get_mut(from).and_then(|node| node.keys.first_mut()) {
                key.clone_from(name);
            }
            return;
        }
        let node = parent.children.remove(from);
        let place = match to {
            Move::Before(name) => named(parent, name),
            Move::After(name) => named(parent, name).map(|place| place + 1),
            _ => parent.children.iter().position(|c| c.statement == draft.statement),
        };
        if place.is_none() {
            self.missing(draft);
        }
        parent.children.insert(place.unwrap_or(from), node);
    }

    fn delete(&mut self, parent: &mut Node, draft: &Node, tag: Tag) {
        if self.guarded(parent.find(draft), draft, "deleted") {
            return;
        }
        let before = parent.children.len();
        if draft.is_whole_list() {
            parent.children.retain(|c| c.statement != draft.statement);
        } else if matches!(draft.statement.kind, Kind::LeafList(_)) && !draft.values.is_empty() {
            if self.delete_values(parent, draft) {
                return;
            }
        } else {
            let matches = |c: &Node| c.is_same(draft) && (draft.values.is_empty() || c.values == draft.values);
            parent.children.retain(|c| !matches(c));
        }
        if parent.children.len() == before && tag == Tag::Delete {
            self.missing(draft);
        }
    }

    /// Takes single values out of a leaf; whether there were any.
    fn delete_values(&mut self, parent: &mut Node, draft: &Node) -> bool {
        let Some(node) = parent.find_mut(draft) else {
            return false;
        };
        let before = node.values.len();
        node.values.retain(|v| !draft.values.contains(v));
        let (found, left) = (node.values.len() < before, node.values.len());
        if left == 0 {
            parent.children.retain(|c| !c.is_same(draft));
        }
        found
    }

    /// Complains that a statement is not there.
    pub(super) fn missing(&mut self, draft: &Node) {
        self.faults.push(if self.strict {
            let fault = Fault::error("statement not found")
                .at(&self.path)
                .at_word(draft.label());
            Fault {
                tag: "data-missing",
                ..fault
            }
        } else {
            Fault::warning("statement not found")
        });
    }
}

/// Brings values, marks and annotation of a loaded statement into the one that is there.
fn update(node: &mut Node, draft: &Node) {
    match draft.statement.kind {
        Kind::Leaf(_) => node.values.clone_from(&draft.values),
        Kind::LeafList(_) => {
            for value in &draft.values {
                if !node.values.contains(value) {
                    node.values.push(value.clone());
                }
            }
        }
        _ => {}
    }
    node.inactive = draft.activate.map_or(node.inactive, |active| !active);
    node.protect = draft.guard.unwrap_or(node.protect);
    if let Some(comment) = &draft.comment {
        node.comment = Some(comment.clone()).filter(|c| !c.is_empty());
    }
}
