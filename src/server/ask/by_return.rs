//! Questions that a call ends with: the client brings the answers when it calls again.

use std::sync::{Arc, Mutex};

use rmcp::{
    ErrorData,
    model::{
        CallToolRequestParams, ClientCapabilities, GetPromptRequestParams, InputRequests, InputRequiredResult,
        InputResponses, JsonObject,
    },
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Asked, lock, sealed::Questions};
use crate::error::{Code, Error, Result};

/// A request that can end with questions.
pub(in crate::server) struct Asking<'a> {
    caller: &'a str,
    method: &'static str,
    /// The tool or prompt.
    name: &'a str,
    arguments: Option<&'a JsonObject>,
    /// The state that the client brought back.
    state: Option<&'a String>,
    /// The answers that it brought.
    responses: Option<&'a InputResponses>,
}

impl<'a> Asking<'a> {
    /// A call of a tool.
    pub(in crate::server) fn call(caller: &'a str, request: &'a CallToolRequestParams) -> Self {
        Self {
            caller,
            method: "tools/call",
            name: &request.name,
            arguments: request.arguments.as_ref(),
            state: request.request_state.as_ref(),
            responses: request.input_responses.as_ref(),
        }
    }

    /// A request for a prompt.
    pub(in crate::server) fn prompt(caller: &'a str, request: &'a GetPromptRequestParams) -> Self {
        Self {
            caller,
            method: "prompts/get",
            name: &request.name,
            arguments: request.arguments.as_ref(),
            state: request.request_state.as_ref(),
            responses: request.input_responses.as_ref(),
        }
    }
}

/// What a call that ended while it asked is answered with instead of its error.
#[derive(Debug)]
pub(in crate::server) enum Outcome {
    /// The questions.
    Asks(Box<InputRequiredResult>),
    /// The client did what the protocol forbids.
    Refuses(ErrorData),
}

/// The questions of one call whose client is asked by its result.
pub(super) struct Returned {
    questions: Arc<Questions>,
    /// Caller, method, name and arguments: an answer is good for these only.
    bound_to: Vec<u8>,
    state: Option<String>,
    responses: InputResponses,
    /// Answers of earlier rounds and of the last, read at the first question.
    answers: Mutex<Option<Map<String, Value>>>,
    outcome: Mutex<Option<Outcome>>,
}

impl Returned {
    pub(super) fn new(questions: &Arc<Questions>, asking: &Asking) -> Self {
        let arguments = serde_json::to_string(&asking.arguments).unwrap_or_default();
        let call = format!("{}\n{}\n{}\n{arguments}", asking.caller, asking.method, asking.name);
        Self {
            questions: questions.clone(),
            bound_to: Sha256::digest(call).to_vec(),
            state: asking.state.cloned(),
            responses: asking.responses.cloned().unwrap_or_default(),
            answers: Mutex::default(),
            outcome: Mutex::default(),
        }
    }

    /// What the call ended with, where it ended with a question.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        lock(&self.outcome).take()
    }

    /// The client takes no such question.
    pub(super) fn lacks(&self, needed: ClientCapabilities) {
        let refusal = ErrorData::missing_required_client_capability(needed);
        *lock(&self.outcome) = Some(Outcome::Refuses(refusal));
    }

    /// Questions without an answer end the call.
    pub(super) fn ask(&self, asked: Vec<Asked>, sealed: bool) -> Result<Map<String, Value>> {
        let mut answers = lock(&self.answers);
        let known = match answers.take() {
            Some(answers) => answers,
            None => self.brought_back()?,
        };
        let known = answers.insert(known);
        let (mut found, mut open) = (Map::new(), Vec::new());
        for asked in asked {
            let brought = known.get(&asked.on_the_wire);
            let brought = brought.or_else(|| self.responses.get(&asked.on_the_wire).filter(|_| !sealed));
            match brought.filter(|answer| answer.is_object()) {
                Some(answer) => {
                    found.insert(asked.name, answer.clone());
                }
                None => open.push(asked),
            }
        }
        if open.is_empty() {
            return Ok(found);
        }
        let names: Vec<String> = open.iter().map(|asked| asked.on_the_wire.clone()).collect();
        let state = (sealed || !known.is_empty()).then(|| self.questions.seal(&names, known, &self.bound_to));
        let requests: InputRequests = open
            .into_iter()
            .map(|asked| (asked.on_the_wire, asked.request))
            .collect();
        let result = InputRequiredResult::new(Some(requests), state);
        *lock(&self.outcome) = Some(Outcome::Asks(Box::new(result)));
        Err(Error::new(
            Code::ConfirmationRequired,
            "the client has to answer a question first",
        ))
    }

    /// Answers of earlier rounds are in the signed state, the newest in the responses. Without the state of its question an answer
    /// is none.
    fn brought_back(&self) -> Result<Map<String, Value>> {
        let Some(state) = &self.state else {
            return Ok(Map::new());
        };
        let opened = self.questions.open(state, &self.bound_to).inspect_err(|e| {
            let refusal = ErrorData::invalid_params(e.message().to_owned(), None);
            *lock(&self.outcome) = Some(Outcome::Refuses(refusal));
        })?;
        let mut answers = opened.answers;
        for name in opened.asked {
            if let Some(response) = self.responses.get(&name) {
                answers.insert(name, response.clone());
            }
        }
        Ok(answers)
    }
}
