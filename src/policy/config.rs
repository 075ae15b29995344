//! Judges configuration: as it is typed, before anything is loaded, and on what it really changes, before anything is committed.

use super::{
    Policy, Rule,
    difference::{self, Extent, Statement, Verb},
    events,
    files::ConfigRule,
    globs::Kind,
    normalised,
    possible::{self, Piece},
    statements,
    verdict::{Explained, Judged, Met, Refused, blocked, denied_by, not_listed, rule_of, shown, too_ambiguous},
};
use crate::{
    error::{Code, Error, Result},
    junos::{ConfigFormat, inventory::Mode, template},
};

/// A statement in one of the meanings that it has.
struct Meaning {
    words: Vec<String>,
    extent: Extent,
    /// It stands in a group, where a name such as `<ge-*>` is any name.
    has_wildcards: bool,
}

impl Policy {
    /// Judges configuration before it is loaded. Without a format it is found out from the text. Of XML and JSON only the form is
    /// looked at; what they change is judged by [`Policy::judge_change`].
    ///
    /// # Errors
    /// `blocked`, naming the rule; `invalid_input` for a format that is none, and for XML or JSON that cannot be read.
    pub fn judge_config(&self, tool: &str, device: &str, format: Option<&str>, text: &str) -> Result<()> {
        if !self.is_judged(device, text) {
            return Ok(());
        }
        self.typed(tool, device, format, text)
            .map(drop)
            .map_err(|refused| refused.error)
    }

    /// Judges what a change does: `diff` is the device's difference of the candidate to the running configuration (`show | compare`).
    /// Where no rule on configuration holds for the device only what event policies would run is judged, and a difference that says
    /// nothing of them need not be readable.
    ///
    /// # Errors
    /// `blocked`, naming the statement and the rule; also where the difference cannot be read with certainty.
    pub fn judge_change(&self, tool: &str, device: &str, diff: &str) -> Result<()> {
        if !self.is_judged(device, diff) {
            return Ok(());
        }
        let changes = difference::changes(diff)?;
        self.statements(tool, device, &changes)
            .map(drop)
            .map_err(|refused| refused.error)
    }

    /// Whether any rule on configuration holds for this device.
    pub fn judges_config(&self, device: &str) -> bool {
        !self.files.config.is_empty() || self.globs.has(Kind::Config, device) || self.mode(device) == Mode::AllowListed
    }

    fn is_judged(&self, device: &str, text: &str) -> bool {
        self.judges_config(device) || (self.forbids_commands(device) && events::may_hold(text))
    }

    /// What would be said of configuration that is typed so, and by which rule. Where only what is listed is allowed, each of its
    /// statements counts as changed.
    pub fn explain_config(&self, tool: &str, device: &str, format: Option<&str>, text: &str) -> Explained {
        let typed = self.typed(tool, device, format, text);
        let lines = match &typed {
            Ok(lines) => lines.iter().map(|words| words.join(" ")).collect(),
            Err(_) => Vec::new(),
        };
        let judged = typed.and_then(|lines| {
            let mut met = None;
            for words in lines.iter().filter(|_| self.mode(device) == Mode::AllowListed) {
                met = self.listed(device, &words.join(" "), &words.join(" "), Extent::Leaf)?;
            }
            Ok(met)
        });
        Explained::of(judged, lines)
    }

    /// What would be said of a change with this difference, and by which rule.
    pub fn explain_change(&self, tool: &str, device: &str, diff: &str) -> Explained {
        match difference::changes(diff) {
            Err(error) => Explained::of(Err(Refused::plain(error)), Vec::new()),
            Ok(changes) => {
                let lines = changes.iter().map(ToString::to_string).collect();
                Explained::of(self.statements(tool, device, &changes), lines)
            }
        }
    }

    /// The statements as they are typed, where none is denied.
    pub(super) fn typed(
        &self,
        tool: &str,
        device: &str,
        format: Option<&str>,
        text: &str,
    ) -> std::result::Result<Vec<Vec<String>>, Box<Refused>> {
        // A carriage return alone ends a line on a device as well.
        let text = &text.replace("\r\n", "\n").replace('\r', "\n");
        let format = match format {
            Some(word) => format_named(word).map_err(Refused::plain)?,
            None => template::detect_format(text),
        };
        if format == ConfigFormat::Set {
            // As typed, quotes and all: that is what these rules are written for.
            for line in text
                .lines()
                .map(normalised)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                self.line_not_denied(tool, device, &line, &line)?;
            }
        }
        let found = statements::statements(format, text).map_err(Refused::plain)?;
        for words in &found {
            let typed = words.join(" ");
            let readings = self.config.readings(&typed);
            let texts = readings.all.iter().map(|reading| &reading.text);
            for form in std::iter::once(&typed).chain(texts) {
                let form_words: Vec<String> = form.split_whitespace().map(str::to_owned).collect();
                let mut rules = self.files.config.iter();
                if let Some(rule) = rules.find(|rule| rule.matches(words) || rule.matches(&form_words)) {
                    return Err(blocked_line(&typed, rule));
                }
                self.line_not_denied(tool, device, &typed, form)?;
                self.judge_event(tool, device, &form_words, false)?;
            }
            if readings.is_incomplete {
                return Err(Refused::plain(too_ambiguous(&typed)));
            }
        }
        Ok(found)
    }

    fn line_not_denied(&self, tool: &str, device: &str, typed: &str, form: &str) -> Judged {
        match self.globs.denies(Kind::Config, device, form) {
            None => Ok(None),
            Some(denied) => {
                let rule = rule_of("deny config", Kind::Config, device, denied);
                Err(Refused::by(
                    denied_by(tool, device, &denied, typed, form),
                    Some(rule),
                    form,
                ))
            }
        }
    }

    pub(super) fn statements(&self, tool: &str, device: &str, changes: &[Statement]) -> Judged {
        let mut met = None;
        for statement in changes {
            for meaning in meanings(statement, changes) {
                self.not_denied_change(tool, device, statement, &meaning)?;
            }
            let is_judged = statement.extent != Extent::Container && statement.verb != Verb::Annotate;
            if is_judged && self.mode(device) == Mode::AllowListed {
                met = self.listed_change(device, statement)?;
            }
        }
        Ok(met)
    }

    fn not_denied_change(&self, tool: &str, device: &str, statement: &Statement, meaning: &Meaning) -> Judged {
        let words = &meaning.words;
        let is_open = meaning.extent == Extent::Hidden;
        let is_any = |word: &str| (meaning.has_wildcards && is_wildcard(word)) || events::is_variable(word);
        let mut rules = self.files.config.iter();
        if let Some(rule) = rules.find(|rule| rule.could_match(words, is_open, is_any)) {
            return Err(blocked_line(&statement.to_string(), rule));
        }
        // Where a policy stands among others does not say what it runs.
        if statement.verb != Verb::Insert {
            self.judge_event(tool, device, words, is_open)?;
        }
        let typed = statement.to_string();
        for form in [normalised(&words.join(" ")), written(words)] {
            self.line_not_denied(tool, device, &typed, &form)?;
        }
        if is_open || words.iter().any(|word| is_any(word)) {
            let form = pieces(words, is_open, is_any);
            if let Some(denied) = self.globs.could_deny(Kind::Config, device, &form) {
                let rule = rule_of("deny config", Kind::Config, device, denied);
                return Err(Refused::by(
                    denied_by(tool, device, &denied, &typed, &typed),
                    Some(rule),
                    &typed,
                ));
            }
        }
        Ok(None)
    }

    /// Whether a rule allows the statement, in its own words or in those of what it comes to.
    fn listed_change(&self, device: &str, statement: &Statement) -> Judged {
        let verbs = std::iter::once(statement.verb).chain(comes_to(statement.verb));
        let mut last = Ok(None);
        for verb in verbs {
            let words = Statement {
                verb,
                ..statement.clone()
            }
            .words();
            last = self.listed(
                device,
                &normalised(&words.join(" ")),
                &written(&words),
                statement.extent,
            );
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn listed(&self, device: &str, plain: &str, written: &str, extent: Extent) -> Judged {
        let decision = match extent {
            Extent::Hidden => {
                let form: Vec<Piece> = possible::pieces(plain)
                    .chain(possible::pieces(" "))
                    .chain([Piece::Any])
                    .collect();
                self.globs.allows_all(Kind::Config, device, &form)
            }
            _ => {
                let decisions = [plain, written].map(|form| self.globs.decide(Kind::Config, device, form));
                decisions.into_iter().flatten().find(|decision| !decision.is_deny)
            }
        };
        match decision {
            Some(decision) => Ok(Some(Met {
                rule: Some(rule_of("allow config", Kind::Config, device, decision)),
                form: plain.to_owned(),
            })),
            None => Err(Refused::plain(not_listed(
                device,
                written,
                "the inventory, with an allow rule in `config`",
            ))),
        }
    }
}

/// What has the effect of another: what is deactivated is gone for the device, and what is activated or moved counts anew.
fn comes_to(verb: Verb) -> Option<Verb> {
    match verb {
        Verb::Deactivate => Some(Verb::Delete),
        Verb::Activate | Verb::Insert => Some(Verb::Set),
        _ => None,
    }
}

/// All that a statement means: itself, what it comes to, and both without the groups around them.
fn meanings(statement: &Statement, changes: &[Statement]) -> Vec<Meaning> {
    // What is new and inactive takes nothing away.
    let is_new = |other: &Statement| other.verb == Verb::Set && other.path == statement.path;
    let other = comes_to(statement.verb).filter(|verb| *verb != Verb::Delete || !changes.iter().any(is_new));
    let mut found = Vec::new();
    for verb in std::iter::once(statement.verb).chain(other) {
        let words = Statement {
            verb,
            ..statement.clone()
        }
        .words();
        // Of a whole group that is marked nothing is known.
        let is_group = matches!(words.as_slice(), [_, wrapper, _] if statements::is_wrapper(wrapper));
        let unknown = (is_group && statement.extent == Extent::Hidden).then(|| vec![verb.as_str().to_owned()]);
        let inner = statements::without_groups(&words).into_iter().chain(unknown);
        let inner = inner.map(|words| (words, true));
        found.extend(
            std::iter::once((words, false))
                .chain(inner)
                .map(|(words, has_wildcards)| Meaning {
                    words,
                    extent: statement.extent,
                    has_wildcards,
                }),
        );
    }
    found
}

fn is_wildcard(word: &str) -> bool {
    word.starts_with('<') && word.ends_with('>')
}

/// As one would type it.
fn written(words: &[String]) -> String {
    words
        .iter()
        .map(|word| difference::quoted(word))
        .collect::<Vec<_>>()
        .join(" ")
}

fn pieces(words: &[String], is_open: bool, is_any: impl Fn(&str) -> bool) -> Vec<Piece> {
    let mut form = Vec::new();
    for (at, word) in words.iter().enumerate() {
        form.extend((at > 0).then_some(Piece::Is(' ')));
        if is_any(word) {
            form.push(Piece::Any);
        } else {
            form.extend(possible::pieces(word));
        }
    }
    if is_open {
        form.extend([Piece::Is(' '), Piece::Any]);
    }
    form
}

fn blocked_line(typed: &str, rule: &ConfigRule) -> Box<Refused> {
    let error = blocked(format!(
        "Blocked configuration rejected: line '{}' matches blocked pattern '{}'",
        shown(typed),
        rule.text
    ));
    let rule = Rule {
        what: "deny config",
        pattern: rule.text.clone(),
        origin: rule.origin.clone(),
    };
    Refused::by(error, Some(rule), typed)
}

fn format_named(word: &str) -> Result<ConfigFormat> {
    let all = [
        ConfigFormat::Set,
        ConfigFormat::Text,
        ConfigFormat::Xml,
        ConfigFormat::Json,
    ];
    all.into_iter().find(|format| format.as_str() == word).ok_or_else(|| {
        let message = format!(
            "invalid config_format '{}' (expected set, text, xml, or json)",
            word.escape_debug()
        );
        Error::new(Code::InvalidInput, message)
    })
}
