//! `jmcp completions`: completions for a shell.

use std::process::ExitCode;

use clap::CommandFactory as _;

use super::print;
use crate::{cli::Cli, error::Result};

pub(super) fn run(shell: clap_complete::Shell) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "jmcp", &mut script);
    print(&String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
