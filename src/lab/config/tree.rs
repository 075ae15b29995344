//! The configuration as a tree of statements, kept in Junos' own order.

use std::cmp::Ordering;

use super::schema::{Kind, Layout, Statement};

/// What is to happen to a statement that is being loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tag {
    /// What the load as a whole says.
    #[default]
    Inherit,
    /// Unite with what is there.
    Merge,
    /// Take the place of what is there.
    Replace,
    /// Delete; a warning (Junos) or an error (`edit-config`) if it is not there.
    Delete,
    /// Delete if it is there.
    Remove,
    /// Add; an error if it is there.
    Create,
}

/// How a statement that is being loaded changes its place or name (`insert` and `rename` of the XML protocol).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    /// To the head of its list.
    First,
    /// Before the entry of this name.
    Before(String),
    /// After the entry of this name.
    After(String),
    /// It gets this name.
    Rename(String),
}

/// Whether a loaded statement changes the `inactive` or `protect` mark.
pub(super) type Change = Option<bool>;

/// A statement with what it holds. Also used for what is being loaded: then `tag` and `activate` count.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) statement: &'static Statement,
    /// Key values of a list entry. A list without keys stands for all its entries.
    pub(super) keys: Vec<String>,
    /// Values of a leaf.
    pub(super) values: Vec<String>,
    pub(super) children: Vec<Node>,
    /// Deactivated.
    pub(super) inactive: bool,
    /// Protected from change.
    pub(super) protect: bool,
    /// The annotation, without comment signs.
    pub(super) comment: Option<String>,
    pub(super) tag: Tag,
    /// While loading: activate or deactivate.
    pub(super) activate: Change,
    /// While loading: protect or unprotect.
    pub(super) guard: Change,
    /// While loading: another place or name among its siblings.
    pub(super) moved: Option<Move>,
    /// The group that it was inherited from.
    pub(super) origin: Option<String>,
}

impl Node {
    /// An empty statement.
    pub(super) fn new(statement: &'static Statement) -> Self {
        Self {
            statement,
            keys: Vec::new(),
            values: Vec::new(),
            children: Vec::new(),
            inactive: false,
            protect: false,
            comment: None,
            tag: Tag::Inherit,
            activate: None,
            guard: None,
            moved: None,
            origin: None,
        }
    }

    /// An empty configuration.
    pub(super) fn root() -> Self {
        Self::new(Statement::root())
    }

    /// The same statement without what it holds.
    pub(super) fn shell(&self) -> Self {
        Self {
            children: Vec::new(),
            ..self.clone()
        }
    }

    /// Whether both are the same statement: of one kind, with the same keys.
    pub(super) fn is_same(&self, other: &Node) -> bool {
        self.statement == other.statement && self.keys == other.keys
    }

    /// Whether it stands for all entries of its list.
    pub(super) fn is_whole_list(&self) -> bool {
        self.keys.is_empty() && matches!(self.statement.kind, Kind::List(_))
    }

    /// Whether it would vanish: a container that means nothing when empty.
    pub(super) fn is_void(&self) -> bool {
        self.children.is_empty() && matches!(self.statement.kind, Kind::Container { presence: false })
    }

    /// The child that is the same statement.
    pub(super) fn find(&self, like: &Node) -> Option<&Node> {
        self.children.iter().find(|c| c.is_same(like))
    }

    /// The child that is the same statement.
    pub(super) fn find_mut(&mut self, like: &Node) -> Option<&mut Node> {
        self.children.iter_mut().find(|c| c.is_same(like))
    }

    /// Does something with the statement at the end of a chain.
    pub(super) fn with_last<R>(&mut self, action: impl FnOnce(&mut Node) -> R) -> R {
        match self.children.last_mut() {
            Some(child) => child.with_last(action),
            None => action(self),
        }
    }

    /// The children that have this XML element.
    pub(super) fn elements<'a>(&'a self, element: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |c| &*c.statement.element == element)
    }

    /// The node at the end of a path of XML elements, first entries taken.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| {
            node.children.iter().find(|c| &*c.statement.element == *name)
        })
    }

    /// The value of the leaf at the end of a path of XML elements.
    pub(super) fn leaf(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(|n| n.values.first()).map(String::as_str)
    }

    /// The first key of a list entry.
    pub(super) fn name(&self) -> &str {
        self.keys.first().map(String::as_str).unwrap_or_default()
    }

    /// The words that lead to it from its parent: keyword and keys, as in `edit` paths and set lines.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !self.statement.keyword.is_empty() {
            words.push(self.statement.keyword.to_string());
        }
        for (key, value) in self.statement.keys().iter().zip(&self.keys) {
            words.extend(key.keyword.as_ref().map(ToString::to_string));
            words.push(value.clone());
        }
        words
    }

    /// The words that lead to it, in one text.
    pub(super) fn label(&self) -> String {
        self.words().join(" ")
    }

    /// Adds a child where it belongs.
    pub(super) fn insert(&mut self, child: Node) {
        let place = self.place(&child);
        self.children.insert(place, child);
    }

    fn place(&self, child: &Node) -> usize {
        let parent = self.statement;
        let order = parent.order(child.statement);
        let after = |other: &Node| match parent.order(other.statement).cmp(&order) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal if child.statement.sorted => by_name(other.name(), child.name()) == Ordering::Less,
            Ordering::Equal => true,
        };
        self.children.iter().rposition(after).map_or(0, |p| p + 1)
    }

    /// Removes containers that mean nothing because they are empty, at any depth.
    pub(super) fn prune(&mut self) {
        for child in &mut self.children {
            child.prune();
        }
        self.children.retain(|c| !c.is_void());
    }

    /// Without deactivated statements: what the device acts on.
    pub(super) fn active(&self) -> Node {
        let children = self.children.iter().filter(|c| !c.inactive).map(Node::active).collect();
        Node {
            children,
            ..self.shell()
        }
    }

    /// Whether it prints on one line: a leaf, a flag, or a statement that is laid out so.
    pub(super) fn is_line(&self) -> bool {
        if self.children.is_empty() {
            return true;
        }
        let plain = |c: &Node| !c.inactive && !c.protect && c.comment.is_none() && c.origin.is_none();
        match self.statement.layout {
            Layout::Line => self.children.iter().all(|c| plain(c) && c.is_line()),
            Layout::LineIfSingle => {
                matches!(self.children.as_slice(), [only] if plain(only) && !only.statement.holds_statements())
            }
            Layout::Block | Layout::Prefix => false,
        }
    }
}

/// The order of sorted entries: hardware (`ge-0/0/0`) before software (`ae0`, `lo0`), then by name.
fn by_name(left: &str, right: &str) -> Ordering {
    let software = |name: &str| !name.contains('/');
    software(left).cmp(&software(right)).then_with(|| natural(left, right))
}

/// Compares names the way people count: `ge-0/0/2` before `ge-0/0/10`.
fn natural(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.chars().peekable(), right.chars().peekable());
    loop {
        let (Some(a), Some(b)) = (left.peek().copied(), right.peek().copied()) else {
            return left.peek().is_some().cmp(&right.peek().is_some());
        };
        let order = if a.is_ascii_digit() && b.is_ascii_digit() {
            number(&mut left).cmp(&number(&mut right))
        } else {
            left.next();
            right.next();
            a.cmp(&b)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> u128 {
    let mut value = 0u128;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        value = value.saturating_mul(10).saturating_add(u128::from(digit));
        chars.next();
    }
    value
}
