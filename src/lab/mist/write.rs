//! Writes: what becomes of a row when it is created, changed or deleted.

use serde_json::{Map, Value, json};

use super::{answer::Answer, call::Call, pages, router::Scope, store::Store};

/// Fields that no write changes.
const FIXED: &[&str] = &[
    "id",
    "org_id",
    "created_time",
    "modified_time",
    "mac",
    "serial",
    "model",
    "type",
];

/// The body as an object.
pub(super) fn object(call: &Call) -> Result<&Map<String, Value>, Answer> {
    call.body
        .as_ref()
        .and_then(Value::as_object)
        .ok_or_else(|| Answer::bad("JSON parse error - an object is expected"))
}

/// A new row of these fields, with an id, its place and the time.
pub(super) fn create(store: &mut Store, scope: &Scope, now: f64, key: &str, fields: &Map<String, Value>) -> Value {
    let mut row = Map::new();
    if key == "id" || !fields.contains_key(key) {
        row.insert(key.to_owned(), Value::String(store.new_id()));
    }
    let (org, site) = (scope.org(), scope.site());
    for (name, value) in [("org_id", org), ("site_id", site)] {
        if let Some(value) = value {
            row.insert(name.to_owned(), json!(value));
        }
    }
    for (name, value) in fields {
        if name != "id" && !name.starts_with(['-', '_']) {
            row.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    row.insert("created_time".to_owned(), pages::whole(now));
    row.insert("modified_time".to_owned(), pages::whole(now));
    Value::Object(row)
}

/// Puts these fields into a row; `"-name": true` takes the attribute `name` out. What is not named stays.
pub(super) fn update(row: &mut Value, now: f64, fields: &Map<String, Value>) {
    let Value::Object(row) = row else { return };
    for (name, value) in fields {
        match name.strip_prefix('-') {
            Some(gone) if !FIXED.contains(&gone) => {
                row.remove(gone);
            }
            None if !FIXED.contains(&name.as_str()) && !name.starts_with('_') => {
                row.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    row.insert("modified_time".to_owned(), pages::whole(now));
}

/// Notes a write in the audit log of its organisation.
pub(super) fn audit(store: &mut Store, call: &Call, scope: &Scope, message: &str) {
    let Some(org) = scope.org() else { return };
    let row = json!({
        "id": store.new_id(), "org_id": org, "site_id": scope.site(), "timestamp": call.now,
        "admin_name": call.caller.name(), "admin_id": null, "message": message, "src_ip": "192.0.2.10",
        "for_site": scope.site().is_some(),
    });
    store.rows_mut("audit_logs").push(row);
}

/// Puts the fields of one object over those of another.
pub(super) fn overlay(under: &mut Value, over: Value) {
    if let (Value::Object(under), Value::Object(over)) = (under, over) {
        under.extend(over);
    }
}
