//! Flags and variables of the earlier servers that this version takes and does not use, so that command lines stay as they are.

use std::path::PathBuf;

use clap::{Args, builder::PossibleValuesParser};

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
}
