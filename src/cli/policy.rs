//! `jmcp policy`: types only.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// `jmcp policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say what would happen to a command or a change, and by which rule. Touches no device.
    Test(PolicyTestArgs),
    /// List the rules that hold for a device, and where they are from.
    List(PolicyListArgs),
}

/// `jmcp policy test`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["pfe", "config", "change"]))]
pub struct PolicyTestArgs {
    /// Router name; `-d` for short.
    #[arg(long)]
    pub device: String,
    /// The command is one to a packet forwarding engine.
    #[arg(long)]
    pub pfe: bool,
    /// The text is configuration to be loaded.
    #[arg(long)]
    pub config: bool,
    /// The text is a difference as `show | compare` prints it; what it changes is judged.
    #[arg(long)]
    pub change: bool,
    /// With --config: set, text, xml or json; found out from the text where it is missing.
    #[arg(long, requires = "config", value_name = "FORMAT")]
    pub format: Option<String>,
    /// Read the text from this file; `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub file: Option<PathBuf>,
    /// The command or the configuration.
    #[arg(required_unless_present = "file")]
    pub text: Option<String>,
}

/// `jmcp policy list`.
#[derive(Debug, Args)]
pub struct PolicyListArgs {
    /// Router name; `-d` for short.
    #[arg(long)]
    pub device: String,
}
