//! Block rules of the inventory: `_blocklist_defaults` for all devices, `blocklist` for one.
//!
//! A rule is `{"action": "deny" | "allow", "pattern": GLOB}`. The pattern must match the whole input, case counts, `*` goes across
//! blanks and slashes. Of the rules that match, the one with the most literal characters decides; then the longer one, then
//! the device's before the default, then the later one. What no rule matches is allowed.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};
use serde_json::Value;

use super::possible::{self, Piece};
use crate::{
    error::{Code, Error, Result},
    junos::inventory::Inventory,
};

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Operational commands.
    Commands,
    /// Lines of configuration.
    Config,
    /// Commands to a packet forwarding engine.
    Pfe,
}

impl Kind {
    /// The name of its list in the inventory.
    pub(super) fn list(self) -> &'static str {
        KINDS
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| *name)
    }
}

const KINDS: &[(&str, Kind)] = &[
    ("commands", Kind::Commands),
    ("config", Kind::Config),
    ("pfe_commands", Kind::Pfe),
];

/// One rule.
#[derive(Debug, Clone)]
struct Rule {
    kind: Kind,
    is_deny: bool,
    pattern: String,
    matcher: GlobMatcher,
}

/// The rules of the inventory.
#[derive(Debug, Clone, Default)]
pub(super) struct Globs {
    defaults: Vec<Rule>,
    devices: BTreeMap<String, Vec<Rule>>,
}

/// The rule that decides about an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision<'a> {
    /// Its pattern.
    pub(super) pattern: &'a str,
    /// `device` or `defaults`.
    pub(super) source: &'static str,
    /// Whether it denies.
    pub(super) is_deny: bool,
}

impl Globs {
    /// Reads the rules.
    ///
    /// # Errors
    /// `inventory_invalid` with every rule that is wrong.
    pub(super) fn read(inventory: &Inventory) -> Result<Self> {
        let mut problems = Vec::new();
        let mut rules = |scope: &str, list: Option<&Value>| {
            list.map(|list| read_rules(scope, list, &mut problems))
                .unwrap_or_default()
        };
        let defaults = rules("defaults", inventory.blocklist_defaults.as_ref());
        let devices = inventory
            .devices
            .iter()
            .map(|(name, device)| (name.clone(), rules(name, device.blocklist())));
        let devices = devices.filter(|(_, rules)| !rules.is_empty()).collect();
        if problems.is_empty() {
            return Ok(Self { defaults, devices });
        }
        Err(Error::new(Code::InventoryInvalid, problems.join("; "))
            .advise("a rule is `{\"action\": \"deny\" or \"allow\", \"pattern\": \"...\"}` in `commands`, `config` or `pfe_commands`"))
    }

    /// The rule that decides about this input, where one matches.
    pub(super) fn decide(&self, kind: Kind, device: &str, input: &str) -> Option<Decision<'_>> {
        self.first(kind, device, |rule| rule.matcher.is_match(input))
    }

    /// The rule that denies this input, if the deciding one does.
    pub(super) fn denies(&self, kind: Kind, device: &str, input: &str) -> Option<Decision<'_>> {
        self.decide(kind, device, input).filter(|decision| decision.is_deny)
    }

    /// The rule that denies some input of this form, unless one that matches every such input comes before it.
    pub(super) fn could_deny(&self, kind: Kind, device: &str, form: &[Piece]) -> Option<Decision<'_>> {
        self.first(kind, device, |rule| {
            if rule.is_deny {
                possible::meet(&rule.pattern, form)
            } else {
                covers(rule, form)
            }
        })
        .filter(|decision| decision.is_deny)
    }

    /// The rule that allows every input of this form, where no other could deny one.
    pub(super) fn allows_all(&self, kind: Kind, device: &str, form: &[Piece]) -> Option<Decision<'_>> {
        if self.could_deny(kind, device, form).is_some() {
            return None;
        }
        self.first(kind, device, |rule| !rule.is_deny && covers(rule, form))
    }

    /// Of the rules that fit the most specific one.
    fn first(&self, kind: Kind, device: &str, fits: impl Fn(&Rule) -> bool) -> Option<Decision<'_>> {
        let fitting = self
            .effective(device)
            .enumerate()
            .filter(|(_, (rule, _))| rule.kind == kind && fits(rule));
        let (_, (rule, source)) = fitting
            .max_by_key(|(at, (rule, source))| (literals(&rule.pattern), rule.pattern.len(), *source == DEVICE, *at))?;
        Some(Decision {
            pattern: &rule.pattern,
            source,
            is_deny: rule.is_deny,
        })
    }

    /// Whether a rule of this kind that denies holds for the device.
    pub(super) fn denies_any(&self, kind: Kind, device: &str) -> bool {
        self.effective(device)
            .any(|(rule, _)| rule.kind == kind && rule.is_deny)
    }

    /// Every rule that holds for the device: kind, whether it denies, pattern, and where it is from.
    pub(super) fn all(&self, device: &str) -> impl Iterator<Item = (Kind, Decision<'_>)> {
        self.effective(device).map(|(rule, source)| {
            let decision = Decision {
                pattern: &rule.pattern,
                source,
                is_deny: rule.is_deny,
            };
            (rule.kind, decision)
        })
    }

    /// Whether any rule of this kind, even one that allows, holds for the device.
    pub(super) fn has(&self, kind: Kind, device: &str) -> bool {
        self.effective(device).any(|(rule, _)| rule.kind == kind)
    }

    /// The patterns of this kind, of all devices.
    pub(super) fn patterns(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let all = self.defaults.iter().chain(self.devices.values().flatten());
        all.filter(move |rule| rule.kind == kind)
            .map(|rule| rule.pattern.as_str())
    }

    /// How many rules there are.
    pub(super) fn len(&self) -> usize {
        self.defaults.len() + self.devices.values().map(Vec::len).sum::<usize>()
    }

    fn effective(&self, device: &str) -> impl Iterator<Item = (&Rule, &'static str)> {
        let own = self
            .devices
            .get(device)
            .into_iter()
            .flatten()
            .map(|rule| (rule, DEVICE));
        self.defaults.iter().map(|rule| (rule, "defaults")).chain(own)
    }
}

const DEVICE: &str = "device";

/// Whether the rule matches every input of this form: it does where it matches the beginning that all share and goes on with `*`.
fn covers(rule: &Rule, form: &[Piece]) -> bool {
    let beginning: String = form.iter().map_while(|piece| piece.literal()).collect();
    let is_exact = form.iter().all(|piece| piece.literal().is_some());
    let goes_on = rule.pattern.ends_with('*') && !rule.pattern.ends_with("\\*");
    (is_exact || goes_on) && rule.matcher.is_match(&beginning)
}

fn literals(pattern: &str) -> usize {
    pattern.chars().filter(|c| !matches!(c, '*' | '?' | '[' | ']')).count()
}

fn read_rules(scope: &str, lists: &Value, problems: &mut Vec<String>) -> Vec<Rule> {
    let mut rules = Vec::new();
    let Some(lists) = lists.as_object() else {
        problems.push(format!("invalid blocklist for {scope}: must be an object"));
        return rules;
    };
    for (name, list) in lists {
        let kind = KINDS.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        let (Some(kind), Some(list)) = (kind, list.as_array()) else {
            problems.push(format!(
                "invalid blocklist for {scope}: `{}` is no list of rules",
                name.escape_debug()
            ));
            continue;
        };
        for rule in list {
            match read_rule(kind, rule) {
                Ok(rule) => rules.push(rule),
                Err(why) => problems.push(format!("invalid blocklist rule for {scope}: {why}")),
            }
        }
    }
    rules
}

fn read_rule(kind: Kind, rule: &Value) -> Result<Rule, String> {
    let text = |field: &str| rule.get(field).and_then(Value::as_str);
    let pattern = text("pattern").ok_or_else(|| format!("`{rule}` has no pattern"))?;
    let is_deny = match text("action") {
        Some("deny") => true,
        Some("allow") => false,
        _ => return Err(format!("pattern '{pattern}': the action must be `deny` or `allow`")),
    };
    let glob = Glob::new(pattern).map_err(|error| format!("pattern '{pattern}': {error}"))?;
    Ok(Rule {
        kind,
        is_deny,
        pattern: pattern.to_owned(),
        matcher: glob.compile_matcher(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn globs(text: &str) -> Result<Globs> {
        Globs::read(&Inventory::parse(text, Path::new(""), "test").unwrap())
    }

    const DEVICES: &str = r#"{
        "_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "request *"}, {"action": "allow", "pattern": "request system {storage,software} *"}],
                                "config": [{"action": "allow", "pattern": "set *"}]},
        "r1": {"ip": "r1", "username": "u", "password": "p", "blocklist": {"commands": [
            {"action": "allow", "pattern": "request *"}, {"action": "deny", "pattern": "show configuration*"}],
            "pfe_commands": [{"action": "deny", "pattern": "set *"}]}},
        "r2": {"ip": "r2", "username": "u", "password": "p"}}"#;

    #[test]
    fn the_most_specific_rule_decides() {
        let globs = globs(DEVICES).unwrap();
        let denied = |device: &str, input: &str| globs.denies(Kind::Commands, device, input).map(|d| d.source);
        assert_eq!(denied("r2", "request system reboot"), Some("defaults"));
        assert_eq!(
            denied("r2", "request system storage cleanup"),
            None,
            "the longer pattern allows"
        );
        assert_eq!(
            denied("r1", "request system reboot"),
            None,
            "the device's rule wins over the same default"
        );
        assert_eq!(denied("r1", "show configuration | display set"), Some("device"));
        assert_eq!(denied("r2", "show configuration"), None);
        assert_eq!(denied("r2", "show request x"), None, "the whole input must match");
        assert_eq!(denied("r2", "Request system reboot"), None, "case counts");
        assert_eq!(denied("unknown", "request x"), Some("defaults"));
        assert_eq!(
            globs.denies(Kind::Pfe, "r1", "set x y").map(|d| d.pattern),
            Some("set *")
        );
        assert!(globs.has(Kind::Config, "r2") && !globs.has(Kind::Pfe, "r2"));
    }

    #[test]
    fn every_wrong_rule_is_named() {
        let error = globs(
            r#"{"_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "a{b"}, {"action": "forbid", "pattern": "x"}, {"action": "deny"}]},
                "r1": {"ip": "r1", "username": "u", "password": "p", "blocklist": {"command": []}}}"#,
        )
        .unwrap_err();
        assert_eq!(error.code(), Code::InventoryInvalid);
        for part in [
            "for defaults: pattern 'a{b'",
            "pattern 'x': the action",
            "has no pattern",
            "for r1: `command` is no list",
        ] {
            assert!(error.message().contains(part), "{part}: {error}");
        }
    }
}
