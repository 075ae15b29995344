//! Options on a person's word, beside `--confirm`.

use std::path::PathBuf;

use clap::Args;

use crate::server::path::WithoutAsking;

/// How a person is asked, and about what.
#[derive(Debug, Args)]
#[command(next_help_heading = "A person's word")]
pub struct Approval {
    /// JSON file with rules by tool, effect, device and place in the configuration on which calls need a person's word; --confirm decides
    /// what no rule speaks of.
    #[arg(long, global = true, env = "JMCP_CONFIRM_RULES", value_name = "FILE")]
    pub confirm_rules: Option<PathBuf>,
    /// What a client gets that cannot show a question: the plan with a token that it brings back once the person agrees, or a refusal.
    #[arg(long, global = true, value_enum, default_value_t = WithoutAsking::Token)]
    pub confirm_without_asking: WithoutAsking,
    /// Seconds that such a token is good.
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(10..=3600)
    )]
    pub confirm_token_secs: u64,
    /// File with 32 bytes or more that sign questions and tokens, the same for all instances behind a load balancer; a random key of this
    /// process where it is missing.
    #[arg(long, global = true, env = "JMCP_CONFIRM_KEY_FILE", value_name = "FILE")]
    pub confirm_key_file: Option<PathBuf>,
}
