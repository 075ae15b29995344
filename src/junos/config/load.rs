//! The requests of a transaction. Configuration goes in escaped or re-written: no text can close its element and smuggle in another request.

use super::{Action, Change, ConfigFormat};
use crate::{
    error::{Code, Error, Result},
    junos::netconf::xml::{Element, escape},
};

/// `<load-configuration>` for this change.
///
/// # Errors
/// `invalid_input` for an empty text, control characters, and XML or JSON that is not well-formed.
pub(super) fn request(change: &Change) -> Result<String> {
    let text = change.text.as_str();
    if text.trim().is_empty() {
        return Err(wrong("the configuration is empty"));
    }
    if let Some(c) = text
        .chars()
        .find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(wrong(format!(
            "the configuration holds the control character U+{:04X}",
            u32::from(c)
        )));
    }
    let action = change.action.unwrap_or(Action::Replace).as_str();
    Ok(match change.format {
        ConfigFormat::Set => format!(
            "<load-configuration action=\"set\" format=\"text\"><configuration-set>{}</configuration-set></load-configuration>",
            escape(text)
        ),
        ConfigFormat::Text => format!(
            "<load-configuration action=\"{action}\" format=\"text\"><configuration-text>{}</configuration-text></load-configuration>",
            escape(text)
        ),
        ConfigFormat::Json => {
            serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|e| wrong(format!("not JSON: {e}")))?;
            format!(
                "<load-configuration action=\"{action}\" format=\"json\"><configuration-json>{}</configuration-json></load-configuration>",
                escape(text)
            )
        }
        ConfigFormat::Xml => {
            format!(
                "<load-configuration action=\"{action}\" format=\"xml\">{}</load-configuration>",
                xml(text)?
            )
        }
    })
}

/// XML configuration, parsed and written anew inside one `<configuration>`.
fn xml(text: &str) -> Result<String> {
    let unwrapped = text.trim_start_matches('\u{feff}').trim();
    let wrapped = format!("<jmcp-wrapper>{}</jmcp-wrapper>", strip_declaration(unwrapped));
    let root = Element::parse(wrapped.as_bytes()).map_err(|e| wrong(format!("not well-formed XML: {e}")))?;
    let mut configuration = Element::new("configuration");
    for element in root.elements() {
        match &*element.name {
            "configuration" => configuration = element.clone(),
            "config" | "data" | "rpc-reply" => {
                if let Some(inner) = element.child("configuration") {
                    configuration = inner.clone();
                }
            }
            _ => configuration = configuration.with_child(element.clone()),
        }
    }
    if configuration.elements().next().is_none() {
        return Err(wrong("the XML holds no configuration"));
    }
    Ok(configuration.to_xml())
}

fn strip_declaration(text: &str) -> &str {
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest,
        None => text,
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidInput, message)
}
