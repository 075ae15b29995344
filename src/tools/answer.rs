//! What a tool's call comes to: a structured object and the way to its text.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Block, Typed};
use crate::error::{Code, Error, Result};

/// How the text of an answer is made from its structured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// The string in this field.
    Field(&'static str),
    /// The whole value as indented JSON.
    Json,
    /// The whole value as JSON on one line, and nothing beside it: no body is sent twice.
    Compact,
    /// Text of its own.
    Own(String),
}

/// What the caller asked to be shown of long outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputLimits {
    /// Lines of each output at most.
    pub max_lines: Option<usize>,
    /// Bytes of each output at most.
    pub max_bytes: Option<usize>,
    /// Keep the end rather than the beginning.
    pub tail: bool,
}

/// The answer of a tool, before the call path cleans it and cuts it to the budget.
#[derive(Debug)]
pub struct Answer {
    /// The structured value.
    pub structured: Map<String, Value>,
    /// How its text is made.
    pub text: Text,
    /// What comes after the text.
    pub blocks: Vec<Block>,
    /// Whether it reports a failure.
    pub failed: bool,
    /// What the caller asked to be shown.
    pub limits: OutputLimits,
}

impl Answer {
    pub(super) fn from_typed<T: Serialize>(typed: Typed<T>, limits: OutputLimits) -> Result<Self> {
        match serde_json::to_value(typed.value) {
            Ok(Value::Object(structured)) => Ok(Self {
                structured,
                text: typed.text,
                blocks: typed.blocks,
                failed: typed.failed,
                limits,
            }),
            Ok(_) => Err(Error::new(Code::Internal, "a tool's result is not an object")),
            Err(e) => Err(Error::new(Code::Internal, "a tool's result cannot be written as JSON").caused_by(e)),
        }
    }
}
