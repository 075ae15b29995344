//! The one error type, and the closed list of codes that callers, exit statuses and the audit log share.

use std::fmt;

/// What went wrong, in one stable word.
///
/// The word (`Code::as_str`) is what a caller reads in `[code=...]`, what the audit event carries and what the
/// exit status of `jmcp call` is derived from: there is no second vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// No tool has this name.
    UnknownTool,
    /// The inventory has no such device, or the caller may not know that it has.
    UnknownRouter,
    /// The arguments do not fit the tool's schema or meaning.
    InvalidInput,
    /// A file, a handle, a version or another named thing does not exist.
    NotFound,
    /// The thing exists already, or somebody else changed it meanwhile.
    Conflict,
    /// The device, the server or its build cannot do this.
    Unsupported,
    /// A guardrail refuses this command or this configuration.
    Blocked,
    /// The server was started read-only.
    ReadOnly,
    /// The caller's token does not reach this tool.
    ToolScopeDenied,
    /// The inventory may not be changed.
    InventoryReadonly,
    /// The inventory file cannot be used as it is.
    InventoryInvalid,
    /// A person has to agree first.
    ConfirmationRequired,
    /// A limit on calls, devices or sessions is reached.
    Overloaded,
    /// The deadline passed before there was an answer.
    Timeout,
    /// The caller took the call back.
    Cancelled,
    /// The server is going down.
    ShuttingDown,
    /// No TCP connection, jump host or proxy command could be brought up.
    ConnectFailed,
    /// The connection was not up in time.
    ConnectTimeout,
    /// The device refused every credential.
    AuthFailed,
    /// An earlier refusal of these credentials is too recent to try again.
    AuthBackoff,
    /// The device shows another host key than the one on record.
    HostKeyMismatch,
    /// No host key of this device is on record.
    HostKeyUnknown,
    /// The known_hosts file cannot be read.
    KnownHostsMissing,
    /// The device and jmcp share no SSH algorithm.
    NoCommonAlgorithm,
    /// SSH works, NETCONF does not.
    NetconfUnavailable,
    /// What the device sent is not NETCONF.
    Protocol,
    /// The session ended before the reply came.
    Transport,
    /// The device answered with an error.
    DeviceError,
    /// The login class of the user forbids this.
    PermissionDenied,
    /// Another session holds the configuration lock.
    ConfigurationLocked,
    /// Somebody's uncommitted edits are in the shared candidate.
    CandidateModified,
    /// A confirmed commit waits for its confirmation.
    CommitConfirmedActive,
    /// The device refuses the configuration.
    ConfigurationInvalid,
    /// Whether the commit took effect is not known.
    CommitUnknown,
    /// Candidate or lock may be left behind.
    CandidateCleanupFailed,
    /// A template or its variables cannot be used.
    TemplateError,
    /// There is no token for the Mist cloud.
    MistNotConfigured,
    /// The Mist cloud answers no more calls of this token for now.
    RateLimited,
    /// The calls of the Mist token in this hour are used up, or this caller's share of them.
    BudgetExhausted,
    /// The Mist cloud failed.
    UpstreamError,
    /// An answer is longer than can be taken.
    TooLarge,
    /// Whether a change in the Mist cloud took effect is not known.
    OutcomeUnknown,
    /// A file or socket of the server's own machine failed.
    Io,
    /// A defect of jmcp.
    Internal,
}

impl Code {
    /// Every code, for documentation and tests.
    pub const ALL: &'static [Code] = &[
        Code::UnknownTool,
        Code::UnknownRouter,
        Code::InvalidInput,
        Code::NotFound,
        Code::Conflict,
        Code::Unsupported,
        Code::Blocked,
        Code::ReadOnly,
        Code::ToolScopeDenied,
        Code::InventoryReadonly,
        Code::InventoryInvalid,
        Code::ConfirmationRequired,
        Code::Overloaded,
        Code::Timeout,
        Code::Cancelled,
        Code::ShuttingDown,
        Code::ConnectFailed,
        Code::ConnectTimeout,
        Code::AuthFailed,
        Code::AuthBackoff,
        Code::HostKeyMismatch,
        Code::HostKeyUnknown,
        Code::KnownHostsMissing,
        Code::NoCommonAlgorithm,
        Code::NetconfUnavailable,
        Code::Protocol,
        Code::Transport,
        Code::DeviceError,
        Code::PermissionDenied,
        Code::ConfigurationLocked,
        Code::CandidateModified,
        Code::CommitConfirmedActive,
        Code::ConfigurationInvalid,
        Code::CommitUnknown,
        Code::CandidateCleanupFailed,
        Code::TemplateError,
        Code::MistNotConfigured,
        Code::RateLimited,
        Code::BudgetExhausted,
        Code::UpstreamError,
        Code::TooLarge,
        Code::OutcomeUnknown,
        Code::Io,
        Code::Internal,
    ];

    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::UnknownTool => "unknown_tool",
            Code::UnknownRouter => "unknown_router",
            Code::InvalidInput => "invalid_input",
            Code::NotFound => "not_found",
            Code::Conflict => "conflict",
            Code::Unsupported => "unsupported",
            Code::Blocked => "blocked",
            Code::ReadOnly => "read_only",
            Code::ToolScopeDenied => "tool_scope_denied",
            Code::InventoryReadonly => "inventory_readonly",
            Code::InventoryInvalid => "inventory_invalid",
            Code::ConfirmationRequired => "confirmation_required",
            Code::Overloaded => "overloaded",
            Code::Timeout => "timeout",
            Code::Cancelled => "cancelled",
            Code::ShuttingDown => "shutting_down",
            Code::ConnectFailed => "connect_failed",
            Code::ConnectTimeout => "connect_timeout",
            Code::AuthFailed => "auth_failed",
            Code::AuthBackoff => "auth_backoff",
            Code::HostKeyMismatch => "host_key_mismatch",
            Code::HostKeyUnknown => "host_key_unknown",
            Code::KnownHostsMissing => "known_hosts_missing",
            Code::NoCommonAlgorithm => "no_common_algorithm",
            Code::NetconfUnavailable => "netconf_unavailable",
            Code::Protocol => "protocol",
            Code::Transport => "transport",
            Code::DeviceError => "device_error",
            Code::PermissionDenied => "permission_denied",
            Code::ConfigurationLocked => "configuration_locked",
            Code::CandidateModified => "candidate_modified",
            Code::CommitConfirmedActive => "commit_confirmed_active",
            Code::ConfigurationInvalid => "configuration_invalid",
            Code::CommitUnknown => "commit_unknown",
            Code::CandidateCleanupFailed => "candidate_cleanup_failed",
            Code::TemplateError => "template_error",
            Code::MistNotConfigured => "mist_not_configured",
            Code::RateLimited => "rate_limited",
            Code::BudgetExhausted => "budget_exhausted",
            Code::UpstreamError => "upstream_error",
            Code::TooLarge => "too_large",
            Code::OutcomeUnknown => "outcome_unknown",
            Code::Io => "io",
            Code::Internal => "internal",
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Code::Overloaded
                | Code::Timeout
                | Code::ShuttingDown
                | Code::ConnectFailed
                | Code::ConnectTimeout
                | Code::Transport
                | Code::ConfigurationLocked
                | Code::RateLimited
                | Code::BudgetExhausted
                | Code::UpstreamError
        )
    }

    /// The exit status of `jmcp call`: 2 for what the caller can mend, 3 for the device and the way to it, 4 for a refusal,
    /// 5 for an outcome that is not known, 1 for the rest.
    pub fn exit_code(self) -> u8 {
        use Code::*;
        match self {
            UnknownTool | UnknownRouter | InvalidInput | NotFound | Conflict | Unsupported | InventoryInvalid
            | TemplateError | MistNotConfigured => 2,
            Timeout
            | ConnectFailed
            | ConnectTimeout
            | AuthFailed
            | AuthBackoff
            | HostKeyMismatch
            | HostKeyUnknown
            | KnownHostsMissing
            | NoCommonAlgorithm
            | NetconfUnavailable
            | Protocol
            | Transport
            | DeviceError
            | PermissionDenied
            | ConfigurationLocked
            | CandidateModified
            | CommitConfirmedActive
            | ConfigurationInvalid
            | RateLimited
            | BudgetExhausted
            | UpstreamError
            | TooLarge => 3,
            Blocked | ReadOnly | ToolScopeDenied | InventoryReadonly | ConfirmationRequired | Overloaded => 4,
            CommitUnknown | CandidateCleanupFailed | OutcomeUnknown => 5,
            Cancelled | ShuttingDown | Io | Internal => 1,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is reported to the caller: what happened (with the device or object named) and what to do.
///
/// `message` is lower case, names in backticks, no full stop. Neither it nor `advice` ever holds a secret. `source` is
/// for the log only.
#[derive(Debug)]
pub struct Error {
    code: Code,
    message: String,
    advice: Option<String>,
    final_word: bool,
    passing: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// `Result` with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with its code and its sentence on what happened.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            advice: None,
            final_word: false,
            passing: false,
            source: None,
        }
    }

    /// Adds the sentence on what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Says that the call must not be made again unseen, whatever the code says: it may have had its effect.
    #[must_use]
    pub fn not_again(mut self) -> Self {
        self.final_word = true;
        self
    }

    /// Says that the same call may help later, whatever the code says: what stood in its way passes.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.passing = true;
        self
    }

    /// The same error with its texts as this makes them.
    #[must_use]
    pub fn rewritten(mut self, rewrite: impl Fn(String) -> String) -> Self {
        self.message = rewrite(self.message);
        self.advice = self.advice.map(rewrite);
        self
    }

    /// Whether the same call may help later: as the code says, unless it may have had its effect already.
    pub fn retryable(&self) -> bool {
        (self.code.retryable() || self.passing) && !self.final_word
    }

    /// Keeps the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, where that is known.
    pub fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [code={}]", self.message, self.code)?;
        if let Some(advice) = &self.advice {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_stable_in_form() {
        let words: std::collections::BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(
            words
                .iter()
                .all(|w| w.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        );
    }
}
