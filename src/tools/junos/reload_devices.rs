//! `reload_devices`: reads the inventory again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Code, Error, Result},
    junos::inventory::Inventory,
    tools::{Context, Effect, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Another inventory file in the directory of the present one.
    file_name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    previous_router_count: usize,
    new_router_count: usize,
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
    inventory_path: String,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "reload_devices",
        Effect::Write,
        "Reload the inventory",
        "Read the inventory and the rule files again after they were edited, and say what changed. All or nothing: a file with mistakes changes \
         nothing.",
        run,
    )
    .idempotent()
    .local()
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    if context.services.options.inventory_readonly && args.file_name.is_some() {
        return Err(Error::new(Code::InventoryReadonly, "inventory is read-only (--inventory-readonly set)")
            .advise("without `file_name` the present file is read again"));
    }
    if args.file_name.is_some() && !context.caller.devices.is_all() {
        let message = "another file is for callers that may reach every device";
        return Err(Error::new(Code::ToolScopeDenied, message).advise("without `file_name` the present file is read again"));
    }
    let policy = &context.services.policy;
    // Rules first: a device is never in force without its own.
    let accept = |inventory: &Inventory| {
        let next = policy.load().reread(inventory);
        let next = next.inspect_err(|error| tracing::error!("rules: {error}; the present ones stay in force"))?;
        policy.store(next.into());
        Ok(())
    };
    let reloaded = context.services.junos.reload(args.file_name.as_deref(), accept).await?;
    let reach = |name: &&str| context.caller.may_reach(name);
    let names: Vec<&str> = reloaded.inventory.devices.keys().map(String::as_str).filter(reach).collect();
    let path = reloaded.inventory.path().map(|path| path.display().to_string()).unwrap_or_default();
    let previous = reloaded.previous.iter().filter(|name| context.caller.may_reach(name)).count();
    let mut text = format!(
        "Successfully reloaded devices from '{path}'. Previous: {} device(s), Current: {} device(s).\nLoaded devices: {}",
        previous,
        names.len(),
        names.join(", ")
    );
    let mut changes = reloaded.changes;
    for list in [&mut changes.added, &mut changes.removed, &mut changes.changed] {
        list.retain(|name| context.caller.may_reach(name));
    }
    for (word, devices) in [("Added", &changes.added), ("Removed", &changes.removed), ("Changed", &changes.changed)] {
        if !devices.is_empty() {
            text.push_str(&format!("\n{word}: {}", devices.join(", ")));
        }
    }
    let output = Output {
        previous_router_count: previous,
        new_router_count: names.len(),
        added: changes.added,
        removed: changes.removed,
        changed: changes.changed,
        inventory_path: path,
    };
    Ok(Typed::text(output, text))
}
