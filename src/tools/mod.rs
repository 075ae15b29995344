//! The tools. Each is one file named after it; this list and the folders' lists are all there is to adding one.

mod answer;
mod ask;
mod block;
mod checks;
mod context;
mod get_operation;
mod judging;
mod junos;
mod list_operations;
mod listing;
mod mist;
mod nearest;
mod operations;
mod permits;
mod plan;
mod plans;
mod principal;
mod read_result;
mod results;
mod rollout;
mod schema;
pub mod secrets;
mod services;
mod tool;
mod typed;

pub use self::{
    answer::{Answer, OutputLimits, Text},
    ask::{Ask, Question, Round},
    block::{Block, Body},
    checks::Check,
    context::{Context, Level, Log, News, Progress, Step},
    listing::{Chosen, Listing, Mode},
    mist::{Categories, Index, KNOWLEDGE, Page, Pages, is_extra},
    nearest::did_you_mean,
    operations::{End, Operation, Operations},
    permits::{Offer, Permits, changes},
    plan::Plan,
    plans::{ChangePlan, LASTS, Plans},
    principal::{Allowed, CallerLimits, Principal},
    results::Results,
    rollout::{DeviceChange, Done, How, Strategy, roll_out},
    services::{Options, Services},
    tool::{Arguments, Effect, Judged, Limit, Shelf, Tool, string_argument},
    typed::Typed,
};
use std::collections::HashMap;

use crate::{
    error::{Code, Error, Result},
    mist::specification::Specification,
};

/// Every tool, by name.
pub struct Catalogue {
    tools: Vec<Tool>,
    /// Where each is, by each of its names.
    places: HashMap<&'static str, usize>,
    /// The operations of the Mist API that are no tools of their own.
    index: mist::Index,
}

impl Catalogue {
    /// The tools of this build.
    ///
    /// # Errors
    /// `internal` when two tools have one name, or the tools' data are broken.
    pub fn new() -> Result<Self> {
        Self::with(Specification::embedded())
    }

    /// The tools over these facts of the Mist API.
    ///
    /// # Errors
    /// As `new`.
    pub fn with(specification: &'static Specification) -> Result<Self> {
        let mut tools = junos::all();
        tools.extend([read_result::tool(), list_operations::tool(), get_operation::tool()]);
        tools.extend(mist::all(specification)?);
        let mut catalogue = Self::of(tools)?;
        catalogue.index = mist::Index::new(specification);
        Ok(catalogue)
    }

    /// A list of tools, sorted by name.
    ///
    /// # Errors
    /// `internal` when two tools have one name.
    pub fn of(mut tools: Vec<Tool>) -> Result<Self> {
        tools.sort_by_key(|tool| tool.name);
        let mut places = HashMap::new();
        for (place, tool) in tools.iter().enumerate() {
            for name in std::iter::once(tool.name).chain(tool.also.iter().copied()) {
                if places.insert(name, place).is_some() {
                    return Err(Error::new(Code::Internal, format!("two tools are named `{name}`")));
                }
            }
        }
        Ok(Self {
            tools,
            places,
            index: mist::Index::default(),
        })
    }

    /// The tool of this name: one of the list, by any of its names, else an operation of the Mist API.
    pub fn find(&self, name: &str) -> Option<&Tool> {
        let listed = self.places.get(name).and_then(|place| self.tools.get(*place));
        listed.or_else(|| self.index.find(name))
    }

    /// The tool that a call names and its arguments, where it is a call of `call_tool`; that one is put in its place.
    ///
    /// # Errors
    /// `invalid_input` where no tool is named.
    pub fn named_in(name: &str, arguments: &mut Arguments) -> Result<Option<(String, Arguments)>> {
        if name == mist::CALL_TOOL {
            mist::named(arguments).map(Some)
        } else {
            Ok(None)
        }
    }

    /// All tools of the list, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Tool> {
        self.tools.iter()
    }

    /// The operations of the Mist API that are no tools of their own, by name.
    pub fn index(&self) -> &mist::Index {
        &self.index
    }
}
