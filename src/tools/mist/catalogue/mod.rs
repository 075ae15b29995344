//! The tools that mirror an operation of the Mist API. The operation's facts come from the specification, the words from `data`: one
//! file for each category, one table for each tool.

mod categories;
mod entry;
mod schema;

use std::sync::{Arc, LazyLock};

use serde_json::Value;

pub use self::categories::Categories;
use self::entry::{Entry, File};
use super::{
    answer,
    shape::{FIELDS, Shape},
    tidy,
};
use crate::{
    error::{Code, Error, Result},
    mist::{
        effects::{self, Deed},
        specification::{Operation, Specification},
    },
    tools::{Arguments, Context, Effect, Shelf, Tool, Typed},
};

macro_rules! files {
    ($($category:ident),* $(,)?) => {
        &[$((stringify!($category), include_str!(concat!("data/", stringify!($category), ".toml")))),*]
    };
}

/// The files, by category.
const FILES: &[(&str, &str)] = files![
    clients,
    constants_definitions,
    devices,
    marvis,
    mxedges,
    orgs,
    orgs_inventory,
    orgs_licenses,
    orgs_logs,
    orgs_nac,
    orgs_sites,
    orgs_sles,
    orgs_stats,
    orgs_wlans,
    self_account,
    sites,
    sites_insights,
    sites_rfdiags,
    sites_rogues,
    sites_rrm,
    sites_sles,
    sites_stats,
    sites_wan_usages,
    sites_wlans,
    templates_alarms,
    templates_devices,
    templates_switches,
    templates_wan,
    utilities_upgrade,
    webhooks,
];

/// The files, read once.
static READ: LazyLock<Result<Vec<File>, String>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|(category, text)| File::read(category, text))
        .collect()
});

/// The files that were read.
///
/// # Errors
/// `internal` where one is broken.
fn read() -> Result<&'static [File]> {
    READ.as_deref()
        .map_err(|why| Error::new(Code::Internal, format!("the tools' data are broken: {why}")))
}

/// Every tool of the catalogue.
///
/// # Errors
/// `internal` where its data are broken, or name an operation that there is not.
pub(super) fn tools(specification: &'static Specification) -> Result<Vec<Tool>> {
    let mut tools = Vec::new();
    for file in read()? {
        for (name, entry) in &file.tools {
            let missing = |operation: &str| {
                Error::new(
                    Code::Internal,
                    format!("tool `{name}` mirrors `{operation}`, which the specification does not have"),
                )
            };
            let operation = entry.operation.as_deref().unwrap_or(name);
            let operation = specification.operation(operation).ok_or_else(|| missing(operation))?;
            let by_id = match &entry.by_id {
                Some(by_id) => Some(
                    specification
                        .operation(&by_id.operation)
                        .ok_or_else(|| missing(&by_id.operation))?,
                ),
                None => None,
            };
            let shelf = if name == "getSelf" {
                Shelf::Essential
            } else {
                Shelf::Category(file.category)
            };
            tools.push(tool(name, entry, operation, by_id, shelf));
        }
    }
    Ok(tools)
}

/// The tool that an operation is which has no entry.
pub(super) fn of_index(name: &'static str, operation: &'static Operation) -> Tool {
    static PLAIN: LazyLock<Entry> = LazyLock::new(Entry::default);
    tool(name, &PLAIN, operation, None, Shelf::Index)
}

fn tool(
    name: &'static str,
    entry: &'static Entry,
    operation: &'static Operation,
    by_id: Option<&'static Operation>,
    shelf: Shelf,
) -> Tool {
    let effect = match effects::deed(operation) {
        Deed::Reads => Effect::Read,
        Deed::Changes => Effect::Write,
        Deed::Destroys => Effect::Destroy,
    };
    let call = Arc::new(Mirror {
        entry,
        operation,
        by_id,
    });
    let schema = call.clone();
    let mut tool = Tool::of_data(
        name,
        effect,
        &entry.about,
        move || schema::of(schema.entry, schema.operation, schema.by_id),
        move |context, arguments| run(call.clone(), context, arguments),
    )
    .mist(shelf)
    .tidies(tidy::tidy);
    tool.idempotent = matches!(operation.method.as_str(), "GET" | "PUT" | "DELETE");
    tool.also = entry.also.iter().map(String::as_str).collect();
    tool.aliases = entry
        .aliases
        .iter()
        .map(|(alias, name)| (alias.as_str(), name.as_str()))
        .collect();
    tool.aliases.extend(
        entry
            .renamed
            .iter()
            .map(|(name, newer)| (newer.as_str(), name.as_str())),
    );
    tool
}

/// What a tool mirrors.
struct Mirror {
    entry: &'static Entry,
    operation: &'static Operation,
    /// The operation for one thing, where its id is given.
    by_id: Option<&'static Operation>,
}

impl Mirror {
    /// Whether the cloud itself can be told which columns to send; what it sends beside them is left out here.
    fn has_own_fields(&self) -> bool {
        let mut query = self.operation.routes.iter().flat_map(|route| &route.query);
        query.any(|parameter| parameter.name == FIELDS)
    }
}

async fn run(call: Arc<Mirror>, context: Context, mut arguments: Arguments) -> Result<Typed<Value>> {
    let own_fields = arguments.get(FIELDS).filter(|_| call.has_own_fields()).cloned();
    let shape = Shape::take(&mut arguments)?;
    arguments.extend(own_fields.map(|fields| (FIELDS.to_owned(), fields)));
    let access = context.mist()?;
    let mut operation = call.operation;
    if let (Some(by_id), Some(one)) = (&call.entry.by_id, call.by_id)
        && let Some(id) = arguments.remove(&by_id.parameter)
    {
        arguments.insert(by_id.path_parameter.as_ref().unwrap_or(&by_id.parameter).clone(), id);
        operation = one;
    }
    for (name, newer) in &call.entry.renamed {
        if let Some(value) = arguments.get(name).cloned() {
            arguments.insert(newer.clone(), value);
        }
    }
    let name = operation.names.first().map_or("", String::as_str);
    let done = access.run(name, &arguments).await?;
    answer::of(&context, &access, done, &shape).await
}
