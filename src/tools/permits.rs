//! What the operator lets calls do, whoever makes them.

use super::{Effect, Tool};
use crate::error::{Code, Error, Result};

/// What calls may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permits {
    /// Refuse whatever changes anything.
    pub read_only: bool,
    /// Tools for the Mist cloud may change something.
    pub mist_writes: bool,
    /// They may do so without a person's word.
    pub mist_unconfirmed: bool,
}

impl Permits {
    /// Whether calls of this tool may do this.
    pub fn allow(self, tool: &Tool, effect: Effect) -> bool {
        self.check(tool, effect).is_ok()
    }

    /// # Errors
    /// `read_only`, saying what an operator can do about it.
    pub fn check(self, tool: &Tool, effect: Effect) -> Result<()> {
        if effect == Effect::Read {
            return Ok(());
        }
        let what = if tool.runs_commands && tool.effect == Effect::Read {
            format!(
                "a command in this call of `{}` is none that is known to only read",
                tool.name
            )
        } else if tool.effect == Effect::Read {
            format!("this call of `{}` changes things", tool.name)
        } else {
            format!("`{}` changes things", tool.name)
        };
        let refusal = |why: &str, flag: &str| {
            Err(Error::new(Code::ReadOnly, format!("{what} and {why}"))
                .advise(format!("an operator can start jmcp {flag}; trying again does not help")))
        };
        if self.read_only {
            return refusal("this server is read-only", "without `--read-only`");
        }
        if tool.toolset == "mist" && !self.mist_writes {
            return refusal(
                "this server only reads from the Mist cloud",
                "with `--enable-write-tools`",
            );
        }
        Ok(())
    }
}
