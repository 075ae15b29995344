//! The signed state of questions that a call ended with. The client keeps it; here is what makes each good for one answer.

use std::sync::Arc;

use rmcp::model::{RequestStateCodec, SealOptions};
use serde_json::{Map, Value, json};

use super::{PATIENCE, object};
use crate::{
    error::{Code, Error, Result},
    server::seals::Seals,
};

/// Seals and opens the state of questions.
pub(in crate::server) struct Questions {
    codec: RequestStateCodec,
    seals: Arc<Seals>,
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
    /// Signs with this key.
    pub(in crate::server) fn new(seals: &Arc<Seals>) -> Self {
        let key = seals.digest("key of request state", &[]);
        Self {
            codec: RequestStateCodec::new_unchecked(key.to_vec()),
            seals: seals.clone(),
        }
    }

    /// State that can be opened once, soon, for the same caller and the same call.
    pub(super) fn seal(&self, asked: &[String], answers: &Map<String, Value>, bound_to: &[u8]) -> String {
        let number = format!("{:032x}", rand::random::<u128>());
        let until = self.seals.until(PATIENCE);
        let state = json!({ "id": number, "until": until, "asked": asked, "answers": answers });
        let options = SealOptions::new().associated_data(bound_to);
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
        let until = opened.get("until").and_then(Value::as_u64).unwrap_or_default();
        if self.seals.now() >= until {
            return Err(refusal("it is too old".into()));
        }
        let number = opened.get("id").and_then(Value::as_str).unwrap_or_default();
        let number = u128::from_str_radix(number, 16).unwrap_or_default().to_be_bytes();
        if !self.seals.spend(number, until) {
            return Err(refusal("its question was answered before".into()));
        }
        let asked = opened.get("asked").and_then(Value::as_array).into_iter().flatten();
        Ok(Opened {
            asked: asked.filter_map(Value::as_str).map(str::to_owned).collect(),
            answers: object(opened.remove("answers")),
        })
    }
}
