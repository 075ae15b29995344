//! Whose edits the shared candidate holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Store, Who, print, tree::Node};

/// A statement in which the shared candidate differs from the running configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedEdit {
    /// Who left it so.
    pub user: String,
    /// The set line, after `+` where the candidate adds it and `-` where it lacks it.
    pub statement: String,
}

/// The user behind each difference.
pub(super) type Owners = BTreeMap<String, String>;

impl Store {
    /// What the shared candidate holds that was not committed, and who left it there.
    pub fn shared_edits(&self) -> Vec<SharedEdit> {
        let edit = |(statement, user): (&String, &String)| SharedEdit {
            user: user.clone(),
            statement: statement.clone(),
        };
        self.owners.iter().map(edit).collect()
    }

    /// The users with uncommitted edits in the shared candidate.
    pub(super) fn editors(&self) -> Vec<String> {
        let users: BTreeSet<&String> = self.owners.values().collect();
        users.into_iter().cloned().collect()
    }

    /// Gives what is new in the shared candidate to `who`. Edits of others that are gone were overwritten: that is recorded.
    pub(super) fn attribute(&mut self, who: &Who) {
        let now = if self.is_dirty() {
            differences(&self.running, &self.shared)
        } else {
            BTreeSet::new()
        };
        let gone = |(statement, user): (&String, &String)| {
            (!now.contains(statement) && *user != who.user).then(|| user.clone())
        };
        let lost: BTreeSet<String> = self.owners.iter().filter_map(gone).collect();
        self.owners.retain(|statement, _| now.contains(statement));
        for statement in now {
            self.owners.entry(statement).or_insert_with(|| who.user.clone());
        }
        if !lost.is_empty() {
            self.record_for(who, Action::Discard, "shared, overwritten", lost.into_iter().collect());
        }
    }
}

fn differences(running: &Node, shared: &Node) -> BTreeSet<String> {
    let lines = |tree: &Node| -> BTreeSet<String> { print::set(tree, &[]).lines().map(str::to_owned).collect() };
    let (old, new) = (lines(running), lines(shared));
    let mut found: BTreeSet<String> = new.difference(&old).map(|line| format!("+{line}")).collect();
    found.extend(old.difference(&new).map(|line| format!("-{line}")));
    if found.is_empty() {
        // The order of entries or an annotation: set lines alone do not tell.
        found.insert("order or annotations".to_owned());
    }
    found
}
