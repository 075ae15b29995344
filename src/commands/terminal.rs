//! Questions to the person at the terminal, and the answer of a script that was told to say yes.

use std::io::{BufRead as _, IsTerminal as _};

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::say;
use crate::{
    error::{Code, Error, Result},
    tools::{Ask, Question, Round},
};

/// What may be filled in.
const CONFIRM: &str = "/properties/confirm";

/// The person at the terminal.
pub(super) struct Terminal {
    says_yes: bool,
}

impl Terminal {
    /// Who answers: nobody where stdin is no terminal, unless the line says yes already.
    pub(super) fn found(says_yes: bool) -> Option<Self> {
        (says_yes || std::io::stdin().is_terminal()).then_some(Self { says_yes })
    }

    fn answer(&self, question: &Question) -> Value {
        let (message, schema) = match question {
            Question::Form { message, schema } => (message, schema),
            #[cfg(feature = "conformance")]
            _ => return json!({ "action": "cancel" }),
        };
        say(message);
        if self.says_yes {
            say("--yes: it is done");
            return json!({ "action": "accept", "content": { "confirm": true } });
        }
        match filled(schema) {
            Some(content) => json!({ "action": "accept", "content": content }),
            None => json!({ "action": "decline" }),
        }
    }
}

#[async_trait]
impl Ask for Terminal {
    fn can(&self, question: &Question) -> bool {
        match question {
            // `--yes` agrees to a plan; it knows no names and addresses.
            Question::Form { schema, .. } => !self.says_yes || schema.pointer(CONFIRM).is_some(),
            #[cfg(feature = "conformance")]
            _ => false,
        }
    }

    async fn ask(&self, round: Round) -> Result<Map<String, Value>> {
        let terminal = Self {
            says_yes: self.says_yes,
        };
        let answered = tokio::task::spawn_blocking(move || {
            let answers = round.questions().iter();
            answers
                .map(|(name, question)| (name.clone(), terminal.answer(question)))
                .collect()
        });
        answered
            .await
            .map_err(|e| Error::new(Code::Internal, "the terminal could not be read").caused_by(e))
    }

    fn how(&self) -> &'static str {
        if self.says_yes { "flag" } else { "terminal" }
    }
}

/// What the person types for each field; `None` where they decline, or leave out what is needed.
fn filled(schema: &Value) -> Option<Map<String, Value>> {
    let mut filled = Map::new();
    let needed = |name: &str| {
        let required = schema.get("required").and_then(Value::as_array);
        required.into_iter().flatten().any(|required| required == name)
    };
    for (name, field) in schema.get("properties")?.as_object()? {
        let title = field.get("title").and_then(Value::as_str).unwrap_or(name);
        if field.get("type").and_then(Value::as_str) == Some("boolean") {
            say(&format!("{title}? [y/N]"));
            if !matches!(line()?.to_ascii_lowercase().as_str(), "y" | "yes") {
                return None;
            }
            filled.insert(name.clone(), true.into());
        } else {
            say(&format!("{title}:"));
            let text = line()?;
            if text.is_empty() && needed(name) {
                return None;
            }
            if !text.is_empty() {
                filled.insert(name.clone(), text.into());
            }
        }
    }
    Some(filled)
}

/// The next line of stdin; `None` at its end.
fn line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim().to_owned())
}
