//! The tools. Each is one file named after it; this list and the folders' lists are all there is to adding one.

mod answer;
mod ask;
mod block;
mod checks;
mod context;
mod junos;
mod principal;
mod read_result;
mod results;
mod schema;
mod services;
mod tool;

pub use self::{
    answer::{Answer, OutputLimits, Text},
    ask::{Ask, Question, Round},
    block::{Block, Body},
    checks::Check,
    context::{Context, Level, Log, News, Progress, Step},
    principal::{Allowed, CallerLimits, Principal},
    results::Results,
    services::{Options, Services},
    tool::{Arguments, Effect, Judged, Limit, Tool, Typed, string_argument},
};
use crate::error::{Code, Error, Result};

/// Every tool, by name.
pub struct Catalogue(Vec<Tool>);

impl Catalogue {
    /// The tools of this build.
    ///
    /// # Errors
    /// `internal` when two tools have one name.
    pub fn new() -> Result<Self> {
        let mut tools = junos::all();
        tools.push(read_result::tool());
        Self::of(tools)
    }

    /// A list of tools, sorted by name.
    ///
    /// # Errors
    /// `internal` when two tools have one name.
    pub fn of(mut tools: Vec<Tool>) -> Result<Self> {
        tools.sort_by_key(|tool| tool.name);
        match tools.windows(2).find(|pair| matches!(pair, [a, b] if a.name == b.name)) {
            Some(pair) => {
                let name = pair.first().map_or("", |tool| tool.name);
                Err(Error::new(Code::Internal, format!("two tools are named `{name}`")))
            }
            None => Ok(Self(tools)),
        }
    }

    /// The tool of this name.
    pub fn find(&self, name: &str) -> Option<&Tool> {
        self.0.iter().find(|tool| tool.name == name)
    }

    /// All tools, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Tool> {
        self.0.iter()
    }
}
