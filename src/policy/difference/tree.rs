//! Signed statements as they stand below a heading, and what they mean.

use std::collections::HashSet;

use super::{Extent, Statement, Verb};

/// What a line says of its statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is new.
    Plus,
    /// It goes.
    Minus,
    /// It gets another mark, or another place.
    Mark,
    /// It is only there to say where the others are.
    Context,
}

/// What a statement holds.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    Leaf,
    Block(Vec<Node>),
    Hidden,
    Comment,
}

/// A statement of the difference.
#[derive(Debug, PartialEq)]
pub(super) struct Node {
    pub(super) sign: Sign,
    /// `inactive:` and the like, in front of it.
    pub(super) tags: Vec<String>,
    pub(super) words: Vec<String>,
    /// The values in brackets.
    pub(super) list: Option<Vec<String>>,
    pub(super) body: Body,
}

impl Node {
    pub(super) fn comment(sign: Sign) -> Self {
        Self {
            sign,
            tags: Vec::new(),
            words: Vec::new(),
            list: None,
            body: Body::Comment,
        }
    }

    fn has(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// The paths that it stands for: one, or one for each value of its list.
    fn paths(&self, above: &[String]) -> Vec<Vec<String>> {
        let own: Vec<String> = above.iter().chain(&self.words).cloned().collect();
        match &self.list {
            Some(values) if !values.is_empty() => {
                let with = |value: &String| own.iter().cloned().chain([value.clone()]).collect();
                values.iter().map(with).collect()
            }
            _ => vec![own],
        }
    }

    fn extent(&self) -> Extent {
        match &self.body {
            Body::Block(children) if !children.is_empty() => Extent::Container,
            Body::Hidden => Extent::Hidden,
            _ => Extent::Leaf,
        }
    }
}

/// A heading and what stands below it.
#[derive(Debug, PartialEq)]
pub(super) struct Hunk {
    pub(super) path: Vec<String>,
    pub(super) nodes: Vec<Node>,
}

/// Something that is true of a statement in one of the two configurations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Fact {
    Is,
    Inactive,
    Protected,
}

type Entry = (Fact, Vec<String>, Extent);

/// What the statements below a heading change.
pub(super) fn statements(hunk: &Hunk) -> Vec<Statement> {
    let mut found = Vec::new();
    level(&hunk.path, &hunk.nodes, &mut found);
    found
}

fn level(path: &[String], nodes: &[Node], found: &mut Vec<Statement>) {
    let kept = Kept::of(path, nodes);
    for node in nodes {
        match (node.sign, &node.body) {
            (Sign::Plus | Sign::Minus, Body::Comment) => {
                found.push(statement(Verb::Annotate, path.to_vec(), Extent::Leaf))
            }
            (_, Body::Comment) => {}
            (Sign::Plus | Sign::Minus, _) => found.extend(kept.statements(path, node)),
            (Sign::Mark, _) => marked(path, node, found),
            (Sign::Context, Body::Block(children)) => {
                let below: Vec<String> = path.iter().chain(&node.words).cloned().collect();
                level(&below, children, found);
            }
            (Sign::Context, _) => {}
        }
    }
}

fn statement(verb: Verb, path: Vec<String>, extent: Extent) -> Statement {
    Statement { verb, path, extent }
}

fn marked(path: &[String], node: &Node, found: &mut Vec<Statement>) {
    let verbs = [
        ("inactive:", Verb::Deactivate),
        ("active:", Verb::Activate),
        ("protect:", Verb::Protect),
        ("unprotect:", Verb::Unprotect),
    ];
    // A marked statement is shown without its value.
    let extent = Extent::Hidden;
    for own in node.paths(path) {
        let mut given = verbs.iter().filter(|(tag, _)| node.has(tag)).peekable();
        if given.peek().is_none() {
            found.push(statement(Verb::Insert, own.clone(), extent));
        }
        found.extend(given.map(|(_, verb)| statement(*verb, own.clone(), extent)));
    }
}

/// What a printed statement says, what holds others first.
fn entries(path: &[String], node: &Node, found: &mut Vec<Entry>) {
    if node.body == Body::Comment {
        return;
    }
    for own in node.paths(path) {
        found.push((Fact::Is, own.clone(), node.extent()));
        let facts = [("inactive:", Fact::Inactive), ("protect:", Fact::Protected)];
        let facts = facts.into_iter().filter(|(tag, _)| node.has(tag));
        // A mark is one on all that the statement holds, and what has not changed of that is not told again.
        found.extend(facts.map(|(_, fact)| (fact, own.clone(), Extent::Hidden)));
    }
    if let Body::Block(children) = &node.body {
        let below: Vec<String> = path.iter().chain(&node.words).cloned().collect();
        children.iter().for_each(|child| entries(&below, child, found));
    }
}

/// Each entry once, in an order of its own: equal where two statements say the same.
fn in_order(entries: &[Entry]) -> Vec<&Entry> {
    let mut all: Vec<&Entry> = entries.iter().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What is printed as gone and as new alike, and so has not changed: a list that got one more value is printed twice in full.
struct Kept(HashSet<Entry>);

impl Kept {
    fn of(path: &[String], nodes: &[Node]) -> Self {
        let roots = |sign: Sign| -> Vec<Vec<Entry>> {
            let roots = nodes.iter().filter(|node| node.sign == sign);
            roots
                .map(|node| {
                    let mut found = Vec::new();
                    entries(path, node, &mut found);
                    found
                })
                .collect()
        };
        let (gone, new) = (roots(Sign::Minus), roots(Sign::Plus));
        if gone.is_empty() || new.is_empty() {
            return Self(HashSet::new());
        }
        let set = |roots: &[Vec<Entry>]| roots.iter().flatten().cloned().collect::<HashSet<Entry>>();
        let mut kept: HashSet<Entry> = set(&gone).intersection(&set(&new)).cloned().collect();
        // What goes and comes again as it was has changed in some way that its words do not say.
        let again: HashSet<Vec<&Entry>> = new.iter().map(|root| in_order(root)).collect();
        for root in &gone {
            if again.contains(&in_order(root)) {
                root.iter().for_each(|entry| {
                    kept.remove(entry);
                });
            }
        }
        let order = |roots: &[Vec<Entry>]| -> Vec<Entry> {
            let all = roots.iter().flatten().filter(|entry| kept.contains(*entry));
            all.cloned().collect()
        };
        if order(&gone) == order(&new) {
            Self(kept)
        } else {
            // Their order is what changed.
            Self(HashSet::new())
        }
    }

    fn statements(&self, path: &[String], node: &Node) -> Vec<Statement> {
        let mut found = Vec::new();
        entries(path, node, &mut found);
        let is_new = node.sign == Sign::Plus;
        let extents = [Extent::Leaf, Extent::Container, Extent::Hidden];
        let stays = |path: &Vec<String>| {
            extents
                .iter()
                .any(|extent| self.0.contains(&(Fact::Is, path.clone(), *extent)))
        };
        found.retain(|entry| !self.0.contains(entry));
        found
            .into_iter()
            .filter_map(|(fact, path, extent)| {
                let verb = match (fact, is_new) {
                    (Fact::Is, true) => Verb::Set,
                    (Fact::Is, false) => Verb::Delete,
                    (Fact::Inactive, true) => Verb::Deactivate,
                    (Fact::Protected, true) => Verb::Protect,
                    // A mark goes with its statement, unless that stays.
                    (Fact::Inactive, false) if stays(&path) => Verb::Activate,
                    (Fact::Protected, false) if stays(&path) => Verb::Unprotect,
                    (Fact::Inactive | Fact::Protected, false) => return None,
                };
                Some(statement(verb, path, extent))
            })
            .collect()
    }
}
