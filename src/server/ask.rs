//! Questions to the client, on both wires: requests such as `elicitation/create` to clients up to 2025-11-25, an `InputRequired`
//! result with signed state to clients of 2026-07-28.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rmcp::{
    ErrorData, RoleServer,
    model::{
        ClientCapabilities, ElicitRequest, ElicitRequestParams, ElicitationSchema, InputRequest, InputRequests,
        InputRequiredResult, InputResponses, JsonObject, ServerRequest,
    },
    service::{Peer, PeerRequestOptions, ServiceError},
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::state::Questions;
use crate::{
    error::{Code, Error, Result},
    tools::{Ask, Question, Round},
};

/// How long a person may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// Asks one client during one call.
pub(super) struct Asker {
    client: ClientCapabilities,
    /// The names of this call's questions.
    names: Mutex<HashSet<String>>,
    way: Way,
}

enum Way {
    /// The client is sent requests and answers them.
    ByRequest {
        peer: Peer<RoleServer>,
        /// What ends the waiting: the call was taken back, the client can answer no more, the server goes down.
        ends: [CancellationToken; 3],
    },
    /// The call ends with the questions, and the client calls again with the answers.
    ByReturn(Box<Returned>),
}

/// A request that can end with questions.
pub(super) struct Asking<'a> {
    /// Who calls.
    pub(super) caller: &'a str,
    /// Its method.
    pub(super) method: &'static str,
    /// The tool or prompt.
    pub(super) name: &'a str,
    /// Its arguments.
    pub(super) arguments: Option<&'a JsonObject>,
    /// The state that the client brought back.
    pub(super) state: Option<&'a String>,
    /// The answers that it brought.
    pub(super) responses: Option<&'a InputResponses>,
}

struct Returned {
    questions: Arc<Questions>,
    /// Caller, method, name and arguments: an answer is good for these only.
    bound_to: Vec<u8>,
    state: Option<String>,
    responses: InputResponses,
    /// Answers of earlier rounds and of the last, read at the first question.
    answers: Mutex<Option<Map<String, Value>>>,
    outcome: Mutex<Option<Outcome>>,
}

/// What a call that ended while it asked is answered with instead of its error.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The questions.
    Asks(Box<InputRequiredResult>),
    /// The client did what the protocol forbids.
    Refuses(ErrorData),
}

impl Asker {
    pub(super) fn by_request(client: ClientCapabilities, peer: Peer<RoleServer>, ends: [CancellationToken; 3]) -> Self {
        Self::new(client, Way::ByRequest { peer, ends })
    }

    pub(super) fn by_return(client: ClientCapabilities, questions: &Arc<Questions>, asking: &Asking) -> Self {
        let arguments = serde_json::to_string(&asking.arguments).unwrap_or_default();
        let call = format!("{}\n{}\n{}\n{arguments}", asking.caller, asking.method, asking.name);
        let bound_to = Sha256::digest(call).to_vec();
        Self::new(
            client,
            Way::ByReturn(Box::new(Returned {
                questions: questions.clone(),
                bound_to,
                state: asking.state.cloned(),
                responses: asking.responses.cloned().unwrap_or_default(),
                answers: Mutex::default(),
                outcome: Mutex::default(),
            })),
        )
    }

    fn new(client: ClientCapabilities, way: Way) -> Self {
        Self {
            client,
            names: Mutex::default(),
            way,
        }
    }

    /// What the call ended with, where it ended with a question.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        match &self.way {
            Way::ByRequest { .. } => None,
            Way::ByReturn(returned) => lock(&returned.outcome).take(),
        }
    }

    /// A name that no other question of this call has. A call that is made again asks the same in the same order, so each question
    /// gets the same name again.
    fn name(&self, wanted: &str) -> String {
        let mut names = lock(&self.names);
        let mut name = wanted.to_owned();
        let mut number = 1_u32;
        while !names.insert(name.clone()) {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        name
    }

    /// # Errors
    /// `confirmation_required` for the first question that this client does not take.
    fn check(&self, round: &Round) -> Result<()> {
        let Some((name, question)) = round.questions().iter().find(|(_, question)| !self.can(question)) else {
            return Ok(());
        };
        if let Way::ByReturn(returned) = &self.way {
            let refusal = ErrorData::missing_required_client_capability(needed(question));
            *lock(&returned.outcome) = Some(Outcome::Refuses(refusal));
        }
        Err(Error::new(
            Code::ConfirmationRequired,
            format!("this client takes no questions such as `{name}`"),
        ))
    }
}

#[async_trait]
impl Ask for Asker {
    fn can(&self, question: &Question) -> bool {
        match question {
            // A client that names no mode of elicitation has forms, as in the revisions that knew no other.
            Question::Form { .. } => self
                .client
                .elicitation
                .as_ref()
                .is_some_and(|modes| modes.form.is_some() || modes.url.is_none()),
            #[cfg(feature = "conformance")]
            Question::Sample(_) => self.client.sampling.is_some(),
            #[cfg(feature = "conformance")]
            Question::Roots => self.client.roots.is_some(),
        }
    }

    async fn ask(&self, round: Round) -> Result<Map<String, Value>> {
        self.check(&round)?;
        let asked: Vec<Asked> = round
            .questions()
            .iter()
            .map(|(name, question)| {
                Ok(Asked {
                    name: name.clone(),
                    on_the_wire: self.name(name),
                    request: request(question)?,
                })
            })
            .collect::<Result<_>>()?;
        match &self.way {
            Way::ByRequest { peer, ends } => {
                let ended = futures::future::select_all(ends.iter().map(|end| Box::pin(end.cancelled())));
                tokio::select! {
                    answers = by_request(peer, asked) => Ok(answers),
                    _ = ended => Err(Error::new(
                        Code::Cancelled,
                        "the call ended before the person at the client had answered; nothing was done",
                    )),
                }
            }
            Way::ByReturn(returned) => returned.ask(asked, round.is_sealed()),
        }
    }
}

/// One question on its way.
struct Asked {
    name: String,
    on_the_wire: String,
    request: InputRequest,
}

async fn by_request(peer: &Peer<RoleServer>, asked: Vec<Asked>) -> Map<String, Value> {
    let mut answers = Map::new();
    for Asked { name, request, .. } in asked {
        match put(peer, request).await {
            Ok(answer) => {
                answers.insert(name, answer);
            }
            Err(e) => tracing::debug!("the client did not answer `{name}`: {e}"),
        }
    }
    answers
}

async fn put(peer: &Peer<RoleServer>, request: InputRequest) -> Result<Value, ServiceError> {
    let request = match request {
        InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
        InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
        InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
        _ => return Err(ServiceError::UnexpectedResponse),
    };
    let options = PeerRequestOptions::with_timeout(PATIENCE);
    let answer = peer
        .send_request_with_option(request, options)
        .await?
        .await_response()
        .await?;
    serde_json::to_value(answer).map_err(|_| ServiceError::UnexpectedResponse)
}

fn request(question: &Question) -> Result<InputRequest> {
    match question {
        Question::Form { message, schema } => {
            let schema = ElicitationSchema::from_json_schema(object(Some(schema.clone()))).map_err(|e| {
                Error::new(Code::Internal, "a form's schema is not one that clients can show").caused_by(e)
            })?;
            let params = ElicitRequestParams::FormElicitationParams {
                meta: None,
                message: message.clone(),
                requested_schema: schema,
            };
            Ok(InputRequest::Elicitation(ElicitRequest::new(params)))
        }
        #[cfg(feature = "conformance")]
        Question::Sample(params) => {
            let params = serde_json::from_value(params.clone()).map_err(|e| {
                Error::new(Code::Internal, "these are no parameters of a sampling request").caused_by(e)
            })?;
            Ok(InputRequest::CreateMessage(rmcp::model::Request::new(params)))
        }
        #[cfg(feature = "conformance")]
        Question::Roots => Ok(InputRequest::ListRoots(rmcp::model::RequestNoParam::default())),
    }
}

/// What a client has to declare to be asked this.
fn needed(question: &Question) -> ClientCapabilities {
    let mut needed = ClientCapabilities::default();
    match question {
        Question::Form { .. } => needed.elicitation = Some(Default::default()),
        #[cfg(feature = "conformance")]
        Question::Sample(_) => needed.sampling = Some(Default::default()),
        #[cfg(feature = "conformance")]
        Question::Roots => needed.roots = Some(Default::default()),
    }
    needed
}

impl Returned {
    /// Questions without an answer end the call.
    fn ask(&self, asked: Vec<Asked>, sealed: bool) -> Result<Map<String, Value>> {
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
