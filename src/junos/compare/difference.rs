//! How two trees of statements differ. The order of siblings counts only where Junos goes by it: terms, policies, rules, lists in
//! brackets.

use std::collections::{HashMap, HashSet};

use super::text::Statement;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The words of the way to where it is.
    pub(super) place: Vec<String>,
    /// What it is.
    pub(super) what: What,
}

/// What is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// It is gone, with all that it held.
    Gone(Statement),
    /// It is new, with all that it holds.
    New(Statement),
    /// It counts again, or no longer (`inactive`).
    Activity(Statement),
    /// It may be changed again, or no longer (`protected`).
    Protection(Statement),
    /// It stands elsewhere.
    Moved(Statement, Neighbour),
}

/// What a statement that moved stands next to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Neighbour {
    /// It is the first now, before this one.
    Before(Vec<String>),
    /// It comes after this one.
    After(Vec<String>),
}

/// First words of statements whose order Junos goes by.
const ORDERED: &[&str] = &["term", "policy", "rule"];
/// Statements that hold plain values whose order counts.
const HOLD_ORDERED: &[&str] = &["name-server", "authentication-order"];

/// All that leads from the one to the other, in the order in which it can be done.
pub(super) fn between(old: &[Statement], new: &[Statement]) -> Vec<Change> {
    let mut walk = Walk::default();
    walk.level(old, new);
    walk.changes
}

#[derive(Default)]
struct Walk {
    place: Vec<String>,
    changes: Vec<Change>,
}

impl Walk {
    fn level(&mut self, old: &[Statement], new: &[Statement]) {
        let (old, new) = (lifted(old, new), lifted(new, old));
        let before: HashMap<&[String], &Statement> = old.iter().map(|s| (s.words.as_slice(), s)).collect();
        let after: HashSet<&[String]> = new.iter().map(|s| s.words.as_slice()).collect();
        for gone in old.iter().filter(|s| !after.contains(s.words.as_slice())) {
            self.add(What::Gone(gone.clone()));
        }
        for statement in &new {
            match before.get(statement.words.as_slice()) {
                None => self.add(What::New(statement.clone())),
                Some(was) => self.marks(was, statement),
            }
        }
        self.moves(&old, &new);
        for statement in &new {
            if let Some(was) = before.get(statement.words.as_slice()) {
                let depth = self.place.len();
                self.place.extend_from_slice(&statement.words);
                self.level(&was.children, &statement.children);
                self.place.truncate(depth);
            }
        }
    }

    fn marks(&mut self, was: &Statement, is: &Statement) {
        if was.inactive != is.inactive {
            self.add(What::Activity(is.clone()));
        }
        if was.protected != is.protected {
            self.add(What::Protection(is.clone()));
        }
    }

    /// Statements that have to move when what is gone has gone and what is new was added behind the rest.
    fn moves(&mut self, old: &[Statement], new: &[Statement]) {
        let lists: HashSet<&[String]> = old.iter().chain(new).filter(|s| s.listed).map(head).collect();
        let mut groups: Vec<(&[String], Vec<&Statement>)> = Vec::new();
        for statement in new {
            let Some(group) = self.group(statement, &lists) else {
                continue;
            };
            match groups.iter_mut().find(|(name, _)| *name == group) {
                Some((_, members)) => members.push(statement),
                None => groups.push((group, vec![statement])),
            }
        }
        let places: HashMap<&[String], usize> =
            old.iter().enumerate().map(|(at, s)| (s.words.as_slice(), at)).collect();
        for (_, members) in groups {
            let ranks: Vec<usize> = members
                .iter()
                .enumerate()
                .map(|(at, s)| places.get(s.words.as_slice()).copied().unwrap_or(old.len() + at))
                .collect();
            let staying = longest_rising(&ranks);
            for (at, statement) in members.iter().enumerate().filter(|(at, _)| !staying.contains(at)) {
                let neighbour = match at.checked_sub(1).and_then(|before| members.get(before)) {
                    Some(before) => Neighbour::After(before.words.clone()),
                    None => match members.get(staying.first().copied().unwrap_or(1)) {
                        Some(first) => Neighbour::Before(first.words.clone()),
                        None => continue,
                    },
                };
                self.add(What::Moved((*statement).clone(), neighbour));
            }
        }
    }

    /// Which of its siblings a statement stands in order with; `None` where order means nothing.
    fn group<'s>(&self, statement: &'s Statement, lists: &HashSet<&[String]>) -> Option<&'s [String]> {
        let first = statement.words.first()?;
        if statement.words.len() > 1 && !statement.holds && lists.contains(head(statement)) {
            return Some(head(statement));
        }
        let in_block = self
            .place
            .last()
            .is_some_and(|last| HOLD_ORDERED.contains(&last.as_str()));
        if statement.words.len() == 1 && !statement.holds && in_block {
            return Some(&[]);
        }
        let is_ordered = ORDERED.contains(&first.as_str()) && statement.words.len() == 2;
        is_ordered.then(|| statement.words.get(..1)).flatten()
    }

    fn add(&mut self, what: What) {
        let place = self.place.clone();
        self.changes.push(Change { place, what });
    }
}

/// All words but the last.
fn head(statement: &Statement) -> &[String] {
    statement.words.split_last().map_or(&[], |(_, head)| head)
}

/// `then accept;` beside a `then { ... }` of the other side is `then { accept; }`: Junos writes one that holds a single statement on its
/// line.
fn lifted(statements: &[Statement], other: &[Statement]) -> Vec<Statement> {
    let holders: HashSet<&[String]> = other.iter().filter(|s| s.holds).map(|s| s.words.as_slice()).collect();
    let mut all: Vec<Statement> = Vec::new();
    for statement in statements {
        let inner = (1..statement.words.len()).find(|at| {
            let head = statement.words.get(..*at);
            !statement.holds && head.is_some_and(|head| holders.contains(head))
        });
        let Some((head, rest)) = inner.and_then(|at| statement.words.split_at_checked(at)) else {
            all.push(statement.clone());
            continue;
        };
        let child = Statement {
            words: rest.to_vec(),
            ..statement.clone()
        };
        match all.last_mut().filter(|last| last.holds && last.words == head) {
            Some(last) => last.children.push(child),
            None => all.push(Statement {
                words: head.to_vec(),
                holds: true,
                children: vec![child],
                ..Statement::default()
            }),
        }
    }
    all
}

/// The places of a longest rising sequence: what can stay where it is.
fn longest_rising(ranks: &[usize]) -> Vec<usize> {
    // For each length the place where a sequence of that length ends lowest, and for each place the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    for (at, rank) in ranks.iter().enumerate() {
        let length = ends.partition_point(|end| ranks.get(*end).is_some_and(|end| end < rank));
        before.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut staying = Vec::new();
    let mut place = ends.last().copied();
    while let Some(at) = place {
        staying.push(at);
        place = before.get(at).copied().flatten();
    }
    staying.reverse();
    staying
}
