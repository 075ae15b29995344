//! Reply files with their placeholders (minijinja) filled in.

use std::{borrow::Cow, sync::LazyLock};

use minijinja::{
    AutoEscape, Environment, Value as Template, context, escape_formatter,
    syntax::SyntaxConfig,
    value::{Serde, merge_maps},
};
use serde_json::{Map, Value};

use super::{network::Prefix, replies::FILES};
use crate::{junos::netconf::xml::escape, lab::Kind};

/// Escaping of values in XML files. Included text files are escaped as well, since they become element content.
const XML: AutoEscape = AutoEscape::Custom(Cow::Borrowed("xml"));

/// The reply files of all devices, each read when it is first needed.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.unwrap_or_default());
    environment.set_auto_escape_callback(|name| match name.ends_with(".xml") {
        true => XML,
        false => AutoEscape::None,
    });
    environment.set_formatter(|out, state, value| {
        if *state.auto_escape() == XML && !value.is_safe() {
            return out.write_str(&escape(&text(value))).map_err(minijinja::Error::from);
        }
        escape_formatter(out, state, value)
    });
    environment.add_filter("pad", |value: Template, width: usize| {
        format!("{:<width$}", text(&value))
    });
    environment.add_filter("rpad", |value: Template, width: usize| {
        format!("{:>width$}", text(&value))
    });
    environment.add_filter("interface", selected_interfaces);
    environment.add_filter("routes", selected_routes);
    environment.add_filter("lasting", |seconds: u64| super::view::lasting(seconds));
    environment.add_filter("clocked", |seconds: u64| super::view::clocked(seconds));
    environment.set_loader(|wanted| {
        Ok(FILES
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, source)| (*source).to_owned()))
    });
    environment
}

/// The reply files of one kind of device.
pub(super) struct Templates {
    kind: &'static str,
}

impl Templates {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind: kind.word() }
    }

    /// The file for an RPC: the case of one of its arguments before the general one, the kind's own before the common.
    pub(super) fn file(&self, rpc: &str, arguments: &Map<String, Value>, extension: &str) -> Option<&'static str> {
        let cases = arguments.iter().map(|(name, value)| match value.as_str() {
            None | Some("") => format!("{rpc}.{name}"),
            Some(value) => format!("{rpc}.{}", slug(value)),
        });
        cases.chain([rpc.to_owned()]).find_map(|case| {
            [self.kind, "common"].iter().find_map(|folder| {
                let wanted = format!("{folder}/{case}.{extension}");
                FILES.iter().map(|(name, _)| *name).find(|name| *name == wanted)
            })
        })
    }

    /// Fills a file.
    pub(super) fn render(file: &str, context: Template) -> Result<String, minijinja::Error> {
        ENVIRONMENT.get_template(file)?.render(context)
    }

    /// Fills a file once per routing engine.
    pub(super) fn render_each(
        file: &str,
        engines: &[String],
        context: impl Fn(&str) -> Template,
    ) -> Result<Vec<(String, String)>, minijinja::Error> {
        let one = |(index, engine): (usize, &String)| {
            let context = context! { engine, engine_index => index, ..context(engine) };
            Ok((engine.clone(), Self::render(file, context)?))
        };
        engines.iter().enumerate().map(one).collect()
    }
}

/// The values of a request beside those that are kept.
pub(super) fn merged(kept: Template, request: &Map<String, Value>) -> Template {
    merge_maps([kept, Template::from(Serde(request))])
}

/// The XML of several routing engines in one.
pub(super) fn joined(texts: &[(String, String)]) -> String {
    let item = |(engine, text): &(String, String)| {
        format!("\n<multi-routing-engine-item>\n\n<re-name>{engine}</re-name>\n\n{text}</multi-routing-engine-item>\n")
    };
    let items: String = texts.iter().map(item).collect();
    format!("<multi-routing-engine-results>\n{items}\n</multi-routing-engine-results>\n")
}

/// The interfaces of a name: all for none, a port with its units, a single unit (then the port is not `whole`), or `ge-*`.
fn selected_interfaces(all: Template, name: &str) -> Template {
    let all: Vec<Value> = serde_json::to_value(all)
        .ok()
        .and_then(|v| v.as_array().cloned())
        .unwrap_or_default();
    let named = |value: &Value| value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let fits = |candidate: &str| match name.strip_suffix('*') {
        Some(start) => candidate.starts_with(start),
        None => name.is_empty() || candidate == name,
    };
    let mut found = Vec::new();
    for mut port in all {
        let whole = fits(&named(&port));
        let Some(object) = port.as_object_mut() else { continue };
        object.insert("whole".to_owned(), whole.into());
        if let Some(units) = object.get_mut("units").and_then(Value::as_array_mut).filter(|_| !whole) {
            units.retain(|unit| fits(&named(unit)));
            if units.is_empty() {
                continue;
            }
        } else if !whole {
            continue;
        }
        found.push(port);
    }
    Template::from(Serde(found))
}

/// The routing tables with the routes that `table`, `protocol`, `destination` and `exact` leave over.
fn selected_routes(tables: Template, arguments: Template) -> Template {
    let tables: Vec<Value> = serde_json::to_value(tables)
        .ok()
        .and_then(|v| v.as_array().cloned())
        .unwrap_or_default();
    let arguments = serde_json::to_value(arguments).unwrap_or_default();
    let argument = |name: &str| arguments.get(name).and_then(Value::as_str);
    let wanted = argument("destination").and_then(Prefix::parse);
    let mut found = Vec::new();
    for mut table in tables {
        let name = table.get("name").and_then(Value::as_str).unwrap_or_default();
        if argument("table").is_some_and(|t| t != name) {
            continue;
        }
        let mut destinations = table
            .get("destinations")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if let Some(wanted) = wanted {
            destinations = matching(destinations, wanted, arguments.get("exact").is_some());
        }
        if let Some(protocol) = argument("protocol") {
            destinations.retain(|d| {
                let entries = d.get("entries").and_then(Value::as_array).into_iter().flatten();
                let mut names = entries.filter_map(|e| e.get("protocol").and_then(Value::as_str));
                names.any(|p| p.eq_ignore_ascii_case(protocol))
            });
        }
        if let Some(object) = table.as_object_mut().filter(|_| !destinations.is_empty()) {
            object.insert("destinations".to_owned(), destinations.into());
            found.push(table);
        }
    }
    Template::from(Serde(found))
}

/// `show route X`: what lies in the prefix X, or else the longest match of the address X.
fn matching(destinations: Vec<Value>, wanted: Prefix, exact: bool) -> Vec<Value> {
    let prefix = |d: &Value| d.get("prefix").and_then(Value::as_str).and_then(Prefix::parse);
    if exact {
        return destinations
            .into_iter()
            .filter(|d| prefix(d) == Some(wanted.network()))
            .collect();
    }
    let inside = |p: Prefix| p.length >= wanted.length && wanted.contains(p.address);
    let within: Vec<Value> = destinations
        .iter()
        .filter(|d| prefix(d).is_some_and(inside))
        .cloned()
        .collect();
    if !within.is_empty() {
        return within;
    }
    let covering = destinations
        .into_iter()
        .filter(|d| prefix(d).is_some_and(|p| p.contains(wanted.address)));
    covering
        .max_by_key(|d| prefix(d).map_or(0, |p| p.length))
        .into_iter()
        .collect()
}

fn text(value: &Template) -> String {
    if value.is_undefined() || value.is_none() {
        String::new()
    } else {
        value.to_string()
    }
}

/// A value as part of a file name: `/etc/hosts.junos` is `etc-hosts-junos`.
fn slug(value: &str) -> String {
    let plain: String = value
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    plain.trim_matches('-').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_file_is_listed() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lab/replies");
        let mut there = Vec::new();
        for sub in ["common", "mx", "srx", "ex"] {
            for entry in std::fs::read_dir(folder.join(sub)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                if name.ends_with(".xml") || name.ends_with(".txt") && name != "capabilities.txt" {
                    there.push(format!("{sub}/{name}"));
                }
            }
        }
        there.sort();
        let mut listed: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        listed.sort();
        assert_eq!(there, listed, "run the list in replies.rs again");
    }
}
