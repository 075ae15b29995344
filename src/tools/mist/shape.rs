//! How a body is shown: without what says nothing, with times that people can read, with the columns or the counts that were asked for.

use serde_json::{Map, Value, json};

use crate::{
    error::{Code, Error, Result},
    tools::Arguments,
};

/// Parameters that every list has.
pub(super) const FIELDS: &str = "fields";
pub(super) const SUMMARY: &str = "summary";
pub(super) const ALL_PAGES: &str = "all_pages";

/// Different values that are counted one by one; the rest is one number.
const VALUES: usize = 50;

/// What was asked to be shown of each thing in a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shape {
    /// Only these fields, as paths such as `auth.type`; all where there are none.
    pub(super) fields: Vec<String>,
    /// Counts by the values of these fields instead of the things.
    pub(super) summary: Vec<String>,
    /// Every page.
    pub(super) all_pages: bool,
    /// Each device with the id that tools for devices take.
    pub(super) device_ids: bool,
}

impl Shape {
    /// Takes what concerns the shape out of the arguments of a call.
    ///
    /// # Errors
    /// `invalid_input` for names that are none.
    pub(super) fn take(arguments: &mut Arguments) -> Result<Self> {
        Ok(Self {
            fields: names(FIELDS, arguments.remove(FIELDS))?,
            summary: names(SUMMARY, arguments.remove(SUMMARY))?,
            all_pages: arguments.remove(ALL_PAGES).is_some_and(|value| value == true),
            device_ids: false,
        })
    }

    /// A body as it is shown. What the caller said itself (`known`, such as the organisation's id) is not repeated in each row.
    pub(super) fn rows(&self, rows: Vec<Value>, known: &[(String, String)]) -> Vec<Value> {
        rows.into_iter()
            .map(|row| {
                let mut row = tidy(row);
                if let Value::Object(fields) = &mut row {
                    if self.device_ids {
                        add_device_id(fields);
                    }
                    if !self.fields.is_empty() {
                        return Value::Object(self.columns(fields));
                    }
                    for (name, value) in known {
                        if fields.get(name).and_then(Value::as_str) == Some(value) {
                            fields.shift_remove(name);
                        }
                    }
                }
                row
            })
            .collect()
    }

    /// The columns that were asked for, each under its path.
    fn columns(&self, fields: &Map<String, Value>) -> Map<String, Value> {
        let mut columns = Map::new();
        for path in &self.fields {
            if let Some(value) = at(fields, path) {
                columns.insert(path.clone(), value.clone());
                let readable = format!("{path}_utc");
                if let Some(time) = at(fields, &readable) {
                    columns.insert(readable, time.clone());
                }
            }
        }
        columns
    }

    /// How many rows have which value in each field of the summary.
    pub(super) fn counts(&self, rows: &[Value]) -> Value {
        let count = |path: &String| (path.clone(), counts(rows, path));
        Value::Object(self.summary.iter().map(count).collect())
    }
}

/// A stack of switches is one device under the address of the whole.
fn add_device_id(fields: &mut Map<String, Value>) {
    let address = |name: &str| fields.get(name).and_then(Value::as_str).and_then(super::tidy::mac);
    if let Some(mac) = address("vc_mac").or_else(|| address("mac")) {
        fields.insert("device_id".into(), super::tidy::device_id(&mac).into());
    }
}

pub(super) fn counts(rows: &[Value], path: &str) -> Value {
    let mut counts: Vec<(String, u64)> = Vec::new();
    let mut add = |name: String| match counts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, count)) => *count += 1,
        None => counts.push((name, 1)),
    };
    for row in rows {
        match row.as_object().and_then(|fields| at(fields, path)) {
            None | Some(Value::Null) => add("(none)".into()),
            Some(Value::Array(items)) => items.iter().map(word).for_each(&mut add),
            Some(value) => add(word(value)),
        }
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let others: u64 = counts.iter().skip(VALUES).map(|(_, count)| count).sum();
    counts.truncate(VALUES);
    let mut map: Map<String, Value> = counts.into_iter().map(|(name, count)| (name, json!(count))).collect();
    if others > 0 {
        map.insert("(others)".into(), json!(others));
    }
    Value::Object(map)
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The value at a path such as `auth.type`; a field whose own name has dots comes first.
fn at<'a>(fields: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = fields.get(path) {
        return Some(value);
    }
    let (head, rest) = path.split_once('.')?;
    at(fields.get(head)?.as_object()?, rest)
}

fn names(parameter: &str, value: Option<Value>) -> Result<Vec<String>> {
    let wrong = || {
        Error::new(Code::InvalidInput, format!("`{parameter}` is a list of field names"))
            .advise("write it as name,model,status")
    };
    let names: Vec<String> = match value {
        None => return Ok(Vec::new()),
        Some(Value::String(text)) => text.split(',').map(|name| name.trim().to_owned()).collect(),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(|name| name.trim().to_owned()))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?,
        Some(_) => return Err(wrong()),
    };
    Ok(names.into_iter().filter(|name| !name.is_empty()).collect())
}

/// A value without nulls and empty things, and with readable times beside those in seconds.
pub(super) fn tidy(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (name, value) in fields {
                let value = tidy(value);
                if is_empty(&value) {
                    continue;
                }
                let readable = time(&name, &value);
                kept.insert(name.clone(), value);
                if let Some(readable) = readable {
                    kept.insert(format!("{name}_utc"), readable.into());
                }
            }
            Value::Object(kept)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(tidy).collect()),
        other => other,
    }
}

pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// A time as people read it, where the field is one: seconds or milliseconds since 1970 under a name that says so.
fn time(name: &str, value: &Value) -> Option<String> {
    const NAMES: &[&str] = &[
        "timestamp",
        "when",
        "start",
        "end",
        "last_seen",
        "first_seen",
        "time",
        "expire",
        "expires",
        "seen",
        "since",
        "ts",
    ];
    let says_time = NAMES.contains(&name)
        || [
            "_time",
            "_timestamp",
            "_seen",
            "_at",
            "_when",
            "_ts",
            "_expiry",
            "_expiration",
        ]
        .iter()
        .any(|end| name.ends_with(end));
    let number = value.as_f64().filter(|_| says_time)?;
    let seconds = if number >= 1e11 { number / 1000.0 } else { number };
    // From 2001 to 2100: what is below is a length of time.
    if !(1e9..4.1e9).contains(&seconds) {
        return None;
    }
    let text = crate::time::rfc3339(std::time::Duration::try_from_secs_f64(seconds.floor()).ok()?);
    Some(text.replace(".000Z", "Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(arguments: Value) -> Shape {
        Shape::take(&mut arguments.as_object().unwrap().clone()).unwrap()
    }

    #[test]
    fn what_says_nothing_goes_and_times_can_be_read() {
        let body = json!({
            "name": "Lab", "rftemplate_id": null, "notes": "", "sitegroup_ids": [], "latlng": {"lat": 1.5, "lng": null}, "vars": {},
            "created_time": 1_700_000_000, "modified_time": 1_700_000_000.25, "uptime": 1_700_000_000, "enabled": false, "idle_time": 60
        });
        assert_eq!(
            tidy(body),
            json!({
                "name": "Lab", "latlng": {"lat": 1.5}, "created_time": 1_700_000_000, "created_time_utc": "2023-11-14T22:13:20Z",
                "modified_time": 1_700_000_000.25, "modified_time_utc": "2023-11-14T22:13:20Z", "uptime": 1_700_000_000, "enabled": false,
                "idle_time": 60
            })
        );
    }

    #[test]
    fn columns_and_counts_are_those_that_were_asked_for() {
        let rows = vec![
            json!({"id": "1", "auth": {"type": "psk"}, "bands": ["5", "24"], "org_id": "o"}),
            json!({"id": "2", "auth": {"type": "eap"}, "bands": ["5"], "org_id": "o"}),
            json!({"id": "3", "org_id": "o"}),
        ];
        let columns = shape(json!({"fields": "id, auth.type"})).rows(rows.clone(), &[]);
        assert_eq!(
            json!(columns),
            json!([{"id": "1", "auth.type": "psk"}, {"id": "2", "auth.type": "eap"}, {"id": "3"}])
        );
        let counts = shape(json!({"summary": ["auth.type", "bands"]})).counts(&rows);
        assert_eq!(
            counts,
            json!({"auth.type": {"(none)": 1, "eap": 1, "psk": 1}, "bands": {"5": 2, "(none)": 1, "24": 1}})
        );
        let known = [("org_id".to_owned(), "o".to_owned())];
        assert_eq!(json!(Shape::default().rows(rows, &known))[2], json!({"id": "3"}));
        assert!(Shape::take(json!({"fields": 5}).as_object_mut().unwrap()).is_err());
    }
}
