//! What the tools of this folder share: arguments that become the values of a request, lists with something found out beside them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::super::{
    answer::Gathered,
    shape::{self, Shape},
    tidy,
};
use crate::{
    error::{Code, Error, Result},
    mist::{Access, Done},
    tools::{Context, Effect, Shelf, Tool, Typed},
};

/// What was found out, by name.
pub(super) type Findings = Map<String, Value>;

/// Where these tools are listed.
pub(super) const SHELF: Shelf = Shelf::Category("enhanced");

/// What every list lets callers choose. It is described once, for all lists.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub(super) struct Shown {
    pub(super) fields: Option<Vec<String>>,
    pub(super) summary: Option<Vec<String>>,
    pub(super) all_pages: Option<bool>,
}

impl From<Shown> for Shape {
    fn from(shown: Shown) -> Self {
        Self {
            fields: shown.fields.unwrap_or_default(),
            summary: shown.summary.unwrap_or_default(),
            all_pages: shown.all_pages.unwrap_or_default(),
            device_ids: false,
        }
    }
}

/// A tool that only reads.
pub(super) fn reads<A, F, Fut>(name: &'static str, title: &'static str, about: &'static str, run: F) -> Tool
where
    A: DeserializeOwned + JsonSchema + Send + 'static,
    F: Fn(Context, A) -> Fut + Send + Sync + Clone + 'static,
    Fut: Future<Output = Result<Typed<Value>>> + Send + 'static,
{
    Tool::new(name, Effect::Read, title, about, run)
        .mist(SHELF)
        .tidies(tidy::tidy)
}

/// Arguments as the values of a request: those that were given.
///
/// # Errors
/// `internal` where they are no object.
pub(super) fn values(arguments: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(arguments) {
        Ok(Value::Object(mut values)) => {
            values.retain(|_, value| !value.is_null());
            Ok(values)
        }
        _ => Err(Error::new(Code::Internal, "arguments of a tool are no object")),
    }
}

/// Brings the time that is asked for into one form: a start leaves no room for a duration that nobody gave, and where nothing was said
/// it is `usual`.
pub(super) fn time(values: &mut Map<String, Value>, usual: &str) {
    if values.contains_key("start") && values.contains_key("end") {
        values.remove("duration");
    } else if !values.contains_key("start") && !values.contains_key("duration") {
        values.insert("duration".into(), usual.into());
    }
}

/// The answer to a list: its things, and what `analyse` finds out from those that came.
///
/// # Errors
/// What the cloud answers.
pub(super) async fn list(
    context: &Context,
    operation: &str,
    values: &Map<String, Value>,
    shown: Shown,
    analyse: impl FnOnce(&[Value]) -> Findings + Send,
) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let done = access.run(operation, values).await?;
    listed(context, &access, done, shown, analyse).await
}

/// As `list`, from an answer that came already.
///
/// # Errors
/// What the cloud answers to further pages.
pub(super) async fn listed(
    context: &Context,
    access: &Access,
    done: Done,
    shown: Shown,
    analyse: impl FnOnce(&[Value]) -> Findings + Send,
) -> Result<Typed<Value>> {
    let shape = Shape::from(shown);
    let gathered = Gathered::of(context, access, done, &shape).await?;
    let findings = found(&gathered, analyse);
    Ok(gathered.answer(context, access, &shape, findings))
}

/// What `analyse` finds, and from how many of how many things where that is not all of them.
pub(super) fn found(gathered: &Gathered, analyse: impl FnOnce(&[Value]) -> Findings) -> Findings {
    let rows = gathered.rows();
    let mut findings = analyse(rows);
    findings.values_mut().for_each(prune);
    if gathered.has_more() && !findings.is_empty() {
        let mut of = Map::from_iter([("rows".to_owned(), json!(rows.len()))]);
        if let Some(total) = gathered.total() {
            of.insert("of".into(), total.into());
        }
        of.insert("note".into(), "for all of them call again with all_pages".into());
        findings.insert("analysed".into(), of.into());
    }
    findings
}

/// Keeps the rows that fit what the cloud itself cannot filter by; says how many of how many.
pub(super) fn keep(gathered: &mut Gathered, by: &[&str], fits: impl Fn(&Value) -> bool) -> Findings {
    if by.is_empty() {
        return Findings::new();
    }
    let of = gathered.rows().len();
    gathered.retain(fits);
    let mut said = json!({ "by": by, "kept": gathered.rows().len(), "of": of });
    if let (true, Some(said)) = (gathered.has_more(), said.as_object_mut()) {
        said.insert(
            "note".into(),
            "there are more rows than could be looked through; `next` leads to unfiltered ones".into(),
        );
    }
    findings([("filtered", said)])
}

/// Refuses pages of lists that have none: they go on by handle.
///
/// # Errors
/// `invalid_input`
pub(super) fn first_page(page: Option<u64>) -> Result<()> {
    if page.is_none_or(|page| page <= 1) {
        return Ok(());
    }
    Err(Error::new(Code::InvalidInput, "this list has no page numbers")
        .advise("read on with get_next_page and the `next` of the answer, or give all_pages"))
}

/// Seconds since the epoch.
pub(super) fn now() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
}

/// Drops counts by a field that no row has.
fn prune(value: &mut Value) {
    if let Value::Object(fields) = value {
        let says_nothing = |counts: &Value| counts.as_object().is_some_and(|counts| counts.keys().eq(["(none)"]));
        fields.retain(|name, value| !(name.starts_with("by_") && says_nothing(value)));
        fields.values_mut().for_each(prune);
    }
}

/// One object, tidied, with what was found out beside it.
pub(super) fn object(access: &Access, body: &Value, findings: Findings) -> Typed<Value> {
    let mut answer = match super::super::answer::object(body) {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        other => Map::from_iter([("result".to_owned(), other)]),
    };
    answer.extend(findings);
    super::super::answer::note_budget(access, &mut answer);
    Typed::compact(Value::Object(answer))
}

/// Findings from pairs.
pub(super) fn findings<const N: usize>(pairs: [(&str, Value); N]) -> Findings {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// How many rows have which value at this path.
pub(super) fn by(rows: &[Value], path: &str) -> Value {
    shape::counts(rows, path)
}

/// How many rows have which word, in the order of their number.
pub(super) fn by_word(rows: &[Value], word: impl Fn(&Value) -> &'static str) -> Value {
    let words: Vec<Value> = rows.iter().map(|row| json!({ "word": word(row) })).collect();
    shape::counts(&words, "word")
}

/// How many rows this holds for.
pub(super) fn count(rows: &[Value], holds: impl Fn(&Value) -> bool) -> usize {
    rows.iter().filter(|row| holds(row)).count()
}

/// The text in a field; empty where there is none.
pub(super) fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a field is true.
pub(super) fn is(row: &Value, field: &str) -> bool {
    row.get(field).and_then(Value::as_bool).unwrap_or_default()
}

/// Whether a field holds anything: no null, no empty text or list.
pub(super) fn has(row: &Value, field: &str) -> bool {
    row.get(field).is_some_and(|value| !shape::is_empty(value))
}

/// The number in a field; 0 where there is none.
pub(super) fn number(row: &Value, field: &str) -> f64 {
    row.get(field).and_then(Value::as_f64).unwrap_or_default()
}

/// A part of a whole in percent, with one digit; none where there is no whole.
pub(super) fn percent(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| (part / whole * 1000.0).round() / 10.0)
}

/// A number of things as a number to calculate with.
pub(super) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_once() {
        let timed = |mut values: Value| {
            time(values.as_object_mut().unwrap(), "6h");
            values
        };
        assert_eq!(timed(json!({})), json!({"duration": "6h"}));
        assert_eq!(timed(json!({"duration": "2h"})), json!({"duration": "2h"}));
        assert_eq!(timed(json!({"start": "-1d"})), json!({"start": "-1d"}));
        assert_eq!(timed(json!({"end": "now"})), json!({"end": "now", "duration": "6h"}));
        assert_eq!(
            timed(json!({"start": "1", "end": "2", "duration": "1d"})),
            json!({"start": "1", "end": "2"})
        );
    }

    #[test]
    fn counts_that_say_nothing_go() {
        let mut found = json!({"by_type": {"(none)": 3}, "inner": {"by_x": {"(none)": 1, "a": 2}, "by_y": {"(none)": 1}}, "total": 3});
        prune(&mut found);
        assert_eq!(found, json!({"inner": {"by_x": {"(none)": 1, "a": 2}}, "total": 3}));
    }

    #[test]
    fn counting_knows_odd_rows() {
        let rows = [
            json!({"a": 1, "s": ["x", "y"]}),
            json!(null),
            json!("x"),
            json!({"a": null, "s": "x", "up": true}),
        ];
        assert_eq!(by(&rows, "s"), json!({"(none)": 2, "x": 2, "y": 1}));
        assert_eq!(count(&rows, |row| is(row, "up")), 1);
        assert_eq!(count(&rows, |row| has(row, "a")), 1);
        assert_eq!(percent(1.0, 0.0), None);
        assert_eq!(percent(1.0, 3.0), Some(33.3));
    }
}
