//! `mist_get_configuration_object_schema`: which attributes a configuration object has.

use serde_json::{Map, Value};

use super::{schemas, spelling, table::Table};
use crate::{
    error::Result,
    tools::{Arguments, Context, Effect, Tool, Typed},
};

pub(super) fn tool(table: &'static Table) -> Tool {
    super::of(table, Effect::Read, run).local().tidies(tidy)
}

fn tidy(arguments: &mut Map<String, Value>) {
    spelling::tidy(arguments);
    let known = arguments
        .get("schema_name")
        .and_then(Value::as_str)
        .and_then(schemas::name_for);
    if let Some(name) = known {
        arguments.insert("schema_name".into(), name.into());
    }
}

async fn run(context: Context, arguments: Arguments) -> Result<Typed<Value>> {
    let name = arguments.get("schema_name").and_then(Value::as_str).unwrap_or_default();
    let verbose = arguments.get("verbose").and_then(Value::as_bool).unwrap_or_default();
    schemas::answer(context.services.mist.specification(), name, verbose).map(Typed::compact)
}
