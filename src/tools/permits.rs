//! What the operator lets calls do, whoever makes them.

use std::sync::Arc;

use super::{Allowed, Catalogue, Effect, Tool, did_you_mean};
use crate::error::{Code, Error, Result};

/// What calls may do.
#[derive(Debug, Clone, Default)]
pub struct Permits {
    /// Refuse whatever changes anything.
    pub read_only: bool,
    /// Tools for the Mist cloud may change something.
    pub mist_writes: bool,
    /// They may do so without a person's word.
    pub mist_unconfirmed: bool,
    /// The tools that there are for this server.
    pub offer: Offer,
}

/// The tools that an operator offers: those of one list, without those of another. Names and patterns.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    lists: Arc<[(Vec<String>, Allowed); 2]>,
}

/// The flags of the two lists.
const LISTS: [&str; 2] = ["allow-tools", "deny-tools"];

impl Offer {
    /// Without names in `allow` every tool is allowed.
    ///
    /// # Errors
    /// `invalid_input` for a pattern that cannot be read.
    pub fn new(allow: &[String], deny: &[String]) -> Result<Self> {
        let list = |names: &[String]| -> Result<(Vec<String>, Allowed)> {
            let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
            let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
            let allowed = Allowed::patterns(names.iter().map(String::as_str))?;
            Ok((names, allowed))
        };
        Ok(Self {
            lists: Arc::new([list(allow)?, list(deny)?]),
        })
    }

    /// Whether this tool is offered. What every caller needs to read its own answers has to be denied by name to be missing.
    pub fn has(&self, tool: &Tool) -> bool {
        let [(names, allow), (denied, deny)] = &*self.lists;
        let is_in = |list: &Allowed| list.has(tool.name) || tool.also.iter().any(|name| list.has(name));
        let is_allowed = names.is_empty() || tool.is_own || is_in(allow);
        is_allowed && (denied.is_empty() || !is_in(deny))
    }

    /// Refuses names of tools that there are not: whoever wrote one meant another.
    ///
    /// # Errors
    /// `invalid_input`, naming all of them.
    pub fn check(&self, catalogue: &Catalogue) -> Result<()> {
        for (flag, (names, _)) in LISTS.into_iter().zip(&*self.lists) {
            let is_pattern = |name: &str| name.contains(['*', '?', '[', '{']);
            let unknown = names
                .iter()
                .filter(|name| !is_pattern(name) && catalogue.find(name).is_none());
            let unknown: Vec<&str> = unknown.map(String::as_str).collect();
            if let Some(first) = unknown.first() {
                let known = catalogue.iter().map(|tool| tool.name);
                let message = format!("`--{flag}`: there is no tool `{}`", unknown.join("`, `").escape_debug());
                let nearest = did_you_mean(first, known);
                return Err(
                    Error::new(Code::InvalidInput, message).advise(format!("{nearest}`jmcp tools --all` lists them"))
                );
            }
        }
        Ok(())
    }
}

impl Permits {
    /// Whether calls of this tool may do this.
    pub fn allow(&self, tool: &Tool, effect: Effect) -> bool {
        self.offer.has(tool) && self.check(tool, effect).is_ok()
    }

    /// # Errors
    /// `read_only`, saying what an operator can do about it.
    pub fn check(&self, tool: &Tool, effect: Effect) -> Result<()> {
        if effect == Effect::Read {
            return Ok(());
        }
        let what = changes(tool);
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

/// In a sentence, what it is in a call of this tool that changes things.
pub fn changes(tool: &Tool) -> String {
    if tool.runs_commands && tool.effect == Effect::Read {
        format!(
            "a command in this call of `{}` is none that is known to only read",
            tool.name
        )
    } else if tool.effect == Effect::Read {
        format!("this call of `{}` changes things", tool.name)
    } else {
        format!("`{}` changes things", tool.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(allow: &[&str], deny: &[&str]) -> Offer {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Offer::new(&owned(allow), &owned(deny)).unwrap()
    }

    #[test]
    fn lists_of_tools_take_patterns_and_know_what_there_is() {
        let catalogue = Catalogue::new().unwrap();
        let offered = |offer: &Offer| {
            let tools = catalogue.iter().filter(|tool| offer.has(tool));
            tools.map(|tool| tool.name).collect::<Vec<_>>()
        };
        assert_eq!(offered(&Offer::default()).len(), catalogue.iter().count());
        let some = offered(&offer(&["get_router_list", "execute_junos_*"], &["*_batch"]));
        let expected = [
            "execute_junos_command",
            "execute_junos_pfe_command",
            "get_operation",
            "get_router_list",
            "list_operations",
            "read_result",
        ];
        assert_eq!(some, expected);
        let few = offered(&offer(&["get_router_list"], &["read_result", "*_operation*"]));
        assert_eq!(few, ["get_router_list"]);
        offer(&["get_router_list", "nonsense_*"], &[])
            .check(&catalogue)
            .unwrap();
        let error = offer(&[], &["get_router_lst"]).check(&catalogue).unwrap_err();
        assert!(
            error
                .message()
                .contains("`--deny-tools`: there is no tool `get_router_lst`"),
            "{error}"
        );
        assert!(Offer::new(&["[".to_owned()], &[]).is_err());
    }
}
