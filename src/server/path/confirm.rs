//! Step 6: whether a person has to agree before the tool runs.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Context, Effect, Plan, Tool, secrets},
};

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
    /// Whether a call with this effect needs a person's word. Of the Mist cloud every change needs a person unless nothing does: what a model reads there may tell it what to write.
    pub fn needed(self, tool: &Tool, effect: Effect) -> bool {
        match self {
            Confirm::Never => false,
            Confirm::Destroy => effect == Effect::Destroy || (effect == Effect::Write && tool.toolset == "mist"),
            Confirm::Write => effect != Effect::Read,
        }
    }

    /// Asks the person at the client where the tool's effect needs it. A client that cannot ask gets a refusal: a write
    /// that nobody saw is worse than a write that did not happen. A tool that knows what would change is asked for that, also where
    /// nobody has to agree: it compares before it writes.
    ///
    /// # Errors
    /// `confirmation_required`; what the tool says where the change cannot be made.
    pub(super) async fn check(self, asking: Asking<'_>) -> Result<Option<Plan>> {
        let Asking {
            tool,
            effect,
            arguments,
            context,
        } = asking;
        if effect == Effect::Read {
            return Ok(None);
        }
        if tool.asks_always && self == Confirm::Never {
            let why = format!(
                "`{}` is a person's word, and with `--confirm never` nobody is asked",
                tool.name
            );
            return Err(Error::new(Code::ConfirmationRequired, why)
                .advise("an operator can decide it in the configuration instead"));
        }
        let plan = match tool.plan(context.clone(), arguments.clone()) {
            Some(planning) => Some(planning.await?),
            None => None,
        };
        let is_given = tool.toolset == "mist" && context.permits.mist_unconfirmed;
        if is_given || !self.needed(tool, effect) {
            return Ok(plan);
        }
        let refusal = |why: &str| {
            Error::new(
                Code::ConfirmationRequired,
                format!("`{}` needs a person's confirmation: {why}", tool.name),
            )
            .advise("an operator can change this with `--confirm`")
        };
        let Some(ask) = context.ask.as_deref().filter(|ask| ask.has_forms()) else {
            return Err(refusal("this client cannot ask"));
        };
        let message = match &plan {
            Some(plan) => plan.words.clone(),
            None => {
                let arguments = serde_json::to_string_pretty(&without_secrets(arguments)).unwrap_or_default();
                format!("Run {} ({})?\n{arguments}", tool.name, effect.as_str())
            }
        };
        let schema = serde_json::json!({
            "type": "object",
            "properties": { "confirm": { "type": "boolean", "title": "Do it" } },
            "required": ["confirm"]
        });
        let message = super::clean::text(message);
        // An answer counts for what was shown: where the thing has changed since, the question is another.
        let filled = ask.form_about(&digest(&message), &message, schema).await?;
        match filled.and_then(|form| form.get("confirm")?.as_bool()) {
            Some(true) => Ok(plan),
            _ => Err(refusal("it was declined")),
        }
    }
}

/// A call that may need a person's word.
pub(super) struct Asking<'a> {
    pub(super) tool: &'a Tool,
    pub(super) effect: Effect,
    pub(super) arguments: &'a Arguments,
    pub(super) context: &'a Context,
}

fn digest(message: &str) -> String {
    Sha256::digest(message)
        .iter()
        .take(8)
        .fold(String::from("question-"), |mut name, byte| {
            use std::fmt::Write as _;
            let _ = write!(name, "{byte:02x}");
            name
        })
}

/// The arguments without passwords: questions are shown on a screen.
fn without_secrets(arguments: &Arguments) -> Value {
    let mut shown = arguments.clone();
    for (name, value) in shown
        .get_mut("auth")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        if !matches!(name.as_str(), "type" | "private_key_path") {
            *value = "***".into();
        }
    }
    if shown.get("auth").is_some_and(|auth| !auth.is_object()) {
        shown.insert("auth".into(), "***".into());
    }
    secrets::hidden(&Value::Object(shown))
}
