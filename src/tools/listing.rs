//! Which tools a client is shown. What is not listed can be found and called all the same; what is not allowed cannot.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Shelf, Tool};

/// How the tools for the Mist cloud are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The essential ones, and the categories that were asked for.
    #[default]
    Managed,
    /// Everything that mirrors the API, and the categories that were asked for.
    All,
    /// The categories that were asked for.
    Custom,
    /// The essential ones.
    Minimal,
}

impl Mode {
    /// The mode of this word.
    pub fn of(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "managed" => Some(Mode::Managed),
            "all" => Some(Mode::All),
            "custom" => Some(Mode::Custom),
            "minimal" => Some(Mode::Minimal),
            _ => None,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Managed => "managed",
            Mode::All => "all",
            Mode::Custom => "custom",
            Mode::Minimal => "minimal",
        }
    }
}

/// What is listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// How.
    pub mode: Mode,
    /// The categories that were asked for.
    pub categories: BTreeSet<&'static str>,
    /// Whether tools for Junos devices are of use here.
    pub has_junos: bool,
    /// Whether tools for the Mist cloud are.
    pub has_mist: bool,
}

impl Listing {
    /// Whether this tool is listed.
    pub fn shows(&self, tool: &Tool) -> bool {
        match tool.shelf {
            Shelf::Always => tool.toolset != "junos" || self.has_junos,
            _ if !self.has_mist => false,
            Shelf::Essential => true,
            Shelf::Category(category) => {
                let is_api = self.mode == Mode::All && !super::is_extra(category);
                is_api || (self.mode != Mode::Minimal && self.categories.contains(category))
            }
            Shelf::Index => false,
        }
    }

    /// Whether so much is listed that every word counts.
    pub fn is_long(&self) -> bool {
        self.has_mist && self.mode == Mode::All
    }
}

/// What one session has asked to be listed besides. Clones are the same session's.
#[derive(Debug, Clone, Default)]
pub struct Chosen(Arc<Choice>);

#[derive(Debug, Default)]
struct Choice {
    categories: Mutex<BTreeSet<&'static str>>,
    has_changed: AtomicBool,
}

impl Chosen {
    /// The categories.
    pub fn categories(&self) -> BTreeSet<&'static str> {
        self.lock().clone()
    }

    /// Lists these categories too; those that were not listed before.
    pub fn enable(&self, categories: &[&'static str]) -> Vec<&'static str> {
        self.change(categories, |chosen, category| chosen.insert(category))
    }

    /// Lists these categories no more; those that were.
    pub fn disable(&self, categories: &[&'static str]) -> Vec<&'static str> {
        self.change(categories, |chosen, category| chosen.remove(category))
    }

    /// Whether the list has changed since this was last asked.
    pub fn take_change(&self) -> bool {
        self.0.has_changed.swap(false, Ordering::Relaxed)
    }

    fn change(
        &self,
        categories: &[&'static str],
        change: impl Fn(&mut BTreeSet<&'static str>, &'static str) -> bool,
    ) -> Vec<&'static str> {
        let mut chosen = self.lock();
        let changed: Vec<&'static str> = categories
            .iter()
            .copied()
            .filter(|category| change(&mut chosen, category))
            .collect();
        if !changed.is_empty() {
            self.0.has_changed.store(true, Ordering::Relaxed);
        }
        changed
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.categories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
