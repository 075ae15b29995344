//! What configuration would have a device do by itself: the commands and the changes of event policies. Nobody is there to judge them when
//! they run, so they are judged when they are configured.

use super::{
    Policy,
    difference::{Extent, Statement, Verb},
    statements,
    verdict::{Judged, Refused, blocked, shown},
};
use crate::junos::{ConfigFormat, grammar};

/// Where event policies stand.
const TOP: &str = "event-options";

/// Where their commands stand; the policy has any name.
const COMMANDS: [[&str; 7]; 2] = [
    ["set", TOP, "policy", "*", "then", "execute-commands", "commands"],
    ["set", TOP, "policy", "*", "then", "change-configuration", "commands"],
];

/// Begins what the event puts in.
const VARIABLE: &str = "{$";

/// Verbs of configuration mode that say themselves what they change.
const VERBS: &[(&str, Verb)] = &[
    ("set", Verb::Set),
    ("delete", Verb::Delete),
    ("activate", Verb::Activate),
    ("deactivate", Verb::Deactivate),
    ("protect", Verb::Protect),
    ("unprotect", Verb::Unprotect),
    ("annotate", Verb::Annotate),
];

/// The keywords that lead to the commands of event policies.
pub(super) fn keywords() -> [[&'static str; 7]; 2] {
    COMMANDS
}

/// Whether a text of configuration or a difference may say something of event policies.
pub(super) fn may_hold(text: &str) -> bool {
    text.contains(TOP)
}

/// Whether an event puts something into this word.
pub(super) fn is_variable(word: &str) -> bool {
    word.contains(VARIABLE)
}

impl Policy {
    /// Judges what an event policy would run by this statement (`set` and its words), if it is one of such; `is_open` where what it holds is
    /// not shown.
    pub(super) fn judge_event(&self, tool: &str, device: &str, words: &[String], is_open: bool) -> Judged {
        let verb = words.first().map(String::as_str).unwrap_or_default();
        if words.get(1).is_none_or(|word| word != TOP) || matches!(verb, "delete" | "deactivate") {
            return Ok(None);
        }
        let fits = |path: &&[&str; 7]| {
            let mut pairs = path.iter().zip(words).skip(1);
            pairs.all(|(known, word)| *known == "*" || known == word)
        };
        let Some(path) = COMMANDS.iter().find(fits) else {
            return Ok(None);
        };
        let inner = words.get(path.len()..).unwrap_or_default().join(" ");
        match inner.is_empty() {
            true if is_open && verb == "set" => Err(unseen(&words.join(" "))),
            true => Ok(None),
            false if path.contains(&"execute-commands") => self.judge_event_command(tool, device, &inner),
            false => self.judge_event_change(tool, device, &inner),
        }
    }

    fn judge_event_command(&self, tool: &str, device: &str, command: &str) -> Judged {
        let before = command.split_once(VARIABLE).map(|(before, _)| before);
        if before.is_some_and(|before| !grammar::reads_only(before)) {
            return Err(unseen(command));
        }
        self.command(tool, device, command)
    }

    fn judge_event_change(&self, tool: &str, device: &str, command: &str) -> Judged {
        let verb = command.split_whitespace().next().unwrap_or_default();
        let verb = VERBS.iter().find(|(known, _)| *known == verb).map(|(_, verb)| *verb);
        let found = statements::statements(ConfigFormat::Set, command).map_err(Refused::plain)?;
        // No place outside the command says where it is, no policy configures another, and what is shortened is not looked for.
        let is_plain = |words: &Vec<String>| {
            let top = words.get(1).map(String::as_str).unwrap_or_default();
            let wrappers = statements::WRAPPERS.iter();
            !TOP.starts_with(top)
                && !wrappers
                    .into_iter()
                    .any(|known| known.starts_with(top) && *known != top)
        };
        let Some(verb) = verb.filter(|_| !command.contains(char::is_control) && found.iter().all(is_plain)) else {
            return Err(unseen(command));
        };
        self.typed(tool, device, Some("set"), command)?;
        let is_seen = verb == Verb::Set && !command.contains(VARIABLE);
        let statement = |words: &Vec<String>| Statement {
            verb,
            path: words.get(1..).unwrap_or_default().to_vec(),
            extent: if is_seen { Extent::Leaf } else { Extent::Hidden },
        };
        let statements: Vec<Statement> = found.iter().take(1).map(statement).collect();
        self.statements(tool, device, &statements)
    }
}

fn unseen(text: &str) -> Box<Refused> {
    let message = format!(
        "the change cannot be judged: an event policy would do what is not shown or not plain: '{}'",
        shown(text)
    );
    Refused::plain(
        blocked(message).advise("write the commands of event policies in full, each as one that stands for itself"),
    )
}
