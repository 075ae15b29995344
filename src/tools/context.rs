//! What a tool's function is given beside its arguments.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Ask, Catalogue, Chosen, OutputLimits, Permits, Plan, Principal, Results, Services};
use crate::{
    error::Result,
    junos::Secrets,
    mist::{Access, Brought},
};

/// The caller, the clock, the way back to the client, and the services of the server.
#[derive(Clone)]
pub struct Context {
    /// Who calls.
    pub caller: Arc<Principal>,
    /// Devices and stores.
    pub services: Arc<Services>,
    /// Every tool.
    pub catalogue: Arc<Catalogue>,
    /// What the operator lets calls do.
    pub permits: Permits,
    /// Whether answers to this caller show secrets. The call path covers them; only what takes text apart before has to know.
    pub shows_secrets: bool,
    /// Fires when the caller takes the call back or the server goes down. Tools that read are simply dropped then; tools
    /// that write look at it between steps.
    pub cancel: CancellationToken,
    /// How long each device may take.
    pub timeout: Duration,
    /// When the call has to be over.
    pub deadline: Instant,
    /// Where progress goes.
    pub progress: Progress,
    /// The client's log.
    pub log: Log,
    /// Asks the client, where there is one.
    pub ask: Option<Arc<dyn Ask>>,
    /// What the caller asked to be shown of long outputs.
    pub limits: OutputLimits,
    /// The account of the Mist cloud that the request brought.
    pub account: Brought,
    /// What this session has asked to be listed; none where there is no session.
    pub chosen: Option<Chosen>,
    /// What the person was shown who agreed to this call; none where nobody had to.
    pub plan: Option<Arc<Plan>>,
}

impl Context {
    /// The results that were too long to be shown whole.
    pub fn results(&self) -> &Results {
        &self.services.results
    }

    /// Whether what a device says may be taken apart with its secrets.
    pub fn secrets(&self) -> Secrets {
        if self.shows_secrets {
            Secrets::Shown
        } else {
            Secrets::Covered
        }
    }

    /// Reports a step of work on several devices: as progress, and in the client's log, where some clients show it who follow no progress.
    pub fn advance(&self, done: usize, total: usize, message: &str) {
        self.progress.step(done, Some(total), message);
        self.log.say(Level::Info, message);
    }

    /// The Mist cloud, as this caller may use it.
    ///
    /// # Errors
    /// `mist_not_configured` where there is no token for it.
    pub fn mist(&self) -> Result<Access> {
        let mist = &self.services.mist;
        mist.access(
            &self.account,
            self.caller.id.clone(),
            self.caller.clone(),
            self.deadline,
        )
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

/// How much a line of a log matters, from the least (RFC 5424, section 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What helps to find a defect.
    Debug,
    /// How the work goes on.
    Info,
    /// What is worth a look.
    Notice,
    /// What may become a failure.
    Warning,
    /// A failure.
    Error,
    /// A failure of a part.
    Critical,
    /// What somebody has to see to at once.
    Alert,
    /// Nothing works.
    Emergency,
}

/// What a call says before it answers, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A step forward.
    Step(Step),
    /// A line for the client's log.
    Line(Level, String),
}

impl News {
    /// The words.
    pub fn message(&self) -> &str {
        match self {
            News::Step(step) => &step.message,
            News::Line(_, message) => message,
        }
    }
}

/// Takes lines for the client's log; forgets them where nobody listens.
#[derive(Debug, Clone, Default)]
pub struct Log(Option<mpsc::UnboundedSender<News>>);

impl Log {
    /// A log whose lines go to this end.
    pub fn to(sender: mpsc::UnboundedSender<News>) -> Self {
        Self(Some(sender))
    }

    /// Writes a line. Clients that asked for more important ones only do not get it.
    pub fn say(&self, level: Level, message: impl Into<String>) {
        if let Some(sender) = &self.0 {
            let _ = sender.send(News::Line(level, message.into()));
        }
    }
}

/// Takes reports of progress; forgets them where nobody listens.
#[derive(Debug, Clone, Default)]
pub struct Progress(Option<mpsc::UnboundedSender<News>>);

impl Progress {
    /// Progress that goes to this end.
    pub fn to(sender: mpsc::UnboundedSender<News>) -> Self {
        Self(Some(sender))
    }

    /// Reports a step.
    pub fn step(&self, done: usize, total: Option<usize>, message: impl Into<String>) {
        if let Some(sender) = &self.0 {
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let _ = sender.send(News::Step(Step {
                done: number(done),
                total: total.map(number),
                message: message.into(),
            }));
        }
    }
}
