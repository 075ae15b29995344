//! The one path that every call of every tool takes, over stdio, HTTP or `jmcp call`: name, arguments, who and what, effect,
//! guardrails, confirmation, limits, run, answer, audit.

mod arguments;
mod budget;
mod call;
pub(super) mod clean;
mod confirm;
mod guard;
mod limits;
pub(super) mod operations;
mod present;
mod record;
mod run;
mod scope;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(super) use self::confirm::{PARAMETER as CONFIRMATION, Proposal};
pub use self::{
    call::{Answered, Call},
    confirm::{Approval, ApprovalOptions, Confirm, ConfirmRules, WithoutAsking},
    limits::{Full, LimitOptions, Limits, Place},
    present::Origin,
};
use self::{present::Presented, record::Record};
use super::{Extension, audit::Audit, figures::Figures};
use crate::{
    error::{Code, Error, Result},
    tools::{Answer, Catalogue, Context, Effect, Listing, Permits, Principal, Services, Tool, did_you_mean},
};

/// What an operator decided about calls.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What calls may do.
    pub permits: Permits,
    /// Which effects need a person's word.
    pub confirm: Confirm,
    /// Answers show secrets as they are; the log and the record never do.
    pub show_secrets: bool,
    /// Characters of text in one answer.
    pub max_result_chars: usize,
    /// How long each device may take where the call does not say.
    pub timeout: Duration,
}

/// The call path with everything that it needs. Clones share it.
#[derive(Clone)]
pub struct Path {
    tools: Arc<Catalogue>,
    services: Arc<Services>,
    rules: Rules,
    limits: Arc<Limits>,
    figures: Arc<Figures>,
    audit: Arc<Audit>,
    approval: Arc<Approval>,
    running: TaskTracker,
    /// Fires when no further calls are taken.
    refusing: CancellationToken,
    /// Fires when the server goes down.
    shutdown: CancellationToken,
    extension: Option<Arc<dyn Extension>>,
}

impl Path {
    /// The path over these tools and services.
    pub fn new(tools: Catalogue, services: Arc<Services>, rules: Rules, limits: LimitOptions, audit: Audit) -> Self {
        let figures = Arc::<Figures>::default();
        let running = TaskTracker::new();
        // Only so can be waited for the end of what runs; it goes on taking calls.
        running.close();
        Self {
            tools: Arc::new(tools),
            services,
            rules,
            limits: Arc::new(Limits::new(limits, figures.clone())),
            figures,
            audit: Arc::new(audit),
            approval: Arc::default(),
            running,
            refusing: CancellationToken::new(),
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

    /// Counts in these figures, which other parts of the server count in too.
    #[must_use]
    pub fn with_figures(mut self, figures: Arc<Figures>) -> Self {
        self.limits = Arc::new(Limits::new(self.limits.options(), figures.clone()));
        self.figures = figures;
        self
    }

    /// Asks persons as the operator decided.
    #[must_use]
    pub fn with_approval(mut self, approval: Approval) -> Self {
        self.approval = Arc::new(approval);
        self
    }

    /// What the operator decided about a person's word.
    pub fn approval(&self) -> &Approval {
        &self.approval
    }

    /// The tools that this principal may call.
    pub fn tools(&self, principal: &Principal) -> Vec<&Tool> {
        self.tools
            .iter()
            .filter(|tool| principal.may_see(tool))
            .filter(|tool| self.rules.permits.allow(tool, tool.effect))
            .collect()
    }

    /// Those of them that are listed.
    pub fn listed(&self, principal: &Principal, listing: &Listing) -> Vec<&Tool> {
        self.tools(principal)
            .into_iter()
            .filter(|tool| listing.shows(tool))
            .collect()
    }

    /// Every tool, whoever may call it.
    pub fn catalogue(&self) -> &Catalogue {
        &self.tools
    }

    /// The tool of this name, whoever may call it.
    pub(super) fn find(&self, name: &str) -> Option<&Tool> {
        self.tools.find(name)
    }

    /// Whether this tool is in this principal's list.
    pub fn sees(&self, principal: &Principal, tool: &str) -> bool {
        self.tools(principal).iter().any(|listed| listed.name == tool)
    }

    /// Whether whatever changes anything is refused.
    pub fn is_read_only(&self) -> bool {
        self.rules.permits.read_only
    }

    /// The services, for what is not a tool: resources, prompts, completion.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// The limits, for a transport that refuses before a call begins.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The record of calls.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// What was counted.
    pub fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// How many calls hold a place, those included that write on for a caller who has gone.
    pub fn in_flight(&self) -> usize {
        self.limits.in_flight()
    }

    /// Fires when the server goes down.
    pub(super) fn going_down(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Takes no further calls. Those on their way are not touched.
    pub fn refuse(&self) {
        self.refusing.cancel();
    }

    /// Whether further calls are refused.
    pub fn is_refusing(&self) -> bool {
        self.refusing.is_cancelled()
    }

    /// Takes no further calls, takes back those that only read, lets those that write come to their end.
    pub async fn drain(&self) {
        self.refuse();
        self.shutdown.cancel();
        self.running.wait().await;
    }

    /// Takes no further calls and lets those on their way end by themselves, for this long; then as [`Path::drain`].
    pub async fn drain_within(&self, grace: Duration) {
        self.refuse();
        // Whether all had ended by then makes no difference to what follows.
        let _ = tokio::time::timeout(grace, self.idle()).await;
        self.drain().await;
    }

    /// Waits until no call is on its way.
    pub async fn idle(&self) {
        self.running.wait().await;
    }

    /// Answers a call. Always comes to an answer: on a panic, a time-out, a cancelled call, a dead device, a shutdown.
    pub async fn call(&self, call: Call) -> Answered {
        let started = Instant::now();
        let _tracked = self.running.token();
        let mut record = Record::new(self, &call, started);
        let mut presented = Presented {
            caller: call.principal.id.clone(),
            shows_secrets: self.rules.show_secrets || call.principal.show_secrets,
            origin: Origin::Here,
        };
        let mut proposal = None;
        match self.answer(call, &mut record, &mut presented, &mut proposal).await {
            Ok(Ran::Write(answered)) => answered,
            Ok(Ran::Read(answer)) => self.conclude(&presented, Ok(answer), &mut record),
            Err(error) => self.conclude(&presented, Err(error), &mut record).proposing(proposal),
        }
    }

    async fn answer(
        &self,
        mut call: Call,
        record: &mut Record,
        presented: &mut Presented,
        proposal: &mut Option<Proposal>,
    ) -> Result<Ran> {
        self.name(&mut call, record)?;
        let tool = self.tool(&call)?;
        record.event.tool(tool.name, tool.effect);
        presented.origin = Origin::of(tool);
        let token = confirm::take_token(tool, &mut call.arguments)?;
        let arguments = arguments::prepare(tool, std::mem::take(&mut call.arguments))?;
        guard::well_formed(tool, &arguments)?;
        let effect = guard::effect(tool, &arguments);
        record.event.tool(tool.name, effect);
        let targets = scope::targets(&self.services, &call.principal, &arguments);
        let named = scope::named(&targets, &arguments);
        record.call(&named, &arguments);
        self.admit(&call.principal, tool, effect, &targets, record)?;
        guard::judge(&self.services, tool, &targets, &arguments)?;
        let (context, cancel) = run::context(self, &call, &arguments);
        let asking = confirm::Asking {
            tool,
            effect,
            arguments: &arguments,
            devices: &targets,
            context: &context,
            confirm: self.rules.confirm,
            approval: &self.approval,
            token,
            is_last: call.is_last,
            shows_secrets: presented.shows_secrets,
        };
        let agreed = tokio::select! {
            // Where nobody has to be asked, a call that was taken back begins all the same: a write comes to its own end.
            biased;
            agreed = confirm::check(&asking, proposal) => agreed?,
            () = call.cancel.cancelled() => return Err(run::taken_back(tool)),
        };
        if effect != Effect::Read {
            record.event.approved(agreed.how);
        }
        let context = Context {
            plan: agreed.plan.map(Arc::new),
            ..context
        };
        let place = self.place(&mut call, &targets).await?;
        let ready = run::Ready {
            context,
            cancel,
            taken_back: call.cancel,
            place,
            arguments,
        };
        if effect == Effect::Read {
            run::read(tool, ready).await.map(Ran::Read)
        } else {
            operations::write(self, tool, ready, named, presented, record)
                .await
                .map(Ran::Write)
        }
    }

    /// Takes the call, and puts the tool that one of `call_tool` names in its place, with its arguments and the token beside them.
    fn name(&self, call: &mut Call, record: &mut Record) -> Result<()> {
        if self.is_refusing() {
            let why = "the server is going down and takes no further calls";
            return Err(Error::new(Code::ShuttingDown, why));
        }
        self.tools
            .find(&call.name)
            .filter(|tool| self.rules.permits.offer.has(tool))
            .ok_or_else(|| self.no_tool(call))?;
        let token = call.arguments.get(CONFIRMATION).cloned();
        if let Some((name, mut arguments)) = Catalogue::named_in(&call.name, &mut call.arguments)? {
            record.event.named(&name);
            if let Some(token) = token {
                arguments.entry(CONFIRMATION).or_insert(token);
            }
            call.name = name;
            call.arguments = arguments;
        }
        Ok(())
    }

    /// Whether this caller may do this with this tool on these devices, and anybody may.
    fn admit(
        &self,
        caller: &Principal,
        tool: &Tool,
        effect: Effect,
        targets: &[String],
        record: &mut Record,
    ) -> Result<()> {
        let inventory = self.services.junos.inventory();
        scope::check(caller, tool, effect, targets, &inventory).inspect_err(|_| {
            if scope::hides(caller, targets, &inventory) {
                record.event.refused("router_scope");
            }
        })?;
        self.rules.permits.check(tool, effect)?;
        guard::writable(&inventory, tool, effect, targets)
    }

    /// The place that the transport took, with the devices that this call turned out to reach, or one taken now.
    async fn place(&self, call: &mut Call, targets: &[String]) -> Result<Place> {
        let place = match call.place.take() {
            Some(mut place) => place.add_devices(targets).map(|()| place),
            None => self.limits.enter(&call.principal, targets).await,
        };
        place.map_err(|full| self.limits.refusal(&full, &call.principal))
    }

    fn tool(&self, call: &Call) -> Result<&Tool> {
        self.tools
            .find(&call.name)
            .filter(|tool| call.principal.may_call(tool) && self.rules.permits.offer.has(tool))
            .ok_or_else(|| self.no_tool(call))
    }

    fn no_tool(&self, call: &Call) -> Error {
        let all = self.tools(&call.principal);
        let known: Vec<&str> = all.iter().map(|tool| tool.name).collect();
        let listed = all
            .iter()
            .filter(|tool| self.services.listing.shows(tool))
            .map(|tool| tool.name);
        let name: String = call.name.chars().take(100).collect();
        Error::new(Code::UnknownTool, format!("unknown tool `{}`", name.escape_debug())).advise(format!(
            "{}the tools are: {}",
            did_you_mean(&name, known.iter().copied()),
            listed.collect::<Vec<_>>().join(", ")
        ))
    }
}

/// What became of a call that ran.
enum Ran {
    /// It read, and its answer is to be made.
    Read(Answer),
    /// It wrote: the answer was made where it ran.
    Write(Answered),
}

#[cfg(test)]
mod tests;
