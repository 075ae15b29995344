//! Junos' own JSON of an operational reply: every element an array of objects, text under `data`.

use serde_json::{Map, Value, json};

use crate::junos::netconf::xml::Element;

/// The JSON of a reply's XML; `None` where it is no single element.
pub(super) fn of_reply(xml: &str, pretty: bool) -> Option<String> {
    let root = Element::parse(format!("<reply>{xml}</reply>")).ok()?;
    let mut object = Map::new();
    for element in root.elements() {
        push(&mut object, element);
    }
    let value = Value::Object(object);
    let text = if pretty {
        serde_json::to_string_pretty(&value)
    } else {
        serde_json::to_string(&value)
    };
    text.ok().map(|text| text + "\n")
}

fn push(object: &mut Map<String, Value>, element: &Element) {
    let list = object.entry(element.name.to_string()).or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(value(element));
    }
}

fn value(element: &Element) -> Value {
    let mut object = Map::new();
    let attributes: Map<String, Value> = element
        .attributes
        .iter()
        .map(|(name, value)| (name.to_string(), Value::from(value.to_string())))
        .collect();
    if !attributes.is_empty() {
        object.insert("attributes".to_owned(), Value::Object(attributes));
    }
    let mut leaf = true;
    for child in element.elements() {
        leaf = false;
        push(&mut object, child);
    }
    if leaf {
        let text = element.text();
        object.insert(
            "data".to_owned(),
            if text.is_empty() { json!([null]) } else { text.into() },
        );
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_arrays() {
        let json = of_reply("<a x=\"1\"><b>one</b><b>two</b></a>", false).unwrap();
        assert_eq!(
            json,
            "{\"a\":[{\"attributes\":{\"x\":\"1\"},\"b\":[{\"data\":\"one\"},{\"data\":\"two\"}]}]}\n"
        );
    }
}
