//! The requests of a transaction. Configuration goes in escaped or re-written: no text can close its element and smuggle in another request.

use super::{Action, ConfigFormat, Source};
use crate::{
    error::{Code, Error, Result},
    junos::netconf::xml::{Element, escape},
    redact,
};

/// `<load-configuration>` for what comes from there.
///
/// # Errors
/// `invalid_input` for an empty text, covered secrets, control characters, XML or JSON that is not well-formed, and an action that the format does not
/// know.
pub(super) fn request(source: &Source) -> Result<String> {
    match source {
        Source::Rollback(version) => Ok(format!("<load-configuration rollback=\"{version}\"/>")),
        Source::Rescue => Ok("<load-configuration rescue=\"rescue\"/>".to_owned()),
        Source::Text { text, format, action } => text_request(text, *format, *action),
    }
}

fn text_request(text: &str, format: ConfigFormat, action: Option<Action>) -> Result<String> {
    if text.trim().is_empty() {
        return Err(wrong("the configuration is empty"));
    }
    if redact::has_placeholder(text) {
        let message =
            "the configuration holds a secret that was covered when it was read; it would overwrite the real one";
        return Err(
            wrong(message).advise("leave these statements out, and they stay as they are, or give the real value")
        );
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
    let action = action_for(format, action)?.as_str();
    Ok(match format {
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

/// `set` commands are loaded as such and nothing else is.
fn action_for(format: ConfigFormat, action: Option<Action>) -> Result<Action> {
    match (format, action) {
        (ConfigFormat::Set, None | Some(Action::Set | Action::Merge)) => Ok(Action::Set),
        (ConfigFormat::Set, Some(action)) => {
            let message = format!("`set` commands cannot be loaded with action `{}`", action.as_str());
            Err(wrong(message).advise("send the configuration as text, xml or json, or leave `action` out"))
        }
        (format, Some(Action::Set)) => {
            let message = format!("action `set` is for `set` commands, and this is {}", format.as_str());
            Err(wrong(message).advise("use merge, replace, override or update"))
        }
        (_, action) => Ok(action.unwrap_or(Action::Replace)),
    }
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

/// The device's words on a load that failed, with the lines of the text that hold the word it stumbled over, where the device names no
/// line itself.
pub(super) fn located(source: &Source, words: &str) -> String {
    let Source::Text { text, .. } = source else {
        return words.to_owned();
    };
    if words.contains("line ") {
        return words.to_owned();
    }
    let bad: Vec<&str> = words.split('`').skip(1).step_by(2).collect();
    let holds = |line: &str| bad.iter().any(|bad| has_word(line, bad));
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| holds(line))
        .take(3)
        .map(|(at, line)| format!("line {}: {}", at + 1, line.trim()))
        .collect();
    if lines.is_empty() {
        words.to_owned()
    } else {
        format!("{words}\nat {}", lines.join("\nor "))
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, ';' | '{' | '}' | '<' | '>' | '"' | '[' | ']');
    !word.is_empty() && line.split(is_edge).any(|part| part == word)
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
        text_request(text, format, None)
    }

    #[test]
    fn an_action_has_to_fit_its_format() {
        for (format, action, is_good) in [
            (ConfigFormat::Set, Some(Action::Merge), true),
            (ConfigFormat::Set, Some(Action::Override), false),
            (ConfigFormat::Text, Some(Action::Set), false),
            (ConfigFormat::Text, Some(Action::Override), true),
        ] {
            let request = text_request("set system host-name a", format, action);
            assert_eq!(request.is_ok(), is_good, "{format:?} {action:?}");
        }
        assert!(request(&Source::Rollback(7)).unwrap().contains("rollback=\"7\""));
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
    fn a_failed_load_names_its_line() {
        let source = Source::Text {
            text: "set system host-name a\nset interfacs ge-0/0/0\n".into(),
            format: ConfigFormat::Set,
            action: None,
        };
        let told = located(&source, "`interfacs`: syntax error");
        assert_eq!(told, "`interfacs`: syntax error\nat line 2: set interfacs ge-0/0/0");
        assert_eq!(
            located(&source, "line 1, column 4: syntax error"),
            "line 1, column 4: syntax error"
        );
        assert_eq!(located(&Source::Rollback(1), "`x`: no"), "`x`: no");
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
