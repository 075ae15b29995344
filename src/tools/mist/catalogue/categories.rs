//! The categories of the tools, by all names that they have had.

use std::{collections::BTreeMap, sync::LazyLock};

use super::super::EXTRA;

/// The categories.
pub struct Categories;

/// The names of an earlier server's categories, and what they are here.
static FORMER: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| toml::from_str(include_str!("data/categories.toml")).unwrap_or_default());

/// What the categories are for that mirror no part of the API.
const EXTRA_ABOUT: &[(&str, &str)] = &[
    (
        "enhanced",
        "The tools of the Enhanced Mist server: analyses, EVPN, shell, diagnostics",
    ),
    (
        "mist",
        "Few tools for everything: search, configuration, statistics, SLE, troubleshooting",
    ),
];

impl Categories {
    /// All categories and what they are for, by name.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        let files = super::read().unwrap_or_default();
        files
            .iter()
            .map(|file| (file.category, file.about.as_str()))
            .chain(EXTRA_ABOUT.iter().copied())
    }

    /// The category that a name stands for: also in other spellings, and those of the earlier servers.
    pub fn find(name: &str) -> Option<&'static str> {
        let wanted: String = name
            .trim()
            .to_ascii_lowercase()
            .chars()
            .map(|c| if matches!(c, ' ' | '-') { '_' } else { c })
            .collect();
        let files = super::read().unwrap_or_default();
        let known = files
            .iter()
            .map(|file| file.category)
            .chain(EXTRA.iter().copied())
            .find(|category| *category == wanted);
        let alias = || {
            files
                .iter()
                .find(|file| file.aliases.contains(&wanted))
                .map(|file| file.category)
        };
        let former = || {
            let category = FORMER.get(&wanted)?;
            files.iter().map(|file| file.category).find(|known| known == category)
        };
        known.or_else(alias).or_else(former)
    }

    /// The categories that a list in text names, with commas between or as JSON, and the names that stand for none.
    pub fn read(text: &str) -> (Vec<&'static str>, Vec<String>) {
        let names: Vec<String> = serde_json::from_str(text).unwrap_or_else(|_| {
            text.split(',')
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect()
        });
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        for name in names {
            match Self::find(&name) {
                Some(category) => found.push(category),
                None => unknown.push(name),
            }
        }
        (found, unknown)
    }
}
