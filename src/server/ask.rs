//! Questions to the person at the client, on both wires: an `elicitation/create` request to clients up to 2025-11-25, an
//! `InputRequired` result with signed state to clients of 2026-07-28.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
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
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::{
    error::{Code, Error, Result},
    tools::Ask,
};

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Asks the person at one client during one call.
pub(super) enum Asker {
    /// The client is sent a request and answers it.
    ByRequest {
        peer: Peer<RoleServer>,
        /// What ends the waiting: the call was taken back, the client can answer no more, the server goes down.
        ends: [CancellationToken; 3],
    },
    /// The call ends with the question, and the client calls again with the answer.
    ByReturn(Box<Returned>),
}

pub(super) struct Returned {
    questions: Arc<Questions>,
    /// Caller, tool and arguments: an answer is good for these only.
    bound_to: Vec<u8>,
    state: Option<String>,
    responses: Option<InputResponses>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    count: usize,
    /// Answers by question, those of earlier rounds too; read at the first question.
    answers: Option<Map<String, Value>>,
    question: Option<Box<InputRequiredResult>>,
}

/// The questions that calls of one connection have ended with. The client keeps them, signed; here is what makes each good for one
/// answer: a confirmation that could be sent again would confirm what nobody was asked.
pub(super) struct Questions {
    codec: RequestStateCodec,
    /// The questions that were answered, until their signature is too old anyway.
    spent: Mutex<HashMap<String, Instant>>,
}

impl Questions {
    /// Signs with a random key, for this connection.
    pub(super) fn new() -> Result<Self> {
        let key: [u8; 32] = rand::random();
        let codec = RequestStateCodec::try_new(key.to_vec())
            .map_err(|e| Error::new(Code::Internal, format!("no key for signed state: {e}")))?;
        Ok(Self {
            codec,
            spent: Mutex::default(),
        })
    }

    fn seal(&self, asked: &str, answers: &Map<String, Value>, bound_to: &[u8]) -> String {
        let state = json!({ "id": format!("{:032x}", rand::random::<u128>()), "asked": asked, "answers": answers });
        let options = SealOptions::new().associated_data(bound_to).ttl(PATIENCE);
        self.codec.seal_with(state.to_string().as_bytes(), &options)
    }

    /// The question that was asked last, and the answers to those before it.
    fn open(&self, state: &str, bound_to: &[u8]) -> Result<(String, Map<String, Value>)> {
        let refusal = |why: String| {
            Error::new(
                Code::InvalidInput,
                format!("the request state does not belong to this call: {why}"),
            )
            .advise("call the tool again from the start")
        };
        let opened = self
            .codec
            .open_with(state, bound_to)
            .map_err(|e| refusal(e.to_string()))?;
        let mut opened = object(serde_json::from_slice(&opened).ok());
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        if !self.spend(text(opened.get("id"))) {
            return Err(refusal("its question was answered before".into()));
        }
        Ok((text(opened.get("asked")), object(opened.remove("answers"))))
    }

    fn spend(&self, id: String) -> bool {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.retain(|_, when| when.elapsed() < 2 * PATIENCE);
        spent.insert(id, Instant::now()).is_none()
    }
}

impl Asker {
    pub(super) fn by_request(peer: Peer<RoleServer>, ends: [CancellationToken; 3]) -> Self {
        Self::ByRequest { peer, ends }
    }

    pub(super) fn by_return(questions: &Arc<Questions>, caller: &str, request: &CallToolRequestParams) -> Self {
        let arguments = serde_json::to_string(&request.arguments).unwrap_or_default();
        let bound_to = Sha256::digest(format!("{caller}\n{}\n{arguments}", request.name)).to_vec();
        Self::ByReturn(Box::new(Returned {
            questions: questions.clone(),
            bound_to,
            state: request.request_state.clone(),
            responses: request.input_responses.clone(),
            asked: Mutex::default(),
        }))
    }

    /// The question that the call ended with, where it did.
    pub(super) fn question(&self) -> Option<InputRequiredResult> {
        match self {
            Self::ByRequest { .. } => None,
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
            Self::ByRequest { peer, ends } => {
                let ended = futures::future::select_all(ends.iter().map(|end| Box::pin(end.cancelled())));
                let answer = tokio::select! {
                    answer = peer.create_elicitation_with_timeout(params, Some(PATIENCE)) => answer,
                    _ = ended => return Err(Error::new(
                        Code::Cancelled,
                        "the call ended before the person at the client had answered; nothing was done",
                    )),
                };
                let accepted = answer.ok().filter(|answer| answer.action == ElicitationAction::Accept);
                Ok(accepted.map(|answer| object(answer.content)))
            }
            Self::ByReturn(returned) => returned.form(params),
        }
    }
}

impl Returned {
    /// A question without an answer ends the call.
    fn form(&self, params: ElicitRequestParams) -> Result<Option<Map<String, Value>>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.count += 1;
        let key = format!("question-{}", asked.count);
        let answers = match asked.answers.take() {
            Some(answers) => answers,
            None => self.answers()?,
        };
        let answers = asked.answers.insert(answers);
        if let Some(answer) = answers.get(&key) {
            let accepted = answer.get("action").and_then(Value::as_str) == Some("accept");
            return Ok(accepted.then(|| object(answer.get("content").cloned())));
        }
        let sealed = self.questions.seal(&key, answers, &self.bound_to);
        let mut requests = InputRequests::new();
        requests.insert(key, InputRequest::Elicitation(ElicitRequest::new(params)));
        asked.question = Some(Box::new(InputRequiredResult::new(Some(requests), Some(sealed))));
        Err(Error::new(
            Code::ConfirmationRequired,
            "the person at the client has to answer a question first",
        ))
    }

    /// Answers of earlier rounds are in the signed state, the newest in the responses. Without the state of its question an answer
    /// is none.
    fn answers(&self) -> Result<Map<String, Value>> {
        let Some(state) = &self.state else {
            return Ok(Map::new());
        };
        let (asked, mut answers) = self.questions.open(state, &self.bound_to)?;
        if let Some(response) = self.responses.as_ref().and_then(|responses| responses.get(&asked)) {
            answers.insert(asked, serde_json::to_value(response).unwrap_or_default());
        }
        Ok(answers)
    }
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
