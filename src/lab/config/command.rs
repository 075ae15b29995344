//! CLI commands that show configurations and the commit history.

use super::{
    Store, Who,
    fault::{Checked, Fault},
    moment::text as moment,
    print, rpc, set,
    show::{View, comparison, information},
    tree::Node,
};
use crate::junos::netconf::xml::{Element, escape};

/// Runs a command; `None` where it is not one of ours.
pub(super) fn run(store: &mut Store, who: &Who, command: &str, format: &str) -> Option<String> {
    let mut parts = command.split('|').map(str::trim);
    let words: Vec<&str> = parts.next().unwrap_or_default().split_whitespace().collect();
    let pipes: Vec<Vec<&str>> = parts.map(|p| p.split_whitespace().collect()).collect();
    let (verb, words) = words.split_first()?;
    if is(verb, "request", 3) {
        return rpc::handle(store, who, &Element::new(request(words)?));
    }
    if !is(verb, "show", 2) {
        return None;
    }
    let outcome = match words {
        [] => shown(store, store.candidate(who), false, &[], &pipes, format),
        [first, path @ ..] if is(first, "configuration", 4) => shown(store, &store.running, true, path, &pipes, format),
        [first, second] if is(first, "system", 3) && is(second, "commit", 3) => Ok(history(store, format)),
        [first, second, rest @ ..] if is(first, "system", 3) && is(second, "rollback", 3) => {
            return rpc::handle(store, who, &in_format(rollback(rest), &pipes, format));
        }
        [first, second, third]
            if is(first, "system", 3) && is(second, "configuration", 4) && is(third, "rescue", 3) =>
        {
            let operation = in_format(Element::new("get-rescue-information"), &pipes, format);
            return rpc::handle(store, who, &operation);
        }
        [first, second, third, rest @ ..]
            if is(first, "system", 3) && is(second, "commit", 3) && is(third, "revision", 3) =>
        {
            let mut operation = Element::new("get-commit-revision-information");
            if rest.first().is_some_and(|word| is(word, "detail", 1)) {
                operation = operation.with_child(Element::new("detail"));
            }
            return rpc::handle(store, who, &operation);
        }
        _ => return None,
    };
    Some(outcome.unwrap_or_else(|fault| fault.to_xml()))
}

/// Whether a word is a command word or an abbreviation of it of at least so many letters.
fn is(word: &str, whole: &str, least: usize) -> bool {
    word.len() >= least && whole.starts_with(&word.to_ascii_lowercase())
}

/// `request system configuration rescue save` and `delete`.
fn request(words: &[&str]) -> Option<&'static str> {
    match words {
        [first, second, third, verb]
            if is(first, "system", 3) && is(second, "configuration", 4) && is(third, "rescue", 3) =>
        {
            match *verb {
                verb if is(verb, "save", 1) => Some("request-save-rescue-configuration"),
                verb if is(verb, "delete", 1) => Some("request-delete-rescue-configuration"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Asks for the format that `| display` or else the request names.
fn in_format(operation: Element, pipes: &[Vec<&str>], format: &str) -> Element {
    let displayed = wish(pipes).ok().and_then(|wish| wish.display);
    operation.with_attribute("format", displayed.unwrap_or(format))
}

fn rollback(words: &[&str]) -> Element {
    let mut operation = Element::new("get-rollback-information");
    match words {
        [compare, first, second, ..] if is(compare, "compare", 1) => {
            operation = operation.with_child(Element::text_element("rollback", *first));
            operation = operation.with_child(Element::text_element("compare", *second));
        }
        [number, ..] => operation = operation.with_child(Element::text_element("rollback", *number)),
        [] => {}
    }
    operation
}

/// What the pipes ask for. Those that only pick lines are not the device's business: it drops them silently.
#[derive(Default)]
struct Wish {
    display: Option<&'static str>,
    compare: Option<String>,
    inheritance: bool,
    comments: bool,
}

fn wish(pipes: &[Vec<&str>]) -> Checked<Wish> {
    let mut wish = Wish::default();
    for pipe in pipes {
        match pipe.as_slice() {
            [first, rest @ ..] if is(first, "compare", 4) => {
                let number = match rest {
                    [] => "0",
                    [word, number] if is(word, "rollback", 1) => number,
                    [word, ..] => return Err(Fault::syntax(*word)),
                };
                wish.compare = Some(number.to_owned());
            }
            [first, what, rest @ ..] if is(first, "display", 1) => match *what {
                "set" => wish.display = Some("set"),
                "xml" => wish.display = Some("xml"),
                "json" => wish.display = wish.display.or(Some("json")),
                word if is(word, "inheritance", 3) => {
                    wish.inheritance = true;
                    wish.comments = !rest.contains(&"no-comments");
                }
                "detail" | "omit" | "changed" | "commit-scripts" => {}
                word => return Err(Fault::syntax(word)),
            },
            _ => {}
        }
    }
    Ok(wish)
}

fn shown(
    store: &Store,
    tree: &Node,
    committed: bool,
    path: &[&str],
    pipes: &[Vec<&str>],
    format: &str,
) -> Checked<String> {
    let wish = wish(pipes)?;
    if let Some(number) = &wish.compare {
        return Ok(comparison(&store.revision(number)?.tree, tree));
    }
    let display = match (wish.display, format) {
        // Junos ignores `display json` unless the reply is asked for in JSON.
        (Some("set"), _) => "set",
        (Some("xml"), _) => "xml",
        (_, "json") => "json",
        (_, "xml") => "xml",
        _ => "text",
    };
    let comments = wish.comments && display == "text";
    let tree = if wish.inheritance {
        store.expanded(tree, comments)
    } else {
        tree.clone()
    };
    let steps = set::path(&path.join(" "))?;
    let part = part(&tree, &steps);
    Ok(match display {
        "set" => information(&format!("\n{}", print::set(&part, &[]))),
        "xml" => store.as_xml(&View {
            tree: part,
            committed,
            with_groups: false,
        }),
        "json" => store.as_json(&View {
            tree: part,
            committed,
            with_groups: false,
        }),
        _ => information(&format!("\n{}", text(store, part, &steps, committed, comments))),
    })
}

/// The part of a configuration at a path, with the statements that lead to it.
fn part(tree: &Node, steps: &[Node]) -> Node {
    let Some((first, rest)) = steps.split_first() else {
        return tree.clone();
    };
    let whole = first.is_whole_list();
    let fits = |c: &&Node| c.is_same(first) || (whole && c.statement == first.statement);
    let children = tree.children.iter().filter(fits).map(|c| part(c, rest)).collect();
    Node {
        children,
        ..tree.shell()
    }
}

/// Text format of what is at the path, without the statements that lead to it.
fn text(store: &Store, part: Node, steps: &[Node], committed: bool, with_groups: bool) -> String {
    if steps.is_empty() {
        return store.as_text(&View {
            tree: part,
            committed,
            with_groups,
        });
    }
    let (holding, last) = match steps.split_last() {
        Some((last, above)) if last.is_whole_list() || !last.statement.holds_statements() => (above, true),
        _ => (steps, false),
    };
    let found = holding.iter().try_fold(&part, |node, step| node.find(step));
    let Some(node) = found.filter(|n| !last || !n.children.is_empty()) else {
        return String::new();
    };
    if with_groups {
        print::text_with_groups(node)
    } else {
        print::text(node, 0)
    }
}

/// `show system commit`.
fn history(store: &Store, format: &str) -> String {
    if format != "text" {
        return rpc::commits(store);
    }
    let mut out = String::from("\n");
    if let Some(left) = store.time_left() {
        let minutes = left.as_secs().div_ceil(60);
        out.push_str(&format!("commit confirmed will be rolled back in {minutes} minutes\n"));
    }
    for (number, revision) in store.archive.iter().enumerate() {
        let pending = rpc::confirmed(store, number, revision)
            .map(|comment| format!(" {comment}"))
            .unwrap_or_default();
        let (at, user, client) = (moment(revision.at), &revision.user, revision.client);
        out.push_str(&format!("{number:<4}{at} by {user} via {client}{pending}\n"));
        if let Some(comment) = &revision.comment {
            out.push_str(&format!("    {comment}\n"));
        }
    }
    format!("<output>{}</output>\n", escape(&out))
}
