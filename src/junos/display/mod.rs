//! XML replies as JSON, by rules that do not depend on how many rows a reply happens to have.
//!
//! The device's own JSON repeats keys, breaks on quotes and changes with the release; it is never asked for. The rules:
//!
//! 1. An element with child elements is an object, one member for each name of a child, in order of appearance. An element
//!    without is a string: its text without the white space around it. An empty element is `""`.
//! 2. A child is an array of such values where, anywhere in this reply, (a) it repeats under a parent of the same name, or
//!    (b) it has a child `name`, the key of configuration lists and of most tables, or (c) its name is a known row of a table
//!    (`lists.txt`). Else it is the value itself.
//! 3. Annotations keep out of the way of values, as in RFC 7952: in an object a member `@key`; for a string a member `@name`
//!    beside it that holds an object (an array with nulls, where the string is in an array). `@inactive` and `@protect` are
//!    true, `@comment` is the comment in front of a statement, `@seconds`, `@celsius` and `@format` are the exact value behind
//!    a formatted one, and attributes without the prefix `junos:` are kept. Name spaces, `junos:style` and the like are not.
//! 4. `multi-routing-engine-results` is always a list of `{"re-name", "payload"}`.
//! 5. Text beside child elements is `#text`.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::netconf::xml::{Element, Node, local_name};

/// Names of rows, one a line.
const LISTS: &str = include_str!("lists.txt");

/// Attributes of Junos itself that carry data.
const KEPT: &[&str] = &[
    "seconds",
    "celsius",
    "format",
    "group",
    "changed",
    "commit-user",
    "commit-localtime",
];

/// The element as `{name: value}`; of an `rpc-reply` its content, without the prompt that some devices append.
pub fn to_json(reply: &Element) -> Value {
    let shape = Shape::of(reply);
    if &*reply.name == "rpc-reply" {
        return Value::Object(shape.members(reply));
    }
    let mut object = Map::new();
    let value = if &*reply.name == MULTI {
        shape.engines(reply)
    } else {
        shape.value(reply, "", None, &mut object)
    };
    object.insert(reply.name.to_string(), value);
    Value::Object(object)
}

const MULTI: &str = "multi-routing-engine-results";

/// What the whole reply says about its elements, each named with its parent.
struct Shape<'a> {
    lists: HashSet<(&'a str, &'a str)>,
    containers: HashSet<(&'a str, &'a str)>,
}

impl<'a> Shape<'a> {
    fn of(reply: &'a Element) -> Self {
        let known: HashSet<&str> = LISTS.lines().filter(|line| !line.starts_with('#')).collect();
        let mut shape = Self {
            lists: HashSet::new(),
            containers: HashSet::new(),
        };
        let mut open = vec![reply];
        while let Some(parent) = open.pop() {
            let mut seen = HashSet::new();
            for child in parent.elements().filter(|child| comment(child).is_none()) {
                let place = (&*parent.name, &*child.name);
                let is_container = child.elements().next().is_some();
                if !seen.insert(&*child.name) || child.child("name").is_some() || known.contains(&*child.name) {
                    shape.lists.insert(place);
                }
                if is_container {
                    shape.containers.insert(place);
                    open.push(child);
                }
            }
        }
        shape
    }

    /// The members of an object; comments go to the statement behind them.
    fn members(&self, parent: &Element) -> Map<String, Value> {
        let mut object = Map::new();
        let mut remark: Option<String> = None;
        for child in parent.elements() {
            if let Some(text) = comment(child) {
                remark = Some(remark.map_or(text.clone(), |before| format!("{before}\n{text}")));
                continue;
            }
            if is_prompt(child) {
                continue;
            }
            let value = match &*child.name {
                MULTI => self.engines(child),
                _ => self.value(child, &parent.name, remark.take(), &mut object),
            };
            let is_list = self.lists.contains(&(&*parent.name, &*child.name)) && &*child.name != MULTI;
            match (object.get_mut(&*child.name), is_list) {
                (Some(Value::Array(list)), true) => list.push(value),
                (_, true) => {
                    object.insert(child.name.to_string(), json!([value]));
                }
                (_, false) => {
                    object.insert(child.name.to_string(), value);
                }
            }
        }
        if let Some(text) = remark {
            object.insert("@comment".to_owned(), text.into());
        }
        if !object.is_empty() {
            let text = trimmed(&parent.text());
            if !text.is_empty() {
                object.insert("#text".to_owned(), text.into());
            }
        }
        object
    }

    /// The value of an element. Annotations of a string are put into `beside`, the object that gets the string.
    fn value(&self, element: &Element, parent: &str, remark: Option<String>, beside: &mut Map<String, Value>) -> Value {
        let mut notes = annotations(element);
        notes.extend(remark.map(|text| ("@comment".to_owned(), Value::String(text))));
        let place = (parent, &*element.name);
        let is_container = element.elements().next().is_some();
        if is_container || (self.containers.contains(&place) && element.text().trim().is_empty()) {
            notes.append(&mut self.members(element));
            return Value::Object(notes);
        }
        let notes: Map<String, Value> = notes
            .into_iter()
            .map(|(key, value)| (key.replacen('@', "", 1), value))
            .collect();
        let key = format!("@{}", element.name);
        if !self.lists.contains(&place) {
            if !notes.is_empty() {
                beside.insert(key, Value::Object(notes));
            }
        } else if !notes.is_empty() || beside.contains_key(&key) {
            let before = beside.get(&*element.name).and_then(Value::as_array).map_or(0, Vec::len);
            let list = beside.entry(key).or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                list.resize(before, Value::Null);
                list.push(if notes.is_empty() {
                    Value::Null
                } else {
                    Value::Object(notes)
                });
            }
        }
        Value::String(trimmed(&element.text()))
    }

    /// One entry for each engine, member or node.
    fn engines(&self, results: &Element) -> Value {
        let entry = |item: &Element| {
            let mut payload = self.members(item);
            payload.shift_remove("re-name");
            json!({ "re-name": item.text_at(&["re-name"]), "payload": payload })
        };
        results.children_named("multi-routing-engine-item").map(entry).collect()
    }
}

/// The attributes that carry data, as `@key`.
fn annotations(element: &Element) -> Map<String, Value> {
    let kept = element.attributes.iter().filter_map(|(name, value)| {
        let local = local_name(name);
        let is_namespace = local_name(name) == "xmlns" || name.starts_with("xmlns:");
        let value = match local {
            "inactive" | "protect" => Value::Bool(&**value != "false"),
            _ => Value::String(value.to_string()),
        };
        let is_kept = !is_namespace && (!name.starts_with("junos:") || KEPT.contains(&local) || value.is_boolean());
        is_kept.then(|| (format!("@{local}"), value))
    });
    kept.collect()
}

/// The text of `<junos:comment>`. Its prefix is gone, but unlike any `<comment>` of a reply it holds `/* ... */` or `# ...`.
fn comment(element: &Element) -> Option<String> {
    if &*element.name != "comment" {
        return None;
    }
    let text = element.text();
    let text = text.trim();
    (text.starts_with("/*") || text.starts_with('#')).then(|| text.to_owned())
}

/// `<cli><banner>{master:0}</banner></cli>`, which is no part of the answer.
fn is_prompt(element: &Element) -> bool {
    &*element.name == "cli" && element.elements().all(|child| &*child.name == "banner") && has_no_text(element)
}

fn has_no_text(element: &Element) -> bool {
    element
        .children
        .iter()
        .all(|node| !matches!(node, Node::Text(text) if !text.trim().is_empty()))
}

/// Without the white space around it; text of several lines keeps the columns of its first line.
fn trimmed(text: &str) -> String {
    let inner = text.trim();
    if inner.contains('\n') {
        text.trim_start_matches(['\n', '\r']).trim_end().to_owned()
    } else {
        inner.to_owned()
    }
}

#[cfg(test)]
mod tests;
