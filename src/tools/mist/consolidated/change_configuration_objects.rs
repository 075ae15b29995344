//! `mist_change_configuration_objects`: as `mist_update_configuration_objects`, and deletes.

use serde_json::Value;

use super::{changes, table::Table};
use crate::tools::{Arguments, Effect, Tool};

pub(super) fn tool(table: &'static Table) -> Tool {
    super::of(table, Effect::Write, changes::make)
        .effect_of(effect)
        .planned(changes::plan)
}

fn effect(arguments: &Arguments) -> Effect {
    match arguments.get("action_type").and_then(Value::as_str) {
        Some("delete") => Effect::Destroy,
        _ => Effect::Write,
    }
}
