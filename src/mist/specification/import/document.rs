//! An OpenAPI file: read within limits, and its references followed.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::Path,
};

use serde_json::Value;

use crate::error::{Code, Error, Result};

/// Bytes of a file, at most.
const LARGEST: u64 = 64 * 1024 * 1024;
/// Depth of a YAML file, at most; JSON has the same limit in its reader.
const YAML_DEPTH: usize = 127;
/// Values in a YAML file, at most.
const YAML_NODES: usize = 4_000_000;
/// Anchors, and places that repeat one, in a YAML file, at most.
const YAML_ALIASES: usize = 20_000;
/// References that lead to a reference, at most.
const HOPS: usize = 16;

/// An OpenAPI file.
pub(super) struct Document {
    /// What a person calls it: its path.
    name: String,
    root: Value,
}

impl Document {
    /// Reads the file.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let failed = |e: std::io::Error| match e.kind() {
            ErrorKind::NotFound => Error::new(Code::NotFound, format!("there is no file `{name}`")),
            ErrorKind::InvalidData => Error::new(Code::InvalidInput, format!("`{name}` is not text")),
            _ => Error::new(Code::Io, format!("`{name}` cannot be read: {e}")),
        };
        let mut text = String::new();
        let file = File::open(path).map_err(failed)?;
        file.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > LARGEST {
            let message = format!("`{name}` is larger than {} MB", LARGEST >> 20);
            return Err(Error::new(Code::InvalidInput, message));
        }
        Self::parse(name, &text)
    }

    /// Reads the text: JSON where it begins like an object, else YAML.
    pub(super) fn parse(name: String, text: &str) -> Result<Self> {
        let text = text.trim_start_matches('\u{feff}');
        let parsed = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))
        } else {
            from_yaml(text).map_err(|e| format!("is not YAML: {e}"))
        };
        let document = match parsed {
            Ok(root) => Self { name, root },
            Err(cause) => return Err(Error::new(Code::InvalidInput, format!("`{name}` {cause}"))),
        };
        let version = document.root.get("openapi").and_then(Value::as_str);
        if !version.is_some_and(|version| version.starts_with("3.")) || !document.at("paths").is_object() {
            return Err(document
                .wrong("is not an OpenAPI file of version 3")
                .advise("it has to begin with `openapi` and hold `paths`"));
        }
        Ok(document)
    }

    /// What stands under a name at the top; null where there is nothing.
    pub(super) fn at(&self, name: &str) -> &Value {
        self.root.get(name).unwrap_or(&Value::Null)
    }

    /// What is meant: the value itself, or what it refers to within the file.
    pub(super) fn follow<'a>(&'a self, value: &'a Value) -> Result<&'a Value> {
        let mut value = value;
        for _ in 0..HOPS {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Ok(value);
            };
            value = self.target(reference)?;
        }
        Err(self.wrong("has references that lead to each other"))
    }

    /// What a reference within the file names.
    pub(super) fn target(&self, reference: &str) -> Result<&Value> {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| self.root.pointer(pointer));
        target.ok_or_else(|| self.wrong(&format!("refers to `{reference}`, which it does not have")))
    }

    /// An error that names the file.
    pub(super) fn wrong(&self, what: &str) -> Error {
        Error::new(Code::InvalidInput, format!("`{}` {what}", self.name))
    }
}

fn from_yaml(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: YAML_DEPTH,
            max_aliases: YAML_ALIASES,
            max_anchors: YAML_ALIASES,
            max_nodes: YAML_NODES,
            max_events: 4 * YAML_NODES,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: YAML_NODES, max_replay_stack_depth: YAML_DEPTH },
        // Only `true` and `false`: `no` and `on` are values of enumerations.
        strict_booleans: true,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let text = error.to_string();
        text.lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned()
    })
}
