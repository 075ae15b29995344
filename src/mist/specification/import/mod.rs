//! Facts of an OpenAPI file.

mod document;
mod operations;
mod words;

use std::path::Path;

use self::document::Document;
use super::facts::Facts;
use crate::error::Result;

/// The facts of an OpenAPI file, JSON or YAML.
pub(super) fn read(path: &Path) -> Result<Facts> {
    operations::facts(&Document::open(path)?)
}

/// The facts of the text of an OpenAPI file.
#[cfg(test)]
pub(super) fn parse(text: &str) -> Result<Facts> {
    operations::facts(&Document::parse("text".to_owned(), text)?)
}
