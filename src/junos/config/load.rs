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
    let mut whole = 0;
    for element in root.elements() {
        match &*element.name {
            "configuration" => {
                configuration = element.clone();
                whole += 1;
            }
            "config" | "data" | "rpc-reply" => {
                if let Some(inner) = element.child("configuration") {
                    configuration = inner.clone();
                    whole += 1;
                }
            }
            _ => configuration = configuration.with_child(element.clone()),
        }
    }
    if whole > 1 || (whole == 1 && root.elements().count() > 1) {
        return Err(wrong(
            "the XML holds more than one <configuration>, or statements beside it",
        ));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn load(format: ConfigFormat, text: &str) -> Result<String> {
        request(&Change {
            text: text.into(),
            format,
            action: None,
            database: None,
            comment: String::new(),
            confirm_minutes: None,
            check_only: false,
        })
    }

    #[test]
    fn no_text_closes_its_element() {
        let text = "set system host-name a</configuration-set><commit-configuration/>]]>]]>";
        let request = load(ConfigFormat::Set, text).unwrap();
        assert!(
            !request.contains("<commit-configuration/>") && !request.contains("]]>]]>"),
            "{request}"
        );
        assert!(
            load(
                ConfigFormat::Xml,
                "<system/></configuration></load-configuration><commit-configuration/>"
            )
            .is_err()
        );
    }

    #[test]
    fn xml_is_wrapped_once_and_never_in_part() {
        let bare = load(ConfigFormat::Xml, "<system><host-name>a</host-name></system>").unwrap();
        let wrapped = load(
            ConfigFormat::Xml,
            "<?xml version=\"1.0\"?><configuration><system><host-name>a</host-name></system></configuration>",
        );
        assert_eq!(bare, wrapped.unwrap());
        assert!(
            load(
                ConfigFormat::Xml,
                "<configuration><a/></configuration><configuration><b/></configuration>"
            )
            .is_err()
        );
        assert!(load(ConfigFormat::Xml, "plain text").is_err());
        assert!(load(ConfigFormat::Json, "{").is_err());
    }
}
