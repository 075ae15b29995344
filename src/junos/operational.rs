//! Operational commands and configuration reads: what is asked of the device, and what is made of its answer here.

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    config::ConfigFormat,
    display, grammar,
    inventory::Device,
    netconf::{
        reply::Reply,
        xml::{Element, escape},
    },
    pipes::{self, Display, Pipeline},
    pool::Pool,
};
use crate::error::{Code, Error, Result};

/// The form in which a command's output is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum CommandFormat {
    /// As the CLI prints it.
    #[default]
    Text,
    /// The device's XML.
    Xml,
    /// JSON made here from the device's XML.
    Json,
}

/// What a device answered.
#[derive(Debug, Default)]
pub struct Answered {
    /// Text, pipes applied; empty where there is `data`.
    pub output: String,
    /// JSON, where it was asked for and no pipe works on its text.
    pub data: Option<Value>,
    /// Warnings that came along.
    pub warnings: Vec<String>,
}

/// A part of the configuration, and the form in which it is wanted.
#[derive(Debug, Clone)]
pub struct ConfigQuery {
    /// The form.
    pub format: ConfigFormat,
    /// Words of the hierarchy, as after `show configuration`.
    pub path: Option<String>,
    /// Show what groups contribute in its place.
    pub inherit: bool,
}

/// Runs an operational command, with its pipes.
///
/// # Errors
/// `invalid_input` and `unsupported` for what cannot be sent; whatever the device and the way to it report.
pub(super) async fn command(
    pool: &Pool,
    device: &Arc<Device>,
    command: &str,
    format: CommandFormat,
    timeout: Duration,
) -> Result<Answered> {
    let pipeline = pipes::split(command)?;
    let display = match (format, pipeline.display) {
        (CommandFormat::Text, display) => display,
        (CommandFormat::Xml, _) => Display::Xml,
        (CommandFormat::Json, _) => Display::Json,
    };
    let wire = if display == Display::Text { "text" } else { "xml" };
    let request = format!("<command format=\"{wire}\">{}</command>", escape(&pipeline.command));
    let reply = if grammar::reads_only(&pipeline.command) {
        pool.read(device, &request, timeout).await?
    } else {
        pool.once(device, &request, timeout).await?
    };
    Ok(present(reply, display, &pipeline))
}

impl ConfigQuery {
    /// The command that reads it.
    ///
    /// # Errors
    /// `invalid_input` for a path with pipes or control characters.
    pub fn command(&self) -> Result<String> {
        let path = self.path.as_deref().map(str::trim).unwrap_or_default();
        if path.contains(|c: char| c == '|' || c == ';' || c.is_control()) {
            return Err(Error::new(
                Code::InvalidInput,
                "`path` holds a pipe, a semicolon or a control character",
            )
            .advise("give words of the hierarchy, such as `protocols bgp group ibgp`"));
        }
        let path = path
            .strip_prefix("[edit")
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(path)
            .trim();
        let mut line = format!("show configuration {path}").trim_end().to_owned();
        if self.inherit {
            line.push_str(if self.format == ConfigFormat::Set {
                " | display inheritance no-comments"
            } else {
                " | display inheritance"
            });
        }
        if self.format == ConfigFormat::Set {
            line.push_str(" | display set");
        }
        Ok(line)
    }
}

/// Reads configuration through `show configuration`, which knows paths, inheritance and set format alike on every release.
///
/// # Errors
/// `invalid_input` for a path with pipes or control characters; whatever the device and the way to it report.
pub(super) async fn configuration(
    pool: &Pool,
    device: &Arc<Device>,
    query: &ConfigQuery,
    timeout: Duration,
) -> Result<Answered> {
    let line = query.command()?;
    let format = match query.format {
        ConfigFormat::Set | ConfigFormat::Text => CommandFormat::Text,
        ConfigFormat::Xml => CommandFormat::Xml,
        ConfigFormat::Json => CommandFormat::Json,
    };
    command(pool, device, &line, format, timeout).await
}

fn present(reply: Reply, display: Display, pipeline: &Pipeline) -> Answered {
    let mut warnings: Vec<String> = reply.warnings().iter().map(|warning| warning.message.clone()).collect();
    warnings.extend(reply.errors().iter().map(|error| match &error.routing_engine {
        Some(engine) => format!("{engine}: {}", error.message),
        None => error.message.clone(),
    }));
    warnings.extend(pipeline.notes.iter().map(|note| (*note).to_owned()));
    let (output, data) = match display {
        Display::Text => (pipes::apply(&pipeline.pipes, reply.into_cli_text()), None),
        Display::Xml => (pipes::apply(&pipeline.pipes, xml(&reply)), None),
        Display::Json => {
            let data = display::to_json(reply.root());
            if pipeline.pipes.is_empty() {
                (String::new(), Some(data))
            } else {
                let text = serde_json::to_string_pretty(&data).unwrap_or_default();
                (pipes::apply(&pipeline.pipes, text), None)
            }
        }
    };
    Answered { output, data, warnings }
}

/// The reply's payload as XML, one element on a line where it holds elements.
fn xml(reply: &Reply) -> String {
    match reply.payload_element() {
        Some(_) => reply
            .root()
            .elements()
            .map(Element::to_xml_pretty)
            .collect::<Vec<_>>()
            .join(""),
        None => reply.cli_text(),
    }
}
