//! Tokens that may do more than an AI client should be trusted with: what is risky about one, and when its writes are refused.

mod analysis;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::time::Instant;

pub use self::analysis::{Analysis, Risk, Severity};
use super::{Access, Failure, Request};
use crate::error::{Code, Error, Result};

/// How long what is known of a token holds.
const KEPT: Duration = Duration::from_secs(300);
/// Accounts whose risks are remembered, and people's words.
const ACCOUNTS: usize = 4096;

/// How much a token may reach before it counts as a risk (strictly more is one), and whether risks stop writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Refuse writes of a token with a critical risk.
    pub strict: bool,
    /// An operator knows the risks and accepts them.
    pub acknowledged: bool,
    /// Organisations with the role `admin`.
    pub max_admin_orgs: usize,
    /// Organisations with the role `write`.
    pub max_write_orgs: usize,
    /// MSPs with the role `admin`.
    pub max_admin_msps: usize,
    /// MSPs with the role `write`.
    pub max_write_msps: usize,
    /// Organisations that are reached through one MSP.
    pub max_orgs_per_msp: usize,
}

impl Default for Options {
    /// As in the Enhanced Mist server.
    fn default() -> Self {
        Self {
            strict: true,
            acknowledged: false,
            max_admin_orgs: 1,
            max_write_orgs: 3,
            max_admin_msps: 1,
            max_write_msps: 1,
            max_orgs_per_msp: 5,
        }
    }
}

/// The id of an account and a caller.
type Whose = (Arc<str>, Arc<str>);

/// What is known of one account. Whoever asks first finds out; the others wait.
type Entry = Arc<tokio::sync::Mutex<Option<Known>>>;

/// Refuses writes of tokens that may do too much, unless a person or the operator has accepted that.
pub struct Guard {
    options: Options,
    known: Mutex<HashMap<Arc<str>, Entry>>,
    /// Which risks a person has accepted, by account and caller: one person's word is not another's.
    accepted: Mutex<HashMap<Whose, String>>,
}

struct Known {
    analysis: Arc<Analysis>,
    since: Instant,
}

impl Guard {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            known: Mutex::default(),
            accepted: Mutex::default(),
        }
    }

    /// The thresholds.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// A person has accepted these risks of this caller's account. Never called because a model said so.
    pub fn acknowledge(&self, access: &Access, analysis: &Analysis) {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        if accepted.len() >= ACCOUNTS {
            accepted.clear();
        }
        accepted.insert(whose(access), analysis.fingerprint());
    }

    /// Whether the operator, or a person at this caller, has accepted exactly these risks.
    pub fn is_acknowledged(&self, access: &Access, analysis: &Analysis) -> bool {
        let accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        self.options.acknowledged || accepted.get(&whose(access)) == Some(&analysis.fingerprint())
    }

    /// What is risky about the account; asked for once in five minutes.
    ///
    /// # Errors
    /// What the cloud answers, and `protocol` where it does not say what the token may do.
    pub async fn analysis(&self, access: &Access) -> Result<Arc<Analysis>, Failure> {
        let entry = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= ACCOUNTS {
                known.retain(|_, entry| Arc::strong_count(entry) > 1);
            }
            known.entry(access.account().id().clone()).or_default().clone()
        };
        let mut entry = entry.lock().await;
        if let Some(known) = entry.as_ref().filter(|known| known.since.elapsed() < KEPT) {
            return Ok(known.analysis.clone());
        }
        let response = access.ask("/api/v1/self").await?;
        let analysis = Arc::new(Analysis::of(&response.body, &self.options)?);
        *entry = Some(Known {
            analysis: analysis.clone(),
            since: Instant::now(),
        });
        Ok(analysis)
    }

    /// Whether a request may be sent. Who asks decides which requests are judged: all that change something, and all of the tool
    /// that takes any path.
    ///
    /// # Errors
    /// `blocked` for a token with a critical risk that nobody has accepted, and where the risk cannot be found out.
    pub async fn check(&self, access: &Access, request: &Request) -> Result<(), Failure> {
        if !self.options.strict || self.options.acknowledged {
            return Ok(());
        }
        let asked = format!("{} {}", request.method, request.template);
        let analysis = match self.analysis(access).await {
            Ok(analysis) => analysis,
            Err(why) => {
                let message = format!(
                    "`{asked}` was not sent: what the token may do is not known: {}",
                    why.message
                );
                let mut failure = Failure::new(Code::Blocked, message)
                    .advise("the cloud did not say what the token reaches, and strict mode sends nothing unjudged");
                failure.again = true;
                return Err(failure);
            }
        };
        if !analysis.is_critical() || self.is_acknowledged(access, &analysis) {
            return Ok(());
        }
        let critical: Vec<&str> = analysis.critical().map(|risk| risk.kind).collect();
        Err(Failure::new(
            Code::Blocked,
            format!("`{asked}` was not sent: the token may do too much ({})", critical.join(", ")),
        )
        .advise(
            "use a token that reaches only what is worked on; `analyze_token_security` says what is risky. A person can accept it when \
             `acknowledge_security_risks` asks, an operator with MIST_SECURITY_RISKS_ACKNOWLEDGED=true",
        ))
    }
}

/// The security of the caller's account, as a report for people: read now, not from what is remembered.
///
/// # Errors
/// What the cloud answers, and `protocol` where it does not say what the token may do.
pub async fn report(access: &Access) -> Result<Value> {
    let done = access.run("getSelf", &Map::new()).await?;
    let guard = access.mist().guard();
    let analysis = Analysis::of(done.body(), guard.options()).map_err(Error::from)?;
    let acknowledged = guard.is_acknowledged(access, &analysis);
    Ok(analysis.report(guard.options(), acknowledged))
}

fn whose(access: &Access) -> Whose {
    (access.account().id().clone(), access.caller().clone())
}
