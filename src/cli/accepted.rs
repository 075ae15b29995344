//! Flags and variables of the earlier servers that this version takes and does not use, so that command lines stay as they are. What
//! it would be unsafe to pass over in silence is refused in `settings`.

use std::path::PathBuf;

use clap::{
    ArgAction, Args,
    builder::{BoolishValueParser, PossibleValuesParser},
};

/// Options for tools and sinks that are not in this version.
#[derive(Debug, Args)]
#[command(next_help_heading = "Not used")]
pub struct Accepted {
    /// Form of the Mist tools' answers; here it is always one JSON text.
    #[arg(short, long, global = true, hide = true, alias = "response_format", value_parser = PossibleValuesParser::new(["json", "string"]))]
    pub response_format: Option<String>,
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
