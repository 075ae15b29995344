//! JSON that is not text: the structured part of an answer, arguments, metadata.

use serde_json::{Map, Value};

use super::{
    PLACEHOLDER,
    attributes::{is_own, is_secret, is_secret_in_text},
    rules::{self, Place, Says},
    text, text_at,
};

/// Whose names the attributes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    OfJunos,
    OfCloud,
}

/// The attributes above, the nearest first.
#[derive(Clone, Copy)]
struct Above<'a> {
    name: &'a str,
    above: Option<&'a Above<'a>>,
}

impl<'a> Above<'a> {
    fn path(&self) -> Vec<&'a str> {
        let mut path = Vec::new();
        let mut next = Some(self);
        while let Some(above) = next {
            // The objects of a list stand below the list's own name.
            if path.last() != Some(&above.name) && !above.name.is_empty() {
                path.push(above.name);
            }
            next = above.above;
        }
        path.reverse();
        path
    }
}

/// Fields of answers that hold what a device said about the configuration that was asked for beside them.
const OUTPUTS: &[&str] = &["output", "config"];

/// Names of numbers that are secrets, and no counts of them.
const NUMBERS: &[&str] = &["psk", "pin", "password", "passphrase", "secret"];

/// Covers what is secret below this value.
pub(super) fn cover(value: &mut Value, names: Names) {
    let top = Above { name: "", above: None };
    below(value, &top, names, None);
}

fn below(value: &mut Value, at: &Above, names: Names, place: Option<&str>) {
    match value {
        Value::Object(map) => object(map, at, names),
        Value::Array(items) => items.iter_mut().for_each(|item| below(item, at, names, place)),
        Value::String(string) => {
            let covered = match place.filter(|_| OUTPUTS.contains(&at.name)) {
                Some(place) => text_at(place, string),
                None => text(string),
            };
            if let std::borrow::Cow::Owned(covered) = covered {
                *string = covered;
            }
        }
        _ => {}
    }
}

fn object(map: &mut Map<String, Value>, at: &Above, names: Names) {
    if names == Names::OfCloud && is_count_of_secrets(map, at) {
        *map = std::mem::take(map)
            .into_iter()
            .enumerate()
            .map(|(index, (_, count))| (format!("{PLACEHOLDER} {}", index + 1), count))
            .collect();
        return;
    }
    let place = place_of(map);
    let is_of_routes = map.contains_key("members") || map.contains_key("invert-match");
    let is_keyed = names == Names::OfCloud && is_secret(at.name) && map.keys().all(|name| is_index(name));
    for (name, value) in map.iter_mut() {
        let here = Above { name, above: Some(at) };
        let is_secret = match value {
            Value::Object(_) | Value::Null | Value::Bool(_) => false,
            Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => false,
            Value::Number(_) => NUMBERS.contains(&name.as_str()) && is_leaf(&here, value, names, is_of_routes),
            _ => is_keyed || is_leaf(&here, value, names, is_of_routes),
        };
        if is_secret {
            hide(value);
        } else {
            below(value, &here, names, place.as_deref());
        }
    }
}

fn is_index(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// `"psk": {"the secret": 3}`: rows counted by a secret.
fn is_count_of_secrets(map: &Map<String, Value>, at: &Above) -> bool {
    is_secret(at.name)
        && !map.is_empty()
        && map.values().all(Value::is_number)
        && !map.keys().all(|name| is_index(name))
        && NUMBERS.iter().any(|word| at.name.ends_with(word))
}

fn is_leaf(here: &Above, value: &Value, names: Names, is_of_routes: bool) -> bool {
    let name = here.name;
    if is_own(name) {
        return false;
    }
    if names == Names::OfCloud {
        let is_trap_group = name == "group_name" && here.above.is_some_and(|above| above.name == "trap_groups");
        if is_trap_group || (is_secret(name) && name != "community") {
            return true;
        }
    } else if !name.contains('-') && is_secret_in_text(name) {
        return true;
    }
    if name != "name" && !rules::may_have_one(name) {
        return false;
    }
    let mut path = here.path();
    let says = if name == "name" {
        path.pop();
        Place {
            path: &path,
            is_pure: true,
        }
        .judge_name()
    } else {
        Place {
            path: &path,
            is_pure: true,
        }
        .judge(value.as_str().unwrap_or_default(), None)
    };
    match says {
        Says::Secret => true,
        Says::Nothing => false,
        Says::Community => name == "name" && !is_of_routes,
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(string) if string.is_empty() || string == PLACEHOLDER => {}
        Value::Null | Value::Bool(_) => {}
        other => *other = PLACEHOLDER.into(),
    }
}

/// Where the configuration stands that an answer holds: beside it is what was asked for.
fn place_of(map: &Map<String, Value>) -> Option<String> {
    let field = |name: &str| map.get(name).and_then(Value::as_str);
    if let Some(path) = field("path").filter(|_| map.contains_key("config")) {
        let path = path.trim();
        let path = path
            .strip_prefix("[edit")
            .and_then(|path| path.strip_suffix(']'))
            .unwrap_or(path);
        return Some(full(path.split_whitespace()));
    }
    let command = field("command").filter(|_| map.contains_key("output"))?;
    let mut words = command.split('|').next().unwrap_or_default().split_whitespace();
    let is = |typed: Option<&str>, word: &str, least: usize| {
        typed.is_some_and(|typed| typed.len() >= least && word.starts_with(typed))
    };
    if is(words.next(), "show", 2) && is(words.next(), "configuration", 4) {
        Some(full(words))
    } else {
        None
    }
}

/// The words of a path, those in full that matter and can be shortened.
fn full<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut path = String::new();
    for (at, word) in words.enumerate() {
        let whole = ["snmp", "policy-options", "routing-options"]
            .into_iter()
            .find(|whole| at == 0 && word.len() > 1 && whole.starts_with(word));
        path.push_str(whole.unwrap_or(word));
        path.push(' ');
    }
    path
}
