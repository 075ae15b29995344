//! Step 6: whether a person has to agree before the tool runs.

use serde_json::Value;

use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Ask, Effect, Tool},
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
    fn needed(self, effect: Effect) -> bool {
        match self {
            Confirm::Never => false,
            Confirm::Destroy => effect == Effect::Destroy,
            Confirm::Write => effect != Effect::Read,
        }
    }

    /// Asks the person at the client where the tool's effect needs it. A client that cannot ask gets a refusal: a write
    /// that nobody saw is worse than a write that did not happen.
    ///
    /// # Errors
    /// `confirmation_required`
    pub(super) async fn check(
        self,
        tool: &Tool,
        effect: Effect,
        ask: Option<&dyn Ask>,
        arguments: &Arguments,
    ) -> Result<()> {
        if !self.needed(effect) {
            return Ok(());
        }
        let refusal = |why: &str| {
            Error::new(
                Code::ConfirmationRequired,
                format!("`{}` needs a person's confirmation: {why}", tool.name),
            )
            .advise("an operator can change this with `--confirm`")
        };
        let Some(ask) = ask.filter(|ask| ask.has_forms()) else {
            return Err(refusal("this client cannot ask"));
        };
        let arguments = serde_json::to_string_pretty(&without_secrets(arguments)).unwrap_or_default();
        let message = format!("Run {} ({})?\n{arguments}", tool.name, effect.as_str());
        let schema = serde_json::json!({
            "type": "object",
            "properties": { "confirm": { "type": "boolean", "title": "Do it" } },
            "required": ["confirm"]
        });
        let filled = ask.form(&message, schema).await?;
        match filled.and_then(|form| form.get("confirm")?.as_bool()) {
            Some(true) => Ok(()),
            _ => Err(refusal("it was declined")),
        }
    }
}

/// The arguments without passwords: questions are shown on a screen.
fn without_secrets(arguments: &Arguments) -> Arguments {
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
    shown
}
