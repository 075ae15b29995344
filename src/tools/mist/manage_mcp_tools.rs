//! `manageMcpTools`: which categories of tools this session lists.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::catalogue::Categories;
use crate::{
    error::{Code, Error, Result},
    tools::{Context, Effect, Shelf, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(default)]
    #[schemars(description = names())]
    enable_mcp_tools_categories: Vec<String>,
    /// Categories to list no more.
    #[serde(default)]
    disable: Vec<String>,
    /// Only say which there are.
    #[serde(default)]
    list: bool,
}

pub(super) fn tool() -> Tool {
    let mut tool = Tool::new(
        "manageMcpTools",
        Effect::Read,
        "Choose tools",
        "Choose which categories of Mist tools this session lists; `list` says which there are. Tools that are not listed can be called \
         all the same: search_tools finds them, call_tool calls them.",
        run,
    )
    .aliases(&[
        ("enable", "enable_mcp_tools_categories"),
        ("categories", "enable_mcp_tools_categories"),
        ("enable_categories", "enable_mcp_tools_categories"),
        ("enable_mcp_tools_category", "enable_mcp_tools_categories"),
        ("disable_mcp_tools_categories", "disable"),
        ("list_categories", "list"),
    ])
    .local()
    .mist(Shelf::Essential);
    tool.idempotent = true;
    tool
}

/// The names of all categories, for a model that chooses among them.
fn names() -> String {
    let names: Vec<&str> = Categories::all().map(|(name, _)| name).collect();
    format!("Categories to list too: {}.", names.join(", "))
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let (enable, disable) = (found(&args.enable_mcp_tools_categories)?, found(&args.disable)?);
    if args.list || (enable.is_empty() && disable.is_empty()) {
        return Ok(Typed::compact(listed(&context)));
    }
    let Some(chosen) = &context.chosen else {
        return Ok(Typed::compact(json!({
            "changed": false,
            "why": "this connection has no session whose list could change; the tools of these categories can be called as they are",
            "tools": tools(&context, &enable),
        })));
    };
    let disabled = chosen.disable(&disable);
    let enabled = chosen.enable(&enable);
    let answer = json!({
        "changed": !(enabled.is_empty() && disabled.is_empty()),
        "enabled": chosen.categories(),
        "disabled": disabled,
        "tools": tools(&context, &enable),
        "note": "the list of tools has changed; a client that does not read it again can still call these tools by name",
    });
    Ok(Typed::compact(answer))
}

/// The categories of these names.
///
/// # Errors
/// `invalid_input` with all names that stand for none.
fn found(names: &[String]) -> Result<Vec<&'static str>> {
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    for name in names {
        let (some, others) = Categories::read(name);
        found.extend(some);
        unknown.extend(others);
    }
    if unknown.is_empty() {
        return Ok(found);
    }
    let known: Vec<&str> = Categories::all().map(|(name, _)| name).collect();
    let unknown: Vec<String> = unknown
        .iter()
        .map(|name| format!("`{}`", name.escape_debug()))
        .collect();
    Err(Error::new(
        Code::InvalidInput,
        format!("there is no category {}", unknown.join(", ")),
    )
    .advise(format!("the categories are {}", known.join(", "))))
}

/// Every category, what it is for, how many tools it has, and whether it is listed.
fn listed(context: &Context) -> Value {
    let chosen = context
        .chosen
        .as_ref()
        .map(|chosen| chosen.categories())
        .unwrap_or_default();
    let category = |(name, about): (&str, &str)| {
        let is_listed = chosen.contains(name) || context.services.listing.categories.contains(name);
        json!({ "name": name, "about": about, "tools": tools(context, &[name]).len(), "listed": is_listed })
    };
    json!({ "mode": context.services.listing.mode.as_str(), "categories": Categories::all().map(category).collect::<Vec<_>>() })
}

/// The tools of these categories that this caller may call, and what they are for.
fn tools(context: &Context, categories: &[&str]) -> Map<String, Value> {
    let wanted = |tool: &&Tool| match tool.shelf {
        Shelf::Category(category) => categories.contains(&category),
        _ => false,
    };
    let may = |tool: &&Tool| context.caller.may_see(tool) && context.permits.allow(tool, tool.effect);
    context
        .catalogue
        .iter()
        .filter(wanted)
        .filter(may)
        .map(|tool| (tool.name.to_owned(), tool.about.into()))
        .collect()
}
