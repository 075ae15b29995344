//! The program: parse, start logging, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    jmcp::cli::read(std::env::args_os()).map_or_else(|code| code, jmcp::run)
}
