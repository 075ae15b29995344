//! `jmcp tools`: what would be listed, with its size in bytes.

use std::process::ExitCode;

use super::{print, say};
use crate::{
    cli::ToolsArgs,
    error::Result,
    server::listed,
    settings::Settings,
    tools::{Catalogue, Categories, Shelf, Tool},
};

pub(super) fn run(settings: &Settings, args: &ToolsArgs) -> Result<ExitCode> {
    let catalogue = Catalogue::with(settings.mist.specification)?;
    let listing = settings.listing();
    // The table is one of the program, not of what is set up here.
    let everything = args.all || args.markdown;
    let permits = &settings.rules.permits;
    permits.offer.check(&catalogue)?;
    let is_shown = |tool: &&Tool| everything || (listing.shows(tool) && permits.allow(tool, tool.effect));
    let tools: Vec<&Tool> = catalogue.iter().filter(is_shown).collect();
    let list = listed(&tools, &listing);
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
    let others = catalogue.iter().count() - tools.len();
    if others > 0 {
        say(&format!("{others} tools are not listed; --all shows them"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Tables of the tools, as the README has them: those that are always listed one by one, the others by category.
pub(crate) fn markdown(tools: &[&Tool]) -> String {
    let mut table = String::from("| tool | effect | what it does |\n| --- | --- | --- |\n");
    for tool in tools.iter().filter(|tool| !matches!(tool.shelf, Shelf::Category(_))) {
        let about = tool.about.split_inclusive(". ").next().unwrap_or_default().trim();
        table.push_str(&format!("| `{}` | {} | {about} |\n", tool.name, tool.effect.as_str()));
    }
    table.push_str("\n| category of Mist tools | tools | what for |\n| --- | --- | --- |\n");
    for (category, about) in Categories::all() {
        let count = tools
            .iter()
            .filter(|tool| tool.shelf == Shelf::Category(category))
            .count();
        table.push_str(&format!("| `{category}` | {count} | {about} |\n"));
    }
    table
}
