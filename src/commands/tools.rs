//! `jmcp tools`: what would be listed, with its size in bytes.

use std::process::ExitCode;

use super::{print, say};
use crate::{
    cli::ToolsArgs,
    error::Result,
    server::listed,
    tools::{Catalogue, Listing, Tool},
};

pub(super) fn run(args: &ToolsArgs) -> Result<ExitCode> {
    let catalogue = Catalogue::new()?;
    let tools: Vec<&Tool> = catalogue.iter().collect();
    let list = listed(
        &tools,
        &Listing {
            has_junos: true,
            ..Listing::default()
        },
    );
    if args.json {
        print(&list);
    } else if args.markdown {
        print(&markdown(&tools));
    } else {
        for tool in &tools {
            print(&format!("{:<30} {:<8} {}", tool.name, tool.effect.as_str(), tool.title));
        }
    }
    say(&format!("{} tools, {} bytes of tools/list", tools.len(), list.len()));
    Ok(ExitCode::SUCCESS)
}

/// A table of the tools, as the README has it.
pub(crate) fn markdown(tools: &[&Tool]) -> String {
    let mut table = String::from("| tool | effect | what it does |\n| --- | --- | --- |\n");
    for tool in tools.iter().filter(|tool| tool.title != tool.name) {
        let about = tool.about.split_inclusive(". ").next().unwrap_or_default().trim();
        table.push_str(&format!("| `{}` | {} | {about} |\n", tool.name, tool.effect.as_str()));
    }
    table
}
