//! The operations of the Mist API that are no tools of their own: about eight hundred, each a tool that is made when somebody asks for it.

use std::{collections::HashMap, sync::OnceLock};

use super::catalogue;
use crate::{mist::specification::Specification, tools::Tool};

/// Names of earlier servers' tools that are no operation's.
const FORMER: &[(&str, &str)] = &[("listSiteSiteTemplateDerived", "listSiteSiteTemplatesDerived")];

/// The operations, by name.
#[derive(Default)]
pub struct Index {
    specification: Option<&'static Specification>,
    made: OnceLock<HashMap<&'static str, OnceLock<Tool>>>,
}

impl Index {
    /// The index of these facts.
    pub(in crate::tools) fn new(specification: &'static Specification) -> Self {
        Self {
            specification: Some(specification),
            made: OnceLock::new(),
        }
    }

    /// The tool that an operation is, by any of the operation's names.
    pub fn find(&self, name: &str) -> Option<&Tool> {
        let name = FORMER
            .iter()
            .find(|(former, _)| *former == name)
            .map_or(name, |(_, name)| name);
        let operation = self.specification?.operation(name)?;
        let first = operation.names.first()?.as_str();
        let tool = self.places().get(first)?;
        Some(tool.get_or_init(|| catalogue::of_index(first, operation)))
    }

    /// All operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &'static crate::mist::specification::Operation> {
        self.specification.into_iter().flat_map(Specification::operations)
    }

    /// Every name of every operation. Reads none of them.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.specification.into_iter().flat_map(Specification::all_names)
    }

    fn places(&self) -> &HashMap<&'static str, OnceLock<Tool>> {
        self.made.get_or_init(|| {
            let names = self.specification.into_iter().flat_map(Specification::names);
            names.map(|name| (name, OnceLock::new())).collect()
        })
    }
}
