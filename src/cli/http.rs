//! Options of the HTTP server.

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgAction, Args, builder::BoolishValueParser};

/// Options that count with `-t streamable-http` only.
#[derive(Debug, Args)]
#[command(next_help_heading = "HTTP")]
pub struct Http {
    /// File with the tokens of clients, as `jmcp token` writes it; `.tokens` in the working directory where it is missing.
    #[arg(long, global = true, env = "JMCP_TOKENS_PATH", value_name = "FILE")]
    pub tokens_file: Option<PathBuf>,
    /// Certificate chain for HTTPS, PEM. Read again when it is renewed.
    #[arg(long, global = true, aliases = ["ssl-cert", "ssl-crt"], env = "JMCP_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Private key for HTTPS, PEM.
    #[arg(long, global = true, alias = "ssl-key", env = "JMCP_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Let everybody in without a token; on loopback addresses only.
    #[arg(long, global = true, alias = "allow-unauthenticated-http")]
    pub allow_no_auth: bool,
    /// Listen without TLS on other addresses than loopback, behind a proxy that has it.
    #[arg(long, global = true)]
    pub allow_insecure_bind: bool,
    /// A further name that clients may call this server by, with or without port; loopback names may always. Can be repeated.
    #[arg(long, global = true, value_name = "HOST")]
    pub allowed_host: Vec<String>,
    /// A further web page that may call this server, such as https://portal.example.net. Can be repeated.
    #[arg(long, global = true, value_name = "ORIGIN")]
    pub allowed_origin: Vec<String>,
    /// Answer to any host name.
    #[arg(long, global = true)]
    pub disable_host_check: bool,
    /// Figures for Prometheus at /metrics, for tokens without restrictions.
    #[arg(long, global = true, env = "JMCP_ENABLE_METRICS", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub enable_metrics: bool,
    /// Figures for Prometheus on an address of their own, without token.
    #[arg(long, global = true, env = "JMCP_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,
    /// No sessions for clients up to 2025-11-25; they cannot be asked anything then.
    #[arg(long, global = true, env = "JMCP_STATELESS", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub stateless: bool,
    /// Bytes of a request; 0 is no limit.
    #[arg(
        long,
        global = true,
        env = "JMCP_MAX_REQUEST_BODY_BYTES",
        value_name = "N",
        default_value_t = 10 << 20
    )]
    pub max_request_body_bytes: usize,
    /// Calls at once of one token; 0 is no limit.
    #[arg(
        long,
        global = true,
        env = "JMCP_MAX_INFLIGHT_REQUESTS_PER_TOKEN",
        value_name = "N",
        default_value_t = 16
    )]
    pub max_inflight_requests_per_token: usize,
    /// Requests in a second of one token, on average; 0 is no limit.
    #[arg(
        long,
        global = true,
        env = "JMCP_MAX_REQUESTS_PER_SECOND_PER_TOKEN",
        value_name = "N",
        default_value_t = 0
    )]
    pub max_requests_per_second_per_token: u32,
    /// Requests of one token in a burst; goes with the one before.
    #[arg(
        long,
        global = true,
        env = "JMCP_MAX_REQUEST_BURST_PER_TOKEN",
        value_name = "N",
        default_value_t = 0
    )]
    pub max_request_burst_per_token: u32,
    /// Sessions at once; 0 is no limit.
    #[arg(
        long,
        global = true,
        env = "JMCP_MAX_SESSIONS",
        value_name = "N",
        default_value_t = 128
    )]
    pub max_sessions: usize,
    /// Sessions at once of one token; 0 is no limit.
    #[arg(
        long,
        global = true,
        env = "JMCP_MAX_SESSIONS_PER_TOKEN",
        value_name = "N",
        default_value_t = 16
    )]
    pub max_sessions_per_token: usize,
    /// Seconds after which a silent session ends; 0 is never. Calls on their way and open streams keep it.
    #[arg(
        long,
        global = true,
        env = "JMCP_SESSION_IDLE_TIMEOUT_SECS",
        value_name = "SECONDS",
        default_value_t = 300
    )]
    pub session_idle_timeout_secs: u64,
    /// Seconds after which every session ends; 0 is never. Calls on their way come to their end.
    #[arg(
        long,
        global = true,
        env = "JMCP_SESSION_MAX_LIFETIME_SECS",
        value_name = "SECONDS",
        default_value_t = 3600
    )]
    pub session_max_lifetime_secs: u64,
    /// Connections at once; 0 is no limit.
    #[arg(
        long,
        global = true,
        env = "JMCP_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 4096
    )]
    pub max_connections: usize,
    /// Seconds that calls which only read may go on when the server is told to stop.
    #[arg(
        long,
        global = true,
        env = "JMCP_SHUTDOWN_GRACE_SECS",
        value_name = "SECONDS",
        default_value_t = 10
    )]
    pub shutdown_grace_secs: u64,
}
