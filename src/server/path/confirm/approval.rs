//! What an operator decided about a person's word, beside `--confirm`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;

use super::ConfirmRules;
use crate::{error::Result, server::seals::Seals};

/// What a client gets that cannot show a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum WithoutAsking {
    /// The plan, and a token that runs the call when it comes back.
    #[default]
    Token,
    /// A refusal.
    Refuse,
}

/// Files and figures as they were given.
#[derive(Debug, Clone)]
pub struct ApprovalOptions {
    /// The rules.
    pub rules: Option<PathBuf>,
    /// The key, where several processes share one.
    pub key: Option<PathBuf>,
    /// What a client gets that cannot show a question.
    pub without_asking: WithoutAsking,
    /// How long a token is good.
    pub token_lasts: Duration,
}

impl Default for ApprovalOptions {
    fn default() -> Self {
        Self {
            rules: None,
            key: None,
            without_asking: WithoutAsking::Token,
            token_lasts: Duration::from_secs(300),
        }
    }
}

/// The rules in force, and what signs questions and tokens.
pub struct Approval {
    rules: ArcSwap<ConfirmRules>,
    options: ApprovalOptions,
    seals: Arc<Seals>,
}

impl Approval {
    /// Reads the files.
    ///
    /// # Errors
    /// `io` and `invalid_input` for files that cannot be used: the server must not start.
    pub fn open(options: ApprovalOptions) -> Result<Self> {
        let seals = match &options.key {
            Some(file) => Seals::of_file(file)?,
            None => Seals::random(),
        };
        let approval = Self {
            rules: ArcSwap::default(),
            options,
            seals: Arc::new(seals),
        };
        approval.install(approval.read_rules()?);
        Ok(approval)
    }

    /// With another key, or another clock.
    #[must_use]
    pub fn sealed_by(mut self, seals: Seals) -> Self {
        self.seals = Arc::new(seals);
        self
    }

    /// The file of the rules, where there is one.
    pub fn rules_file(&self) -> Option<&Path> {
        self.options.rules.as_deref()
    }

    /// The rules as they are in their file now; none without a file.
    ///
    /// # Errors
    /// As `ConfirmRules::read`.
    pub fn read_rules(&self) -> Result<ConfirmRules> {
        self.rules_file()
            .map_or_else(|| Ok(ConfirmRules::default()), ConfirmRules::read)
    }

    /// Puts these rules in force; whether they are others.
    pub fn install(&self, rules: ConfirmRules) -> bool {
        let is_other = *self.rules.load().as_ref() != rules;
        self.rules.store(Arc::new(rules));
        is_other
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<ConfirmRules> {
        self.rules.load_full()
    }

    /// Whether a client that cannot show a question gets a token.
    pub fn gives_tokens(&self) -> bool {
        self.options.without_asking == WithoutAsking::Token
    }

    /// How long a token is good.
    pub(super) fn token_lasts(&self) -> Duration {
        self.options.token_lasts
    }

    /// What signs.
    pub(in crate::server) fn seals(&self) -> &Arc<Seals> {
        &self.seals
    }
}

impl Default for Approval {
    fn default() -> Self {
        Self {
            rules: ArcSwap::default(),
            options: ApprovalOptions::default(),
            seals: Arc::new(Seals::random()),
        }
    }
}
