//! Options of the Mist cloud.

use std::path::PathBuf;

use clap::{Args, builder::PossibleValuesParser};

/// Options for what is done in the Mist cloud. The token comes from MIST_APITOKEN or MIST_API_TOKEN only: command lines can be seen by
/// others.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mist (the account: MIST_APITOKEN or MIST_API_TOKEN, and MIST_HOST or MIST_BASE_URL)")]
pub struct Mist {
    /// Which Mist tools are listed: the essential ones and chosen categories, all that mirror the API, chosen categories alone, or the
    /// essential ones. What is not listed can be found and called all the same [env: MISTMCP_TOOL_LOADING_MODE] [default: managed].
    #[arg(
        short,
        long,
        global = true,
        hide_possible_values = true,
        value_name = "managed|all|custom|minimal",
        value_parser = PossibleValuesParser::new(["managed", "all", "custom", "minimal"])
    )]
    pub mode: Option<String>,
    /// Categories of Mist tools to be listed, separated by commas [env: MISTMCP_TOOL_CATEGORIES].
    #[arg(short, long, global = true, value_name = "NAMES")]
    pub categories: Option<String>,
    /// File with MIST_* and MISTMCP_* variables [env: MIST_ENV_FILE] [default: .env, where there is one]. What is set in the real
    /// environment wins over the file.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Let tools change things in the Mist cloud, with a person's confirmation [env: MISTMCP_ENABLE_WRITE_TOOLS].
    #[arg(long, global = true)]
    pub enable_write_tools: bool,
    /// Changes in the Mist cloud need no person's confirmation.
    #[arg(long, global = true)]
    pub disable_elicitation: bool,
    /// A further host that a Mist token may be sent to, beside the known clouds; with port, or as a URL. Can be repeated.
    #[arg(
        long,
        global = true,
        env = "JMCP_ALLOW_MIST_HOST",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allow_mist_host: Vec<String>,
    /// An OpenAPI file of the Mist API (JSON or YAML) that is newer than this version's facts.
    #[arg(long, global = true, value_name = "FILE")]
    pub mist_openapi: Option<PathBuf>,
    /// Try the Mist token and exit: with 0 where it is good.
    #[arg(long)]
    pub validate_config: bool,
    /// Say what is risky about the Mist token and exit: with 0 where nothing is.
    #[arg(long)]
    pub security_check: bool,
}
