//! Guardrails: what an operator forbids, whoever asks.
//!
//! Two kinds of rules hold together, each with its own syntax, meaning and message: the files `block.cmd` and `block.cfg`
//! of the Python server (`files`), and `blocklist` and `_blocklist_defaults` of the inventory (`globs`). Each command is
//! judged as it was typed and as the device reads it (`words`); one reading that is forbidden forbids the command.
//! Configuration is judged statement by statement (`statements`).

mod difference;
mod files;
mod globs;
mod statements;
mod words;

pub use self::difference::{Extent, Statement, UNREADABLE, Verb, changes, statements_of};

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use self::{
    files::Files,
    globs::{Denied, Globs, Kind},
    words::{Words, keywords},
};
use crate::{
    error::{Code, Error, Result},
    junos::{ConfigFormat, inventory::Inventory, template},
};

/// The rules that hold now.
#[derive(Debug, Clone)]
pub struct Policy {
    files: Arc<Files>,
    globs: Globs,
    /// Keywords of operational mode.
    commands: Words,
    /// Keywords of the rules on configuration.
    config: Words,
}

impl Policy {
    /// Reads the rule files from the working directory, the inventory's or the program's, whichever has them first, and the
    /// rules of the inventory. Where a file is missing the built-in rules hold, if `default_rules`.
    ///
    /// # Errors
    /// `io`, `invalid_input` or `inventory_invalid` where rules cannot be read: the server must not run without them.
    pub fn load(inventory: &Inventory, default_rules: bool) -> Result<Self> {
        Self::of(Files::read(&directories(inventory), default_rules)?, inventory)
    }

    /// Every place where a rule file would be read, in their order.
    pub fn files(inventory: &Inventory) -> Vec<PathBuf> {
        let directories = directories(inventory).into_iter();
        directories
            .flat_map(|directory| files::NAMES.map(|name| directory.join(name)))
            .collect()
    }

    /// The same rule files with the rules of another inventory.
    ///
    /// # Errors
    /// `inventory_invalid`; then the present rules should stay in force.
    pub fn with_inventory(&self, inventory: &Inventory) -> Result<Self> {
        Self::of(Arc::clone(&self.files), inventory)
    }

    fn of(files: impl Into<Arc<Files>>, inventory: &Inventory) -> Result<Self> {
        let (files, globs) = (files.into(), Globs::read(inventory)?);
        let mut commands = Words::of_list(include_str!("builtin/commands.txt"));
        let mut config = Words::empty();
        for pattern in globs
            .patterns(Kind::Commands)
            .chain(files.commands.iter().map(|rule| rule.text.as_str()))
        {
            commands.add(&keywords(pattern.trim_end_matches('*').split_whitespace()));
        }
        for pattern in globs.patterns(Kind::Config) {
            config.add(&keywords(pattern.trim_end_matches('*').split_whitespace()));
        }
        for rule in &files.config {
            config.add(&keywords(files::split(&rule.text).iter().map(String::as_str)));
        }
        Ok(Self {
            files,
            globs,
            commands,
            config,
        })
    }

    /// How many rules hold, and where they are from: one line for people.
    pub fn summary(&self) -> String {
        format!(
            "{} command rules and {} configuration rules ({}), {} blocklist rules in the inventory",
            self.files.commands.len(),
            self.files.config.len(),
            if self.files.origins.is_empty() {
                "no files".to_owned()
            } else {
                self.files.origins.join(", ")
            },
            self.globs.len()
        )
    }

    /// Judges an operational command, with its pipes. What `request pfe execute` would run on a packet forwarding engine is
    /// judged as such too.
    ///
    /// # Errors
    /// `blocked`, naming the rule.
    pub fn judge_command(&self, tool: &str, device: &str, command: &str) -> Result<()> {
        let typed = normalised(command);
        for form in self.forms(&typed, command)? {
            if let Some(rule) = self.files.commands.iter().find(|rule| rule.matches(&form)) {
                return Err(blocked(format!(
                    "Blocked command rejected: command '{}'{} matches blocked pattern '{}'",
                    shown(&typed),
                    read_as(&typed, &form),
                    rule.text
                )));
            }
            if let Some(denied) = self.globs.denies(Kind::Commands, device, &form) {
                return Err(denied_by(tool, device, &denied, &typed, &form));
            }
            if let Some(inner) = pfe_command(&form) {
                self.judge_pfe(tool, device, inner)?;
            }
        }
        Ok(())
    }

    /// Judges a command to a packet forwarding engine.
    ///
    /// # Errors
    /// `blocked`, naming the rule.
    pub fn judge_pfe(&self, tool: &str, device: &str, command: &str) -> Result<()> {
        let typed = normalised(command);
        if let Some(rule) = self.files.commands.iter().find(|rule| rule.matches(&typed)) {
            let message = format!(
                "Blocked command rejected: command '{}' matches blocked pattern '{}'",
                shown(&typed),
                rule.text
            );
            return Err(blocked(message));
        }
        match self.globs.denies(Kind::Pfe, device, &typed) {
            Some(denied) => Err(denied_by(tool, device, &denied, &typed, &typed)),
            None => Ok(()),
        }
    }

    /// Judges configuration before it is loaded. Without a format it is found out from the text.
    ///
    /// # Errors
    /// `blocked`, naming the rule; `invalid_input` for a format that is none, for XML or JSON that cannot be read, and for
    /// any format but `set` on a device that has rules of the inventory on configuration, since those speak of `set` lines.
    pub fn judge_config(&self, tool: &str, device: &str, format: Option<&str>, text: &str) -> Result<()> {
        let has_globs = self.globs.has(Kind::Config, device);
        if self.files.config.is_empty() && !has_globs {
            return Ok(());
        }
        // A carriage return alone ends a line on a device as well.
        let text = &text.replace("\r\n", "\n").replace('\r', "\n");
        let format = match format {
            Some(word) => format_named(word)?,
            None => template::detect_format(text),
        };
        if has_globs && format != ConfigFormat::Set {
            let message = format!(
                "config blocklist rules require config_format=set; got '{}'",
                format.as_str()
            );
            return Err(Error::new(Code::InvalidInput, message).advise("send the same change as set commands"));
        }
        if has_globs {
            // As typed, quotes and all: that is what these rules are written for.
            for line in text
                .lines()
                .map(normalised)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                if let Some(denied) = self.globs.denies(Kind::Config, device, &line) {
                    return Err(denied_by(tool, device, &denied, &line, &line));
                }
            }
        }
        for words in statements::statements(format, text)? {
            self.judge_statement(tool, device, format, &words)?;
        }
        Ok(())
    }

    /// Judges what a change changes, as `show | compare` shows it.
    ///
    /// # Errors
    /// `blocked`, naming the rule.
    pub fn judge_change(&self, tool: &str, device: &str, diff: &str) -> Result<()> {
        self.judge_config(tool, device, Some("text"), diff)
    }

    fn judge_statement(&self, tool: &str, device: &str, format: ConfigFormat, words: &[String]) -> Result<()> {
        let typed = words.join(" ");
        let readings = self.config.readings(&typed);
        for form in std::iter::once(&typed).chain(&readings.texts) {
            let form_words: Vec<String> = form.split_whitespace().map(str::to_owned).collect();
            let is_exact = matches!(format, ConfigFormat::Set | ConfigFormat::Text);
            let rule = self.files.config.iter().find(|rule| {
                rule.matches(words) || rule.matches(&form_words) || (!is_exact && rule.matches_within(words))
            });
            if let Some(rule) = rule {
                let message = "Blocked configuration rejected: line";
                return Err(blocked(format!(
                    "{message} '{}' matches blocked pattern '{}'",
                    shown(&typed),
                    rule.text
                )));
            }
            if let Some(denied) = self.globs.denies(Kind::Config, device, form) {
                return Err(denied_by(tool, device, &denied, &typed, form));
            }
        }
        if readings.is_incomplete {
            Err(too_ambiguous(&typed))
        } else {
            Ok(())
        }
    }

    /// The forms in which a command is judged: as typed, each of its lines, without its pipes, without quotes, and with
    /// keywords written out.
    fn forms(&self, typed: &str, command: &str) -> Result<BTreeSet<String>> {
        let mut forms = BTreeSet::from([typed.to_owned()]);
        for line in command.lines().map(normalised) {
            forms.insert(line.split('|').next().unwrap_or_default().trim().to_owned());
            forms.insert(statements::unquoted_words(&line).join(" "));
            forms.insert(line);
        }
        for form in forms.clone() {
            let readings = self.commands.readings(&form);
            if readings.is_incomplete {
                return Err(too_ambiguous(typed));
            }
            forms.extend(readings.texts);
        }
        forms.retain(|form| !form.is_empty());
        Ok(forms)
    }
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

/// Without white space around it, and one blank where there was any.
fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The command that `request pfe execute` runs.
fn pfe_command(command: &str) -> Option<&str> {
    let arguments = command.strip_prefix("request pfe execute ")?;
    let inner = arguments
        .strip_prefix("command ")
        .or_else(|| arguments.split_once(" command ").map(|(_, inner)| inner))?;
    let inner = inner.trim_start();
    match inner.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => inner.split(" target ").next(),
    }
}

/// At most 120 characters, without what looks like a secret: refusals are read by the model and logged.
fn shown(text: &str) -> String {
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

fn read_as(typed: &str, form: &str) -> String {
    if typed == form || typed.starts_with(form) {
        String::new()
    } else {
        format!(" (read as '{}')", shown(form))
    }
}

fn denied_by(tool: &str, device: &str, denied: &Denied<'_>, typed: &str, form: &str) -> Error {
    blocked(format!(
        "denied by blocklist: {tool} on '{device}' matched rule '{}' (action=deny, source={}); input: {}{}",
        denied.pattern,
        denied.source,
        shown(typed),
        read_as(typed, form)
    ))
}

fn too_ambiguous(typed: &str) -> Error {
    let message = format!("denied by blocklist: '{}' can be read in too many ways", shown(typed));
    Error::new(Code::Blocked, message).advise("write every keyword out")
}

fn blocked(message: String) -> Error {
    Error::new(Code::Blocked, message).advise("an operator forbids this: do not look for another way, ask the operator")
}

fn directories(inventory: &Inventory) -> Vec<PathBuf> {
    let beside_inventory = inventory.path().and_then(|path| path.parent()).map(PathBuf::from);
    let program = std::env::current_exe().ok();
    let beside_program = program.and_then(|path| path.parent().map(PathBuf::from));
    let places = [Some(PathBuf::from(".")), beside_inventory, beside_program];
    places.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
