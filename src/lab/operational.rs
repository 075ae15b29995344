//! Operational commands and RPCs of a device: which reply file answers, and the values of the running configuration in it.

mod commands;
mod effects;
mod json;
mod network;
mod render;
mod replies;
pub(super) mod shell;
mod view;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use minijinja::{Value as Template, value::Serde};
use serde_json::{Map, Value};

use self::{commands::Commands, render::Templates};
use super::{Kind, config::Who, device::Shared, netconf::envelope_error};
use crate::junos::netconf::xml::Element;

/// What a device answers to commands, apart from its configuration.
pub(super) struct Operational {
    hardware: Value,
    commands: Commands,
    templates: Templates,
    started: SystemTime,
    /// What requests have changed besides the configuration.
    state: Mutex<Map<String, Value>>,
    kept: Mutex<HashMap<String, (usize, Template)>>,
}

/// The format that a request asks for (`format` of `<command>` and of operational RPCs).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Xml,
    XmlMinified,
    Text,
    Json,
    JsonMinified,
}

impl Format {
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("text" | "ascii") => Format::Text,
            Some("json") => Format::Json,
            Some("json-minified") => Format::JsonMinified,
            Some("xml-minified") => Format::XmlMinified,
            _ => Format::Xml,
        }
    }

    /// The word for the configuration half.
    pub(super) fn word(self) -> &'static str {
        match self {
            Format::Xml | Format::XmlMinified => "xml",
            Format::Text => "text",
            Format::Json | Format::JsonMinified => "json",
        }
    }
}

/// An operational request.
pub(super) struct Query {
    /// The command without pipes, of a `<command>`.
    pub(super) command: Option<String>,
    /// `display` and `compare` pipes, as written: the others do nothing, as on real devices.
    pipes: Vec<String>,
    rpc: String,
    arguments: Map<String, Value>,
    pub(super) format: Format,
    shows_rpc: bool,
}

/// Why a command is no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommandError {
    pub(super) message: String,
    pub(super) bad_element: Option<String>,
}

/// The content of a reply.
pub(super) enum Answer {
    Xml(String),
    Text(String),
    /// Text per routing engine.
    Texts(Vec<(String, String)>),
    Json(String),
    /// An `<rpc-error>`.
    Error(String),
}

impl Query {
    /// Reads the request.
    pub(super) fn of(operation: &Element) -> Self {
        let format = Format::of(operation.attribute("format"));
        if &*operation.name == "command" {
            return Self::of_command(&operation.text(), format);
        }
        let arguments = operation
            .elements()
            .map(|e| (e.name.to_string(), Value::String(e.text().trim().to_owned())))
            .collect();
        Self {
            command: None,
            pipes: Vec::new(),
            rpc: operation.name.to_string(),
            arguments,
            format,
            shows_rpc: false,
        }
    }

    /// Reads a CLI line. Of its pipes only `display` and `compare` count.
    pub(super) fn of_command(line: &str, mut format: Format) -> Self {
        let mut parts = commands::split_pipes(line).into_iter();
        let command = parts.next().unwrap_or_default();
        let mut shows_rpc = false;
        let mut pipes = Vec::new();
        for pipe in parts {
            let words: Vec<&str> = pipe.split_whitespace().collect();
            match words.as_slice() {
                ["display", "xml", "rpc"] => shows_rpc = true,
                ["display", "xml", ..] => format = Format::Xml,
                ["display", "json", ..] if format != Format::Text => format = Format::Json,
                _ => {}
            }
            if let ["display" | "compare", ..] = words.as_slice() {
                pipes.push(pipe);
            }
        }
        Self {
            command: Some(command),
            pipes,
            rpc: String::new(),
            arguments: Map::new(),
            format,
            shows_rpc,
        }
    }

    /// The command with the pipes that matter to the configuration half.
    pub(super) fn configuration_command(&self) -> String {
        let mut line = self.command.clone().unwrap_or_default();
        for pipe in &self.pipes {
            line.push_str(" | ");
            line.push_str(pipe);
        }
        line
    }
}

impl Operational {
    pub(super) fn new(kind: Kind, started: SystemTime) -> Self {
        let mut hardware = kind.hardware();
        if let Some(object) = hardware.as_object_mut() {
            object.insert("version".to_owned(), kind.version().into());
            object.insert("release".to_owned(), kind.release().into());
        }
        let state = hardware
            .get("state")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        Self {
            state: Mutex::new(state),
            hardware,
            commands: Commands::of(kind),
            templates: Templates::new(kind),
            started,
            kept: Mutex::default(),
        }
    }

    /// Answers a request that is not about configuration.
    pub(super) fn answer(&self, shared: &Arc<Shared>, who: &Who, query: &Query) -> Answer {
        let (rpc, arguments) = match &query.command {
            None => (query.rpc.clone(), query.arguments.clone()),
            Some(line) => match self.commands.find(line) {
                Ok(found) => found,
                Err(error) => {
                    return Answer::Error(envelope_error(&error.message, error.bad_element.as_deref()));
                }
            },
        };
        if query.shows_rpc {
            return Answer::Xml(rpc_of(&rpc, &arguments));
        }
        self.reply(shared, who, &rpc, arguments, query.format)
    }

    fn reply(
        &self,
        shared: &Arc<Shared>,
        who: &Who,
        rpc: &str,
        arguments: Map<String, Value>,
        format: Format,
    ) -> Answer {
        if let Some(huge) = huge(rpc, &arguments, format) {
            return Answer::Xml(huge);
        }
        let extension = if format == Format::Text { "txt" } else { "xml" };
        let Some(file) = self.templates.file(rpc, &arguments, extension) else {
            return Answer::Error(envelope_error("syntax error", Some(rpc)));
        };
        let state = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            effects::apply(rpc, &arguments, &mut state);
            state.clone()
        };
        let mut request = view::times(&self.hardware, shared.now(), self.started);
        request.insert("state".to_owned(), Value::Object(state));
        request.insert("args".to_owned(), Value::Object(arguments.clone()));
        let users: Vec<Value> = shared
            .operators()
            .iter()
            .map(|who| serde_json::json!({"user": who.user, "tty": who.terminal}))
            .collect();
        request.insert("operators".to_owned(), users.into());
        request.insert("who".to_owned(), serde_json::json!({"user": who.user, "pid": who.pid}));
        let context = |engine: &str| render::merged(self.values(shared, engine), &request);
        let engines = self.engines(rpc, &arguments);
        let rendered = match engines.as_slice() {
            [] => Templates::render(file, context(self.first_engine())).map(|text| vec![(String::new(), text)]),
            engines => Templates::render_each(file, engines, context),
        };
        match rendered {
            Ok(texts) => finished(texts, !engines.is_empty(), format),
            Err(problem) => {
                tracing::error!(device = %shared.name, file, %problem, "a reply file of the lab is broken");
                Answer::Error(envelope_error("internal error of the lab", Some(rpc)))
            }
        }
    }

    /// What an engine sees of the running configuration. Kept until something happens to the configuration.
    fn values(&self, shared: &Shared, engine: &str) -> Template {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        shared.store(|store| {
            let events = store.log().len();
            if let Some((_, values)) = kept.get(engine).filter(|(then, _)| *then == events) {
                return values.clone();
            }
            let configuration = view::configuration(&store.effective_set(engine));
            let values = Template::from(Serde(view::values(&self.hardware, &configuration)));
            kept.insert(engine.to_owned(), (events, values.clone()));
            values
        })
    }

    fn first_engine(&self) -> &str {
        self.hardware
            .get("engines")
            .and_then(|e| e.get(0))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The routing engines that answer one by one; none where the reply is not wrapped.
    fn engines(&self, rpc: &str, arguments: &Map<String, Value>) -> Vec<String> {
        let list = |value: Option<&Value>| -> Vec<String> {
            value
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        let all = list(self.hardware.get("engines"));
        let asked = ["invoke-on", "all-members", "all-routing-engines"]
            .iter()
            .any(|name| arguments.contains_key(*name));
        let wrapped = list(self.hardware.get("answers-per-engine"))
            .iter()
            .any(|name| name == rpc);
        if let Some(node) = arguments.get("node").and_then(Value::as_str) {
            let name = format!("node{node}");
            return all
                .into_iter()
                .filter(|engine| *engine == name || engine == node)
                .collect();
        }
        if asked || wrapped { all } else { Vec::new() }
    }
}

/// What was rendered, in the form that was asked for.
fn finished(mut texts: Vec<(String, String)>, per_engine: bool, format: Format) -> Answer {
    if format == Format::Text && per_engine {
        return Answer::Texts(texts);
    }
    let text = if per_engine {
        render::joined(&texts)
    } else {
        texts.pop().unwrap_or_default().1
    };
    match format {
        _ if text.trim_start().starts_with("<rpc-error>") => Answer::Error(text),
        Format::Text => Answer::Text(text),
        Format::Xml | Format::XmlMinified => Answer::Xml(text),
        Format::Json => json::of_reply(&text, true).map_or(Answer::Xml(text), Answer::Json),
        Format::JsonMinified => json::of_reply(&text, false).map_or(Answer::Xml(text), Answer::Json),
    }
}

/// `show lab huge N`: N mebibytes of answer, to see what a client makes of it.
fn huge(rpc: &str, arguments: &Map<String, Value>, format: Format) -> Option<String> {
    let size = arguments
        .get("mebibytes")
        .and_then(Value::as_str)
        .filter(|_| rpc == "get-lab-huge-reply")?;
    let size = size.parse::<usize>().ok()?.min(1024);
    let bytes = match format {
        Format::Text => super::netconf::spoil::huge_text(size),
        _ => super::netconf::spoil::huge_xml(size),
    };
    String::from_utf8(bytes).ok()
}

/// The answer to `| display xml rpc`.
fn rpc_of(rpc: &str, arguments: &Map<String, Value>) -> String {
    let mut operation = Element::new(rpc);
    for (name, value) in arguments {
        operation = operation.with_child(match value.as_str() {
            None | Some("") => Element::new(name.as_str()),
            Some(text) => Element::text_element(name.as_str(), text),
        });
    }
    format!("<rpc>\n{}\n</rpc>\n", operation.to_xml())
}

#[cfg(test)]
mod tests;
