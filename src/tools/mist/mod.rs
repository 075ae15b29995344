//! The tools for the Mist cloud.
//!
//! - `catalogue`: the tools that mirror an operation of the API, made from data.
//! - `index`: all other operations of the API, found and called by name.
//! - one file for each tool that helps with the others: `search_tools`, `describe_tool`, `call_tool`, `get_next_page`,
//!   `manage_mcp_tools`.
//! - `consolidated`: tools that stand for many operations each, as the newest mistmcp has them.
//! - `utilities`: what devices do and say when the cloud asks them.
//! - `enhanced`: the tools of the Enhanced Mist server, which find something out from what they read.
//! - `answer`: what every answer goes through: columns, counts, times, pages.

mod answer;
mod call_tool;
mod catalogue;
mod consolidated;
mod describe_tool;
mod enhanced;
mod get_next_page;
mod index;
mod manage_mcp_tools;
mod pages;
mod search_tools;
mod shape;
mod tidy;
mod utilities;

pub(super) use self::call_tool::{NAME as CALL_TOOL, named};
pub use self::{
    catalogue::Categories,
    enhanced::{KNOWLEDGE, Page},
    index::Index,
    pages::Pages,
};
use super::Tool;
use crate::{error::Result, mist::specification::Specification};

/// Categories that mirror no part of the API: tools of other servers, listed only where they are asked for.
const EXTRA: &[&str] = &["enhanced", "mist"];

/// Whether this category is listed only where it is asked for.
pub fn is_extra(category: &str) -> bool {
    EXTRA.contains(&category)
}

/// Every tool for the Mist cloud.
///
/// # Errors
/// `internal` where the catalogue's data are broken.
pub(super) fn all(specification: &'static Specification) -> Result<Vec<Tool>> {
    let mut tools = catalogue::tools(specification)?;
    tools.extend(consolidated::all()?);
    tools.extend([
        call_tool::tool(),
        describe_tool::tool(),
        get_next_page::tool(),
        manage_mcp_tools::tool(),
        search_tools::tool(),
    ]);
    tools.extend(utilities::all());
    tools.extend(enhanced::all());
    Ok(tools)
}
