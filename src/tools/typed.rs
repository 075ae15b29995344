//! What a tool's function returns, before it is an answer.

use super::{Block, Text};

/// What a tool's function returns: the structured value and how its text is made.
#[derive(Debug)]
pub struct Typed<T> {
    /// The structured value.
    pub value: T,
    /// The text.
    pub text: Text,
    /// What comes after the text.
    pub blocks: Vec<Block>,
    /// Whether this answer reports a failure.
    pub failed: bool,
}

impl<T> Typed<T> {
    /// Text is the value as indented JSON.
    pub fn json(value: T) -> Self {
        Self::new(value, Text::Json)
    }

    /// Text is the string in this field of the value.
    pub fn field(value: T, field: &'static str) -> Self {
        Self::new(value, Text::Field(field))
    }

    /// Text of its own.
    pub fn text(value: T, text: impl Into<String>) -> Self {
        Self::new(value, Text::Own(text.into()))
    }

    /// Text is the value as JSON on one line, and there is nothing beside the text.
    pub fn compact(value: T) -> Self {
        Self::new(value, Text::Compact)
    }

    fn new(value: T, text: Text) -> Self {
        Self {
            value,
            text,
            blocks: Vec::new(),
            failed: false,
        }
    }

    /// Adds a piece after the text.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Marks the answer as the report of a failure where `failed`.
    #[must_use]
    pub fn failed(mut self, failed: bool) -> Self {
        self.failed = failed;
        self
    }
}
