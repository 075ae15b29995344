//! What the files of the catalogue say of each tool.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One category.
#[derive(Debug)]
pub(super) struct File {
    /// Its name.
    pub(super) category: &'static str,
    /// What it is for.
    pub(super) about: String,
    /// Its other names.
    pub(super) aliases: Vec<String>,
    /// Its tools, by name.
    pub(super) tools: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Written {
    about: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(flatten)]
    tools: BTreeMap<String, Entry>,
}

/// One tool.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Entry {
    /// When to use it and what it returns.
    pub(super) about: String,
    /// The operation that it mirrors, where that has another name.
    pub(super) operation: Option<String>,
    /// What it does instead where one thing's id is given.
    pub(super) by_id: Option<ById>,
    /// Other spellings of its parameters, and what they stand for.
    pub(super) aliases: BTreeMap<String, String>,
    /// Parameters that have another name where the operation has moved to.
    pub(super) renamed: BTreeMap<String, String>,
    /// Further names that it answers to.
    pub(super) also: Vec<String>,
}

/// Another operation, for one thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ById {
    /// The parameter that holds the id.
    pub(super) parameter: String,
    /// The operation.
    pub(super) operation: String,
    /// The parameter of its path, where that has another name.
    pub(super) path_parameter: Option<String>,
}

impl File {
    pub(super) fn read(category: &'static str, text: &str) -> Result<Self, String> {
        let Written { about, aliases, tools } = toml::from_str(text).map_err(|e| format!("{category}.toml: {e}"))?;
        Ok(Self {
            category,
            about,
            aliases,
            tools,
        })
    }
}
