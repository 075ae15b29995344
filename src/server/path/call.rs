//! What comes in and what goes back.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Origin, Place};
use crate::{
    error::Error,
    mist::Brought,
    tools::{Arguments, Ask, Block, Chosen, News, Principal},
};

/// One call, as it comes in.
pub struct Call {
    /// The tool's name, or an alias of it.
    pub name: String,
    /// Arguments as sent.
    pub arguments: Arguments,
    /// Who calls.
    pub principal: Arc<Principal>,
    /// Fires when the caller takes the call back.
    pub cancel: CancellationToken,
    /// Asks the client, where there is one.
    pub ask: Option<Arc<dyn Ask>>,
    /// Where progress and lines for the log go, where the client asked for them.
    pub progress: Option<mpsc::UnboundedSender<News>>,
    /// The place that the transport has taken for this call already.
    pub place: Option<Place>,
    /// The account of the Mist cloud that the request brought.
    pub account: Brought,
    /// What the session has asked to be listed.
    pub chosen: Option<Chosen>,
    /// The process ends with this call: what it gives cannot be brought back, unless another process knows it.
    pub is_last: bool,
}

impl Call {
    /// A call of this principal, which nobody can be asked about or told of.
    pub fn new(name: impl Into<String>, arguments: Arguments, principal: Arc<Principal>) -> Self {
        Self {
            name: name.into(),
            arguments,
            principal,
            cancel: CancellationToken::new(),
            ask: None,
            progress: None,
            place: None,
            account: Brought::Nothing,
            chosen: None,
            is_last: false,
        }
    }
}

/// What goes back: text for a model, a structured value for a program.
#[derive(Debug)]
pub struct Answered {
    /// The text.
    pub text: String,
    /// What comes after the text.
    pub blocks: Vec<Block>,
    /// The structured value; absent when the call failed before there was one.
    pub structured: Option<Arguments>,
    /// Whether the call failed.
    pub failed: bool,
    /// The error, where there is one.
    pub error: Option<Error>,
    /// The token that makes the call run once a person agrees, for a program.
    pub confirmation: Option<Value>,
    /// Where its content comes from.
    pub origin: Origin,
    /// How long it took.
    pub duration: Duration,
    /// The operation that it was, where it was to change something.
    pub operation: Option<Arc<str>>,
}
