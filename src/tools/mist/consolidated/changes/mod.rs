//! Changing configuration objects: what a person is shown, and the change itself, which is not made where the object has changed since.
//!
//! `Change` is what is asked for, `difference` what it makes of an object, `unknown` which of its attributes the API does not know.

mod difference;
mod unknown;
mod words;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

pub(super) use self::difference::Difference;
use super::objects::{self, Kind, Place};
use crate::{
    error::{Code, Error, Result},
    mist::{Access, BODY},
    tools::{Arguments, Context, Plan, Typed},
};

/// What is done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Create,
    Update,
    Delete,
}

/// A change that is asked for.
#[derive(Debug)]
struct Change {
    verb: Verb,
    place: Place,
    kind: &'static Kind,
    operation: &'static str,
    payload: Map<String, Value>,
}

/// Attributes that the cloud keeps itself.
const KEPT: &[&str] = &["created_time", "modified_time"];

impl Change {
    fn of(arguments: &Arguments) -> Result<Self> {
        let verb = match arguments.get("action_type").and_then(Value::as_str) {
            Some("create") => Verb::Create,
            Some("delete") => Verb::Delete,
            _ => Verb::Update,
        };
        let mut place = Place::of(arguments)?;
        let kind = objects::of(&place.kind)?;
        let wrong = |why: String| Error::new(Code::InvalidInput, why);
        let operation = match verb {
            Verb::Create => &kind.create,
            Verb::Update => &kind.update,
            Verb::Delete => &kind.delete,
        };
        let operation = operation
            .as_deref()
            .ok_or_else(|| wrong(format!("`{}` can only be updated", place.kind)))?;
        let payload = arguments
            .get("payload")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        if verb != Verb::Delete && payload.is_empty() {
            return Err(wrong("`payload` is missing: which attributes?".into()));
        }
        if verb == Verb::Create {
            if arguments.contains_key("object_id") {
                return Err(
                    wrong("a new object has no `object_id` yet".into()).advise("leave it out, or update the object")
                );
            }
            place.object = None;
        } else if kind.list.is_some() && place.object.is_none() {
            return Err(wrong("`object_id` is missing: which object?".into())
                .advise("mist_get_configuration_objects lists names and ids"));
        }
        if let (Some(id), Some(object)) = (payload.get("id").and_then(Value::as_str), &place.object)
            && id != object
        {
            return Err(wrong(
                "`payload` has the `id` of another object than `object_id`".into(),
            ));
        }
        Ok(Self {
            verb,
            place,
            kind,
            operation,
            payload,
        })
    }

    /// The object as it is now; null for a new one.
    async fn read(&self, access: &Access) -> Result<Value> {
        if self.verb == Verb::Create {
            return Ok(Value::Null);
        }
        let values = self.place.values(access.specification(), &self.kind.get);
        Ok(access.run(&self.kind.get, &values).await?.body().clone())
    }

    /// The object as it would be.
    fn expected(&self, now: &Value) -> Value {
        match self.verb {
            Verb::Create => Value::Object(self.payload.clone()),
            Verb::Update => merged(now, &self.payload),
            Verb::Delete => Value::Null,
        }
    }
}

/// The cloud's update: attributes at the root are replaced as a whole, `-name` takes one away, the others stay.
fn merged(now: &Value, payload: &Map<String, Value>) -> Value {
    let mut object = now.as_object().cloned().unwrap_or_default();
    for (name, value) in payload {
        match name.strip_prefix('-') {
            Some(name) if *value == true => {
                object.shift_remove(name);
            }
            Some(_) => {}
            None => {
                object.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(object)
}

/// What was read, in a form that is the same as long as the object is.
fn evidence(now: &Value) -> Value {
    let mut sorted = now.clone();
    sorted.sort_all_objects();
    let digest = Sha256::digest(sorted.to_string());
    Value::String(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What the person is shown.
///
/// # Errors
/// `invalid_input` for a change that makes no sense; what the cloud answers.
pub(super) async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let change = Change::of(&arguments)?;
    let access = context.mist()?;
    let now = change.read(&access).await?;
    let warnings = unknown::attributes(access.specification(), change.kind, &change.payload)?;
    Ok(Plan::new(
        words::of(&change, access.specification(), &now, &warnings),
        evidence(&now),
    ))
}

/// Makes the change.
///
/// # Errors
/// `conflict` where the object is not what the person was shown; what the cloud answers.
pub(super) async fn make(context: Context, arguments: Arguments) -> Result<Typed<Value>> {
    let change = Change::of(&arguments)?;
    let access = context.mist()?;
    let before = change.read(&access).await?;
    if context
        .plan
        .as_ref()
        .is_some_and(|plan| plan.evidence != evidence(&before))
    {
        let message = format!(
            "the `{}` has changed since the difference was shown; nothing was sent",
            change.place.kind
        );
        return Err(Error::new(Code::Conflict, message).advise("call again: the difference is worked out anew"));
    }
    let expected = change.expected(&before);
    if change.verb == Verb::Update && expected == before {
        return Ok(Typed::compact(json!({
            "status": "unchanged", "note": "the object is already so; nothing was sent"
        })));
    }
    let mut values = change.place.values(access.specification(), change.operation);
    if change.verb != Verb::Delete {
        values.insert(BODY.into(), Value::Object(change.payload.clone()));
    }
    let done = access.run(change.operation, &values).await?;
    let after = match change.verb {
        Verb::Delete => Value::Null,
        _ if done.body().is_object() => done.body().clone(),
        // The change was made: that it cannot be read is no failure of it.
        Verb::Update => change.read(&access).await.unwrap_or(Value::Null),
        Verb::Create => Value::Null,
    };
    Ok(Typed::compact(report(&change, &before, &expected, &after)))
}

/// What was done, from what the cloud says that the object is now.
fn report(change: &Change, before: &Value, expected: &Value, after: &Value) -> Value {
    let status = match change.verb {
        Verb::Create => "created",
        Verb::Update => "updated",
        Verb::Delete => "deleted",
    };
    let mut report = Map::from_iter([
        ("status".to_owned(), json!(status)),
        ("object_type".to_owned(), json!(change.place.kind)),
    ]);
    let id = after.get("id").or_else(|| before.get("id")).and_then(Value::as_str);
    if let Some(id) = id.or(change.place.object.as_deref()) {
        report.insert("id".into(), id.into());
    }
    if change.verb != Verb::Delete && after.is_null() {
        report.insert(
            "note".into(),
            "the cloud took it and did not say what the object is now".into(),
        );
        return Value::Object(report);
    }
    let made = Difference::of(before, after).without(KEPT);
    if change.verb == Verb::Update {
        report.insert("changed".into(), made.as_json());
    }
    let missed = missed(&change.payload, expected, after);
    if change.verb != Verb::Delete && !missed.is_empty() {
        report.insert("not_taken_as_given".into(), json!(missed));
    }
    let object = if change.verb == Verb::Delete { before } else { after };
    report.insert(
        "object".into(),
        super::super::shape::tidy(crate::tools::secrets::hidden(object)),
    );
    Value::Object(report)
}

/// Attributes that the cloud did not take as they were given. It may add to what is inside them; it may also hide secrets.
fn missed(payload: &Map<String, Value>, expected: &Value, after: &Value) -> Vec<String> {
    let names = payload.keys().map(|name| name.trim_start_matches('-'));
    names
        .filter(|name| !KEPT.contains(name) && !crate::tools::secrets::is_secret(name))
        .filter(|name| match (expected.get(name), after.get(name)) {
            (Some(wanted), Some(there)) => !holds(there, wanted),
            (Some(wanted), None) => !wanted.is_null(),
            (None, there) => there.is_some_and(|there| !there.is_null()),
        })
        .map(str::to_owned)
        .collect()
}

/// Whether a value is what was wanted, or more.
fn holds(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            crate::tools::secrets::is_secret(name)
                || there.get(name).is_some_and(|there| holds(there, wanted))
                || wanted.is_null()
        }),
        (Value::Array(there), Value::Array(wanted)) => {
            there.len() == wanted.len() && there.iter().zip(wanted).all(|(there, wanted)| holds(there, wanted))
        }
        (Value::Number(there), Value::Number(wanted)) => there.as_f64() == wanted.as_f64(),
        _ => there == wanted,
    }
}

#[cfg(test)]
mod tests;
