//! Step 9: an answer or an error as it leaves the server: without secrets, with what is hidden in text made visible, cut to its budget.

use std::sync::Arc;

use serde_json::Value;

use super::{Answered, Duration, Path, Proposal, budget, clean};
use crate::{
    error::Error,
    redact,
    tools::{Answer, Arguments, Block, Body, Text, Tool},
};

/// Where the content of an answer comes from: nobody here wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// The server itself.
    #[default]
    Here,
    /// A device.
    Device,
    /// The Mist cloud.
    Cloud,
    /// An earlier answer that was kept: either.
    Kept,
}

impl Origin {
    /// Where this tool's answers come from.
    pub(super) fn of(tool: &Tool) -> Self {
        match tool.toolset {
            "mist" => Self::Cloud,
            "results" => Self::Kept,
            _ if tool.open_world => Self::Device,
            _ => Self::Here,
        }
    }

    /// The word for a client; none where there is nothing to say.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Here => None,
            Self::Device => Some("device"),
            Self::Cloud => Some("cloud"),
            Self::Kept => Some("device or cloud"),
        }
    }
}

/// For whom, and of what.
#[derive(Clone)]
pub(super) struct Presented {
    pub(super) caller: Arc<str>,
    pub(super) shows_secrets: bool,
    pub(super) origin: Origin,
}

impl Presented {
    /// The error with texts that may leave the server.
    fn error(&self, error: Error) -> Error {
        if self.shows_secrets {
            error.rewritten(clean::text)
        } else {
            error.rewritten(clean::seen)
        }
    }

    /// An error as an answer.
    pub(super) fn refusal(&self, error: Error, duration: Duration) -> Answered {
        let error = self.error(error);
        Answered {
            text: clean::text(error_text(&error)),
            blocks: Vec::new(),
            structured: None,
            failed: true,
            confirmation: None,
            error: Some(error),
            origin: self.origin,
            duration,
            operation: None,
        }
    }

    pub(super) fn answer(&self, path: &Path, answer: Answer, duration: Duration) -> Answered {
        let Answer {
            mut structured,
            mut text,
            mut blocks,
            failed,
            limits,
        } = answer;
        // What is kept was covered before it was kept, when all that is around it could be seen.
        if !self.shows_secrets && self.origin != Origin::Kept {
            self.cover(&mut structured, &mut text, &mut blocks);
        }
        structured.values_mut().for_each(clean::value);
        blocks.iter_mut().for_each(clean::block);
        let text = match text {
            Text::Own(text) => Text::Own(clean::text(text)),
            other => other,
        };
        let is_text_only = text == Text::Compact;
        let keep = |text: String| path.services.results.keep(&self.caller, text);
        let text = budget::fit(&mut structured, text, limits, path.rules.max_result_chars, &keep);
        Answered {
            text,
            blocks,
            structured: (!is_text_only).then_some(structured),
            failed,
            error: None,
            confirmation: None,
            origin: self.origin,
            duration,
            operation: None,
        }
    }

    fn cover(&self, structured: &mut Arguments, text: &mut Text, blocks: &mut [Block]) {
        let mut whole = Value::Object(std::mem::take(structured));
        match self.origin {
            Origin::Cloud => redact::cloud_value(&mut whole),
            _ => redact::value(&mut whole),
        }
        if let Value::Object(covered) = whole {
            *structured = covered;
        }
        if let Text::Own(own) = text {
            *own = covered(std::mem::take(own));
        }
        for block in blocks {
            if let Block::Document {
                body: Body::Text(text), ..
            } = block
            {
                *text = covered(std::mem::take(text));
            }
        }
    }
}

fn covered(text: String) -> String {
    match redact::text(&text) {
        std::borrow::Cow::Owned(covered) => covered,
        std::borrow::Cow::Borrowed(_) => text,
    }
}

impl Answered {
    /// With what has to be shown to a person first.
    pub(super) fn proposing(mut self, proposal: Option<Proposal>) -> Self {
        if let (Some(proposal), Some(error)) = (proposal, &self.error) {
            self.text = clean::text(refusal_text(error, &proposal));
            self.confirmation = proposal.meta();
        }
        self
    }
}

/// What a model reads of a refusal until a person agrees.
fn refusal_text(error: &Error, proposal: &Proposal) -> String {
    if proposal.meta().is_some() {
        proposal.text(&format!("{} [code={}]", error.message(), error.code()))
    } else {
        proposal.text(&error_text(error))
    }
}

/// What a model reads of an error: what happened, what to do, whether trying again helps.
fn error_text(error: &Error) -> String {
    let again = if error.retryable() {
        "trying again later may help"
    } else {
        "trying again does not help"
    };
    match error.advice() {
        Some(advice) => format!("{} [code={}]\n{advice} ({again})", error.message(), error.code()),
        None => format!("{} [code={}]\n({again})", error.message(), error.code()),
    }
}
