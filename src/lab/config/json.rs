//! Writes and reads configuration as JSON in the shape of Junos 16.1 and later: containers as objects, list entries as
//! arrays of objects, flags as `[null]`, marks under `@`.

use serde_json::{Map, Value as Json, json};

use super::{
    fault::Fault,
    schema::{Kind, Value},
    text::Parsed,
    tree::Node,
    xml,
};
use crate::junos::netconf::xml::Element;

/// What a node holds, as the members of an object.
pub(super) fn write(node: &Node) -> Map<String, Json> {
    let mut members = Map::new();
    for child in &node.children {
        let name = child.statement.element.to_string();
        match &child.statement.kind {
            Kind::Leaf(_) | Kind::LeafList(_) => {
                members.insert(name, leaf(child));
                put_marks(&mut members, &format!("@{}", child.statement.element), child);
            }
            Kind::Flag => {
                members.insert(name, json!([null]));
                put_marks(&mut members, &format!("@{}", child.statement.element), child);
            }
            Kind::Container { .. } if child.children.is_empty() => {
                members.insert(name, json!([null]));
                put_marks(&mut members, &format!("@{}", child.statement.element), child);
            }
            Kind::Container { .. } => {
                members.insert(name, Json::Object(object(child)));
            }
            Kind::List(_) => {
                let entry = Json::Object(object(child));
                match members.get_mut(&name) {
                    Some(Json::Array(entries)) => entries.push(entry),
                    _ => {
                        members.insert(name, Json::Array(vec![entry]));
                    }
                }
            }
        }
    }
    members
}

fn object(node: &Node) -> Map<String, Json> {
    let mut members = Map::new();
    put_marks(&mut members, "@", node);
    for (key, value) in node.statement.keys().iter().zip(&node.keys) {
        if key.choice.is_empty() {
            members.insert(key.element.to_string(), json!(value));
        } else {
            members.insert(value.clone(), json!([null]));
        }
    }
    members.extend(write(node));
    members
}

fn put_marks(members: &mut Map<String, Json>, name: &str, node: &Node) {
    let mut marks = Map::new();
    if node.inactive {
        marks.insert("inactive".to_owned(), json!(true));
    }
    if node.protect {
        marks.insert("protect".to_owned(), json!(true));
    }
    if let Some(comment) = &node.comment {
        marks.insert("comment".to_owned(), json!(format!("/* {comment} */")));
    }
    if !marks.is_empty() {
        members.insert(name.to_owned(), Json::Object(marks));
    }
}

fn leaf(node: &Node) -> Json {
    let number = matches!(node.statement.kind, Kind::Leaf(Value::Number(..)));
    let value = |text: &String| match text.parse::<u64>() {
        Ok(value) if number => json!(value),
        _ => json!(text),
    };
    match &node.statement.kind {
        Kind::LeafList(_) => Json::Array(node.values.iter().map(value).collect()),
        _ => node.values.first().map_or(Json::Null, value),
    }
}

/// Reads `{"configuration": {...}}`, or its inner object.
pub(super) fn read(text: &str) -> Parsed {
    let failed = |fault| Parsed {
        fault: Some(fault),
        ..Parsed::default()
    };
    let json: Json = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(error) => return failed(Fault::error(format!("json syntax error: {error}"))),
    };
    let inner = json.get("configuration").unwrap_or(&json);
    let inner = match inner {
        Json::Array(items) => items.first().unwrap_or(&Json::Null),
        other => other,
    };
    let Json::Object(members) = inner else {
        return failed(Fault::error("json syntax error: an object is expected"));
    };
    xml::read(&fill(Element::new("configuration"), members))
}

/// Turns the members of an object into child elements: then there is one reader for both formats.
fn fill(mut element: Element, members: &Map<String, Json>) -> Element {
    for (name, value) in members {
        if name == "@" {
            element = mark(element, Some(value));
        } else if !name.starts_with('@') {
            let marks = members.get(&format!("@{name}"));
            for item in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
                let own = marks.or_else(|| item.get("@"));
                if let Some(comment) = own.and_then(|m| m.get("comment")).and_then(Json::as_str) {
                    element = element.with_child(Element::text_element("comment", comment));
                }
                let marks = marks.map(|m| m.as_array().and_then(|a| a.first()).unwrap_or(m));
                element = element.with_child(mark(child(name, item), marks));
            }
        }
    }
    element
}

fn child(name: &str, value: &Json) -> Element {
    match value {
        Json::Object(members) => fill(Element::new(name), members),
        Json::String(text) => Element::text_element(name, text),
        Json::Null | Json::Array(_) => Element::new(name),
        other => Element::text_element(name, other.to_string()),
    }
}

fn mark(mut element: Element, marks: Option<&Json>) -> Element {
    for (name, value) in marks.and_then(Json::as_object).into_iter().flatten() {
        match value {
            Json::Bool(true) => element = element.with_attribute(name.as_str(), name.as_str()),
            Json::String(text) if name != "comment" => element = element.with_attribute(name.as_str(), text.as_str()),
            _ => {}
        }
    }
    element
}
