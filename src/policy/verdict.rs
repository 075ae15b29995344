//! What the rules say of something, and in which words.

use super::globs::{Decision, Kind};
use crate::error::{Code, Error};

/// A rule, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it does: `deny commands`, `allow config`.
    pub what: &'static str,
    /// The rule itself.
    pub pattern: String,
    /// Where it is from: a file and its line, or a list of the inventory.
    pub origin: String,
}

/// What the rules say, and why.
#[derive(Debug)]
pub struct Explained {
    /// Why it is refused; `None` where it is allowed.
    pub refusal: Option<Error>,
    /// The rule that decided, where one did.
    pub rule: Option<Rule>,
    /// The form in which that rule met it.
    pub form: Option<String>,
    /// Every form in which it was judged.
    pub forms: Vec<String>,
}

/// A rule that decided, and the form that it met.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) rule: Option<Rule>,
    pub(super) form: String,
}

/// Something that is refused.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: Error,
    pub(super) met: Option<Met>,
}

/// Allowed, by a rule where there is one; or refused.
pub(super) type Judged = std::result::Result<Option<Met>, Box<Refused>>;

impl Refused {
    pub(super) fn by(error: Error, rule: Option<Rule>, form: &str) -> Box<Self> {
        let form = form.to_owned();
        Box::new(Self {
            error,
            met: Some(Met { rule, form }),
        })
    }

    pub(super) fn plain(error: Error) -> Box<Self> {
        Box::new(Self { error, met: None })
    }
}

impl Explained {
    pub(super) fn of(judged: Judged, forms: Vec<String>) -> Self {
        let (refusal, met) = match judged {
            Ok(met) => (None, met),
            Err(refused) => (Some(refused.error), refused.met),
        };
        let (rule, form) = met.map_or((None, None), |met| (met.rule, Some(met.form)));
        Self {
            refusal,
            rule,
            form,
            forms,
        }
    }
}

/// A rule of the inventory, for people.
pub(super) fn rule_of(what: &'static str, kind: Kind, device: &str, decision: Decision<'_>) -> Rule {
    let list = kind.list();
    Rule {
        what,
        pattern: decision.pattern.to_owned(),
        origin: match decision.source {
            "device" => format!("the inventory, `blocklist.{list}` of `{device}`"),
            _ => format!("the inventory, `_blocklist_defaults.{list}`"),
        },
    }
}

/// At most 120 characters, without what looks like a secret: refusals are read by the model and logged.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut quoted = false;
    for word in text.split(' ') {
        let quotes = word.matches('"').count();
        let is_secret = quoted || quotes > 0 || word.starts_with('$');
        quoted ^= quotes % 2 == 1;
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(if is_secret { "***" } else { word });
    }
    let secret_at = [
        "authentication",
        "password",
        "encrypted-password",
        "plain-text-password-value",
        "secret",
    ]
    .iter()
    .filter_map(|word| shown.find(&format!(" {word} ")).map(|at| at + word.len() + 2))
    .min();
    if let Some(kept) = secret_at.and_then(|at| shown.get(..at)) {
        shown = format!("{kept}***");
    }
    if shown.chars().count() > 120 {
        shown.chars().take(119).chain(['…']).collect()
    } else {
        shown
    }
}

pub(super) fn read_as(typed: &str, form: &str) -> String {
    if typed == form || typed.starts_with(form) {
        String::new()
    } else {
        format!(" (read as '{}')", shown(form))
    }
}

pub(super) fn denied_by(tool: &str, device: &str, denied: &Decision<'_>, typed: &str, form: &str) -> Error {
    blocked(format!(
        "denied by blocklist: {tool} on '{device}' matched rule '{}' (action=deny, source={}); input: {}{}",
        denied.pattern,
        denied.source,
        shown(typed),
        read_as(typed, form)
    ))
}

pub(super) fn too_ambiguous(typed: &str) -> Error {
    let message = format!("denied by blocklist: '{}' can be read in too many ways", shown(typed));
    Error::new(Code::Blocked, message).advise("write every keyword out")
}

pub(super) fn blocked(message: String) -> Error {
    Error::new(Code::Blocked, message).advise("an operator forbids this: do not look for another way, ask the operator")
}

/// What is refused where only what is listed is allowed.
pub(super) fn not_listed(device: &str, what: &str, list: &str) -> Error {
    let message = format!(
        "not allowed: on '{device}' only what a rule allows may be done, and none allows '{}'",
        shown(what)
    );
    Error::new(Code::Blocked, message).advise(format!(
        "write every keyword out; an operator can allow it in {list}. Do not look for another way"
    ))
}
