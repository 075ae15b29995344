//! What a tool's function is given beside its arguments.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{OutputLimits, Principal, Results, Services};
use crate::error::Result;

/// The caller, the clock, the way back to the client, and the services of the server.
#[derive(Clone)]
pub struct Context {
    /// Who calls.
    pub caller: Arc<Principal>,
    /// Devices and stores.
    pub services: Arc<Services>,
    /// Fires when the caller takes the call back or the server goes down. Tools that read are simply dropped then; tools
    /// that write look at it between steps.
    pub cancel: CancellationToken,
    /// How long each device may take.
    pub timeout: Duration,
    /// When the call has to be over.
    pub deadline: Instant,
    /// Where progress goes.
    pub progress: Progress,
    /// Asks the person at the client, where the client can.
    pub ask: Option<Arc<dyn Ask>>,
    /// What the caller asked to be shown of long outputs.
    pub limits: OutputLimits,
}

impl Context {
    /// The results that were too long to be shown whole.
    pub fn results(&self) -> &Results {
        &self.services.results
    }

    /// What is left until the deadline.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// One step forward.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Things done.
    pub done: u32,
    /// Things in all, where known.
    pub total: Option<u32>,
    /// What was just done.
    pub message: String,
}

/// Takes reports of progress; forgets them where nobody listens.
#[derive(Debug, Clone, Default)]
pub struct Progress(Option<mpsc::UnboundedSender<Step>>);

impl Progress {
    /// Progress that goes to this end.
    pub fn to(sender: mpsc::UnboundedSender<Step>) -> Self {
        Self(Some(sender))
    }

    /// Reports a step.
    pub fn step(&self, done: usize, total: Option<usize>, message: impl Into<String>) {
        if let Some(sender) = &self.0 {
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let _ = sender.send(Step {
                done: number(done),
                total: total.map(number),
                message: message.into(),
            });
        }
    }
}

/// A question to the person at the client.
#[async_trait]
pub trait Ask: Send + Sync {
    /// Shows a form (a JSON schema of flat properties) and returns what was filled in; `None` when it was declined,
    /// cancelled or not answered.
    ///
    /// # Errors
    /// `confirmation_required` where the answer has to come with another call of the tool.
    async fn form(&self, message: &str, schema: Value) -> Result<Option<Map<String, Value>>>;
}
