//! The tools of the newest mistmcp, each of which stands for many operations of the API.
//!
//! - `table`: the tools whose calls are one request each, made of `data`; `call` finds the request, `spelling` reads the arguments.
//! - one file for each tool that does more.

mod call;
mod change_configuration_objects;
mod changes;
mod get_configuration_object_schema;
mod get_configuration_objects;
mod inherited;
mod objects;
mod rows;
mod schemas;
mod search_client;
mod spelling;
mod table;
#[cfg(test)]
mod tests;
mod update_configuration_objects;

use std::future::Future;

use serde_json::{Value, json};

use self::table::Table;
use super::{answer, shape::Shape};
use crate::{
    error::Result,
    tools::{Arguments, Context, Effect, Shelf, Tool, Typed},
};

/// The category that they are listed in.
const SHELF: Shelf = Shelf::Category("mist");

/// Every tool of this folder.
///
/// # Errors
/// `internal` where the data are broken.
pub(super) fn all() -> Result<Vec<Tool>> {
    Ok(table::all()?.iter().map(tool).collect())
}

fn tool(table: &'static Table) -> Tool {
    match table.name {
        "mist_get_configuration_objects" => get_configuration_objects::tool(table),
        "mist_get_configuration_object_schema" => get_configuration_object_schema::tool(table),
        "mist_update_configuration_objects" => update_configuration_objects::tool(table),
        "mist_change_configuration_objects" => change_configuration_objects::tool(table),
        _ => of(table, Effect::Read, move |context, arguments| {
            run(table, context, arguments)
        }),
    }
}

/// A tool with the words and parameters of its table, and this function.
fn of<F, Fut>(table: &'static Table, effect: Effect, function: F) -> Tool
where
    F: Fn(Context, Arguments) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Typed<Value>>> + Send + 'static,
{
    let mut tool = Tool::of_data(table.name, effect, &table.about, || table.schema(), function)
        .mist(SHELF)
        .tidies(spelling::tidy);
    tool.title = &table.title;
    for (name, parameter) in &table.parameters {
        // A spelling that is a parameter of this tool itself means that one.
        let aliases = parameter
            .aliases
            .iter()
            .filter(|alias| table.parameter(alias).is_none());
        tool.aliases
            .extend(aliases.map(|alias| (alias.as_str(), name.as_str())));
    }
    tool
}

async fn run(table: &'static Table, context: Context, mut arguments: Arguments) -> Result<Typed<Value>> {
    let mut shape = Shape::take(&mut arguments)?;
    shape.device_ids = table.device_ids;
    if table.name == search_client::NAME && !arguments.contains_key(search_client::KIND) {
        return search_client::all_kinds(table, &context, &arguments, &shape).await;
    }
    let access = context.mist()?;
    let call = table.call(access.specification(), &arguments)?;
    let done = access.run(call.operation, &call.values).await?;
    let mut typed = answer::of(&context, &access, done, &shape).await?;
    if !call.left_out.is_empty() {
        note(&mut typed, "left_out", json!(call.left_out));
    }
    Ok(typed)
}

/// Says something beside the rows, before them: whoever reads only the beginning knows it.
fn note(typed: &mut Typed<Value>, name: &str, what: Value) {
    let Value::Object(answer) = &mut typed.value else {
        return;
    };
    let rows = answer.shift_remove("results");
    answer.insert(name.into(), what);
    if let Some(rows) = rows {
        answer.insert("results".into(), rows);
    }
}
