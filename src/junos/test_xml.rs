//! Reads XML into elements, for tests of what works on replies.

use quick_xml::{Reader, events::Event};

use super::netconf::xml::{Element, Node, local_name};

/// Parses a document; prefixes are taken off element names.
pub(crate) fn parse(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::new("")];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => open.push(element(&tag)),
            Event::Empty(tag) => {
                let element = element(&tag);
                open.last_mut().unwrap().children.push(Node::Element(element));
            }
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(Node::Element(done));
            }
            Event::Text(text) => add_text(&mut open, &text),
            Event::GeneralRef(name) => {
                let text = format!("&{};", &*name);
                add_text(&mut open, &quick_xml::escape::unescape(&text).unwrap());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    open.pop().unwrap().elements().next().unwrap().clone()
}

fn add_text(open: &mut [Element], text: &str) {
    let children = &mut open.last_mut().unwrap().children;
    match children.last_mut() {
        Some(Node::Text(before)) => before.push_str(text),
        _ => children.push(Node::Text(text.to_owned())),
    }
}

fn element(tag: &quick_xml::events::BytesStart<'_>) -> Element {
    let name = tag.name().as_ref().to_owned();
    let mut element = Element::new(local_name(&name));
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.unwrap();
        let key = attribute.key.as_ref().to_owned();
        let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
        element = element.with_attribute(key, value);
    }
    element
}
