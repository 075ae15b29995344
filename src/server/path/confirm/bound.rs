//! What a person's word counts for: who called, what exactly, and what would change. Keyed digests of it, so that nobody can guess from
//! them what was in a plan.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Asking;
use crate::{mist::Brought, server::seals::Seals, tools::Plan};

/// Digests of the caller and of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) caller: [u8; 8],
    pub(super) call: [u8; 8],
}

impl Bound {
    pub(super) fn to(seals: &Seals, asking: &Asking<'_>) -> Self {
        // Whoever brings an account of the cloud acts as that account.
        let account = match &asking.context.account {
            Brought::Account(account) => account.id().as_bytes(),
            Brought::Nothing | Brought::Wrong(_) => b"",
        };
        let caller = [asking.context.caller.id.as_bytes(), account];
        let arguments = Value::Object(asking.arguments.clone());
        let mut text = String::new();
        in_order(&arguments, &mut text);
        let mut call = vec![asking.tool.name.as_bytes(), text.as_bytes()];
        call.extend(asking.devices.iter().map(String::as_bytes));
        Self {
            caller: short(seals.digest("caller of a confirmation", &caller)),
            call: short(seals.digest("call of a confirmation", &call)),
        }
    }
}

/// The digest of what would change, as it is: before secrets are covered and long differences cut.
pub(super) fn plan(seals: &Seals, words: &str, plan: Option<&Plan>) -> [u8; 16] {
    let mut evidence = String::new();
    if let Some(plan) = plan {
        in_order(&plan.evidence, &mut evidence);
    }
    let statements = plan.map(|plan| plan.statements.join("\n")).unwrap_or_default();
    let devices = plan.map(|plan| plan.devices.join("\n")).unwrap_or_default();
    let parts = [words, &evidence, &statements, &devices].map(str::as_bytes);
    short(seals.digest("plan of a confirmation", &parts))
}

/// The first bytes.
pub(super) fn short<const N: usize>(digest: [u8; 32]) -> [u8; N] {
    let mut short = [0; N];
    short.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    short
}

/// The value as JSON with its names in order: models write arguments in any order.
fn in_order(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            text.push('{');
            for (name, value) in fields.iter().collect::<BTreeMap<_, _>>() {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                in_order(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                in_order(item, text);
                text.push(',');
            }
            text.push(']');
        }
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_names_makes_no_difference_and_all_else_does() {
        let text = |value: Value| {
            let mut text = String::new();
            in_order(&value, &mut text);
            text
        };
        assert_eq!(
            text(json!({"a": 1, "b": {"c": [1, 2], "d": null}})),
            text(json!({"b": {"d": null, "c": [1, 2]}, "a": 1}))
        );
        for other in [
            json!({"a": [1, 2]}),
            json!({"a": [2, 1]}),
            json!({"a": "1"}),
            json!({"a": ["1,2"]}),
        ] {
            assert_ne!(text(json!({"a": 1})), text(other));
        }
    }

    #[test]
    fn a_plan_with_the_same_words_and_other_evidence_is_another() {
        let seals = Seals::random();
        let of = |evidence: Value| plan(&seals, "words", Some(&Plan::new("words", evidence)));
        assert_eq!(of(json!({"diff": "x"})), of(json!({"diff": "x"})));
        assert_ne!(of(json!({"diff": "x"})), of(json!({"diff": "y"})));
    }
}
