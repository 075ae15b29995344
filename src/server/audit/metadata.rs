//! What is recorded of a call's arguments: under the earlier Rust server's names where it has them, payloads as size and digest.

use serde_json::{Map, Value};

use super::redaction::Redaction;
use crate::{
    redact,
    tools::{Arguments, secrets},
};

/// How an argument is recorded.
#[derive(Debug, Clone, Copy)]
enum Kept {
    /// Under this name.
    As(&'static str),
    /// Its size and digest, as `<name>_bytes` and `<name>_sha256`.
    Digest(&'static str),
    /// Only that there is one.
    Present(&'static str),
    /// How many there are, and what.
    Count(&'static str),
    /// Of how to log in, the kind.
    Kind(&'static str),
    /// Elsewhere in the event.
    Not,
}

/// Arguments that are recorded otherwise than under their own name.
const ARGUMENTS: &[(&str, Kept)] = &[
    ("router_name", Kept::Not),
    ("router_names", Kept::Not),
    ("plan_id", Kept::Not),
    ("confirmation_token", Kept::Present("confirmation_token_present")),
    ("config_text", Kept::Digest("config")),
    ("template_content", Kept::Digest("template")),
    ("vars_content", Kept::Digest("vars")),
    ("commit_comment", Kept::Present("comment_present")),
    ("confirm_timeout_mins", Kept::As("commit_confirmed")),
    ("commands", Kept::Count("command_count")),
    ("pfe_command", Kept::As("command")),
    ("device_name", Kept::As("name")),
    ("device_ip", Kept::As("host")),
    ("source_path", Kept::As("basename")),
    ("remote_path", Kept::As("basename")),
    ("auth", Kept::Kind("auth_kind")),
    ("content", Kept::Digest("content")),
    ("body", Kept::Digest("body")),
    ("payload", Kept::Digest("payload")),
    ("data", Kept::Digest("data")),
    ("action_params", Kept::Digest("action_params")),
    ("parameters", Kept::Digest("parameters")),
    ("params", Kept::Digest("params")),
    ("secret", Kept::Digest("secret")),
    ("token", Kept::Digest("token")),
];

/// Longer texts are payloads, whatever their name; in bytes.
const LONGEST: usize = 200;

/// What is recorded of the arguments, and the values that are covered in it.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) fields: Map<String, Value>,
    /// Raw texts, and what stands for them.
    pub(super) covered: Vec<(String, String)>,
}

impl Metadata {
    pub(super) fn of(arguments: &Arguments, redaction: &Redaction) -> Self {
        let mut made = Self::default();
        for (name, value) in arguments {
            let found = ARGUMENTS.iter().find(|(argument, _)| argument == name);
            match found.map(|(_, kept)| *kept) {
                Some(Kept::Not) => {}
                Some(Kept::Digest(name)) => made.digest(name, &words(value)),
                Some(Kept::Present(name)) => made.insert(name, !words(value).is_empty()),
                Some(Kept::Count(count)) => {
                    made.insert(count, value.as_array().map_or(1, Vec::len));
                    made.each(name, "command", value, redaction);
                }
                // A digest of a short secret can be guessed.
                Some(Kept::Kind(kind)) => {
                    let said = value.get("type").and_then(Value::as_str).unwrap_or("unknown");
                    made.insert(kind, plain(said));
                }
                Some(Kept::As(shown)) => made.short(shown, field_of(name, shown), value, redaction),
                None => made.short(name, name, value, redaction),
            }
        }
        made
    }

    fn insert(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    fn digest(&mut self, name: &str, text: &str) {
        self.insert(&format!("{name}_bytes"), text.len());
        self.insert(&format!("{name}_sha256"), super::redaction::sha256(text.as_bytes()));
    }

    /// A value that can stand as it is, unless it is long or the operator wants it covered.
    fn short(&mut self, name: &str, field: &str, value: &Value, redaction: &Redaction) {
        let text = words(value);
        if redaction.covers(field) {
            let shown = redaction.apply(field, &text);
            self.covered.push((text, shown.clone().unwrap_or_default()));
            if let Some(shown) = shown {
                self.insert(name, shown);
            }
            return;
        }
        if text.len() > LONGEST {
            return self.digest(name, &text);
        }
        let hidden = secrets::hidden(&Value::Object(Map::from_iter([(name.to_owned(), value.clone())])));
        let mut shown = hidden.get(name).cloned().unwrap_or_default();
        redact::value(&mut shown);
        if let Value::String(text) = &mut shown {
            *text = redact::text(text).into_owned();
        }
        self.fields.insert(name.to_owned(), shown);
    }

    /// A list, each of whose values is one of this field.
    fn each(&mut self, name: &str, field: &str, value: &Value, redaction: &Redaction) {
        let Some(items) = value.as_array().filter(|_| redaction.covers(field)) else {
            return self.short(name, name, value, redaction);
        };
        let mut all = Vec::new();
        for item in items {
            let text = words(item);
            let shown = redaction.apply(field, &text);
            self.covered.push((text, shown.clone().unwrap_or_default()));
            all.extend(shown.map(Value::from));
        }
        if !all.is_empty() {
            self.fields.insert(name.to_owned(), all.into());
        }
    }
}

/// The field of `--audit-redact` that an argument belongs to: `pfe_command` is one of its own, although it is written as `command`.
fn field_of<'a>(argument: &'a str, shown: &'a str) -> &'a str {
    if argument == "pfe_command" { argument } else { shown }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(32).collect()
}
