//! The MCP server: what clients see of the tools, and the one path that every call takes. The only place that knows rmcp.

mod ask;
pub mod audit;
mod extension;
pub mod figures;
pub mod http;
mod instructions;
mod level;
mod mcp;
pub mod path;
mod progress;
mod prompts;
pub mod reload;
mod reply;
mod resources;
mod seals;
pub mod stdio;
mod wanted;

pub use extension::Extension;
pub use mcp::Mcp;
pub use seals::{Clock, Seals};

use crate::tools::{Listing, Tool};

/// These tools as `tools/list` sends them.
pub fn listed(tools: &[&Tool], listing: &Listing) -> String {
    let shown = |tool: &Tool| match tool.toolset {
        toolset if toolset != "junos" && listing.is_long() => reply::Shown::Brief,
        _ => reply::Shown::Whole,
    };
    let tools: Vec<_> = tools.iter().map(|tool| reply::tool(tool, shown(tool))).collect();
    serde_json::json!({ "tools": tools }).to_string()
}
