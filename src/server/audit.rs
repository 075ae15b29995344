//! Step 10: one structured event for every call, with digests instead of payloads.

use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
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
        // One `write` for each event: lines never mix, and none is lost when the process ends.
        let written = match &self.file {
            Some(file) => {
                let line = event.line(AuditFormat::Json);
                let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                file.write_all(&line)
            }
            None => std::io::stderr().lock().write_all(&event.line(self.format)),
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

/// Bytes of most events.
const LINE: usize = 512;
/// How much of an error's text is recorded.
const ERROR_BYTES: usize = 512;
/// Arguments whose text is configuration, templates or secrets: recorded as size and digest.
const PAYLOADS: &[&str] = &[
    "config_text",
    "template_content",
    "vars_content",
    "content",
    "body",
    "payload",
    "data",
    "action_params",
    "parameters",
    "params",
    "secret",
    "token",
];

/// A name that somebody gave, as it can stand in a line.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(128).collect()
}

impl Event {
    /// An event that begins now.
    pub fn new(caller: &str, tool: &str) -> Self {
        Self {
            time: SystemTime::now(),
            correlation_id: format!("req-{:016x}", rand::random::<u64>()),
            caller: caller.into(),
            tool: plain(tool).into(),
            effect: None,
            routers: Vec::new(),
            metadata: Map::new(),
            duration: Duration::ZERO,
            result: "error",
            error_kind: None,
            error: None,
        }
    }

    /// Which tool was meant by a call that names another.
    pub fn named(&mut self, tool: &str) {
        self.tool = plain(tool).into();
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

    /// How a person agreed to it, where one was asked.
    pub fn approved(&mut self, how: Option<&'static str>) {
        if let Some(how) = how {
            self.metadata.insert("approval".into(), how.into());
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

    /// What is written, in order.
    fn fields(&self) -> impl Iterator<Item = (&'static str, Field<'_>)> {
        let time = self.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let word = |word: &'static str| Field::Text(word.into());
        let fields = [
            ("target", Some(word("audit"))),
            ("time", Some(Field::Text(crate::time::rfc3339(time).into()))),
            ("correlation_id", Some(Field::Text(self.correlation_id.as_str().into()))),
            ("caller", Some(Field::Text(self.caller.as_str().into()))),
            ("tool", Some(Field::Text(self.tool.as_ref().into()))),
            ("routers", Some(Field::Text(self.routers.join(",").into()))),
            ("router_count", Some(Field::Number(self.routers.len() as u64))),
            ("action", self.effect.map(|effect| word(effect.as_str()))),
            (
                "authorization",
                Some(word(if self.result == "denied" { "denied" } else { "allowed" })),
            ),
            ("result", Some(word(self.result))),
            (
                "duration_ms",
                Some(Field::Number(
                    u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
                )),
            ),
            ("error_kind", self.error_kind.map(word)),
            ("error", self.error.as_deref().map(|error| Field::Text(error.into()))),
            ("metadata", Some(Field::Object(&self.metadata))),
        ];
        fields.into_iter().filter_map(|(name, field)| Some((name, field?)))
    }

    /// The event on one line, with its end.
    fn line(&self, format: AuditFormat) -> Vec<u8> {
        let mut line = Vec::with_capacity(LINE);
        match format {
            AuditFormat::Json => write_json(&mut line, &Fields(self)),
            AuditFormat::Text => {
                for (name, field) in self.fields() {
                    if !line.is_empty() {
                        line.push(b' ');
                    }
                    line.extend_from_slice(name.as_bytes());
                    line.push(b'=');
                    match &field {
                        Field::Text(text) if is_word(text) => line.extend_from_slice(text.as_bytes()),
                        field => write_json(&mut line, field),
                    }
                }
            }
        }
        line.push(b'\n');
        line
    }
}

/// A value of an event.
#[derive(Serialize)]
#[serde(untagged)]
enum Field<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    Object(&'a Map<String, Value>),
}

/// An event as an object.
struct Fields<'a>(&'a Event);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.fields())
    }
}

fn write_json(line: &mut Vec<u8>, value: &impl Serialize) {
    // Text, numbers and maps with text keys can be written, and memory takes them.
    if let Err(e) = serde_json::to_writer(line, value) {
        tracing::error!("an audit event could not be written: {e}");
    }
}

/// Whether a reader of `key=value` takes it for one value without quotes, and a terminal for plain text.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'='))
}

fn denied(code: Code) -> bool {
    matches!(
        code,
        Code::Blocked | Code::ReadOnly | Code::ToolScopeDenied | Code::InventoryReadonly | Code::ConfirmationRequired
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(event: &Event) -> String {
        String::from_utf8(event.line(AuditFormat::Text)).unwrap()
    }

    #[test]
    fn payloads_are_digests() {
        let mut event = Event::new("stdio", "load_and_commit_config");
        let arguments = json!({ "config_text": "set system root-authentication x", "config_format": "set" });
        event.call(&["mx".into()], arguments.as_object().unwrap());
        event.finish(Duration::from_millis(5), Ended::Well);
        let line = text(&event);
        assert!(!line.contains("root-authentication"), "{line}");
        assert!(
            line.contains("config_text_sha256") && line.contains("routers=mx") && line.contains("result=ok"),
            "{line}"
        );
    }

    #[test]
    fn an_event_is_one_line_whatever_was_sent() {
        let mut event = Event::new("a b", "no\u{1b}[2J \"tool\"\n");
        event.call(&["mx\u{1b}[2J\r\n".into()], &Map::new());
        let error = Error::new(Code::UnknownTool, "line\nline");
        event.finish(Duration::from_millis(5), Ended::Error(&error));
        let text = text(&event);
        assert!(!text.trim_end_matches('\n').contains(char::is_control), "{text:?}");
        assert!(
            text.starts_with("target=audit time=2") && text.contains(" caller=\"a b\" "),
            "{text:?}"
        );
        assert!(
            text.contains(" error_kind=unknown_tool error=\"line\\nline\" metadata={}\n"),
            "{text:?}"
        );
        let json = String::from_utf8(event.line(AuditFormat::Json)).unwrap();
        assert_eq!(json.matches('\n').count(), 1);
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&read["router_count"], &read["action"]), (&json!(1), &Value::Null));
        assert_eq!((&read["duration_ms"], &read["metadata"]), (&json!(5), &json!({})));
    }

    #[test]
    fn lines_of_many_writers_never_mix() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("audit");
        let audit = Audit::open(AuditFormat::Json, Some(&file)).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (audit, caller) = (&audit, format!("writer-{writer}-{}", "x".repeat(5000)));
                scope.spawn(move || (0..50).for_each(|_| audit.write(&Event::new(&caller, "tool"))));
            }
        });
        let written = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<Value> = written
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 200);
    }
}
