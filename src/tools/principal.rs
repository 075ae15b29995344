//! Who calls, and what that caller reaches: tools, devices, effects, organisations and sites of the Mist cloud.

use std::{collections::BTreeSet, sync::Arc};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Effect, Shelf, Tool};
use crate::{
    error::{Code, Error, Result},
    mist::Reach,
};

/// A caller and what it may use.
#[derive(Debug, Clone)]
pub struct Principal {
    /// A token's name, or `stdio`.
    pub name: Arc<str>,
    /// What its own things are kept under: the name, and for a token also its secret's mark, so that a token that was taken back leaves
    /// nothing to the next of its name.
    pub id: Arc<str>,
    /// The tools it may call.
    pub tools: Allowed,
    /// The families of tools it may call.
    pub toolsets: Allowed,
    /// The devices it may reach.
    pub devices: Allowed,
    /// What its calls may do.
    pub effects: BTreeSet<Effect>,
    /// The organisations of the Mist cloud that it may reach, by id.
    pub mist_organisations: Allowed,
    /// The sites of the Mist cloud that it may reach, by id.
    pub mist_sites: Allowed,
    /// Limits of its own, in place of the server's.
    pub limits: CallerLimits,
    /// Whether secrets in answers are shown to it.
    pub show_secrets: bool,
}

/// Limits of one caller in place of the server's; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallerLimits {
    /// Calls at once.
    pub in_flight: Option<usize>,
    /// Calls in a second, on average.
    pub per_second: Option<u32>,
    /// Calls at a burst.
    pub burst: Option<u32>,
    /// Sessions at once.
    pub sessions: Option<usize>,
}

/// All, or only these.
#[derive(Debug, Clone, Default)]
pub enum Allowed {
    /// Everything.
    #[default]
    All,
    /// Only these names, and what these patterns match.
    Only {
        /// Names as they are.
        names: BTreeSet<String>,
        /// Patterns with `*`, `?`, `[...]` and `{a,b}`, which match whole names.
        patterns: GlobSet,
    },
}

impl Allowed {
    /// Only these names.
    pub fn names<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Allowed::Only {
            names: names.into_iter().map(Into::into).collect(),
            patterns: GlobSet::empty(),
        }
    }

    /// Only these names, of which those with `*`, `?`, `[` or `{` are patterns.
    ///
    /// # Errors
    /// `invalid_input` for a pattern that cannot be read.
    pub fn patterns<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let wrong =
            |e: globset::Error| Error::new(Code::InvalidInput, format!("a pattern cannot be read: {e}")).caused_by(e);
        let (globs, names): (Vec<&str>, Vec<&str>) = entries
            .into_iter()
            .partition(|entry| entry.contains(['*', '?', '[', '{']));
        let mut patterns = GlobSetBuilder::new();
        for glob in globs {
            patterns.add(GlobBuilder::new(glob).backslash_escape(true).build().map_err(wrong)?);
        }
        Ok(Allowed::Only {
            names: names.into_iter().map(str::to_owned).collect(),
            patterns: patterns.build().map_err(wrong)?,
        })
    }

    /// Whether this name is among them.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Allowed::All => true,
            Allowed::Only { names, patterns } => names.contains(name) || patterns.is_match(name),
        }
    }

    /// Whether this is everything.
    pub fn is_all(&self) -> bool {
        matches!(self, Allowed::All)
    }
}

impl Principal {
    /// The person at this machine: stdio and the command line, which the operating system has let in already.
    pub fn local(name: &str) -> Self {
        Self {
            name: name.into(),
            id: name.into(),
            tools: Allowed::All,
            toolsets: Allowed::All,
            devices: Allowed::All,
            effects: [Effect::Read, Effect::Write, Effect::Destroy].into(),
            mist_organisations: Allowed::All,
            mist_sites: Allowed::All,
            limits: CallerLimits::default(),
            show_secrets: false,
        }
    }

    /// Whether it may call this tool. What every caller needs to read its own answers is never refused.
    pub fn may_call(&self, tool: &Tool) -> bool {
        tool.is_own || self.may_see(tool)
    }

    /// Whether this tool is in its lists.
    pub fn may_see(&self, tool: &Tool) -> bool {
        let reaches = !tool.is_for_all || self.devices.is_all();
        let family = match tool.shelf {
            Shelf::Category(category) => self.toolsets.has(tool.toolset) || self.toolsets.has(category),
            _ => self.toolsets.has(tool.toolset),
        };
        reaches && self.tools.has(tool.name) && family && self.may_do(tool.effect)
    }

    /// Whether its calls may do this.
    pub fn may_do(&self, effect: Effect) -> bool {
        self.effects.contains(&effect)
    }

    /// Whether it may reach this device.
    pub fn may_reach(&self, device: &str) -> bool {
        self.devices.has(device)
    }

    /// Whether nothing is kept from it: figures of the whole server are for such callers only.
    pub fn is_unrestricted(&self) -> bool {
        self.tools.is_all() && self.toolsets.is_all() && self.devices.is_all()
    }
}

impl Reach for Principal {
    fn is_all(&self) -> bool {
        self.mist_organisations.is_all() && self.mist_sites.is_all()
    }

    fn organisation(&self, id: &str) -> bool {
        self.mist_organisations.has(id)
    }

    fn has_all_sites(&self) -> bool {
        self.mist_sites.is_all()
    }

    fn site(&self, id: &str) -> bool {
        self.mist_sites.has(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        let allowed = Allowed::patterns(["core-*", "edge1", "lab-{a,b}"]).unwrap();
        for name in ["core-", "core-1/x", "edge1", "lab-a"] {
            assert!(allowed.has(name), "{name}");
        }
        for name in ["score-1", "edge11", "edge", "lab-c", ""] {
            assert!(!allowed.has(name), "{name}");
        }
        assert!(!Allowed::patterns([]).unwrap().has("anything"));
        assert!(Allowed::patterns(["["]).is_err());
    }
}
