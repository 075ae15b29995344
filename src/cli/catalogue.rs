//! Arguments of `jmcp catalogue`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `jmcp catalogue`.
#[derive(Debug, Subcommand)]
pub enum CatalogueCommand {
    /// Read OpenAPI files of the Mist API, say what they hold and what of it this version does not know, and with --out write the facts.
    Import(ImportArgs),
}

/// `jmcp catalogue import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// OpenAPI files, JSON or YAML, the oldest first.
    #[arg(required = true, value_name = "SPEC")]
    pub specifications: Vec<PathBuf>,
    /// Directory for operations.jsonl and shapes.jsonl, the facts as they are embedded, and proposed.toml, tables for the operations
    /// that are new.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
