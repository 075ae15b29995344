//! Questions that a call puts to the client, and what comes back.

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::error::Result;

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// To the person: words, and a form as a JSON schema of flat properties. Answered with `action`, and with `content` where it was
    /// accepted.
    Form {
        /// What the person reads.
        message: String,
        /// The form.
        schema: Value,
    },
    /// To the client's model: the parameters of `sampling/createMessage`. Answered with its message.
    #[cfg(feature = "conformance")]
    Sample(Value),
    /// To the client itself: where it works. Answered with `roots`.
    #[cfg(feature = "conformance")]
    Roots,
}

/// Questions that are put together, each under a name.
#[derive(Debug, Clone, Default)]
pub struct Round {
    questions: Vec<(String, Question)>,
    unsealed: bool,
}

impl Round {
    /// A further question. A name that an earlier question of the call had gets a number on the wire.
    #[must_use]
    pub fn question(mut self, name: impl Into<String>, question: Question) -> Self {
        self.questions.push((name.into(), question));
        self
    }

    /// Takes answers also without the signed state of their question, which then may be answered unasked and more than once: for
    /// what changes nothing.
    #[cfg(feature = "conformance")]
    #[must_use]
    pub fn unsealed(mut self) -> Self {
        self.unsealed = true;
        self
    }

    /// The questions, by name.
    pub fn questions(&self) -> &[(String, Question)] {
        &self.questions
    }

    /// Whether an answer counts only with the signed state of its question.
    pub fn is_sealed(&self) -> bool {
        !self.unsealed
    }
}

/// Asks the client during one call.
#[async_trait]
pub trait Ask: Send + Sync {
    /// Whether this client takes such questions.
    fn can(&self, question: &Question) -> bool;

    /// Puts all questions of a round; answers by name, as clients write them. What was not answered is left out.
    ///
    /// # Errors
    /// `confirmation_required` where the answers have to come with another call of the tool, or the client takes no such question;
    /// `cancelled` where the call ended first; `invalid_input` for answers to another call.
    async fn ask(&self, round: Round) -> Result<Map<String, Value>>;

    /// How a person is asked, in a word for the record.
    fn how(&self) -> &'static str {
        "elicitation"
    }

    /// Whether a person can be shown a form.
    fn has_forms(&self) -> bool {
        self.can(&Question::Form {
            message: String::new(),
            schema: Value::Null,
        })
    }

    /// Shows a form (a JSON schema of flat properties) and returns what was filled in; `None` when it was declined, cancelled or
    /// not answered.
    ///
    /// # Errors
    /// As `ask`.
    async fn form(&self, message: &str, schema: Value) -> Result<Option<Map<String, Value>>> {
        self.form_about(FORM, message, schema).await
    }

    /// The same, under a name that says what the answer counts for.
    ///
    /// # Errors
    /// As `ask`.
    async fn form_about(&self, name: &str, message: &str, schema: Value) -> Result<Option<Map<String, Value>>> {
        let message = message.to_owned();
        let round = Round::default().question(name, Question::Form { message, schema });
        let answers = self.ask(round).await?;
        let accepted = answers
            .get(name)
            .filter(|answer| answer.get("action").and_then(Value::as_str) == Some("accept"));
        Ok(accepted.map(|answer| {
            answer
                .get("content")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default()
        }))
    }
}

/// The name of a question that is the only one of its round.
const FORM: &str = "question";
