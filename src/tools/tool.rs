//! What a tool is: its name, words, schemas, effect and function in one value. Knows nothing of MCP.

use std::{future::Future, pin::Pin, sync::OnceLock};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    Answer, Block, Context, Text,
    checks::{Check, Checks},
    schema,
};
use crate::error::{Code, Error, Result};

/// Arguments of a call, by name.
pub type Arguments = Map<String, Value>;

type Run = Box<dyn Fn(Context, Arguments) -> Pin<Box<dyn Future<Output = Result<Answer>> + Send>> + Send + Sync>;

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
    /// The family it belongs to: `junos`.
    pub toolset: &'static str,
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
    pub input: Value,
    /// JSON schema of `structuredContent`.
    pub output: Value,
    /// How long it may take.
    pub limit: Limit,
    /// What the guardrails see of a call.
    pub judged: fn(&Arguments) -> Vec<Judged>,
    /// It runs whatever command it is given: a call of it can change things although the tool is there to read.
    pub runs_commands: bool,
    checks: OnceLock<Checks>,
    run: Run,
}

/// What a tool's function returns: the structured value and how its text is made.
#[derive(Debug)]
pub struct Typed<T> {
    /// The structured value.
    pub value: T,
    /// The text.
    pub text: Text,
    /// What comes after the text.
    pub blocks: Vec<Block>,
    /// Whether this answer reports a failure.
    pub failed: bool,
}

impl<T> Typed<T> {
    /// Text is the value as indented JSON.
    pub fn json(value: T) -> Self {
        Self::new(value, Text::Json)
    }

    /// Text is the string in this field of the value.
    pub fn field(value: T, field: &'static str) -> Self {
        Self::new(value, Text::Field(field))
    }

    /// Text of its own.
    pub fn text(value: T, text: impl Into<String>) -> Self {
        Self::new(value, Text::Own(text.into()))
    }

    fn new(value: T, text: Text) -> Self {
        Self {
            value,
            text,
            blocks: Vec::new(),
            failed: false,
        }
    }

    /// Adds a piece after the text.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Marks the answer as the report of a failure where `failed`.
    #[must_use]
    pub fn failed(mut self, failed: bool) -> Self {
        self.failed = failed;
        self
    }
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
        Self {
            name,
            title,
            about,
            effect,
            toolset: "junos",
            is_own: false,
            is_for_all: false,
            is_plain: false,
            idempotent: effect == Effect::Read,
            open_world: true,
            aliases: Vec::new(),
            command_lists: &[],
            refusals: &[],
            input: schema::input::<A>(),
            output: schema::output::<O>(),
            limit: Limit::Timeout,
            judged: |_| Vec::new(),
            runs_commands: false,
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

    /// What checks this parameter; `None` where the schema has no such parameter.
    pub fn check(&self, parameter: &str) -> Option<&Check> {
        self.checks.get_or_init(|| Checks::of(&self.input)).get(parameter)
    }

    /// Runs the tool. Everything that cuts across tools is around this call, in the server.
    ///
    /// # Errors
    /// Whatever the tool reports.
    pub fn run(
        &self,
        context: Context,
        arguments: Arguments,
    ) -> Pin<Box<dyn Future<Output = Result<Answer>> + Send + 'static>> {
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
