//! What is different between two states of an object, field by field, without its secrets.

use serde_json::{Map, Value, json};

use crate::tools::secrets;

/// Characters of a value that are shown in a line.
const LONGEST: usize = 300;

/// The fields that differ, in the order of the newer state.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Difference(Vec<Field>);

#[derive(Debug, PartialEq)]
struct Field {
    /// Such as `auth.type` or `rules[2].name`.
    path: String,
    /// Without secrets; none where it was not there.
    old: Option<Value>,
    /// Without secrets; none where it is not there any more.
    new: Option<Value>,
}

impl Difference {
    /// What makes `new` of `old`.
    pub(in super::super) fn of(old: &Value, new: &Value) -> Self {
        let mut difference = Self::default();
        difference.compare(String::new(), Some(old), Some(new), false);
        difference
    }

    /// Without these attributes of the root.
    pub(in super::super) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|field| !names.contains(&field.path.as_str()));
        self
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line for each field.
    pub(in super::super) fn lines(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|field| match (&field.old, &field.new) {
                (Some(old), Some(new)) => format!("~ {}: {} -> {}", field.path, short(old), short(new)),
                (None, Some(new)) => format!("+ {}: {}", field.path, short(new)),
                (Some(old), None) => format!("- {}: {}", field.path, short(old)),
                (None, None) => field.path.clone(),
            })
            .collect()
    }

    /// By path: `[old, new]`, null where there is none.
    pub(in super::super) fn as_json(&self) -> Value {
        let field = |field: &Field| (field.path.clone(), json!([field.old, field.new]));
        Value::Object(self.0.iter().map(field).collect::<Map<_, _>>())
    }

    fn compare(&mut self, path: String, old: Option<&Value>, new: Option<&Value>, is_secret: bool) {
        match (old, new) {
            (Some(old), Some(new)) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) if !is_secret => {
                let gone = old.keys().filter(|name| !new.contains_key(*name));
                for name in new.keys().chain(gone) {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    self.compare(path, old.get(name), new.get(name), secrets::is_secret(name));
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new)))
                if !is_secret && are_objects(old) && are_objects(new) =>
            {
                for at in 0..old.len().max(new.len()) {
                    self.compare(format!("{path}[{at}]"), old.get(at), new.get(at), false);
                }
            }
            (None | Some(Value::Null), None | Some(Value::Null)) => {}
            _ => {
                let shown = |value: Option<&Value>, other: Option<&Value>| {
                    let value = value.filter(|value| !value.is_null())?;
                    let other = other.unwrap_or(&Value::Null);
                    Some(if is_secret {
                        secrets::cover(value, value)
                    } else {
                        secrets::beside(value, other)
                    })
                };
                let (old_shown, mut new_shown) = (shown(old, new), shown(new, old));
                if is_secret && let (Some(old), Some(new)) = (old, new) {
                    new_shown = Some(secrets::cover(new, old));
                }
                self.0.push(Field {
                    path,
                    old: old_shown,
                    new: new_shown,
                });
            }
        }
    }
}

fn are_objects(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(Value::is_object)
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}... ({} characters)", text.chars().count())
}
