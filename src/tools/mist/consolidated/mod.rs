//! The tools of the newest mistmcp, each of which stands for many operations of the API.
//!
//! - `table`: the tools whose calls are one request each, made of `data`; `call` finds the request, `spelling` reads the arguments.
//! - one file for each tool that does more.

mod call;
mod spelling;
mod table;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::table::Table;
use super::{answer, shape::Shape};
use crate::{
    error::Result,
    mist::specification::Specification,
    tools::{Arguments, Context, Effect, Shelf, Tool, Typed},
};

/// The category that they are listed in.
const SHELF: Shelf = Shelf::Category("mist");

/// Every tool of this folder.
///
/// # Errors
/// `internal` where the data are broken.
pub(super) fn all(specification: &'static Specification) -> Result<Vec<Tool>> {
    Ok(table::all()?.iter().map(|table| tool(table, specification)).collect())
}

fn tool(table: &'static Table, specification: &'static Specification) -> Tool {
    let mut tool = Tool::of_data(
        table.name,
        Effect::Read,
        &table.about,
        move || table.schema(specification),
        move |context, arguments| run(table, context, arguments),
    )
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
