//! A reply as the CLI would have printed it.

use super::{
    super::xml::{Element, Node},
    errors, is_payload,
};

/// Under the name of a routing engine the CLI prints this many dashes.
const RULE: usize = 74;

/// Elements whose text is what the CLI prints.
fn is_text(name: &str) -> bool {
    matches!(
        name,
        "output" | "configuration-output" | "configuration-text" | "configuration-set"
    )
}

/// The whole reply.
pub(super) fn cli(root: &Element) -> String {
    let mut out = String::new();
    for node in &root.children {
        match node {
            Node::Text(text) => line(&mut out, text),
            Node::Element(results) if &*results.name == "multi-routing-engine-results" => {
                for item in results.elements() {
                    engine(item, &mut out);
                }
            }
            Node::Element(element) => part(element, &mut out),
        }
    }
    out
}

/// The text of a reply that holds one text and nothing else, moved out.
pub(super) fn take_single(root: &mut Element) -> Option<String> {
    root.children
        .retain(|node| !matches!(node, Node::Element(e) if &*e.name == "cli"));
    let mut only = sole_child(root)?;
    while let Node::Element(element) = only {
        if !is_text(&element.name) && !matches!(&*element.name, "configuration-information" | "rollback-information") {
            return None;
        }
        only = sole_child(element)?;
    }
    match only {
        Node::Text(text) => {
            if text.starts_with('\n') {
                text.remove(0);
            }
            Some(std::mem::take(text))
        }
        Node::Element(_) => None,
    }
}

fn sole_child(element: &mut Element) -> Option<&mut Node> {
    match element.children.as_mut_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// One routing engine with its header.
fn engine(item: &Element, out: &mut String) {
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push('\n');
    }
    if let Some(name) = item.text_at(&["re-name"]) {
        out.extend([&name, ":\n", &"-".repeat(RULE), "\n"]);
    }
    for element in item.elements().filter(|e| &*e.name != "re-name") {
        part(element, out);
    }
}

/// One child of the reply: its texts where it has some, else XML.
fn part(element: &Element, out: &mut String) {
    let before = out.len();
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        if is_text(&element.name) {
            line(out, &element.text());
        } else if errors::is_error(element) {
            message(element, out);
        } else if &*element.name == "configuration-detail" {
            detail(element, out);
        } else {
            let from = open.len();
            open.extend(element.elements());
            open.get_mut(from..).unwrap_or_default().reverse();
        }
    }
    if out.len() == before && is_payload(element) && !is_text(&element.name) {
        out.push_str(&element.to_xml_pretty());
    }
}

/// Adds text on lines of its own. The line feed after a start tag is layout of the reply.
fn line(out: &mut String, text: &str) {
    let text = text.strip_prefix('\n').unwrap_or(text);
    if !out.is_empty() && !out.ends_with('\n') && !text.is_empty() {
        out.push('\n');
    }
    out.push_str(text);
}

fn message(element: &Element, out: &mut String) {
    let (found, warnings) = errors::collect(&Element::new("rpc-reply").with_child(element.clone()));
    for error in found {
        line(out, &format!("error: {}\n", strip_severity(&error.message)));
    }
    for warning in warnings {
        for (at, text) in strip_severity(&warning.message).lines().enumerate() {
            line(
                out,
                &format!("## {}{}\n", if at == 0 { "warning: " } else { "" }, text.trim()),
            );
        }
    }
}

fn strip_severity(message: &str) -> &str {
    ["error:", "warning:", "Warning:"]
        .iter()
        .find_map(|word| message.strip_prefix(word))
        .unwrap_or(message)
        .trim()
}

fn detail(element: &Element, out: &mut String) {
    let mut all = Vec::new();
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        all.push(element.text());
        let from = open.len();
        open.extend(element.elements());
        open.get_mut(from..).unwrap_or_default().reverse();
    }
    for text in all
        .iter()
        .flat_map(|text| text.lines())
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        let mark = if text.starts_with("##") { "" } else { "## " };
        line(out, &format!("{mark}{text}\n"));
    }
}
