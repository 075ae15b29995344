//! Configuration groups: what `apply-groups` brings to a configuration (`display inheritance`).
//!
//! What is configured directly wins, then the group named first. Names in angle brackets (`<ge-*>`) match existing
//! entries. The groups `re0`, `re1`, `node0`, `node1` take effect on the routing engine or node of that name only.

use globset::Glob;

use super::tree::Node;

/// The configuration with everything that its groups bring; `here` is the routing engine or node that asks.
pub(super) fn expand(tree: &Node, here: &str) -> Node {
    let expander = Expander {
        groups: groups(tree),
        here,
    };
    let mut out = tree.shell();
    let mut path = Vec::new();
    out.children = expander.level(tree, &[], &mut path);
    out
}

/// A place in a group whose statements are inherited.
#[derive(Clone)]
struct Source<'a> {
    group: &'a str,
    node: &'a Node,
}

struct Expander<'a> {
    groups: Vec<&'a Node>,
    here: &'a str,
}

fn groups(tree: &Node) -> Vec<&Node> {
    tree.elements("groups").filter(|g| !g.inactive).collect()
}

impl<'a> Expander<'a> {
    /// The group that a name in `apply-groups` means here; none where it belongs to another routing engine.
    fn named(&self, name: &str) -> Option<&'a Node> {
        let name = if name == "${node}" || name == "${re}" {
            self.here
        } else {
            name
        };
        let other = matches!(name, "re0" | "re1" | "node0" | "node1") && name != self.here;
        self.groups
            .iter()
            .copied()
            .find(|g| g.name() == name)
            .filter(|_| !other)
    }

    fn level(&self, local: &Node, above: &[Source<'a>], path: &mut Vec<Node>) -> Vec<Node> {
        let mut sources: Vec<Source<'a>> = Vec::new();
        for name in local
            .elements("apply-groups")
            .filter(|n| !n.inactive)
            .flat_map(|n| &n.values)
        {
            if let Some(group) = self.named(name) {
                let found = descend(group, path);
                sources.extend(found.into_iter().map(|node| Source {
                    group: group.name(),
                    node,
                }));
            }
        }
        sources.extend(above.iter().cloned());
        let excepted: Vec<&String> = local.elements("apply-groups-except").flat_map(|n| &n.values).collect();
        sources.retain(|s| !excepted.iter().any(|e| *e == s.group));
        let mut merged = local.clone();
        for source in &sources {
            inherit(&mut merged, source);
        }
        merged
            .children
            .iter()
            .map(|child| self.child(child, &sources, path))
            .collect()
    }

    fn child(&self, child: &Node, sources: &[Source<'a>], path: &mut Vec<Node>) -> Node {
        if &*child.statement.element == "groups" || !child.statement.holds_statements() {
            return child.clone();
        }
        let below: Vec<Source<'a>> = sources
            .iter()
            .flat_map(|s| {
                s.node
                    .children
                    .iter()
                    .filter(|c| !c.inactive && fits(c, child))
                    .map(|node| Source { group: s.group, node })
            })
            .collect();
        path.push(child.shell());
        let children = self.level(child, &below, path);
        path.pop();
        Node {
            children,
            ..child.shell()
        }
    }
}

/// Adds the statements of a group that are not there yet, without what they hold: that follows level by level.
fn inherit(merged: &mut Node, source: &Source<'_>) {
    for statement in source.node.children.iter().filter(|c| !c.inactive) {
        let wildcard = statement.keys.iter().any(|k| k.starts_with('<'));
        let reserved = statement.statement.element.starts_with("apply-groups");
        if !wildcard && !reserved && merged.find(statement).is_none() {
            merged.insert(Node {
                origin: Some(source.group.to_owned()),
                ..statement.shell()
            });
        }
    }
}

/// Whether a group's statement applies to a statement: the same, or a wildcard that matches its keys.
fn fits(pattern: &Node, node: &Node) -> bool {
    pattern.statement == node.statement
        && pattern.keys.len() == node.keys.len()
        && pattern
            .keys
            .iter()
            .zip(&node.keys)
            .all(|(pattern, key)| key_fits(pattern, key))
}

fn key_fits(pattern: &str, key: &str) -> bool {
    match pattern.strip_prefix('<').and_then(|p| p.strip_suffix('>')) {
        Some(glob) => Glob::new(glob).is_ok_and(|g| g.compile_matcher().is_match(key)),
        None => pattern == key,
    }
}

/// The places in a group that apply to a path.
fn descend<'a>(group: &'a Node, path: &[Node]) -> Vec<&'a Node> {
    path.iter().fold(vec![group], |places, step| {
        places
            .into_iter()
            .flat_map(|p| p.children.iter().filter(|c| !c.inactive && fits(c, step)))
            .collect()
    })
}
