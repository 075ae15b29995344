//! The one path that every call of every tool takes, over stdio, HTTP or `jmcp call`: name, arguments, who and what, effect,
//! guardrails, confirmation, limits, run, answer, audit.

mod arguments;
mod budget;
mod clean;
mod confirm;
mod guard;
mod limits;
mod run;
mod scope;

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    confirm::Confirm,
    limits::{LimitOptions, Limits},
};
use super::{
    Extension,
    audit::{Audit, Event},
};
use crate::{
    error::{Code, Error, Result},
    tools::{Answer, Arguments, Ask, Block, Body, Catalogue, Effect, News, Principal, Services, Text, Tool},
};

/// What an operator decided about calls.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Refuse whatever changes anything.
    pub read_only: bool,
    /// Which effects need a person's word.
    pub confirm: Confirm,
    /// Characters of text in one answer.
    pub max_result_chars: usize,
    /// How long each device may take where the call does not say.
    pub timeout: Duration,
}

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
    /// How long it took.
    pub duration: Duration,
}

/// The call path with everything that it needs.
pub struct Path {
    tools: Catalogue,
    services: Arc<Services>,
    rules: Rules,
    limits: Limits,
    audit: Audit,
    running: TaskTracker,
    /// Fires when the server goes down.
    shutdown: CancellationToken,
    extension: Option<Arc<dyn Extension>>,
}

impl Path {
    /// The path over these tools and services.
    pub fn new(tools: Catalogue, services: Arc<Services>, rules: Rules, limits: LimitOptions, audit: Audit) -> Self {
        Self {
            tools,
            services,
            rules,
            limits: Limits::new(limits),
            audit,
            running: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            extension: None,
        }
    }

    /// Offers more than the product does.
    #[cfg(feature = "conformance")]
    #[must_use]
    pub fn extended(mut self, extension: Arc<dyn Extension>) -> Self {
        self.extension = Some(extension);
        self
    }

    /// What the server offers beside the product's own.
    pub(super) fn extension(&self) -> Option<&dyn Extension> {
        self.extension.as_deref()
    }

    /// The tools that this principal may call.
    pub fn tools(&self, principal: &Principal) -> Vec<&Tool> {
        self.tools
            .iter()
            .filter(|tool| principal.may_see(tool))
            .filter(|tool| !self.rules.read_only || tool.effect == Effect::Read)
            .collect()
    }

    /// Whether this tool is in this principal's list.
    pub fn sees(&self, principal: &Principal, tool: &str) -> bool {
        self.tools(principal).iter().any(|listed| listed.name == tool)
    }

    /// Whether whatever changes anything is refused.
    pub fn is_read_only(&self) -> bool {
        self.rules.read_only
    }

    /// The services, for what is not a tool: resources, prompts, completion.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// How many calls are on their way.
    pub fn in_flight(&self) -> usize {
        self.running.len()
    }

    /// Fires when the server goes down.
    pub(super) fn going_down(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Takes no further calls, takes back those that only read, lets those that write come to their end.
    pub async fn drain(&self) {
        self.shutdown.cancel();
        self.running.close();
        self.running.wait().await;
    }

    /// Waits until no call is on its way.
    pub async fn idle(&self) {
        while !self.running.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Answers a call. Always comes to an answer: on a panic, a time-out, a cancelled call, a dead device, a shutdown.
    pub async fn call(&self, call: Call) -> Answered {
        let started = Instant::now();
        let mut event = Recorded {
            event: Event::new(&call.principal.name, &call.name),
            audit: &self.audit,
            started,
            is_written: false,
        };
        let caller: Arc<str> = call.principal.name.clone();
        let tracked = self.running.token();
        let outcome = self.answer(call, &mut event.event).await;
        drop(tracked);
        let duration = started.elapsed();
        event.write(duration, outcome.as_ref().map(|answer| !answer.failed));
        match outcome {
            Ok(answer) => self.present(&caller, answer, duration),
            Err(error) => Answered {
                text: clean::text(error_text(&error)),
                blocks: Vec::new(),
                structured: None,
                failed: true,
                error: Some(error),
                duration,
            },
        }
    }

    async fn answer(&self, call: Call, event: &mut Event) -> Result<Answer> {
        if self.shutdown.is_cancelled() {
            return Err(Error::new(
                Code::ShuttingDown,
                "the server is going down and takes no further calls",
            ));
        }
        let tool = self.tool(&call)?;
        event.tool(tool.name, tool.effect);
        let arguments = arguments::prepare(tool, call.arguments.clone())?;
        let effect = guard::effect(tool, &arguments);
        event.tool(tool.name, effect);
        let targets = scope::targets(&arguments);
        event.call(&targets, &arguments);
        scope::check(
            &call.principal,
            tool,
            effect,
            &targets,
            &self.services.junos.inventory(),
        )?;
        self.check_effect(tool, effect)?;
        guard::judge(&self.services, tool, &targets, &arguments)?;
        self.rules.confirm.check(tool, effect, &call).await?;
        let _place = self.limits.enter(&call.principal.name, &targets)?;
        run::run(self, tool, effect, call, arguments).await
    }

    fn tool(&self, call: &Call) -> Result<&Tool> {
        self.tools
            .find(&call.name)
            .filter(|tool| call.principal.may_call(tool))
            .ok_or_else(|| {
                let known: Vec<&str> = self.tools(&call.principal).iter().map(|tool| tool.name).collect();
                Error::new(Code::UnknownTool, format!("unknown tool `{}`", call.name)).advise(format!(
                    "{}the tools are: {}",
                    arguments::did_you_mean(&call.name, known.iter().copied()),
                    known.join(", ")
                ))
            })
    }

    fn check_effect(&self, tool: &Tool, effect: Effect) -> Result<()> {
        if self.rules.read_only && effect != Effect::Read {
            let what = if tool.effect == Effect::Read {
                format!(
                    "a command in this call of `{}` is none that is known to only read",
                    tool.name
                )
            } else {
                format!("`{}` changes things", tool.name)
            };
            return Err(
                Error::new(Code::ReadOnly, format!("{what} and this server is read-only"))
                    .advise("an operator can start jmcp without `--read-only`; trying again does not help"),
            );
        }
        Ok(())
    }

    fn present(&self, caller: &Arc<str>, answer: Answer, duration: Duration) -> Answered {
        let Answer {
            mut structured,
            text,
            mut blocks,
            failed,
            limits,
        } = answer;
        structured.values_mut().for_each(clean::value);
        blocks.iter_mut().for_each(clean_block);
        let text = match text {
            Text::Own(text) => Text::Own(clean::text(text)),
            other => other,
        };
        let keep = |text: String| self.services.results.keep(caller, text);
        let text = budget::fit(&mut structured, text, limits, self.rules.max_result_chars, &keep);
        Answered {
            text,
            blocks,
            structured: Some(structured),
            failed,
            error: None,
            duration,
        }
    }
}

fn clean_block(block: &mut Block) {
    if let Block::Document {
        body: Body::Text(text), ..
    } = block
    {
        *text = clean::text(std::mem::take(text));
    }
}

/// The record of a call: written also where whoever called is gone and the call is dropped.
struct Recorded<'a> {
    event: Event,
    audit: &'a Audit,
    started: Instant,
    is_written: bool,
}

impl Recorded<'_> {
    fn write(&mut self, duration: Duration, outcome: Result<bool, &Error>) {
        self.event.finish(duration, outcome);
        self.audit.write(&self.event);
        self.is_written = true;
    }
}

impl Drop for Recorded<'_> {
    fn drop(&mut self) {
        if !self.is_written {
            let gone = Error::new(
                Code::Cancelled,
                "the client was gone before the answer; a change under way comes to its own end",
            );
            self.write(self.started.elapsed(), Err(&gone));
        }
    }
}

/// What a model reads of an error: what happened, what to do, whether trying again helps.
fn error_text(error: &Error) -> String {
    let again = if error.retryable() {
        "trying again later may help"
    } else {
        "trying again does not help"
    };
    match error.advice() {
        Some(advice) => format!("{} [code={}]\n{advice} ({again})", error.message(), error.code()),
        None => format!("{} [code={}]\n({again})", error.message(), error.code()),
    }
}

#[cfg(test)]
mod tests;
