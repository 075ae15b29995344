//! What the guardrails read from a difference is what has changed.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::policy::{Extent, Statement, Verb, changes};

/// A change of a small configuration: statements of every kind of layout.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = "system host-name A|interfaces ge-0/0/A description B|interfaces ge-0/0/A unit 0 family inet address 192.0.2.A/24|\
                interfaces ge-0/0/A unit 0 family inet6 address 2001:db8::A/64|interfaces ge-0/0/A|interfaces ge-0/0/A unit 0|\
                interfaces ge-0/0/A disable|policy-options policy-statement B term A then accept|snmp location B|\
                policy-options policy-statement B term A from protocol bgp|policy-options policy-statement B term A from protocol static|\
                policy-options policy-statement B term A|policy-options policy-statement B|system name-server 192.0.2.A|system|\
                routing-options static route 198.51.100.A/32 next-hop 192.0.2.A|routing-options static route 198.51.100.A/32 discard|\
                groups B interfaces <ge-*> mtu 1500|apply-groups B|protocols bgp group B neighbor 192.0.2.A peer-as A|protocols|\
                system root-authentication encrypted-password B|protocols bgp group B|system services ssh|system services";
    let line: Vec<&str> = line.split('|').collect();
    let text = prop_oneof![3 => "[ab]", 1 => "[a-c;{}\" #\\\\]{1,6}"].prop_map(|t| format!("{t:?}"));
    let verb = prop::sample::select(vec!["set", "set", "set", "deactivate", "activate", "delete", "delete"]);
    let one = (prop::sample::select(line), 1..4u8, text, verb);
    let one =
        one.prop_map(|(line, a, b, verb)| format!("{verb} {}", line.replace('A', &a.to_string()).replace('B', &b)));
    prop::collection::vec(one, 0..25)
}

/// The statements at the ends of the tree, and those that are inactive.
fn facts(node: &Node, path: &[String], found: &mut BTreeSet<(bool, Vec<String>)>) {
    for child in &node.children {
        let path: Vec<String> = path.iter().cloned().chain(child.words()).collect();
        if child.values.is_empty() && child.children.is_empty() {
            found.insert((false, path.clone()));
        }
        for value in &child.values {
            found.insert((false, path.iter().cloned().chain([value.clone()]).collect()));
        }
        if child.inactive {
            found.insert((true, path.clone()));
        }
        facts(child, &path, found);
    }
}

/// What the difference of two sets of facts is called: new, gone, no longer or again active.
fn expected(old: &Node, new: &Node) -> BTreeSet<(Verb, Vec<String>)> {
    let of = |node: &Node| {
        let mut found = BTreeSet::new();
        facts(node, &[], &mut found);
        found
    };
    let paths = |node: &Node| {
        let mut found = BTreeSet::new();
        all(node, &[], &mut found);
        found
    };
    let (old_facts, new_facts, old_paths, new_paths) = (of(old), of(new), paths(old), paths(new));
    let mut found = BTreeSet::new();
    for (is_inactive, path) in new_facts.difference(&old_facts) {
        match is_inactive {
            true => found.insert((Verb::Deactivate, path.clone())),
            false if old_paths.contains(path) => false,
            false => found.insert((Verb::Set, path.clone())),
        };
    }
    for (is_inactive, path) in old_facts.difference(&new_facts) {
        let stays = new_paths.contains(path);
        match is_inactive {
            true if stays => found.insert((Verb::Activate, path.clone())),
            false if !stays => found.insert((Verb::Delete, path.clone())),
            _ => false,
        };
    }
    found
}

/// A mark belongs to a statement, whatever its values are.
fn without_value(mut statement: Statement, old: &Node, new: &Node) -> (Verb, Vec<String>) {
    let mut nodes = BTreeSet::new();
    [old, new].iter().for_each(|tree| inner(tree, &[], &mut nodes));
    let is_mark = matches!(statement.verb, Verb::Activate | Verb::Deactivate);
    if is_mark && !nodes.contains(&statement.path) {
        statement.path.pop();
    }
    (statement.verb, statement.path)
}

/// Statements that have got another value: that says more than a mark, which is printed with both values.
fn with_other_values(old: &Node, new: &Node) -> BTreeSet<Vec<String>> {
    let of = |tree: &Node| {
        let mut found = Vec::new();
        valued(tree, &[], &mut found);
        found
    };
    let (old, new) = (of(old), of(new));
    let is_other =
        |entry: &&(Vec<String>, Vec<String>)| !old.contains(*entry) && old.iter().any(|(path, _)| *path == entry.0);
    new.iter().filter(is_other).map(|(path, _)| path.clone()).collect()
}

fn valued(node: &Node, path: &[String], found: &mut Vec<(Vec<String>, Vec<String>)>) {
    for child in &node.children {
        let path: Vec<String> = path.iter().cloned().chain(child.words()).collect();
        if !child.values.is_empty() {
            found.push((path.clone(), child.values.clone()));
        }
        valued(child, &path, found);
    }
}

fn inner(node: &Node, path: &[String], found: &mut BTreeSet<Vec<String>>) {
    for child in &node.children {
        let path: Vec<String> = path.iter().cloned().chain(child.words()).collect();
        found.insert(path.clone());
        inner(child, &path, found);
    }
}

/// Every path of the tree.
fn all(node: &Node, path: &[String], found: &mut BTreeSet<Vec<String>>) {
    for child in &node.children {
        let path: Vec<String> = path.iter().cloned().chain(child.words()).collect();
        found.insert(path.clone());
        found.extend(
            child
                .values
                .iter()
                .map(|value| path.iter().chain([value]).cloned().collect()),
        );
        all(child, &path, found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_difference_gives_exactly_what_changed(before in lines(), after in lines()) {
        let mut old = text::configuration(SMALL).unwrap();
        for line in before {
            set::run(&mut old, &line);
        }
        let mut new = old.clone();
        for line in after {
            set::run(&mut new, &line);
        }
        let diff = compare::compare(&old, &new);
        let read = changes(&diff);
        prop_assert!(read.is_ok(), "{:?} in\n{diff}", read);
        let said: BTreeSet<(Verb, Vec<String>)> = read
            .unwrap()
            .into_iter()
            .filter(|statement| statement.extent != Extent::Container || statement.verb == Verb::Deactivate)
            .filter(|statement| statement.verb != Verb::Insert)
            .map(|statement| without_value(statement, &old, &new))
            .collect();
        let of_other_values = with_other_values(&old, &new);
        let counts = |(verb, path): &(Verb, Vec<String>)| {
            !(matches!(verb, Verb::Activate | Verb::Deactivate) && of_other_values.contains(path))
        };
        let said: BTreeSet<_> = said.into_iter().filter(counts).collect();
        let expected: BTreeSet<_> = expected(&old, &new).into_iter().filter(counts).collect();
        prop_assert_eq!(said, expected, "{}", diff);
    }
}
