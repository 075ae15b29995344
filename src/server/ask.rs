//! Questions to the person at the client, on both wires: an `elicitation/create` request to clients up to 2025-11-25, an
//! `InputRequired` result with signed state to clients of 2026-07-28.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rmcp::{
    RoleServer,
    model::{
        CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitationAction, ElicitationSchema, InputRequest,
        InputRequests, InputRequiredResult, InputResponses, RequestStateCodec, SealOptions,
    },
    service::Peer,
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::{
    error::{Code, Error, Result},
    tools::Ask,
};

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Asks the person at one client during one call.
pub(super) enum Asker {
    /// The client is sent a request and answers it.
    ByRequest(Peer<RoleServer>),
    /// The call ends with the question, and the client calls again with the answer.
    ByReturn(Box<Returned>),
}

pub(super) struct Returned {
    states: Arc<RequestStateCodec>,
    /// Caller, tool and arguments: an answer is good for these only.
    bound_to: Vec<u8>,
    state: Option<String>,
    responses: Option<InputResponses>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    count: usize,
    question: Option<Box<InputRequiredResult>>,
}

/// The key that signs state: random, for this process.
pub(super) fn codec() -> Result<RequestStateCodec> {
    let key: [u8; 32] = rand::random();
    RequestStateCodec::try_new(key.to_vec())
        .map_err(|e| Error::new(Code::Internal, format!("no key for signed state: {e}")))
}

impl Asker {
    pub(super) fn by_request(peer: Peer<RoleServer>) -> Self {
        Self::ByRequest(peer)
    }

    pub(super) fn by_return(states: &Arc<RequestStateCodec>, caller: &str, request: &CallToolRequestParams) -> Self {
        let arguments = serde_json::to_string(&request.arguments).unwrap_or_default();
        let bound_to = Sha256::digest(format!("{caller}\n{}\n{arguments}", request.name)).to_vec();
        Self::ByReturn(Box::new(Returned {
            states: states.clone(),
            bound_to,
            state: request.request_state.clone(),
            responses: request.input_responses.clone(),
            asked: Mutex::default(),
        }))
    }

    /// The question that the call ended with, where it did.
    pub(super) fn question(&self) -> Option<InputRequiredResult> {
        match self {
            Self::ByRequest(_) => None,
            Self::ByReturn(returned) => returned
                .asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .question
                .take()
                .map(|question| *question),
        }
    }
}

#[async_trait]
impl Ask for Asker {
    async fn form(&self, message: &str, schema: Value) -> Result<Option<Map<String, Value>>> {
        let schema = ElicitationSchema::from_json_schema(schema.as_object().cloned().unwrap_or_default())
            .map_err(|e| Error::new(Code::Internal, "a form's schema is not one that clients can show").caused_by(e))?;
        let params = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: message.to_owned(),
            requested_schema: schema,
        };
        match self {
            Self::ByRequest(peer) => {
                let answer = peer.create_elicitation_with_timeout(params, Some(PATIENCE)).await;
                let accepted = answer.ok().filter(|answer| answer.action == ElicitationAction::Accept);
                Ok(accepted.map(|answer| object(answer.content)))
            }
            Self::ByReturn(returned) => returned.form(params),
        }
    }
}

impl Returned {
    /// Answers of earlier rounds are in the signed state, the newest in the responses; a question without an answer ends the call.
    fn form(&self, params: ElicitRequestParams) -> Result<Option<Map<String, Value>>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.count += 1;
        let key = format!("question-{}", asked.count);
        let mut answers = self.earlier()?;
        // Without our state nothing was asked yet: an answer that comes before the question is none.
        let responses = self.responses.as_ref().filter(|_| self.state.is_some());
        if let Some(response) = responses.and_then(|responses| responses.get(&key)) {
            let response = serde_json::to_value(response).unwrap_or_default();
            answers.insert(key.clone(), response);
        }
        if let Some(answer) = answers.get(&key) {
            let accepted = answer.get("action").and_then(Value::as_str) == Some("accept");
            return Ok(accepted.then(|| object(answer.get("content").cloned())));
        }
        let options = SealOptions::new().associated_data(&self.bound_to).ttl(PATIENCE);
        let sealed = self
            .states
            .seal_with(Value::Object(answers).to_string().as_bytes(), &options);
        let mut requests = InputRequests::new();
        requests.insert(key, InputRequest::Elicitation(ElicitRequest::new(params)));
        asked.question = Some(Box::new(InputRequiredResult::new(Some(requests), Some(sealed))));
        Err(Error::new(
            Code::ConfirmationRequired,
            "the person at the client has to answer a question first",
        ))
    }

    fn earlier(&self) -> Result<Map<String, Value>> {
        let Some(state) = &self.state else {
            return Ok(Map::new());
        };
        let opened = self.states.open_with(state, &self.bound_to).map_err(|e| {
            Error::new(
                Code::InvalidInput,
                format!("the request state does not belong to this call: {e}"),
            )
            .advise("call the tool again from the start")
        })?;
        Ok(object(serde_json::from_slice(&opened).ok()))
    }
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
