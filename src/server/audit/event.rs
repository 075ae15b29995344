//! What is recorded of one call.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use serde_json::{Map, Value};

use super::{
    actions,
    metadata::Metadata,
    noted::{self, Noted},
    redaction::Redaction,
};
use crate::{
    error::{Code, Error, Result},
    redact,
    tools::{Answer, Arguments, Effect},
};

/// How much of an error's text is recorded, in bytes.
const ERROR_BYTES: usize = 512;

/// What is recorded of one call.
#[derive(Debug)]
pub struct Event {
    time: SystemTime,
    correlation_id: String,
    caller: String,
    is_authenticated: bool,
    tool: Cow<'static, str>,
    effect: Option<Effect>,
    action: Option<&'static str>,
    /// As they are written, and how many there are.
    routers: Vec<String>,
    router_count: usize,
    /// What the operator wants covered, wherever it stands.
    covered: Vec<(String, String)>,
    metadata: Map<String, Value>,
    duration: Duration,
    result: &'static str,
    reason: Option<&'static str>,
    error_kind: Option<&'static str>,
    error: Option<String>,
    approval: Option<&'static str>,
    operation_id: Option<String>,
    plan_id: Option<String>,
    noted: Noted,
}

/// Whether an event is written before or after the call acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Before; only of calls that change something.
    Begin,
    /// After.
    End,
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
            is_authenticated: true,
            tool: plain(tool).into(),
            effect: None,
            action: None,
            routers: Vec::new(),
            router_count: 0,
            covered: Vec::new(),
            metadata: Map::new(),
            duration: Duration::ZERO,
            result: "error",
            reason: None,
            error_kind: None,
            error: None,
            approval: None,
            operation_id: None,
            plan_id: None,
            noted: Noted::default(),
        }
    }

    /// Says that the caller showed no token: it is whoever reaches this machine.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.is_authenticated = false;
        self
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

    /// Which devices and arguments: short ones as they are, payloads as size and digest. Comes after `tool`.
    pub fn call(&mut self, routers: &[String], arguments: &Arguments, redaction: &Redaction) {
        if let Some(effect) = self.effect {
            self.action = Some(actions::of(&self.tool, effect, arguments));
        }
        self.router_count = routers.len();
        for router in routers {
            let shown = redaction.apply("routers", router);
            if shown.as_deref() != Some(router) {
                self.covered.push((router.clone(), shown.clone().unwrap_or_default()));
            }
            self.routers.extend(shown);
        }
        let plan_id = arguments.get("plan_id").and_then(Value::as_str);
        self.plan_id = plan_id.map(plain);
        let made = Metadata::of(arguments, redaction);
        self.metadata = made.fields;
        self.covered.extend(made.covered);
    }

    /// How a person at the caller's end agreed, such as `elicitation`, `token` or `terminal`; `None` where nobody was asked.
    pub fn approved(&mut self, how: Option<&'static str>) {
        self.approval = Some(how.unwrap_or("none"));
    }

    /// Under which id its outcome is kept.
    pub fn operation(&mut self, id: &str) {
        self.operation_id = Some(id.to_owned());
    }

    /// Why the caller was refused, where the error alone does not say it.
    pub fn refused(&mut self, reason: &'static str) {
        self.reason = Some(reason);
    }

    /// What its outcome says of what was changed. Nothing of a payload but its digest.
    pub fn noted(&mut self, outcome: &Result<Answer>) {
        self.noted = match (outcome, self.effect) {
            (Ok(answer), _) => Noted::of_answer(&answer.structured, |text| self.cover(text)),
            (Err(error), Some(Effect::Write | Effect::Destroy)) if self.operation_id.is_some() => {
                Noted::of_error(error)
            }
            (Err(_), _) => Noted::default(),
        };
    }

    /// How it ended.
    pub fn finish(&mut self, duration: Duration, ended: Ended) {
        self.duration = duration;
        self.result = match &ended {
            Ended::Well => "ok",
            Ended::Unsettled => "unsettled",
            Ended::Error(e) if noted::is_unknown(e.code()) => "unsettled",
            Ended::Error(e) if self.reason.is_some() || refusal(e.code()).is_some() => "denied",
            Ended::Failed | Ended::Error(_) => "error",
        };
        if let Ended::Error(error) = ended {
            self.error_kind = Some(error.code().as_str());
            self.reason = self.reason.or_else(|| refusal(error.code()));
            let text = self.cover(error.message());
            let cut = text.get(..text.floor_char_boundary(ERROR_BYTES)).unwrap_or_default();
            self.error = Some(if cut.len() < text.len() {
                format!("{cut}…")
            } else {
                cut.into()
            });
        }
    }

    /// Characters of text in the answer.
    pub fn answered(&mut self, bytes: usize) {
        self.metadata.insert("output_bytes".into(), bytes.into());
    }

    /// The tool that the call came to; `None` where there is none of the name.
    pub fn known_tool(&self) -> Option<&'static str> {
        match self.tool {
            Cow::Borrowed(name) => Some(name),
            Cow::Owned(_) => None,
        }
    }

    /// Whether the call changes something.
    pub fn changes(&self) -> bool {
        self.effect.is_some_and(|effect| effect != Effect::Read)
    }

    /// `ok`, `error`, `denied` or `unsettled`.
    pub fn result(&self) -> &'static str {
        self.result
    }

    /// The word for what became of the change, where that is known.
    pub fn outcome(&self) -> Option<&str> {
        self.noted.outcome.as_deref()
    }

    /// The text without secrets, and without what the operator wants covered.
    fn cover(&self, text: &str) -> String {
        let text = redact::text(text).into_owned();
        self.covered
            .iter()
            .filter(|(raw, _)| !raw.is_empty())
            .fold(text, |text, (raw, shown)| text.replace(raw.as_str(), shown))
    }

    fn approval(&self, how: &str) -> Field<'static> {
        let mut fields = Map::new();
        fields.insert("how".into(), how.into());
        if how != "none" {
            fields.insert("who".into(), self.caller.as_str().into());
        }
        Field::Object(Cow::Owned(fields))
    }

    /// What is written, in order.
    pub(super) fn fields(&self, phase: Phase) -> Vec<(&'static str, Field<'_>)> {
        let time = self.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let is_end = phase == Phase::End;
        let authorization = match self.result {
            "denied" if is_end => "denied",
            _ if !self.is_authenticated => "no_auth",
            _ => "allowed",
        };
        let number = |number: u128| Field::Number(u64::try_from(number).unwrap_or(u64::MAX));
        let text = |text: &'_ Option<String>| text.clone().map(|text| Field::Text(text.into()));
        let at_end = |field| Some(field).filter(|_| is_end);
        let fields = [
            ("target", Some(Field::Text("audit".into()))),
            ("time", Some(Field::Text(crate::time::rfc3339(time).into()))),
            ("correlation_id", Some(Field::Text(self.correlation_id.as_str().into()))),
            ("caller", Some(Field::Text(self.caller.as_str().into()))),
            ("tool", Some(Field::Text(self.tool.as_ref().into()))),
            ("routers", Some(Field::Text(self.routers.join(",").into()))),
            ("router_count", Some(number(self.router_count as u128))),
            (
                "action",
                self.action.or(self.effect.map(Effect::as_str)).map(Field::word),
            ),
            ("authorization", Some(Field::word(authorization))),
            ("result", at_end(Field::word(self.result))),
            ("duration_ms", at_end(number(self.duration.as_millis()))),
            ("error_kind", self.error_kind.map(Field::word)),
            ("error", text(&self.error)),
            ("reason", self.reason.map(Field::word)),
            ("metadata", Some(Field::Object(Cow::Borrowed(&self.metadata)))),
            ("phase", Some(Field::word(if is_end { "end" } else { "begin" }))),
            ("effect", self.effect.map(|effect| Field::word(effect.as_str()))),
            ("operation_id", text(&self.operation_id)),
            (
                "plan_id",
                text(
                    self.noted
                        .plan_id
                        .as_ref()
                        .map_or(&self.plan_id, |_| &self.noted.plan_id),
                ),
            ),
            ("approval", self.approval.map(|how| self.approval(how))),
            ("outcome", text(&self.noted.outcome)),
            ("diff_sha256", text(&self.noted.diff_sha256)),
            (
                "commit",
                self.noted.commit.as_ref().map(|it| Field::Object(Cow::Borrowed(it))),
            ),
            ("changes", self.noted.changes().map(Field::List)),
        ];
        fields
            .into_iter()
            .filter_map(|(name, field)| Some((name, field?)))
            .collect()
    }
}

/// A value of an event.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
pub(super) enum Field<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    Object(Cow<'a, Map<String, Value>>),
    List(&'a [Value]),
}

impl Field<'static> {
    fn word(word: &'static str) -> Self {
        Field::Text(word.into())
    }
}

/// Why a call that failed with this code was refused; `None` where it was not.
fn refusal(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::ToolScopeDenied => "tool_scope",
        Code::InventoryReadonly => "inventory_readonly",
        Code::Blocked => "guardrail",
        Code::ReadOnly => "read_only",
        Code::ConfirmationRequired => "confirmation_required",
        _ => return None,
    })
}
