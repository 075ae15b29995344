//! Questions to the client, on both wires: requests such as `elicitation/create` to clients up to 2025-11-25, an `InputRequired`
//! result with signed state to clients of 2026-07-28.

mod by_return;
mod sealed;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rmcp::{
    RoleServer,
    model::{ClientCapabilities, ElicitRequest, ElicitRequestParams, ElicitationSchema, InputRequest, ServerRequest},
    service::{Peer, PeerRequestOptions, ServiceError},
};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use self::by_return::Returned;
pub(super) use self::{
    by_return::{Asking, Outcome},
    sealed::Questions,
};
use crate::{
    error::{Code, Error, Result},
    tools::{Ask, Question, Round},
};

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(300);

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

impl Asker {
    pub(super) fn by_request(client: ClientCapabilities, peer: Peer<RoleServer>, ends: [CancellationToken; 3]) -> Self {
        Self::new(client, Way::ByRequest { peer, ends })
    }

    pub(super) fn by_return(client: ClientCapabilities, questions: &Arc<Questions>, asking: &Asking) -> Self {
        Self::new(client, Way::ByReturn(Box::new(Returned::new(questions, asking))))
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
            Way::ByReturn(returned) => returned.outcome(),
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
            returned.lacks(needed(question));
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
