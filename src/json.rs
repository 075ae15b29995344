//! Reads JSON and notes every key that one object holds twice: a second entry of the same name would silently win.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A parsed document and the paths of the keys that were given more than once.
pub(crate) struct Document {
    /// The document; of a repeated key the last value.
    pub(crate) value: Value,
    /// For each repeated key the names from the top of the document down to it.
    pub(crate) duplicates: Vec<Vec<String>>,
}

/// Parses the text.
pub(crate) fn parse(text: &str) -> Result<Document, serde_json::Error> {
    let duplicates = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Reader {
        duplicates: &duplicates,
        place: None,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Document {
        value,
        duplicates: duplicates.into_inner(),
    })
}

/// Where in the document a value stands.
struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    key: &'a str,
}

impl Place<'_> {
    fn path(&self) -> Vec<String> {
        let mut path = self.parent.map(Place::path).unwrap_or_default();
        path.push(self.key.to_owned());
        path
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    duplicates: &'a RefCell<Vec<Vec<String>>>,
    place: Option<&'a Place<'a>>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let place = Place {
                parent: self.place,
                key: &key,
            };
            let value = entries.next_value_seed(Reader {
                duplicates: self.duplicates,
                place: Some(&place),
            })?;
            if object.contains_key(&key) {
                self.duplicates.borrow_mut().push(place.path());
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_are_found_at_any_depth() {
        let document = parse(r#"{"a": {"b": 1, "c": [{"d": 1, "d": 2}], "b": 3}, "a": {}}"#).unwrap();
        assert_eq!(document.duplicates, [vec!["a", "c", "d"], vec!["a", "b"], vec!["a"]]);
        assert_eq!(document.value, serde_json::json!({"a": {}}));
    }

    #[test]
    fn values_and_order_are_kept() {
        let text = r#"{"z":1,"a":[null,true,-2,1.5,"x"]}"#;
        assert_eq!(parse(text).unwrap().value.to_string(), text);
        assert!(parse("{} x").is_err());
    }
}
