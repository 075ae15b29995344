//! Rules in templates: which devices they are for.

use serde_json::{Map, Value};

/// What rules look at of a device.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Device<'a> {
    pub(super) name: &'a str,
    pub(super) model: &'a str,
    pub(super) role: &'a str,
}

impl<'a> Device<'a> {
    pub(super) fn of(device: &'a Value) -> Self {
        let text = |name: &str| device.get(name).and_then(Value::as_str).unwrap_or_default();
        Self {
            name: text("name"),
            model: text("model"),
            role: text("role"),
        }
    }
}

/// The first rule that a device fits, where rules are on: its name, and what it configures.
pub(super) fn first(matching: Option<&Value>, device: Device<'_>) -> Option<(String, Map<String, Value>)> {
    let matching = matching?;
    if matching.get("enable").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let rules = matching.get("rules")?.as_array()?;
    let rule = rules
        .iter()
        .filter_map(Value::as_object)
        .find(|rule| fits(rule, device))?;
    let name = rule.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let settings = rule
        .iter()
        .filter(|(field, _)| *field != "name" && !field.starts_with("match_"))
        .map(|(field, value)| (field.clone(), value.clone()));
    Some((name, settings.collect()))
}

/// A rule without conditions is for all.
fn fits(rule: &Map<String, Value>, device: Device<'_>) -> bool {
    rule.iter()
        .filter_map(|(field, wanted)| Some((field.strip_prefix("match_")?, wanted)))
        .all(|(condition, wanted)| condition_holds(condition, wanted, device))
}

/// `name[0:3]` compares three characters from the first, `model` the whole; case does not count.
fn condition_holds(condition: &str, wanted: &Value, device: Device<'_>) -> bool {
    let (what, part) = match condition.split_once('[') {
        Some((what, part)) => (what, Some(part.trim_end_matches(']'))),
        None => (condition, None),
    };
    let value = match what {
        "name" => device.name,
        "model" => device.model,
        "role" => device.role,
        // A condition that is not known here may well not hold.
        _ => return false,
    };
    let Some(wanted) = wanted.as_str() else {
        return false;
    };
    let value = match part {
        Some(part) => match slice(value, part) {
            Some(part) => part,
            None => return false,
        },
        None => value.to_owned(),
    };
    value.to_lowercase() == wanted.to_lowercase()
}

/// The characters from `a` up to before `b` of `a:b`; either may be left out. None where the value is shorter.
fn slice(value: &str, part: &str) -> Option<String> {
    let (from, to) = part.split_once(':')?;
    let number = |text: &str, or: usize| {
        let text = text.trim();
        if text.is_empty() { Some(or) } else { text.parse().ok() }
    };
    let length = value.chars().count();
    let (from, to) = (number(from, 0)?, number(to, length)?);
    (from <= to && to <= length).then(|| value.chars().skip(from).take(to - from).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn name_of(rules: Value, device: Device<'_>) -> Option<String> {
        first(Some(&json!({"enable": true, "rules": rules})), device).map(|(name, _)| name)
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let device = Device {
            name: "BER-access-1",
            model: "EX4100-48P",
            role: "access",
        };
        let rule = |name: &str, condition: &str, wanted: &str| json!({"name": name, condition: wanted});
        for (condition, wanted, fits) in [
            ("match_name[0:3]", "ber", true),
            ("match_name[0:3]", "muc", false),
            ("match_name[4:10]", "access", true),
            ("match_name[0:12]", "BER-access-1", true),
            ("match_name[0:40]", "BER-access-1", false),
            ("match_name[:3]", "BER", true),
            ("match_name", "BER-access-1", true),
            ("match_model[0:6]", "EX4100", true),
            ("match_model", "EX4100", false),
            ("match_role", "access", true),
            ("match_role", "core", false),
            ("match_weather", "fine", false),
        ] {
            let found = name_of(json!([rule("r", condition, wanted)]), device);
            assert_eq!(found.is_some(), fits, "{condition} {wanted}");
        }
        let rules = json!([
            {"name": "both", "match_role": "access", "match_model[0:6]": "EX9999"},
            {"name": "second", "match_role": "access"},
            {"name": "default"}
        ]);
        assert_eq!(name_of(rules.clone(), device).as_deref(), Some("second"));
        assert_eq!(name_of(rules, Device::default()).as_deref(), Some("default"));
    }

    #[test]
    fn rules_count_only_where_they_are_on() {
        let rules = json!({"enable": false, "rules": [{"name": "r"}]});
        assert!(first(Some(&rules), Device::default()).is_none());
        assert!(first(None, Device::default()).is_none());
    }
}
