//! Options of the record of calls.

use std::path::PathBuf;

use clap::{ArgAction, Args, builder::BoolishValueParser};

use crate::server::audit::{AuditFormat, SOCKET};

/// Where audit events go, and what is covered in them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Audit")]
pub struct Audit {
    /// Form of the audit events on stderr.
    #[arg(long, global = true, env = "JMCP_AUDIT_FORMAT", value_enum, default_value_t = AuditFormat::Text)]
    pub audit_format: AuditFormat,
    /// File for the audit events, as JSON lines, instead of stderr; SIGHUP and SIGUSR1 open it again.
    #[arg(long, global = true, env = "JMCP_AUDIT_LOG_FILE", value_name = "FILE")]
    pub audit_log_file: Option<PathBuf>,
    /// Audit events to journald, as fields of its own, instead of stderr; besides the file where there is one.
    #[arg(long, global = true, env = "JMCP_AUDIT_JOURNALD", action = ArgAction::SetTrue, value_parser = BoolishValueParser::new())]
    pub audit_journald: bool,
    /// Where journald listens.
    #[arg(long, global = true, hide = true, value_name = "SOCKET", default_value = SOCKET)]
    pub audit_journald_socket: PathBuf,
    /// What to cover in audit events: keep, drop or hmac for each of routers, host, name, basename, command, pfe_command.
    #[arg(long, global = true, env = "JMCP_AUDIT_REDACT", value_name = "FIELD=HOW,...")]
    pub audit_redact: Option<String>,
    /// File with the key for `hmac`.
    #[arg(long, global = true, env = "JMCP_AUDIT_HMAC_KEY_FILE", value_name = "FILE")]
    pub audit_hmac_key_file: Option<PathBuf>,
}
