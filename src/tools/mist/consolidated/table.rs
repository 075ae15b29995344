//! The tools whose calls are one request each: which parameters they take, and which operation a call comes to. One file of data each.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    super::shape::{ALL_PAGES, FIELDS, SUMMARY},
    objects, schemas,
};
use crate::{
    error::{Code, Error, Result},
    mist::specification::{Operation, Paging, Specification},
};

macro_rules! files {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), include_str!(concat!("data/", stringify!($name), ".toml")))),*]
    };
}

/// The files, by tool.
const FILES: &[(&str, &str)] = files![
    mist_change_configuration_objects,
    mist_get_configuration_object_schema,
    mist_get_configuration_objects,
    mist_get_constants,
    mist_get_insight_metrics,
    mist_get_org_licenses,
    mist_get_org_or_site_info,
    mist_get_org_sites_sle,
    mist_get_org_sle,
    mist_get_self,
    mist_get_site_rrm_info,
    mist_get_site_sle,
    mist_get_stats,
    mist_list_rogue_devices,
    mist_list_site_sle_info,
    mist_list_upgrades,
    mist_search_alarms,
    mist_search_audit_logs,
    mist_search_client,
    mist_search_device,
    mist_search_device_config_history,
    mist_search_events,
    mist_search_guest_authorization,
    mist_search_nac_user_macs,
    mist_troubleshoot,
    mist_update_configuration_objects,
];

/// The files and the parameters that they share, read once.
static READ: LazyLock<Result<Vec<Table>, String>> = LazyLock::new(|| {
    let shared: BTreeMap<String, Parameter> =
        toml::from_str(include_str!("data/parameters.toml")).map_err(|e| format!("parameters.toml: {e}"))?;
    let read = |(name, text): &(&'static str, &str)| Table::read(name, text, &shared);
    FILES.iter().map(read).collect()
});

/// Every table.
///
/// # Errors
/// `internal` where one is broken.
pub(super) fn all() -> Result<&'static [Table]> {
    READ.as_deref().map_err(|why| {
        Error::new(
            Code::Internal,
            format!("the data of the `mist_` tools are broken: {why}"),
        )
    })
}

/// The table of this tool.
///
/// # Errors
/// `internal` where there is none.
#[cfg(test)]
pub(super) fn of(name: &str) -> Result<&'static Table> {
    all()?
        .iter()
        .find(|table| table.name == name)
        .ok_or_else(|| Error::new(Code::Internal, format!("there are no data of `{name}`")))
}

/// One tool.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name.
    pub(super) name: &'static str,
    /// The name that people read.
    pub(super) title: String,
    /// When to use it and what it returns.
    pub(super) about: String,
    /// Its parameters, in order.
    pub(super) parameters: Vec<(String, Parameter)>,
    /// What a call comes to: the first that fits.
    pub(super) ways: Vec<Way>,
    /// Each thing in its answers is told with the id that tools for devices take.
    pub(super) device_ids: bool,
    /// Its answers may be lists, whatever its ways say.
    lists: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    about: String,
    /// Names of parameters; `!` after a name that has to be given.
    takes: Vec<String>,
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
    #[serde(default)]
    ways: Vec<Way>,
    #[serde(default)]
    device_ids: bool,
    #[serde(default)]
    lists: bool,
}

/// One parameter.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Parameter {
    /// What it means.
    about: String,
    /// Its JSON type; a string where nothing is said.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// The words that it may be.
    pub(super) values: Vec<String>,
    /// Where its words come from, where they are the names of something: `read`, `write`, `schemas`.
    values_of: Option<String>,
    /// What is sent where it is not given and the operation knows it.
    pub(super) default: Option<Value>,
    /// Its other spellings.
    pub(super) aliases: Vec<String>,
    /// A call makes sense also where the operation does not know it: it only says how much.
    pub(super) loose: bool,
    #[serde(skip)]
    pub(super) required: bool,
}

/// A request that a call may come to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Way {
    /// The values of parameters that lead to it; `*` is any.
    #[serde(default)]
    pub(super) when: BTreeMap<String, Words>,
    /// The operation.
    pub(super) operation: String,
    /// Names on the wire of parameters that have others there.
    #[serde(default)]
    pub(super) send: BTreeMap<String, String>,
    /// What is sent always.
    #[serde(default)]
    pub(super) fixed: Map<String, Value>,
    /// What is sent where nothing else is said.
    #[serde(default)]
    pub(super) defaults: Map<String, Value>,
    /// Parameters that may be given and say nothing here.
    #[serde(default)]
    pub(super) ignores: Vec<String>,
}

/// One word or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    /// The words.
    pub(super) fn list(&self) -> &[String] {
        match self {
            Words::One(word) => std::slice::from_ref(word),
            Words::Many(words) => words,
        }
    }

    /// Whether any value will do.
    pub(super) fn is_any(&self) -> bool {
        self.list().iter().any(|word| word == "*")
    }
}

impl Table {
    fn read(name: &'static str, text: &str, shared: &BTreeMap<String, Parameter>) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|e| format!("{name}.toml: {e}"))?;
        let parameter = |taken: &String| {
            let (name, required) = taken
                .strip_suffix('!')
                .map_or((taken.as_str(), false), |name| (name, true));
            let mut parameter = shared.get(name).cloned().unwrap_or_default();
            if let Some(own) = written.parameters.get(name) {
                parameter.overlay(own);
            }
            match parameter.values_of.as_deref() {
                Some("read") => parameter.values = objects::readable(),
                Some("write") => parameter.values = objects::writable(),
                Some("schemas") => parameter.values = schemas::names(),
                _ => {}
            }
            parameter.required = required;
            (name.to_owned(), parameter)
        };
        Ok(Self {
            name,
            parameters: written.takes.iter().map(parameter).collect(),
            title: written.title,
            about: written.about,
            ways: written.ways,
            device_ids: written.device_ids,
            lists: written.lists,
        })
    }

    /// The parameter of this name.
    pub(super) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find_map(|(known, parameter)| (known == name).then_some(parameter))
    }

    /// The JSON schema of its arguments.
    pub(super) fn schema(&self) -> Value {
        let specification = Specification::embedded();
        let mut properties: Map<String, Value> = self
            .parameters
            .iter()
            .map(|(name, parameter)| (name.clone(), parameter.schema()))
            .collect();
        let operations = self
            .ways
            .iter()
            .filter_map(|way| specification.operation(&way.operation));
        let (mut has_lists, mut has_pages) = (self.lists, self.lists);
        for operation in operations {
            has_pages |= operation.paging != Paging::None;
            has_lists |= is_list(operation);
        }
        let names = || json!({ "type": ["string", "array"], "items": { "type": "string" } });
        if has_lists {
            properties.insert(FIELDS.into(), names());
            properties.insert(SUMMARY.into(), names());
        }
        if has_pages {
            properties.insert(ALL_PAGES.into(), json!({ "type": "boolean" }));
        }
        let required = self.parameters.iter().filter(|(_, parameter)| parameter.required);
        let required: Vec<&String> = required.map(|(name, _)| name).collect();
        let mut schema = Map::from_iter([
            ("type".into(), json!("object")),
            ("properties".into(), properties.into()),
            ("additionalProperties".into(), json!(false)),
        ]);
        if !required.is_empty() {
            schema.insert("required".into(), json!(required));
        }
        Value::Object(schema)
    }
}

fn is_list(operation: &Operation) -> bool {
    let is_array = |answer: &Value| answer.get("type").and_then(Value::as_str) == Some("array");
    operation.paging != Paging::None || operation.answer.as_ref().is_some_and(is_array)
}

impl Parameter {
    fn overlay(&mut self, own: &Self) {
        if !own.about.is_empty() {
            self.about.clone_from(&own.about);
        }
        if !own.values.is_empty() {
            self.values.clone_from(&own.values);
        }
        if !own.aliases.is_empty() {
            self.aliases.clone_from(&own.aliases);
        }
        self.kind = own.kind.clone().or_else(|| self.kind.take());
        self.default = own.default.clone().or_else(|| self.default.take());
        self.values_of = own.values_of.clone().or_else(|| self.values_of.take());
        self.loose |= own.loose;
    }

    fn schema(&self) -> Value {
        let kind = self.kind.as_deref().unwrap_or("string");
        let mut schema = Map::from_iter([("type".into(), json!(kind))]);
        if kind == "array" {
            schema.insert("items".into(), json!({ "type": "string" }));
        }
        if !self.values.is_empty() {
            schema.insert("enum".into(), json!(self.values));
        }
        if let Some(default) = &self.default {
            schema.insert("default".into(), default.clone());
        }
        if kind == "integer" {
            schema.insert("minimum".into(), json!(1));
            schema.insert(
                "maximum".into(),
                json!(if self.default.is_some() { 1000 } else { 100_000 }),
            );
        }
        if !self.about.is_empty() {
            schema.insert("description".into(), json!(self.about));
        }
        Value::Object(schema)
    }
}
