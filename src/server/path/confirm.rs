//! Step 6: whether a person has to agree before the tool runs.

use super::Call;
use crate::{
    error::{Code, Error, Result},
    tools::{Effect, Tool},
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
    pub(super) async fn check(self, tool: &Tool, call: &Call) -> Result<()> {
        if !self.needed(tool.effect) {
            return Ok(());
        }
        let refusal = |why: &str| {
            Error::new(
                Code::ConfirmationRequired,
                format!("`{}` needs a person's confirmation: {why}", tool.name),
            )
            .advise("an operator can change this with `--confirm`")
        };
        let Some(ask) = &call.ask else {
            return Err(refusal("this client cannot ask"));
        };
        let arguments = serde_json::to_string_pretty(&call.arguments).unwrap_or_default();
        let message = format!("Run {} ({})?\n{arguments}", tool.name, tool.effect.as_str());
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
