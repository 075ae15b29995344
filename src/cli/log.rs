//! Options of the log.

use std::path::PathBuf;

use clap::{Args, builder::PossibleValuesParser};

/// What is logged, and where; a flag counts before RUST_LOG.
#[derive(Debug, Args)]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// Log all that helps to find a mistake [env: MISTMCP_DEBUG].
    #[arg(short, long, global = true)]
    pub debug: bool,
    /// The least that a line has to matter to be logged [default: INFO].
    #[arg(
        long,
        global = true,
        ignore_case = true,
        hide_possible_values = true,
        value_name = "DEBUG|INFO|WARNING|ERROR|CRITICAL",
        value_parser = PossibleValuesParser::new(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
    )]
    pub log_level: Option<String>,
    /// File that log lines are appended to, besides stderr [env: MISTMCP_LOG_FILE].
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

impl Log {
    /// The level that the flags ask for, in the log's own words.
    pub fn level(&self) -> Option<&'static str> {
        if self.debug {
            return Some("debug");
        }
        let word = self.log_level.as_deref()?.to_ascii_uppercase();
        Some(match word.as_str() {
            "DEBUG" => "debug",
            "INFO" => "info",
            "WARNING" => "warn",
            _ => "error",
        })
    }
}
