//! Finding things in a reply, whether it comes from one routing engine or wrapped per engine, member or node.

use super::super::netconf::xml::Element;

/// Every element of this name, the reply itself included, in document order.
pub(super) fn find_all<'a>(reply: &'a Element, name: &'a str) -> Vec<&'a Element> {
    let own = (&*reply.name == name).then_some(reply);
    own.into_iter().chain(reply.descendants(name)).collect()
}

/// The first element of this name.
pub(super) fn find<'a>(reply: &'a Element, name: &'a str) -> Option<&'a Element> {
    find_all(reply, name).into_iter().next()
}

/// The trimmed text of the first element of this name; `None` where there is none or it is empty.
pub(super) fn find_text(reply: &Element, name: &str) -> Option<String> {
    find(reply, name).and_then(|element| element.text_at(&[]))
}

/// The parts of a reply with the names of the engines, members or nodes that they come from; a plain reply is one part
/// without a name. Linux based systems leave the last letter off `multi-routing-engine-results`.
pub(super) fn parts(reply: &Element) -> Vec<(Option<String>, &Element)> {
    let mut items = find_all(reply, "multi-routing-engine-item");
    if items.is_empty() {
        items = find_all(reply, "multi-routing-engine-result");
    }
    if items.is_empty() {
        return vec![(None, reply)];
    }
    items
        .into_iter()
        .map(|item| (item.text_at(&["re-name"]), item))
        .collect()
}
