//! Prompts that an operator would use. Each is a text file with `{argument}` places.

use rmcp::{
    ErrorData,
    model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role},
};
use serde_json::Value;

use super::path::{Path, clean};
use crate::tools::{Ask, Principal};

struct Entry {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    arguments: &'static [(&'static str, &'static str, bool)],
    text: &'static str,
    /// The tools that it has the model use.
    tools: &'static [&'static str],
}

const ROUTER: (&str, &str, bool) = ("router", "Router name from get_router_list", true);

static PROMPTS: &[Entry] = &[
    Entry {
        name: "pre_change_check",
        title: "Pre-change check",
        about: "Is this router healthy enough to be changed now? Collects the state to compare with after the change.",
        arguments: &[ROUTER, ("change", "What is going to be changed", false)],
        text: include_str!("prompts/pre_change_check.md"),
        tools: &["execute_junos_command_batch", "junos_config_diff"],
    },
    Entry {
        name: "bgp_session_down",
        title: "Why is this BGP session down?",
        about: "Finds the cause of a BGP session that is not established, layer by layer.",
        arguments: &[ROUTER, ("neighbor", "Address of the BGP neighbor", true)],
        text: include_str!("prompts/bgp_session_down.md"),
        tools: &["execute_junos_command"],
    },
];

/// The prompts whose tools this principal may call all.
fn of<'a>(path: &'a Path, principal: &'a Principal) -> impl Iterator<Item = &'static Entry> + 'a {
    PROMPTS
        .iter()
        .filter(|entry| entry.tools.iter().all(|tool| path.sees(principal, tool)))
}

/// The prompts of this principal.
pub(super) fn list(path: &Path, principal: &Principal) -> Vec<Prompt> {
    of(path, principal)
        .map(|entry| {
            let arguments = entry.arguments.iter().map(|(name, about, required)| {
                PromptArgument::new(*name)
                    .with_description(*about)
                    .with_required(*required)
            });
            Prompt::new(entry.name, Some(entry.about), Some(arguments.collect())).with_title(entry.title)
        })
        .chain(path.extension().into_iter().flat_map(|extension| extension.prompts()))
        .collect()
}

/// One prompt with its arguments filled in.
///
/// # Errors
/// Invalid params for an unknown prompt or a missing argument.
pub(super) async fn get(
    path: &Path,
    principal: &Principal,
    name: &str,
    arguments: &JsonObject,
    ask: &dyn Ask,
) -> Result<GetPromptResult, ErrorData> {
    if let Some(entry) = of(path, principal).find(|entry| entry.name == name) {
        return filled_in(entry, arguments);
    }
    if let Some(extension) = path.extension()
        && let Some(prompt) = extension.prompt(name, arguments, ask).await
    {
        return prompt.map_err(|e| ErrorData::invalid_params(e.to_string(), None));
    }
    Err(ErrorData::invalid_params(
        clean::seen(format!("there is no prompt `{name}`")),
        None,
    ))
}

fn filled_in(entry: &Entry, arguments: &JsonObject) -> Result<GetPromptResult, ErrorData> {
    let name = entry.name;
    let mut text = entry.text.trim().to_owned();
    for (argument, _, required) in entry.arguments {
        let value = arguments
            .get(*argument)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|value| !value.is_empty());
        if value.is_none() && *required {
            return Err(ErrorData::invalid_params(
                format!("prompt `{name}` needs the argument `{argument}`"),
                None,
            ));
        }
        text = text.replace(&format!("{{{argument}}}"), value.unwrap_or("not said"));
    }
    Ok(
        GetPromptResult::new(vec![PromptMessage::new_text(Role::User, clean::seen(text))])
            .with_description(entry.about),
    )
}
