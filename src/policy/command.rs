//! Judges commands, in every form that the device could take them for.

use std::collections::BTreeSet;

use super::{
    Policy, Rule,
    files::{self, CommandRule},
    globs::Kind,
    normalised, possible, statements,
    verdict::{
        Explained, Judged, Met, Refused, blocked, denied_by, not_listed, read_as, rule_of, shown, too_ambiguous,
    },
};
use crate::{
    error::Result,
    junos::{
        grammar::{self, Mark},
        inventory::Mode,
    },
};

/// Commands within commands are looked at to this depth: nobody needs the second.
const DEEPEST: usize = 3;

impl Policy {
    /// Judges an operational command, with its pipes. What it would run on a packet forwarding engine or on another routing engine is
    /// judged as such too; what opens a shell is refused where any rule forbids commands, since a shell knows none of them.
    ///
    /// # Errors
    /// `blocked`, naming the rule.
    pub fn judge_command(&self, tool: &str, device: &str, command: &str) -> Result<()> {
        self.command(tool, device, command)
            .map(drop)
            .map_err(|refused| refused.error)
    }

    /// Judges a command to a packet forwarding engine.
    ///
    /// # Errors
    /// `blocked`, naming the rule.
    pub fn judge_pfe(&self, tool: &str, device: &str, command: &str) -> Result<()> {
        self.to_pfe(tool, device, command)
            .map(drop)
            .map_err(|refused| refused.error)
    }

    /// What would be said of an operational command, and by which rule.
    pub fn explain_command(&self, tool: &str, device: &str, command: &str) -> Explained {
        let forms = self.forms(command).unwrap_or_default();
        Explained::of(self.command(tool, device, command), forms.into_iter().collect())
    }

    /// What would be said of a command to a packet forwarding engine, and by which rule.
    pub fn explain_pfe(&self, tool: &str, device: &str, command: &str) -> Explained {
        let forms = self.pfe_forms(command).into_iter().collect();
        Explained::of(self.to_pfe(tool, device, command), forms)
    }

    pub(super) fn command(&self, tool: &str, device: &str, command: &str) -> Judged {
        self.not_denied(tool, device, command, DEEPEST)?;
        self.not_opened(device, command)?;
        if self.mode(device) == Mode::DenyListed {
            return Ok(None);
        }
        match self.allowed(device, command) {
            Some(met) => Ok(Some(met)),
            None => {
                let error = not_listed(
                    device,
                    &normalised(command),
                    "allow.cmd or with an allow rule in the inventory",
                );
                Err(Refused::plain(error))
            }
        }
    }

    fn not_denied(&self, tool: &str, device: &str, command: &str, depth: usize) -> Judged {
        let typed = normalised(command);
        let Some(forms) = self.forms(command).filter(|_| depth > 0) else {
            return Err(Refused::plain(too_ambiguous(&typed)));
        };
        for form in forms {
            if let Some(rule) = self.files.commands.iter().find(|rule| rule.matches(&form)) {
                let read = read_as(&typed, &form);
                return Err(Refused::by(
                    blocked_command(&typed, &read, rule),
                    Some(in_file("deny commands", rule)),
                    &form,
                ));
            }
            if let Some(denied) = self.globs.denies(Kind::Commands, device, &form) {
                let rule = rule_of("deny commands", Kind::Commands, device, denied);
                return Err(Refused::by(
                    denied_by(tool, device, &denied, &typed, &form),
                    Some(rule),
                    &form,
                ));
            }
            for inner in inner_commands(&form, "request pfe execute ") {
                self.pfe_not_denied(tool, device, &inner)?;
            }
            for inner in inner_commands(&form, "request routing-engine execute ") {
                self.not_denied(tool, device, &inner, depth - 1)?;
            }
        }
        Ok(None)
    }

    /// A shell, a script from elsewhere or another host does what it likes, whatever the rules say.
    fn not_opened(&self, device: &str, command: &str) -> Judged {
        let readings = self.commands.readings(&unquoted(grammar::before_pipes(command)));
        let mut opening = readings.all.iter().filter(|reading| reading.mark == Mark::Opens);
        let has_rules = self.forbids_commands(device);
        let Some(reading) = opening.find(|reading| has_rules && !self.is_named(device, &reading.text)) else {
            return Ok(None);
        };
        let message = format!(
            "denied by blocklist: '{}'{} opens what no rule can see into, and rules forbid commands on '{device}'",
            shown(&normalised(command)),
            read_as(&normalised(command), &reading.text)
        );
        let error = blocked(message)
            .advise("an operator can allow it by its name, in allow.cmd or with an allow rule in the inventory");
        Err(Refused::by(error, None, &reading.text))
    }

    /// Whether any rule forbids commands on this device.
    pub(super) fn forbids_commands(&self, device: &str) -> bool {
        !self.files.commands.is_empty()
            || self.globs.denies_any(Kind::Commands, device)
            || self.globs.denies_any(Kind::Pfe, device)
    }

    /// Whether a rule allows this command by the words that make it open something, not only along with others.
    fn is_named(&self, device: &str, form: &str) -> bool {
        let opening = self.opening(form);
        let by_file = self.files.allowed.iter().filter(|rule| rule.matches(form));
        let by_file = by_file.flat_map(|rule| files::alternatives(&rule.text));
        let decision = self
            .globs
            .decide(Kind::Commands, device, form)
            .filter(|decision| !decision.is_deny);
        let by_glob = decision.map(|decision| decision.pattern);
        let by_glob = by_glob.into_iter().flat_map(possible::alternatives);
        let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        by_file.chain(by_glob).any(|pattern| {
            let rest = pattern.strip_prefix(opening);
            rest.is_some_and(|rest| !goes_on(rest))
        })
    }

    /// The beginning of a command that opens something, up to the word that says so.
    fn opening<'a>(&self, form: &'a str) -> &'a str {
        let opens = |begin: &&str| {
            let readings = self.commands.readings(begin);
            readings.all.iter().any(|reading| reading.mark == Mark::Opens)
        };
        let ends = form.match_indices(' ').map(|(at, _)| at);
        let mut beginnings = ends.filter_map(|end| form.get(..end));
        beginnings.find(opens).unwrap_or(form)
    }

    /// The rule that allows a command: each of its readings has to be allowed.
    fn allowed(&self, device: &str, command: &str) -> Option<Met> {
        let bare = grammar::before_pipes(command);
        let pipes = normalised(command.trim().get(bare.len()..).unwrap_or_default());
        let readings = self.commands.readings(bare);
        if readings.is_incomplete {
            return None;
        }
        let mut met = None;
        for reading in readings.all {
            met = Some(self.allowed_reading(device, &reading.text, &pipes)?);
        }
        met
    }

    fn allowed_reading(&self, device: &str, text: &str, pipes: &str) -> Option<Met> {
        let whole = format!("{text} {pipes}").trim().to_owned();
        let by_glob = [text, &whole].into_iter().find_map(|form| {
            let decision = self.globs.decide(Kind::Commands, device, form);
            decision.filter(|decision| !decision.is_deny)
        });
        if let Some(decision) = by_glob {
            return Some(Met {
                rule: Some(rule_of("allow commands", Kind::Commands, device, decision)),
                form: text.to_owned(),
            });
        }
        let listed = self.files.allowed.iter().chain(&self.files.safe);
        let rule = listed.into_iter().find(|rule| rule.matches(text))?;
        Some(Met {
            rule: Some(in_file("allow commands", rule)),
            form: text.to_owned(),
        })
    }

    fn to_pfe(&self, tool: &str, device: &str, command: &str) -> Judged {
        self.pfe_not_denied(tool, device, command)?;
        if self.mode(device) == Mode::DenyListed {
            return Ok(None);
        }
        let typed = normalised(command);
        let decision = self
            .globs
            .decide(Kind::Pfe, device, &typed)
            .filter(|decision| !decision.is_deny);
        if let Some(decision) = decision {
            let rule = Some(rule_of("allow pfe_commands", Kind::Pfe, device, decision));
            return Ok(Some(Met { rule, form: typed }));
        }
        let written = format!("request pfe execute command \"{typed}\"");
        if let Some(rule) = self.files.allowed.iter().find(|rule| rule.matches(&written)) {
            let rule = Some(in_file("allow commands", rule));
            return Ok(Some(Met { rule, form: written }));
        }
        let list = "allow.cmd (as `request pfe execute command \"...\"`) or with an allow rule for `pfe_commands`";
        Err(Refused::plain(not_listed(device, &typed, list)))
    }

    fn pfe_not_denied(&self, tool: &str, device: &str, command: &str) -> Judged {
        let typed = normalised(command);
        for form in self.pfe_forms(command) {
            if let Some(rule) = self.files.commands.iter().find(|rule| rule.matches(&form)) {
                return Err(Refused::by(
                    blocked_command(&typed, "", rule),
                    Some(in_file("deny commands", rule)),
                    &form,
                ));
            }
            if let Some(denied) = self.globs.denies(Kind::Pfe, device, &form) {
                let rule = rule_of("deny pfe_commands", Kind::Pfe, device, denied);
                return Err(Refused::by(
                    denied_by(tool, device, &denied, &typed, &form),
                    Some(rule),
                    &form,
                ));
            }
        }
        Ok(None)
    }

    /// The forms in which a command to a packet forwarding engine is judged.
    fn pfe_forms(&self, command: &str) -> BTreeSet<String> {
        let typed = normalised(command);
        let bare = normalised(&without_quotes(&typed));
        let mut forms = BTreeSet::from([typed, bare]);
        for form in forms.clone() {
            forms.extend(self.pfe.readings(&form).all.into_iter().map(|reading| reading.text));
        }
        forms
    }

    /// The forms in which a command is judged: as typed, each of its lines, without its pipes, without comments, without quotes, and
    /// with keywords written out. `None` where there are too many.
    fn forms(&self, command: &str) -> Option<BTreeSet<String>> {
        let mut forms = BTreeSet::from([normalised(command)]);
        for line in command.lines().map(normalised) {
            forms.insert(line.split('|').next().unwrap_or_default().trim().to_owned());
            forms.insert(grammar::before_pipes(&line).to_owned());
            forms.insert(unquoted(&line));
            forms.insert(unquoted(&without_quotes(&line)));
            forms.insert(normalised(&without_comments(&line)));
            forms.insert(line);
        }
        for form in forms.clone() {
            let readings = self.commands.readings(&form);
            if readings.is_incomplete {
                return None;
            }
            forms.extend(readings.all.into_iter().map(|reading| reading.text));
        }
        forms.retain(|form| !form.is_empty());
        Some(forms)
    }
}

fn blocked_command(typed: &str, read: &str, rule: &CommandRule) -> crate::error::Error {
    let shown = shown(typed);
    blocked(format!(
        "Blocked command rejected: command '{shown}'{read} matches blocked pattern '{}'",
        rule.text
    ))
}

fn in_file(what: &'static str, rule: &CommandRule) -> Rule {
    Rule {
        what,
        pattern: rule.text.clone(),
        origin: rule.origin.clone(),
    }
}

fn unquoted(line: &str) -> String {
    statements::unquoted_words(line).join(" ")
}

fn without_quotes(line: &str) -> String {
    line.replace(['"', '\'', '\\'], "")
}

/// Without `/* ... */`, and without what follows a `#` that begins a word.
fn without_comments(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        out.push(' ');
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    match out.find(" #") {
        Some(at) => out.get(..at).unwrap_or_default().to_owned(),
        None => out,
    }
}

/// The commands that a command which runs others could mean: whatever follows a word `command`, in quotes or not.
fn inner_commands(form: &str, outer: &str) -> Vec<String> {
    let Some(arguments) = form.strip_prefix(outer) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, word) in arguments.match_indices("command") {
        let is_word = arguments
            .get(..at)
            .is_some_and(|before| before.is_empty() || before.ends_with(' '));
        let Some(rest) = arguments
            .get(at + word.len()..)
            .filter(|rest| is_word && rest.starts_with(' '))
        else {
            continue;
        };
        let rest = rest.trim_start();
        let ends = [" target ", " timeout ", " routing-engine "];
        let end = ends.iter().filter_map(|end| rest.find(end)).min();
        let cut = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
        let quoted = rest.strip_prefix('"').and_then(|quoted| quoted.split('"').next());
        found.extend(quoted.map(str::to_owned));
        found.extend([rest, cut].map(|inner| without_quotes(inner).trim().to_owned()));
    }
    found.retain(|inner| !inner.is_empty());
    found
}
