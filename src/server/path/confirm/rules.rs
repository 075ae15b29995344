//! An operator's rules on which calls need a person's word: by tool, effect, device and place in the configuration. The first rule that
//! matches decides; a call is asked about where anything that it changes is.

use std::{collections::BTreeSet, fs, path::Path};

use globset::{Glob, GlobMatcher};
use serde::Deserialize;

use crate::{
    error::{Code, Error, Result},
    policy,
    tools::{Effect, Tool},
};

/// The rules, in their order.
#[derive(Debug, Default, PartialEq)]
pub struct ConfirmRules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    tool: Option<GlobMatcher>,
    effect: Option<Effect>,
    device: Option<GlobMatcher>,
    /// Words; `*` stands for any one.
    path: Option<Vec<String>>,
    confirm: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tool: Option<String>,
    effect: Option<String>,
    device: Option<String>,
    path: Option<String>,
    confirm: bool,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        let plain = |rule: &Self| {
            let glob = |glob: &Option<GlobMatcher>| glob.as_ref().map(|glob| glob.glob().clone());
            (
                glob(&rule.tool),
                rule.effect,
                glob(&rule.device),
                rule.path.clone(),
                rule.confirm,
            )
        };
        plain(self) == plain(other)
    }
}

/// What is known of a call.
pub(super) struct Facts<'a> {
    pub(super) tool: &'a Tool,
    pub(super) effect: Effect,
    /// The devices that it changes; none where it changes something else.
    pub(super) devices: &'a [String],
    pub(super) changes: Changes<'a>,
}

/// What of a configuration a call changes.
#[derive(Clone, Copy)]
pub(super) enum Changes<'a> {
    /// Nothing of it.
    Nothing,
    /// Something, and it is not known what.
    Unknown,
    /// These statements.
    Statements(&'a [String]),
}

/// One thing that a call changes.
struct Change<'a> {
    device: Option<&'a str>,
    place: Place<'a>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Nowhere,
    Unknown,
    At(&'a [&'a str]),
}

impl ConfirmRules {
    /// # Errors
    /// `io`, or `invalid_input` with what is wrong: a server must not run with rules that it cannot read.
    pub fn read(file: &Path) -> Result<Self> {
        let name = file.display();
        let text = fs::read_to_string(file).map_err(|e| {
            Error::new(Code::Io, format!("the confirmation rules `{name}` cannot be read: {e}")).caused_by(e)
        })?;
        Self::parse(&text).map_err(|why| {
            let advice = r#"the file is {"rules": [{"tool": "rollback_*", "effect": "write", "device": "core-*", "path": "protocols bgp", "confirm": true}]}, where all but `confirm` may be left out"#;
            Error::new(Code::InvalidInput, format!("the confirmation rules `{name}` are wrong: {why}")).advise(advice)
        })
    }

    fn parse(text: &str) -> std::result::Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let rules = file.rules.into_iter().enumerate();
        let rule = |(at, written): (usize, Written)| Rule::of(written).map_err(|why| format!("rule {}: {why}", at + 1));
        rules.map(rule).collect::<std::result::Result<_, _>>().map(Self)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers of the rules that name no tool of these, from 1: likely a mistake.
    pub fn without_tool(&self, tools: &[&str]) -> Vec<usize> {
        let names_none = |rule: &Rule| {
            let glob = rule.tool.as_ref();
            glob.is_some_and(|glob| !tools.iter().any(|tool| glob.is_match(tool)))
        };
        let idle = self.0.iter().enumerate().filter(|(_, rule)| names_none(rule));
        idle.map(|(at, _)| at + 1).collect()
    }

    /// Whether what would change has to be known before it can be said whether a person is asked.
    pub(super) fn need_plan(&self, facts: &Facts<'_>) -> bool {
        let may_match = |rule: &&Rule| {
            let device = rule.device.as_ref();
            let is_of_device = device.is_none_or(|glob| {
                facts.devices.is_empty() || facts.devices.iter().any(|device| glob.is_match(device))
            });
            rule.is_of(facts) && is_of_device
        };
        let names_no_device = facts.devices.is_empty();
        self.0
            .iter()
            .filter(may_match)
            .any(|rule| rule.path.is_some() || (rule.device.is_some() && names_no_device))
    }

    /// Whether a person is asked: where anything that the call changes wants it. `otherwise` holds for what no rule speaks of.
    pub(super) fn ask(&self, facts: &Facts<'_>, otherwise: bool) -> bool {
        if self.0.is_empty() {
            return otherwise;
        }
        let rules: Vec<&Rule> = self.0.iter().filter(|rule| rule.is_of(facts)).collect();
        let decide = |change: &Change<'_>| {
            let decides = rules.iter().find(|rule| rule.matches(change));
            decides.map_or(otherwise, |rule| rule.confirm)
        };
        let statements: BTreeSet<Vec<&str>> = match facts.changes {
            Changes::Statements(statements) => statements.iter().map(|statement| words(statement)).collect(),
            Changes::Nothing | Changes::Unknown => BTreeSet::new(),
        };
        let is_unreadable = statements.iter().any(|words| words.as_slice() == [policy::UNREADABLE]);
        let mut places: Vec<Place<'_>> = statements.iter().map(|words| Place::At(words)).collect();
        if is_unreadable {
            places.push(Place::Unknown);
        }
        match facts.changes {
            Changes::Unknown => places.push(Place::Unknown),
            _ if places.is_empty() => places.push(Place::Nowhere),
            _ => {}
        }
        let mut devices: Vec<Option<&str>> = facts.devices.iter().map(|device| Some(device.as_str())).collect();
        if devices.is_empty() {
            devices.push(None);
        }
        devices.iter().any(|device| {
            places.iter().any(|place| {
                decide(&Change {
                    device: *device,
                    place: *place,
                })
            })
        })
    }
}

impl Rule {
    fn of(written: Written) -> std::result::Result<Self, String> {
        let glob = |name: &str, text: Option<String>| {
            let text = text.filter(|text| text != "*");
            let glob = text.map(|text| match text.trim() {
                "" => Err(format!("`{name}` is empty")),
                text => Glob::new(text)
                    .map(|glob| glob.compile_matcher())
                    .map_err(|e| format!("`{name}`: {e}")),
            });
            glob.transpose()
        };
        let effect = written.effect.map(|word| {
            let effect = Effect::of(&word).filter(|effect| *effect != Effect::Read);
            effect.ok_or_else(|| format!("`effect` is `{}`, not write or destroy", word.escape_debug()))
        });
        let path = written.path.map(|path| {
            let words: Vec<String> = path.split_whitespace().map(str::to_owned).collect();
            match words.first().map(String::as_str) {
                None => Err("`path` is empty".to_owned()),
                Some("set" | "delete" | "edit") => {
                    Err("`path` begins with a command; it is a place, such as `protocols bgp`".to_owned())
                }
                Some(_) => Ok(words),
            }
        });
        Ok(Self {
            tool: glob("tool", written.tool)?,
            effect: effect.transpose()?,
            device: glob("device", written.device)?,
            path: path.transpose()?,
            confirm: written.confirm,
        })
    }

    /// Whether it speaks of such calls. One that asks about changes asks also about what cannot be undone; one that lets changes pass
    /// lets only changes pass.
    fn is_of(&self, facts: &Facts<'_>) -> bool {
        let is_of_effect = self.effect.is_none_or(|effect| match self.confirm {
            true => facts.effect >= effect,
            false => facts.effect == effect,
        });
        is_of_effect && self.tool.as_ref().is_none_or(|glob| glob.is_match(facts.tool.name))
    }

    /// Whether it speaks of this change. What is in doubt matches a rule that asks, and none that lets pass.
    fn matches(&self, change: &Change<'_>) -> bool {
        let is_of_device = self
            .device
            .as_ref()
            .is_none_or(|glob| change.device.is_some_and(|device| glob.is_match(device)));
        let is_of_path = self.path.as_ref().is_none_or(|path| match change.place {
            Place::Nowhere => false,
            Place::Unknown => self.confirm,
            Place::At(words) if self.confirm => touches(path, words) || touches(path, without_group(words)),
            Place::At(words) => words.len() >= path.len() && touches(path, words),
        });
        is_of_device && is_of_path
    }
}

/// Whether the statement lies below the path, or above it: who deletes `protocols`, or everything, deletes `protocols bgp`.
fn touches(path: &[String], words: &[&str]) -> bool {
    path.iter().zip(words).all(|(path, word)| path == "*" || path == word)
}

/// What a group, a logical system or a tenant holds counts as if it were outside, however deep.
fn without_group<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    match words {
        ["groups" | "logical-systems" | "tenants"] => &[],
        ["groups" | "logical-systems" | "tenants", _, rest @ ..] => without_group(rest),
        words => words,
    }
}

/// The words of a statement's place, without its command.
fn words(statement: &str) -> Vec<&str> {
    const COMMANDS: &[&str] = &[
        "set",
        "delete",
        "activate",
        "deactivate",
        "protect",
        "unprotect",
        "annotate",
        "insert",
        "rename",
        "copy",
        "replace",
    ];
    let mut words: Vec<&str> = statement.split_whitespace().collect();
    if words.first().is_some_and(|word| COMMANDS.contains(word)) {
        words.remove(0);
    }
    words
}

#[cfg(test)]
mod tests;
