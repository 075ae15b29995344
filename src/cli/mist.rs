//! Options of the Mist cloud.

use clap::Args;

/// Options for what is done in the Mist cloud. The token comes from the environment only: command lines can be seen by others.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mist")]
pub struct Mist {
    /// A further host that a Mist token may be sent to, beside the known clouds; with port, or as a URL. Can be repeated.
    #[arg(
        long,
        global = true,
        env = "JMCP_ALLOW_MIST_HOST",
        value_delimiter = ',',
        value_name = "HOST"
    )]
    pub allow_mist_host: Vec<String>,
    /// Let tools change things in the Mist cloud, with a person's confirmation.
    #[arg(long, global = true)]
    pub enable_write_tools: bool,
}
