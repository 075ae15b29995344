//! The program: parse, start logging, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    jmcp::run(jmcp::cli::Cli::parse())
}
