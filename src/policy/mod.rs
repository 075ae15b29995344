//! Guardrails: what an operator forbids, whoever asks, and what is allowed where only that is.
//!
//! Two kinds of rules hold together, each with its own syntax, meaning and message: the files `block.cmd` and `block.cfg`
//! of the Python server (`files`), and `blocklist` and `_blocklist_defaults` of the inventory (`globs`). Each command is
//! judged as it was typed and as the device reads it (`command`); one reading that is forbidden forbids the command.
//! Configuration is judged as it is typed, and then on what it really changes (`config`, `difference`).

mod command;
mod config;
mod difference;
mod events;
mod files;
mod globs;
mod possible;
mod statements;
mod verdict;

pub use self::{
    difference::{Extent, Statement, UNREADABLE, Verb, changes, statements_of},
    verdict::{Explained, Rule},
};

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use self::{
    files::Files,
    globs::{Globs, Kind},
};
use crate::{
    error::Result,
    junos::{
        grammar::{self, Words, keywords},
        inventory::{Inventory, Mode},
    },
};

/// What an operator decided about rules, besides the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The built-in rules hold where there is no file.
    pub default_rules: bool,
    /// How devices are judged that say nothing themselves; the inventory says it where this is missing.
    pub mode: Option<Mode>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            default_rules: true,
            mode: None,
        }
    }
}

/// The rules that hold now.
#[derive(Debug, Clone)]
pub struct Policy {
    options: Options,
    files: Arc<Files>,
    globs: Globs,
    mode: Mode,
    modes: BTreeMap<String, Mode>,
    /// Keywords of operational mode.
    commands: Words,
    /// Keywords of the rules on packet forwarding engines.
    pfe: Words,
    /// Keywords of the rules on configuration.
    config: Words,
}

impl Policy {
    /// Reads the rule files from the working directory, the inventory's or the program's, whichever has them first, and the
    /// rules of the inventory.
    ///
    /// # Errors
    /// `io`, `invalid_input` or `inventory_invalid` where rules cannot be read: the server must not run without them.
    pub fn load(inventory: &Inventory, options: Options) -> Result<Self> {
        let files = Files::read(&directories(inventory), options.default_rules)?;
        Self::of(files, inventory, options)
    }

    /// Reads the files again, and the rules of this inventory.
    ///
    /// # Errors
    /// As `load`; then the present rules should stay in force.
    pub fn reread(&self, inventory: &Inventory) -> Result<Self> {
        Self::load(inventory, self.options)
    }

    /// Every place where a rule file would be read, in their order.
    pub fn files(inventory: &Inventory) -> Vec<PathBuf> {
        let directories = directories(inventory).into_iter();
        directories
            .flat_map(|directory| files::NAMES.map(|name| directory.join(name)))
            .collect()
    }

    fn of(files: Files, inventory: &Inventory, options: Options) -> Result<Self> {
        let globs = Globs::read(inventory)?;
        let mut commands = grammar::commands().clone();
        let (mut pfe, mut config) = (Words::empty(), Words::empty());
        let of_files = files.commands.iter().chain(&files.allowed);
        let of_files = of_files.flat_map(|rule| files::alternatives(&rule.text));
        let of_globs = |kind| globs.patterns(kind).flat_map(possible::alternatives);
        add(&mut commands, of_globs(Kind::Commands).chain(of_files));
        add(&mut pfe, of_globs(Kind::Pfe));
        let of_files = files.config.iter();
        let of_files = of_files.flat_map(|rule| files::alternatives(&files::as_line(&rule.text)));
        add(&mut config, of_globs(Kind::Config).chain(of_files));
        for path in events::keywords() {
            config.add(&path);
        }
        let modes = inventory.devices.values();
        let modes = modes.filter_map(|device| Some((device.name.clone(), device.mode?)));
        Ok(Self {
            mode: options.mode.or(inventory.default_mode).unwrap_or_default(),
            modes: modes.collect(),
            options,
            files: Arc::new(files),
            globs,
            commands,
            pfe,
            config,
        })
    }

    /// How this device is judged.
    pub fn mode(&self, device: &str) -> Mode {
        self.modes.get(device).copied().unwrap_or(self.mode)
    }

    /// How many rules hold, and where they are from: one line for people.
    pub fn summary(&self) -> String {
        format!(
            "{} command rules and {} configuration rules ({}), {} blocklist rules in the inventory, {} rules that allow commands; {}",
            self.files.commands.len(),
            self.files.config.len(),
            if self.files.origins.is_empty() {
                "no files".to_owned()
            } else {
                self.files.origins.join(", ")
            },
            self.globs.len(),
            self.files.allowed.len(),
            self.modes_in_words()
        )
    }

    /// `deny-listed, but allow-listed: r1, r2`.
    fn modes_in_words(&self) -> String {
        let others = self.modes.iter().filter(|(_, mode)| **mode != self.mode);
        let others: BTreeSet<&str> = others.map(|(name, _)| name.as_str()).collect();
        let mut words = self.mode.as_str().to_owned();
        if !others.is_empty() {
            let names = others.into_iter().collect::<Vec<_>>().join(", ");
            words.push_str(&format!(", but {}: {names}", self.mode.other().as_str()));
        }
        words
    }

    /// Every rule that holds for this device, the shipped ones included.
    pub fn rules(&self, device: &str) -> Vec<Rule> {
        let of_file = |what: &'static str, text: &String, origin: &String| Rule {
            what,
            pattern: text.clone(),
            origin: origin.clone(),
        };
        let files = &self.files;
        let mut all: Vec<Rule> = Vec::new();
        all.extend(
            files
                .commands
                .iter()
                .map(|rule| of_file("deny commands", &rule.text, &rule.origin)),
        );
        all.extend(
            files
                .config
                .iter()
                .map(|rule| of_file("deny config", &rule.text, &rule.origin)),
        );
        all.extend(self.globs.all(device).map(|(kind, decision)| {
            let what = match (kind, decision.is_deny) {
                (Kind::Commands, true) => "deny commands",
                (Kind::Commands, false) => "allow commands",
                (Kind::Config, true) => "deny config",
                (Kind::Config, false) => "allow config",
                (Kind::Pfe, true) => "deny pfe_commands",
                (Kind::Pfe, false) => "allow pfe_commands",
            };
            verdict::rule_of(what, kind, device, decision)
        }));
        all.extend(
            files
                .allowed
                .iter()
                .map(|rule| of_file("allow commands", &rule.text, &rule.origin)),
        );
        if self.mode(device) == Mode::AllowListed {
            all.extend(
                files
                    .safe
                    .iter()
                    .map(|rule| of_file("allow commands", &rule.text, &rule.origin)),
            );
        }
        all
    }
}

fn add(words: &mut Words, patterns: impl Iterator<Item = String>) {
    for pattern in patterns {
        let beginning = pattern
            .trim_end_matches(['*', '+', '.', '$', ' '])
            .trim_start_matches('^');
        words.add(&keywords(files::split(beginning).iter().map(String::as_str)));
    }
}

/// Without white space around it, and one blank where there was any.
fn normalised(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
