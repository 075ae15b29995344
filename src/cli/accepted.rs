//! Flags and variables of the earlier servers that this version takes and does not use, so that command lines stay as they are. What
//! it would be unsafe to pass over in silence is refused in `settings`.

use std::path::PathBuf;

use clap::{ArgAction, Args, builder::BoolishValueParser};

/// Options for HTTP and for tools that are not in this version; not used on stdio.
#[derive(Debug, Args)]
#[command(next_help_heading = "Not used on stdio")]
pub struct Accepted {
    /// File with the tokens of HTTP clients.
    #[arg(long, global = true, hide = true, env = "JMCP_TOKENS_PATH", value_name = "FILE")]
    pub tokens_file: Option<PathBuf>,
    /// Certificate for HTTPS.
    #[arg(long, global = true, hide = true, env = "JMCP_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Key for HTTPS.
    #[arg(long, global = true, hide = true, env = "JMCP_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// HTTP without tokens.
    #[arg(long, global = true, hide = true, alias = "allow-unauthenticated-http")]
    pub allow_no_auth: bool,
    /// HTTP without TLS on other addresses than loopback.
    #[arg(long, global = true, hide = true)]
    pub allow_insecure_bind: bool,
    /// Host names that HTTP clients may use.
    #[arg(long, global = true, hide = true, value_name = "HOST")]
    pub allowed_host: Vec<String>,
    /// Any host name.
    #[arg(long, global = true, hide = true)]
    pub disable_host_check: bool,
    /// Figures at /metrics; refused on stdio.
    #[arg(long, global = true, hide = true, env = "JMCP_ENABLE_METRICS", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub enable_metrics: bool,
    /// No HTTP sessions.
    #[arg(long, global = true, hide = true, env = "JMCP_STATELESS", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub stateless: bool,
    /// Bytes of an HTTP request.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_MAX_REQUEST_BODY_BYTES",
        value_name = "N"
    )]
    pub max_request_body_bytes: Option<u64>,
    /// Calls at once of one token.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_MAX_INFLIGHT_REQUESTS_PER_TOKEN",
        value_name = "N"
    )]
    pub max_inflight_requests_per_token: Option<usize>,
    /// Calls in a second of one token.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_MAX_REQUESTS_PER_SECOND_PER_TOKEN",
        value_name = "N"
    )]
    pub max_requests_per_second_per_token: Option<u32>,
    /// Calls of one token in a burst.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_MAX_REQUEST_BURST_PER_TOKEN",
        value_name = "N"
    )]
    pub max_request_burst_per_token: Option<u32>,
    /// HTTP sessions at once.
    #[arg(long, global = true, hide = true, env = "JMCP_MAX_SESSIONS", value_name = "N")]
    pub max_sessions: Option<usize>,
    /// HTTP sessions at once of one token.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_MAX_SESSIONS_PER_TOKEN",
        value_name = "N"
    )]
    pub max_sessions_per_token: Option<usize>,
    /// Seconds after which an idle HTTP session ends.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_SESSION_IDLE_TIMEOUT_SECS",
        value_name = "SECONDS"
    )]
    pub session_idle_timeout_secs: Option<u64>,
    /// Seconds after which every HTTP session ends.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_SESSION_MAX_LIFETIME_SECS",
        value_name = "SECONDS"
    )]
    pub session_max_lifetime_secs: Option<u64>,
    /// Directory of files on their way to and from devices.
    #[arg(long, global = true, hide = true, value_name = "DIR")]
    pub staging_dir: Option<PathBuf>,
    /// Directory of the locks of devices.
    #[arg(long, global = true, hide = true, env = "JMCP_DEVICE_LEASE_DIR", value_name = "DIR")]
    pub device_lease_dir: Option<PathBuf>,
    /// Directory of support bundles.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_SUPPORT_BUNDLE_STAGING_DIR",
        value_name = "DIR"
    )]
    pub support_bundle_staging_dir: Option<PathBuf>,
    /// Bytes of all support bundles.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_SUPPORT_BUNDLE_STAGING_MAX_BYTES",
        value_name = "N"
    )]
    pub support_bundle_staging_max_bytes: Option<u64>,
    /// Audit events to journald; refused.
    #[arg(long, global = true, hide = true, env = "JMCP_AUDIT_JOURNALD", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub audit_journald: bool,
    /// Fields of audit events to be redacted; refused.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_AUDIT_REDACT",
        value_name = "FIELD=HOW,..."
    )]
    pub audit_redact: Option<String>,
    /// Key for digests in audit events; refused.
    #[arg(
        long,
        global = true,
        hide = true,
        env = "JMCP_AUDIT_HMAC_KEY_FILE",
        value_name = "FILE"
    )]
    pub audit_hmac_key_file: Option<PathBuf>,
}
