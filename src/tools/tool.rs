//! What a tool is: its name, words, schemas, effect and function in one value. Knows nothing of MCP.

use std::{future::Future, pin::Pin, sync::OnceLock};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    Answer, Context, Plan, Typed,
    checks::{Check, Checks},
    schema::{self, Schema},
};
use crate::{
    error::{Code, Error, Result},
    junos::grammar::Mark,
};

/// Arguments of a call, by name.
pub type Arguments = Map<String, Value>;

type Running<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;
type Run = Box<dyn Fn(Context, Arguments) -> Running<Answer> + Send + Sync>;
type Planning = Box<dyn Fn(Context, Arguments) -> Running<Plan> + Send + Sync>;
type EffectOf = Box<dyn Fn(&Arguments) -> Effect + Send + Sync>;

/// Where a tool is listed. One that is listed nowhere can be found and called all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// In every list.
    Always,
    /// In every list of tools for the Mist cloud: what is needed to find the others.
    Essential,
    /// Where this category is wanted.
    Category(&'static str),
    /// Nowhere: it is one of the API's many operations, found by `search_tools`.
    Index,
}

/// What a tool does to the network or to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes configuration or the server's own files; can be undone.
    Write,
    /// Cannot be undone.
    Destroy,
}

impl Effect {
    /// The word in lists and in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Write => "write",
            Effect::Destroy => "destroy",
        }
    }

    /// The effect of this word.
    pub fn of(word: &str) -> Option<Self> {
        [Effect::Read, Effect::Write, Effect::Destroy]
            .into_iter()
            .find(|effect| effect.as_str() == word)
    }

    /// What a call with this effect does, in a sentence.
    pub fn deeds(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Write => "change things",
            Effect::Destroy => "do what cannot be undone",
        }
    }
}

/// What a call does that runs a command.
impl From<Mark> for Effect {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::Reads => Effect::Read,
            Mark::Acts => Effect::Write,
            Mark::Destroys | Mark::Opens => Effect::Destroy,
        }
    }
}

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The `timeout` argument, or the server's default: the call path ends the call.
    Timeout,
    /// The tool ends by itself and answers with what it has.
    Own,
}

/// Something that the guardrails judge before the tool runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// An operational command.
    Command(String),
    /// A command to a packet forwarding engine.
    Pfe(String),
    /// Configuration, with its format.
    Config {
        /// `set`, `text`, `xml` or `json`; `None` where it is found out from the text.
        format: Option<String>,
        /// The configuration.
        text: String,
    },
}

/// One tool.
pub struct Tool {
    /// The name that clients call.
    pub name: &'static str,
    /// The name that people read.
    pub title: &'static str,
    /// When to use it and what it returns, for the model.
    pub about: &'static str,
    /// What it does.
    pub effect: Effect,
    /// Further names that it answers to.
    pub also: Vec<&'static str>,
    /// The family it belongs to: `junos`, `mist`.
    pub toolset: &'static str,
    /// Where it is listed.
    pub shelf: Shelf,
    /// It is nothing without a person's word: where nobody is asked it is refused.
    pub asks_always: bool,
    /// It only gives a caller what is that caller's own: every caller may call it.
    pub is_own: bool,
    /// It changes what every caller works with, so it is for callers that reach every device.
    pub is_for_all: bool,
    /// Its answer is all that it says: it asks nothing, reports no progress and writes nothing to the client's log.
    pub is_plain: bool,
    /// Whether a second call with the same arguments changes nothing more.
    pub idempotent: bool,
    /// Whether it reaches outside the server.
    pub open_world: bool,
    /// Other spellings of parameters: (spelling, name in the schema).
    pub aliases: Vec<(&'static str, &'static str)>,
    /// Lists of commands: a comma in their text belongs to a command.
    pub command_lists: &'static [&'static str],
    /// What is said of a wrong value, in the words that users of the earlier servers know: (parameter, sentence with `{}` for
    /// the value).
    pub refusals: &'static [(&'static str, &'static str)],
    /// JSON schema of the arguments.
    input: Schema,
    /// JSON schema of `structuredContent`; none where the text is all that there is.
    pub output: Option<Value>,
    /// Brings arguments into the form that the schema describes, such as addresses in any of their spellings.
    pub tidies: fn(&mut Arguments),
    /// How long it may take.
    pub limit: Limit,
    /// What the guardrails see of a call.
    pub judged: fn(&Arguments) -> Vec<Judged>,
    /// It runs whatever command it is given: a call of it can change things although the tool is there to read.
    pub runs_commands: bool,
    /// It changes the server's own work or a candidate that it throws away, and commits nothing: nobody is asked about it.
    pub commits_nothing: bool,
    effect_of: Option<EffectOf>,
    planning: Option<Planning>,
    /// Its plan is made only where somebody reads it.
    plans_when_asked: bool,
    checks: OnceLock<Checks>,
    run: Run,
}

impl Tool {
    /// A tool from its function. Arguments and result are typed; both schemas come from the types.
    pub fn new<A, O, F, Fut>(
        name: &'static str,
        effect: Effect,
        title: &'static str,
        about: &'static str,
        function: F,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + 'static,
        F: Fn(Context, A) -> Fut + Send + Sync + Clone + 'static,
        Fut: Future<Output = Result<Typed<O>>> + Send + 'static,
    {
        let run: Run = Box::new(move |context, arguments| {
            let function = function.clone();
            Box::pin(async move {
                let arguments = serde_json::from_value(Value::Object(arguments))
                    .map_err(|e| Error::new(Code::InvalidInput, format!("arguments of `{name}`: {e}")))?;
                let limits = context.limits;
                let typed = function(context, arguments).await?;
                Answer::from_typed(typed, limits)
            })
        });
        let mut tool = Self::bare(name, effect, about, Schema::ready(schema::input::<A>()), run);
        tool.title = title;
        tool.output = Some(schema::output::<O>());
        tool
    }

    /// A tool that is made from data: its schema is made when somebody asks for it, and its text is all that it answers.
    pub fn of_data<F, Fut>(
        name: &'static str,
        effect: Effect,
        about: &'static str,
        schema: impl Fn() -> Value + Send + Sync + 'static,
        function: F,
    ) -> Self
    where
        F: Fn(Context, Arguments) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Typed<Value>>> + Send + 'static,
    {
        let run: Run = Box::new(move |context, arguments| {
            let limits = context.limits;
            let running = function(context, arguments);
            Box::pin(async move { Answer::from_typed(running.await?, limits) })
        });
        Self::bare(name, effect, about, Schema::made(schema), run)
    }

    fn bare(name: &'static str, effect: Effect, about: &'static str, input: Schema, run: Run) -> Self {
        Self {
            name,
            title: name,
            about,
            effect,
            also: Vec::new(),
            toolset: "junos",
            shelf: Shelf::Always,
            asks_always: false,
            is_own: false,
            is_for_all: false,
            is_plain: false,
            idempotent: effect == Effect::Read,
            open_world: true,
            aliases: Vec::new(),
            command_lists: &[],
            refusals: &[],
            input,
            output: None,
            tidies: |_| (),
            limit: Limit::Timeout,
            judged: |_| Vec::new(),
            runs_commands: false,
            commits_nothing: false,
            effect_of: None,
            planning: None,
            plans_when_asked: false,
            checks: OnceLock::new(),
            run,
        }
    }

    /// Other spellings of parameters.
    #[must_use]
    pub fn aliases(mut self, aliases: &[(&'static str, &'static str)]) -> Self {
        self.aliases.extend(aliases);
        self
    }

    /// Parameters that are lists of commands.
    #[must_use]
    pub fn command_lists(mut self, names: &'static [&'static str]) -> Self {
        self.command_lists = names;
        self
    }

    /// What is said of wrong values.
    #[must_use]
    pub fn refusals(mut self, refusals: &'static [(&'static str, &'static str)]) -> Self {
        self.refusals = refusals;
        self
    }

    /// It is a tool for the Mist cloud, listed there; its text is all that it answers.
    #[must_use]
    pub fn mist(mut self, shelf: Shelf) -> Self {
        self.toolset = "mist";
        self.shelf = shelf;
        self.output = None;
        self
    }

    /// Further names that it answers to.
    #[must_use]
    pub fn also(mut self, names: &[&'static str]) -> Self {
        self.also.extend(names);
        self
    }

    /// What brings arguments into the form that the schema describes.
    #[must_use]
    pub fn tidies(mut self, tidies: fn(&mut Arguments)) -> Self {
        self.tidies = tidies;
        self
    }

    /// What a call does depends on its arguments; the tool's own effect is the least that it may be.
    #[must_use]
    pub fn effect_of(mut self, effect_of: impl Fn(&Arguments) -> Effect + Send + Sync + 'static) -> Self {
        self.effect_of = Some(Box::new(effect_of));
        self
    }

    /// What a person is shown before a call that changes something: read from what would be changed. The tool's function finds it in
    /// its context and looks whether it still holds.
    #[must_use]
    pub fn planned<F, Fut>(mut self, planning: F) -> Self
    where
        F: Fn(Context, Arguments) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Plan>> + Send + 'static,
    {
        self.planning = Some(Box::new(move |context, arguments| {
            Box::pin(planning(context, arguments))
        }));
        self
    }

    /// The same, of a plan that costs much, such as a whole check on the device: made only where a person is asked, or a rule of the
    /// operator's asks what changes. Where it was not made, the tool's context has none.
    #[must_use]
    pub fn planned_when_asked<F, Fut>(mut self, planning: F) -> Self
    where
        F: Fn(Context, Arguments) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Plan>> + Send + 'static,
    {
        self.plans_when_asked = true;
        self.planned(planning)
    }

    /// It commits nothing: refused where everything is read-only, but nobody is asked about it.
    #[must_use]
    pub fn commits_nothing(mut self) -> Self {
        self.commits_nothing = true;
        self
    }

    /// It is nothing without a person's word.
    #[must_use]
    pub fn asks_always(mut self) -> Self {
        self.asks_always = true;
        self
    }

    /// It belongs to this family.
    #[must_use]
    pub fn toolset(mut self, toolset: &'static str) -> Self {
        self.toolset = toolset;
        self
    }

    /// It changes what every caller works with.
    #[must_use]
    pub fn for_all(mut self) -> Self {
        self.is_for_all = true;
        self
    }

    /// Its answer is all that it says.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.is_plain = true;
        self
    }

    /// It only gives a caller what is that caller's own.
    #[must_use]
    pub fn own(mut self) -> Self {
        self.is_own = true;
        self
    }

    /// It reaches nothing outside the server.
    #[must_use]
    pub fn local(mut self) -> Self {
        self.open_world = false;
        self
    }

    /// A second call with the same arguments changes nothing more.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// It ends by itself.
    #[must_use]
    pub fn ends_itself(mut self) -> Self {
        self.limit = Limit::Own;
        self
    }

    /// It runs whatever command it is given, and this is what the guardrails see of a call.
    #[must_use]
    pub fn runs_commands(mut self, judged: fn(&Arguments) -> Vec<Judged>) -> Self {
        self.runs_commands = true;
        self.judged(judged)
    }

    /// What the guardrails see of a call.
    #[must_use]
    pub fn judged(mut self, judged: fn(&Arguments) -> Vec<Judged>) -> Self {
        self.judged = judged;
        self
    }

    /// JSON schema of the arguments.
    pub fn input(&self) -> &Value {
        self.input.get()
    }

    /// Gives it another schema.
    #[must_use]
    pub fn with_input(mut self, schema: Value) -> Self {
        self.input = Schema::ready(schema);
        self
    }

    /// Whether a person may have to agree to a call of it.
    pub fn is_asked_about(&self) -> bool {
        (self.effect != Effect::Read || self.has_many_effects()) && !self.commits_nothing
    }

    /// Whether what a call does depends on its arguments.
    pub fn has_many_effects(&self) -> bool {
        self.runs_commands || self.effect_of.is_some()
    }

    /// What a call with these arguments does, as far as the tool itself can tell.
    pub fn effect_of_call(&self, arguments: &Arguments) -> Effect {
        self.effect_of
            .as_ref()
            .map_or(self.effect, |effect_of| effect_of(arguments).max(self.effect))
    }

    /// Whether its plan is made only where somebody reads it.
    pub fn plans_when_asked(&self) -> bool {
        self.plans_when_asked
    }

    /// What a person is to be shown; none where the arguments say it all.
    pub fn plan(&self, context: Context, arguments: Arguments) -> Option<Running<Plan>> {
        self.planning.as_ref().map(|planning| planning(context, arguments))
    }

    /// What checks this parameter; `None` where the schema has no such parameter.
    pub fn check(&self, parameter: &str) -> Option<&Check> {
        self.checks.get_or_init(|| Checks::of(self.input())).get(parameter)
    }

    /// Runs the tool. Everything that cuts across tools is around this call, in the server.
    ///
    /// # Errors
    /// Whatever the tool reports.
    pub fn run(&self, context: Context, arguments: Arguments) -> Running<Answer> {
        (self.run)(context, arguments)
    }
}

/// A string argument, for `judged` functions; empty where it is missing.
pub fn string_argument(arguments: &Arguments, name: &str) -> String {
    arguments
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
