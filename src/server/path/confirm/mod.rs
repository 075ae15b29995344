//! Step 6: whether a person has to agree before the tool runs, and how that is found out. What is asked is bound to what would be
//! done: where that has changed, the answer counts for nothing.

mod approval;
mod bound;
mod rules;
mod token;
mod words;

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use serde_json::{Value, json};

pub use self::{
    approval::{Approval, ApprovalOptions, WithoutAsking},
    rules::ConfirmRules,
};
use self::{
    bound::Bound,
    rules::{Changes, Facts},
    token::Bad,
    words::Shown,
};
pub(in crate::server) use self::{token::PARAMETER, words::Proposal};
use super::run;
use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Ask, Context, Effect, Judged, Plan, Question, Round, Tool},
};

/// What a plan's own time-outs get before the path ends it: theirs name the device.
const GRACE: Duration = Duration::from_secs(2);

/// Which effects need a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Confirm {
    /// None.
    Never,
    /// What cannot be undone.
    #[default]
    Destroy,
    /// Whatever changes anything.
    Write,
}

impl Confirm {
    /// Of the Mist cloud every change needs a person unless nothing does: what a model reads there may tell it what to write.
    pub fn needed(self, tool: &Tool, effect: Effect) -> bool {
        match self {
            Confirm::Never => false,
            Confirm::Destroy => effect == Effect::Destroy || (effect == Effect::Write && tool.toolset == "mist"),
            Confirm::Write => effect != Effect::Read,
        }
    }
}

/// A call that may need a person's word.
pub(super) struct Asking<'a> {
    pub(super) tool: &'a Tool,
    pub(super) effect: Effect,
    pub(super) arguments: &'a Arguments,
    pub(super) devices: &'a [String],
    pub(super) context: &'a Context,
    pub(super) confirm: Confirm,
    pub(super) approval: &'a Approval,
    /// What the caller brought of an earlier answer.
    pub(super) token: Option<String>,
    /// The process ends with this call.
    pub(super) is_last: bool,
    /// Whether secrets are shown.
    pub(super) shows_secrets: bool,
}

/// A call that may run.
pub(super) struct Agreed {
    /// What it would do, where that was asked.
    pub(super) plan: Option<Plan>,
    /// How a person agreed: `elicitation`, `token`, `terminal`, `flag`; none where nobody had to.
    pub(super) how: Option<&'static str>,
}

/// Takes the token out of the arguments of a tool that can change something: it is the call path's, not the tool's.
///
/// # Errors
/// `invalid_input` for a token that is no text.
pub(super) fn take_token(tool: &Tool, arguments: &mut Arguments) -> Result<Option<String>> {
    if !tool.is_asked_about() {
        return Ok(None);
    }
    match arguments.shift_remove(PARAMETER) {
        None | Some(Value::Null) => Ok(None),
        // What a model writes where it has none.
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::new(Code::InvalidInput, format!("`{PARAMETER}` has to be text"))),
    }
}

/// Asks the person at the client where the call needs it: a write that nobody saw is worse than a write that did not happen. A tool that
/// knows what would change is asked for that, also where nobody has to agree: it compares before it writes.
///
/// # Errors
/// `confirmation_required`, with a proposal where the client cannot ask; what the tool says where the change cannot be made.
pub(super) async fn check(asking: &Asking<'_>, proposal: &mut Option<Proposal>) -> Result<Agreed> {
    if asking.effect == Effect::Read {
        return Ok(Agreed { plan: None, how: None });
    }
    let tool = asking.tool;
    if tool.asks_always && asking.confirm == Confirm::Never {
        let why = format!(
            "`{}` is a person's word, and with `--confirm never` nobody is asked",
            tool.name
        );
        return Err(Error::new(Code::ConfirmationRequired, why)
            .advise("an operator can decide it in the configuration instead"));
    }
    let ask = asking
        .context
        .ask
        .as_deref()
        .filter(|ask| ask.can(&question(String::new())));
    // A client that can ask is asked; what it brings of another's answer makes no difference.
    let token = asking.token.as_ref().filter(|_| ask.is_none());
    let seals = asking.approval.seals();
    let bound = Bound::to(seals, asking);
    let brought = token.map(|token| token::open(seals, token, &bound)).transpose()?;
    let plan = asking.plan().await?;
    if !asking.asks(plan.as_ref()) {
        return match brought {
            Some(Err(bad)) => Err(refused(tool, bad.words())
                .advise("nobody has to agree to this call: make it again without `confirmation_token`")),
            _ => Ok(Agreed { plan, how: None }),
        };
    }
    let shown = Shown::of(seals, asking, plan.as_ref());
    if let Some(ask) = ask {
        let how = asked(ask, tool, shown).await?;
        return Ok(Agreed { plan, how: Some(how) });
    }
    match brought {
        Some(Ok(agreed)) if agreed == shown.digest && asking.gives_tokens() => Ok(Agreed {
            plan,
            how: Some("token"),
        }),
        brought => {
            let bad = brought.map(|brought| brought.err().unwrap_or(Bad::Plan));
            Err(asking.propose(&bound, shown, bad, proposal))
        }
    }
}

impl Asking<'_> {
    /// What the tool says that it would do, where somebody reads it.
    async fn plan(&self) -> Result<Option<Plan>> {
        let tool = self.tool;
        let is_read = !tool.plans_when_asked() || self.asks(None) || self.rules_need_plan();
        let planning = is_read.then(|| tool.plan(self.context.clone(), self.arguments.clone()));
        let Some(planning) = planning.flatten() else {
            return Ok(None);
        };
        let planning = AssertUnwindSafe(planning).catch_unwind();
        match tokio::time::timeout_at(self.context.deadline + GRACE, planning).await {
            Ok(Ok(plan)) => plan.map(Some),
            Ok(Err(panic)) => Err(run::panicked(tool.name, &*panic)),
            Err(_) => Err(Error::new(
                Code::Timeout,
                format!(
                    "what `{}` would change was not known in time; nothing was done",
                    tool.name
                ),
            )
            .advise("give a longer `timeout`")),
        }
    }

    fn rules_need_plan(&self) -> bool {
        !self.tool.commits_nothing && self.approval.rules().need_plan(&self.facts(None))
    }

    fn facts<'b>(&'b self, plan: Option<&'b Plan>) -> Facts<'b> {
        let devices = plan.map(|plan| plan.devices.as_slice());
        let judged = (self.tool.judged)(self.arguments);
        let configures = judged.iter().any(|judged| matches!(judged, Judged::Config { .. }));
        Facts {
            tool: self.tool,
            effect: self.effect,
            devices: devices.filter(|devices| !devices.is_empty()).unwrap_or(self.devices),
            changes: match plan.map(|plan| plan.statements.as_slice()) {
                Some(statements) if !statements.is_empty() => Changes::Statements(statements),
                _ if configures => Changes::Unknown,
                _ => Changes::Nothing,
            },
        }
    }

    /// Whether a person has to agree: as the tool itself knows, as the rules say, or else as `--confirm` does.
    fn asks(&self, plan: Option<&Plan>) -> bool {
        if self.tool.commits_nothing {
            return false;
        }
        let is_given = self.tool.toolset == "mist" && self.context.permits.mist_unconfirmed;
        let otherwise = !is_given && self.confirm.needed(self.tool, self.effect);
        let by_rules = || self.approval.rules().ask(&self.facts(plan), otherwise);
        let asks = plan.and_then(|plan| plan.ask).unwrap_or_else(by_rules);
        asks || (self.tool.asks_always && !is_given)
    }

    /// Whether a token is of use: somebody will be there who knows it again.
    fn gives_tokens(&self) -> bool {
        let is_known_again = !self.is_last || self.approval.seals().is_shared();
        self.approval.gives_tokens() && !self.tool.asks_always && is_known_again
    }

    /// The refusal for a client that cannot ask, with a plan and a token where the operator lets it have them.
    fn propose(&self, bound: &Bound, shown: Shown, bad: Option<Bad>, proposal: &mut Option<Proposal>) -> Error {
        let tool = self.tool;
        let refusal = refused(tool, "this client cannot ask");
        let proposed = Proposal::new(tool.name, shown.text, bad);
        if self.gives_tokens() {
            let lasts = self.approval.token_lasts();
            let issued = token::issue(self.approval.seals(), bound, &shown.digest, lasts);
            *proposal = Some(proposed.with(issued, lasts));
            return refusal.advise("show the person the plan; call again with the token only if the person agrees");
        }
        // Somebody sits at the command line and can read what it would have been.
        *proposal = self.is_last.then_some(proposed);
        refusal.advise(match (self.is_last, self.approval.gives_tokens() && !tool.asks_always) {
            (true, true) => {
                "answer on a terminal, or say `--yes`; with `--confirm-key-file` a token is given that a later call can bring"
            }
            (true, false) => "answer on a terminal, or say `--yes`",
            _ => "a client that can show questions is asked; an operator can change this with `--confirm`",
        })
    }
}

/// Shows the plan to the person, and how they were asked, where they agree.
async fn asked(ask: &dyn Ask, tool: &Tool, shown: Shown) -> Result<&'static str> {
    // An answer counts for what was shown: where the thing has changed since, the question is another.
    let name = shown.digest.iter().fold(String::from("question-"), |mut name, byte| {
        use std::fmt::Write as _;
        let _ = write!(name, "{byte:02x}");
        name
    });
    let round = Round::default().question(&name, question(shown.text));
    let answers = ask.ask(round).await?;
    let answer = answers.get(&name);
    let is_agreed = answer.and_then(|answer| answer.pointer("/content/confirm")?.as_bool()) == Some(true);
    match answer.and_then(|answer| answer.get("action")?.as_str()) {
        Some("accept") if is_agreed => Ok(ask.how()),
        Some("cancel") => Err(refused(tool, "the question was closed without an answer")),
        Some(_) => Err(refused(tool, "it was declined")),
        None => Err(refused(tool, "nobody answered in time")),
    }
    .map_err(|error| error.advise("nothing was done; do not call again unless the person asks for it"))
}

fn question(message: String) -> Question {
    let schema = json!({
        "type": "object",
        "properties": { "confirm": { "type": "boolean", "title": "Do it" } },
        "required": ["confirm"]
    });
    Question::Form { message, schema }
}

fn refused(tool: &Tool, why: &str) -> Error {
    let message = format!("`{}` needs a person's confirmation: {why}", tool.name);
    Error::new(Code::ConfirmationRequired, message)
}
