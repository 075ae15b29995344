//! The collections of the simulated cloud: where each is found, what its rows are known by. Data: `collections.toml`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

const EMBEDDED: &str = include_str!("data/collections.toml");

/// One collection.
#[derive(Debug, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// Paths after the organisation, site or MSP where it is listed; writes go there too.
    #[serde(default)]
    pub(super) list: Vec<String>,
    /// Paths that have it below `/search` and `/count`.
    #[serde(default)]
    pub(super) search: Vec<String>,
    /// What names a row in a path.
    #[serde(default = "id")]
    pub(super) key: String,
    /// The field that `start` and `end` look at; none where the rows have no time.
    pub(super) time: Option<String>,
    /// The fields that `text` looks at.
    #[serde(default = "name")]
    pub(super) text: Vec<String>,
    /// What counts count by where they are not told.
    #[serde(default = "site_id")]
    pub(super) distinct: String,
    /// Lists of the organisation have only the rows that belong to no site.
    #[serde(default)]
    pub(super) own: bool,
    /// The type that is meant where the call names none.
    pub(super) default_type: Option<String>,
    /// Fields that single rows have and lists do not.
    #[serde(default)]
    pub(super) brief: Vec<String>,
    /// Writes are no plain creating, changing and deleting of rows.
    #[serde(default)]
    pub(super) fixed: bool,
    /// Lists come as an object with `results` too.
    #[serde(default)]
    pub(super) results: bool,
}

fn id() -> String {
    "id".to_owned()
}

fn site_id() -> String {
    "site_id".to_owned()
}

fn name() -> Vec<String> {
    vec!["name".to_owned()]
}

/// All of them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tables {
    /// Other fields that a parameter looks at.
    alias: BTreeMap<String, Vec<String>>,
    collection: BTreeMap<String, Table>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    toml::from_str(EMBEDDED).unwrap_or_else(|e| {
        tracing::error!("the simulated cloud's collections cannot be read: {e}");
        Tables::default()
    })
});

static PLAIN: LazyLock<Table> = LazyLock::new(|| Table {
    list: Vec::new(),
    search: Vec::new(),
    key: id(),
    time: None,
    text: name(),
    distinct: site_id(),
    own: false,
    default_type: None,
    brief: Vec::new(),
    fixed: false,
    results: false,
});

impl Table {
    /// How collections behave that have no table of their own.
    pub(super) fn plain() -> &'static Table {
        &PLAIN
    }
}

impl Tables {
    pub(super) fn embedded() -> &'static Tables {
        &TABLES
    }

    /// The fields that a query parameter looks at: its own, those of the table of aliases, and what rows keep for themselves.
    pub(super) fn fields(&self, parameter: &str) -> Vec<String> {
        let more = self.alias.get(parameter).into_iter().flatten().cloned();
        [parameter.to_owned(), format!("_{parameter}")]
            .into_iter()
            .chain(more)
            .collect()
    }

    /// The collection of this name.
    pub(super) fn named(&self, name: &str) -> &Table {
        self.collection.get(name).unwrap_or(&PLAIN)
    }

    /// The collection that is listed at this path.
    pub(super) fn listed(&self, tail: &str) -> Option<(&str, &Table)> {
        self.find(|table| table.list.iter().any(|list| list == tail))
    }

    /// The collection that has its search and count below this path.
    pub(super) fn searched(&self, tail: &str) -> Option<(&str, &Table)> {
        self.find(|table| table.search.iter().any(|search| search == tail))
    }

    fn find(&self, is: impl Fn(&Table) -> bool) -> Option<(&str, &Table)> {
        self.collection
            .iter()
            .find(|(_, table)| is(table))
            .map(|(name, table)| (name.as_str(), table))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_path_has_two_collections() {
        toml::from_str::<Tables>(EMBEDDED).unwrap();
        let mut seen = BTreeSet::new();
        for (name, table) in &Tables::embedded().collection {
            for tail in &table.list {
                assert!(seen.insert(("list", tail)), "{name}: {tail}");
            }
            for tail in &table.search {
                assert!(seen.insert(("search", tail)), "{name}: {tail}");
            }
        }
        assert!(seen.len() > 20);
    }
}
