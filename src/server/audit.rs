//! Step 10: one structured event for every call, with digests instead of payloads.

use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Effect},
};

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum AuditFormat {
    /// `key=value` on one line.
    #[default]
    Text,
    /// One JSON object on one line.
    Json,
}

/// Where events go.
pub struct Audit {
    format: AuditFormat,
    file: Option<Mutex<File>>,
}

impl Audit {
    /// Events on stderr, or appended to a file (then always JSON).
    ///
    /// # Errors
    /// `io` when the file cannot be opened: a server that cannot keep its record does not start.
    pub fn open(format: AuditFormat, file: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            OpenOptions::new().create(true).append(true).open(path).map_err(|e| {
                Error::new(
                    Code::Io,
                    format!("audit log `{}` cannot be opened: {e}", path.display()),
                )
                .caused_by(e)
            })
        };
        Ok(Self {
            format,
            file: file.map(open).transpose()?.map(Mutex::new),
        })
    }

    /// Writes an event.
    pub fn write(&self, event: &Event) {
        let line = match (self.format, &self.file) {
            (AuditFormat::Text, None) => event.text(),
            _ => Value::Object(event.fields()).to_string(),
        };
        let written = match &self.file {
            Some(file) => {
                let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                file.write_all(format!("{line}\n").as_bytes())
            }
            None => std::io::stderr().lock().write_all(format!("{line}\n").as_bytes()),
        };
        if let Err(e) = written {
            tracing::error!("an audit event could not be written: {e}");
        }
    }
}

/// What is recorded of one call.
#[derive(Debug)]
pub struct Event {
    time: SystemTime,
    correlation_id: String,
    caller: String,
    tool: Cow<'static, str>,
    effect: Option<Effect>,
    routers: Vec<String>,
    metadata: Map<String, Value>,
    duration: Duration,
    result: &'static str,
    error_kind: Option<&'static str>,
    error: Option<String>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    /// Well.
    Well,
    /// With an answer that reports a failure.
    Failed,
    /// With an answer that reports a change whose outcome is not known.
    Unsettled,
    /// With an error.
    Error(&'a Error),
}

/// How much of an error's text is recorded.
const ERROR_BYTES: usize = 512;
/// Arguments whose text is configuration, templates or secrets: recorded as size and digest.
const PAYLOADS: &[&str] = &["config_text", "template_content", "vars_content", "content"];

impl Event {
    /// An event that begins now.
    pub fn new(caller: &str, tool: &str) -> Self {
        Self {
            time: SystemTime::now(),
            correlation_id: format!("req-{:016x}", rand::random::<u64>()),
            caller: caller.into(),
            tool: tool
                .chars()
                .filter(|c| !c.is_control())
                .take(128)
                .collect::<String>()
                .into(),
            effect: None,
            routers: Vec::new(),
            metadata: Map::new(),
            duration: Duration::ZERO,
            result: "error",
            error_kind: None,
            error: None,
        }
    }

    /// Which tool it came to.
    pub fn tool(&mut self, name: &'static str, effect: Effect) {
        self.tool = name.into();
        self.effect = Some(effect);
    }

    /// Which devices and arguments: short ones as they are, payloads as size and digest.
    pub fn call(&mut self, routers: &[String], arguments: &Arguments) {
        self.routers = routers.to_vec();
        for (name, value) in arguments {
            if matches!(name.as_str(), "router_name" | "router_names") {
                continue;
            }
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // A digest of a short secret can be guessed: of how to log in only the size is kept.
            if name == "auth" {
                self.metadata.insert("auth_bytes".into(), text.len().into());
                continue;
            }
            if PAYLOADS.contains(&name.as_str()) || text.len() > 200 {
                let digest: String = Sha256::digest(text.as_bytes())
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                self.metadata.insert(format!("{name}_bytes"), text.len().into());
                self.metadata.insert(format!("{name}_sha256"), digest.into());
            } else {
                self.metadata.insert(name.clone(), value.clone());
            }
        }
    }

    /// How it ended.
    pub fn finish(&mut self, duration: Duration, ended: Ended) {
        self.duration = duration;
        self.result = match &ended {
            Ended::Well => "ok",
            Ended::Unsettled => "unsettled",
            Ended::Error(e) if e.code() == Code::CommitUnknown => "unsettled",
            Ended::Error(e) if denied(e.code()) => "denied",
            Ended::Failed | Ended::Error(_) => "error",
        };
        if let Ended::Error(error) = ended {
            self.error_kind = Some(error.code().as_str());
            let text = error.message();
            let cut = text.get(..text.floor_char_boundary(ERROR_BYTES)).unwrap_or_default();
            self.error = Some(if cut.len() < text.len() {
                format!("{cut}…")
            } else {
                cut.into()
            });
        }
    }

    /// The tool that the call came to; `None` where there is none of the name.
    pub fn known_tool(&self) -> Option<&'static str> {
        match self.tool {
            Cow::Borrowed(name) => Some(name),
            Cow::Owned(_) => None,
        }
    }

    /// `ok`, `error`, `denied` or `unsettled`.
    pub fn result(&self) -> &'static str {
        self.result
    }

    fn fields(&self) -> Map<String, Value> {
        let time = self.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let fields = json!({
            "target": "audit",
            "time": crate::time::rfc3339(time),
            "correlation_id": self.correlation_id,
            "caller": self.caller,
            "tool": self.tool,
            "routers": self.routers.join(","),
            "router_count": self.routers.len(),
            "action": self.effect.map(Effect::as_str),
            "authorization": if self.result == "denied" { "denied" } else { "allowed" },
            "result": self.result,
            "duration_ms": u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            "error_kind": self.error_kind,
            "error": self.error,
            "metadata": self.metadata,
        });
        match fields {
            Value::Object(mut map) => {
                map.retain(|_, value| !value.is_null());
                map
            }
            _ => Map::new(),
        }
    }

    fn text(&self) -> String {
        let fields = self.fields();
        let word = |(name, value): (&String, &Value)| match value {
            Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=', '\n']) => {
                format!("{name}={text}")
            }
            other => format!("{name}={other}"),
        };
        fields.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

fn denied(code: Code) -> bool {
    matches!(
        code,
        Code::Blocked | Code::ReadOnly | Code::ToolScopeDenied | Code::InventoryReadonly | Code::ConfirmationRequired
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_digests() {
        let mut event = Event::new("stdio", "load_and_commit_config");
        let arguments = json!({ "config_text": "set system root-authentication x", "config_format": "set" });
        event.call(&["mx".into()], arguments.as_object().unwrap());
        event.finish(Duration::from_millis(5), Ended::Well);
        let line = event.text();
        assert!(!line.contains("root-authentication"), "{line}");
        assert!(
            line.contains("config_text_sha256") && line.contains("routers=mx") && line.contains("result=ok"),
            "{line}"
        );
    }
}
