//! `jmcp catalogue import`: the facts of OpenAPI files, and what of them is new.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use super::print;
use crate::{
    cli::{CatalogueCommand, ImportArgs},
    error::{Code, Error, Result},
    mist::specification::{Facts, Operation, Specification},
};

pub(super) fn run(command: &CatalogueCommand) -> Result<ExitCode> {
    let CatalogueCommand::Import(args) = command;
    import(args)
}

fn import(args: &ImportArgs) -> Result<ExitCode> {
    let mut facts: Option<Facts> = None;
    for path in &args.specifications {
        let newer = Facts::read(path)?;
        facts = Some(match facts {
            Some(older) => older.overlaid_by(newer),
            None => newer,
        });
    }
    let facts = facts.unwrap_or_default();
    let news = News::of(&facts, Specification::embedded());
    print(&summary(&facts));
    print(&news.to_string());
    if let Some(directory) = &args.out {
        std::fs::create_dir_all(directory).map_err(|e| failed(directory, &e))?;
        write(directory, "operations.jsonl", &facts.operation_lines())?;
        write(directory, "shapes.jsonl", &facts.shape_lines())?;
        write(directory, "proposed.toml", &proposed(&news.operations))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(directory: &Path, name: &str, text: &str) -> Result<()> {
    let path = directory.join(name);
    std::fs::write(&path, text).map_err(|e| failed(&path, &e))?;
    print(&format!("{} bytes written to {}", text.len(), path.display()));
    Ok(())
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::Io, format!("`{}` cannot be written: {error}", path.display()))
}

/// How much there is of everything.
fn summary(facts: &Facts) -> String {
    let mut methods = BTreeMap::new();
    for operation in &facts.operations {
        *methods.entry(operation.method.as_str()).or_insert(0) += 1;
    }
    let methods: Vec<String> = methods
        .iter()
        .map(|(method, count)| format!("{count} {method}"))
        .collect();
    let count = |has: fn(&Operation) -> bool| facts.operations.iter().filter(|operation| has(operation)).count();
    format!(
        "{} operations ({}), {} at more than one path, {} with more than one name, {} deprecated; {} shapes",
        facts.operations.len(),
        methods.join(", "),
        count(|operation| operation.routes.len() > 1),
        count(|operation| operation.names.len() > 1),
        count(|operation| operation.deprecated),
        facts.shapes.len(),
    )
}

/// What this version does not know.
struct News<'a> {
    operations: Vec<&'a Operation>,
    /// Operation and path.
    paths: Vec<(&'a str, &'a str)>,
    /// Operation and parameter.
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> News<'a> {
    fn of(facts: &'a Facts, known: &Specification) -> Self {
        let mut news = Self {
            operations: Vec::new(),
            paths: Vec::new(),
            parameters: Vec::new(),
        };
        for operation in &facts.operations {
            match same(operation, known) {
                Some(old) => news.compare(operation, old),
                None => news.operations.push(operation),
            }
        }
        news
    }

    fn compare(&mut self, new: &'a Operation, old: &Operation) {
        for route in &new.routes {
            if old.routes.iter().all(|old| old.path != route.path) {
                self.paths.push((new.name(), &route.path));
            }
            for parameter in &route.query {
                let mut known = old.routes.iter().flat_map(|route| &route.query);
                if known.all(|old| old.name != parameter.name) {
                    self.parameters.push((new.name(), &parameter.name));
                }
            }
        }
    }
}

/// The operation as this version knows it: by name, else by method and path.
fn same<'k>(operation: &Operation, known: &'k Specification) -> Option<&'k Operation> {
    let by_name = operation.names.iter().find_map(|name| known.operation(name));
    by_name.or_else(|| {
        let mut routes = operation.routes.iter();
        routes.find_map(|route| {
            let (old, place) = known.find(&operation.method, &route.path)?;
            (place.path == route.path).then_some(old)
        })
    })
}

impl std::fmt::Display for News<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.operations.is_empty() && self.paths.is_empty() && self.parameters.is_empty() {
            return writeln!(f, "this version knows all of it");
        }
        for operation in &self.operations {
            let path = operation.routes.first().map_or("", |route| &route.path);
            writeln!(f, "new operation {}: {} {path}", operation.name(), operation.method)?;
        }
        for (operation, path) in &self.paths {
            writeln!(f, "new path of {operation}: {path}")?;
        }
        for (operation, parameter) in &self.parameters {
            writeln!(f, "new parameter of {operation}: {parameter}")?;
        }
        Ok(())
    }
}

/// Tables for the catalogue, by tag, for a person to complete.
fn proposed(operations: &[&Operation]) -> String {
    let mut categories: BTreeMap<String, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        categories.entry(category(&operation.tag)).or_default().push(operation);
    }
    let mut text = String::from(
        "# Operations that the catalogue may take up: say what each is for, and move it to the file of its category.\n",
    );
    for (category, operations) in categories {
        text.push_str(&format!("\n# data/{category}.toml\n"));
        for operation in operations {
            let path = operation.routes.first().map_or("", |route| &route.path);
            let name = operation.name();
            let key = if name.contains('.') {
                format!("\"{name}\"")
            } else {
                name.to_owned()
            };
            text.push_str(&format!("\n[{key}]\n# {} {path}\n# about = \"\"\n", operation.method));
        }
    }
    text
}

/// A tag in the form of a category: `Orgs Clients - Wireless` is `orgs_clients_wireless`.
fn category(tag: &str) -> String {
    let words: Vec<String> = tag
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() {
        "other".to_owned()
    } else {
        words.join("_")
    }
}
