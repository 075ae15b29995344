//! The signed state of questions that a call ended with. The client keeps it; here is what makes each good for one answer.

use std::{collections::HashMap, sync::Mutex, time::Instant};

use rmcp::model::{RequestStateCodec, SealOptions};
use serde_json::{Map, Value, json};

use super::{PATIENCE, lock, object};
use crate::error::{Code, Error, Result};

/// Seals and opens the state of questions. A confirmation that could be sent again would confirm what nobody was asked, so each is
/// spent when it comes back.
pub(in crate::server) struct Questions {
    codec: RequestStateCodec,
    /// The questions that were answered, until their signature is too old anyway.
    spent: Mutex<HashMap<String, Instant>>,
}

/// What a client brought back.
#[derive(Default)]
pub(super) struct Opened {
    /// The questions that were asked last.
    pub(super) asked: Vec<String>,
    /// The answers to those before them.
    pub(super) answers: Map<String, Value>,
}

impl Questions {
    /// Signs with a random key, for this process.
    pub(in crate::server) fn new() -> Result<Self> {
        let key: [u8; 32] = rand::random();
        let codec = RequestStateCodec::try_new(key.to_vec())
            .map_err(|e| Error::new(Code::Internal, format!("no key for signed state: {e}")))?;
        Ok(Self {
            codec,
            spent: Mutex::default(),
        })
    }

    /// State that can be opened once, soon, for the same caller and the same call.
    pub(super) fn seal(&self, asked: &[String], answers: &Map<String, Value>, bound_to: &[u8]) -> String {
        let state = json!({ "id": format!("{:032x}", rand::random::<u128>()), "asked": asked, "answers": answers });
        let options = SealOptions::new().associated_data(bound_to).ttl(PATIENCE);
        self.codec.seal_with(state.to_string().as_bytes(), &options)
    }

    /// # Errors
    /// `invalid_input` for state that is not this server's, is another call's, is too old or came back before.
    pub(super) fn open(&self, state: &str, bound_to: &[u8]) -> Result<Opened> {
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
        let id = opened.get("id").and_then(Value::as_str).unwrap_or_default();
        if !self.spend(id.to_owned()) {
            return Err(refusal("its question was answered before".into()));
        }
        let asked = opened.get("asked").and_then(Value::as_array).into_iter().flatten();
        Ok(Opened {
            asked: asked.filter_map(Value::as_str).map(str::to_owned).collect(),
            answers: object(opened.remove("answers")),
        })
    }

    fn spend(&self, id: String) -> bool {
        let mut spent = lock(&self.spent);
        spent.retain(|_, when| when.elapsed() < 2 * PATIENCE);
        spent.insert(id, Instant::now()).is_none()
    }
}
