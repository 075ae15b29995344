//! Reads one token of a file: its fields, and everything that is wrong with them.
//!
//! A field of a wrong type is a problem and never passed over: a scope that is misread must not widen.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Digest, Entry, Format, Known, entry::Listed, known::ToolName};
use crate::{
    time::parse_rfc3339,
    tools::{Allowed, CallerLimits, Effect, Principal},
};

/// A plain secret shorter than this many characters is warned about.
const SHORT_SECRET: usize = 20;

/// Fields that both formats have.
const FIELDS: &[&str] = &[
    "routers",
    "tools",
    "toolsets",
    "effects",
    "mist_orgs",
    "mist_sites",
    "limits",
    "show_secrets",
    "expires_at",
    "description",
];

/// Fields of `limits`.
const LIMITS: &[&str] = &[
    "max_inflight_requests",
    "max_requests_per_second",
    "max_request_burst",
    "max_sessions",
];

/// What reading finds out besides the entries.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Mistakes: with one of them, nothing of the file is used.
    pub(super) problems: Vec<String>,
    /// What deserves a look.
    pub(super) warnings: Vec<String>,
}

/// Reads one entry.
pub(super) struct Reader<'a> {
    pub(super) name: &'a str,
    pub(super) fields: &'a Map<String, Value>,
    pub(super) format: Format,
    pub(super) known: &'a Known,
    pub(super) findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    /// The entry; `None` where its secret cannot be read. Every mistake is in the findings.
    pub(super) fn read(mut self) -> Option<Entry> {
        self.names_of_fields();
        if self.name.is_empty() || self.name.chars().any(char::is_control) {
            self.problem("the name is empty or has control characters");
        }
        let digest = self.digest();
        let mark = digest.as_ref().map(Digest::short).unwrap_or_default();
        let id: Arc<str> = format!("{}#{mark}", self.name).into();
        let principal = Principal {
            name: self.name.into(),
            id: id.clone(),
            tools: self.tools(),
            toolsets: self.toolsets(),
            devices: self.devices(),
            effects: self.effects(),
            mist_organisations: self.ids("mist_orgs"),
            mist_sites: self.ids("mist_sites"),
            limits: self.limits(),
            show_secrets: self.flag("show_secrets"),
        };
        let expires = self.time("expires_at");
        let listed = Listed {
            devices: self
                .strings("routers")
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect(),
            routers: self.listed("routers"),
            tools: self.listed("tools"),
            created: self.created(),
            description: self.text("description").map(str::to_owned),
        };
        let digest = digest?;
        let text = serde_json::to_vec(self.fields).unwrap_or_default();
        Some(Entry {
            id,
            principal: Arc::new(principal),
            fingerprint: Sha256::digest(&text).into(),
            digest,
            expires,
            listed,
        })
    }

    fn problem(&mut self, text: impl AsRef<str>) {
        let text = format!("token `{}`: {}", self.name.escape_debug(), text.as_ref());
        self.findings.problems.push(text);
    }

    fn warn(&mut self, text: impl AsRef<str>) {
        let text = format!("token `{}`: {}", self.name.escape_debug(), text.as_ref());
        self.findings.warnings.push(text);
    }

    /// Fields that nobody knows are kept and warned about, but one that looks like a scope is a mistake: passed over, it would widen.
    fn names_of_fields(&mut self) {
        let own = self.format.own_fields();
        for key in self.fields.keys() {
            let key = key.as_str();
            if own.contains(&key) || FIELDS.contains(&key) {
                continue;
            }
            match meant(key) {
                Some(field) => self.problem(format!("`{}` is no field: is `{field}` meant?", key.escape_debug())),
                None => self.warn(format!(
                    "the field `{}` is not known and has no effect",
                    key.escape_debug()
                )),
            }
        }
    }

    fn digest(&mut self) -> Option<Digest> {
        let field = self.format.secret_field();
        let found = match (self.format, self.fields.get(field)) {
            (_, None) => Err("is missing"),
            (Format::Hashed, Some(Value::String(text))) => {
                Digest::parse(text).ok_or("is not `sha256:` and 43 characters of base64url without padding")
            }
            (Format::Plain, Some(Value::String(secret))) if secret.is_empty() => Err("is empty"),
            (Format::Plain, Some(Value::String(secret))) => {
                if secret.chars().count() < SHORT_SECRET {
                    self.warn("the secret is short and can be guessed");
                }
                Ok(Digest::of(secret))
            }
            (_, Some(_)) => Err("must be a string"),
        };
        // The value itself is never told: it may be a secret in the wrong place.
        found.map_err(|wrong| self.problem(format!("`{field}` {wrong}"))).ok()
    }

    fn created(&mut self) -> Option<String> {
        let field = self.format.created_field();
        let text = self.text(field)?.to_owned();
        if self.format == Format::Hashed && parse_rfc3339(&text).is_none() {
            self.problem(format!("`{field}` is not a date and time such as 2026-01-31T12:00:00Z"));
        }
        Some(text)
    }

    fn devices(&mut self) -> Allowed {
        let Some(entries) = self.scope("routers", Some("reaches no device")) else {
            return Allowed::All;
        };
        Allowed::patterns(entries).unwrap_or_else(|error| {
            self.problem(format!("`routers`: {}", error.message()));
            nothing()
        })
    }

    fn tools(&mut self) -> Allowed {
        let Some(entries) = self.scope("tools", Some("can call no tool")) else {
            return Allowed::All;
        };
        for tool in &entries {
            let shown = tool.escape_debug();
            match self.known.tool(tool) {
                ToolName::Here => {}
                ToolName::Earlier => self.warn(format!("the tool `{shown}` is not in this version")),
                ToolName::Unknown => {
                    let tools: Vec<&str> = self.known.tools().iter().map(String::as_str).collect();
                    let tools = tools.join(", ");
                    self.problem(format!(
                        "there is no tool `{shown}`; the tools are {tools}, and what `search_tools` finds"
                    ));
                }
            }
        }
        Allowed::names(entries)
    }

    fn toolsets(&mut self) -> Allowed {
        let Some(entries) = self.scope("toolsets", Some("can call no tool")) else {
            return Allowed::All;
        };
        for toolset in &entries {
            if !self.known.toolsets().contains(*toolset) {
                let toolsets: Vec<&str> = self.known.toolsets().iter().map(String::as_str).collect();
                let (shown, toolsets) = (toolset.escape_debug(), toolsets.join(", "));
                self.problem(format!("there is no toolset `{shown}`; the toolsets are {toolsets}"));
            }
        }
        Allowed::names(entries)
    }

    fn effects(&mut self) -> BTreeSet<Effect> {
        let all = [Effect::Read, Effect::Write, Effect::Destroy];
        let Some(entries) = self.scope("effects", Some("can call no tool")) else {
            return all.into();
        };
        let mut effects = BTreeSet::new();
        for word in entries {
            match Effect::of(word) {
                Some(effect) => _ = effects.insert(effect),
                None => {
                    let shown = word.escape_debug();
                    self.problem(format!(
                        "there is no effect `{shown}`; the effects are read, write, destroy"
                    ));
                }
            }
        }
        effects
    }

    /// Ids of the Mist cloud, in lower case as it writes them.
    fn ids(&mut self, key: &'static str) -> Allowed {
        let Some(entries) = self.scope(key, None) else {
            return Allowed::All;
        };
        for id in entries.iter().filter(|id| !is_uuid(id)) {
            self.problem(format!("`{key}`: `{}` is not a UUID", id.escape_debug()));
        }
        Allowed::names(entries.into_iter().map(str::to_ascii_lowercase))
    }

    /// The names in a list; `None` is everything, either because the field is not there or because it is `["*"]`.
    /// An empty list deserves a look where nothing can be done with it.
    fn scope(&mut self, key: &'static str, if_empty: Option<&str>) -> Option<Vec<&'a str>> {
        self.fields.get(key)?;
        let Some(entries) = self.strings(key) else {
            self.problem(format!("`{key}` must be a list of strings"));
            return Some(Vec::new());
        };
        if entries == ["*"] {
            return None;
        }
        if entries.contains(&"*") {
            self.problem(format!(
                "`{key}` mixes '*' with names: use either [\"*\"] or a list without '*'"
            ));
        }
        if entries.iter().any(|entry| entry.is_empty()) {
            self.problem(format!("`{key}` has an empty name"));
        }
        if let Some(what) = if_empty.filter(|_| entries.is_empty()) {
            self.warn(format!("`{key}` is empty: this token {what}"));
        }
        Some(
            entries
                .into_iter()
                .filter(|entry| *entry != "*" && !entry.is_empty())
                .collect(),
        )
    }

    fn strings(&self, key: &str) -> Option<Vec<&'a str>> {
        let items = self.fields.get(key)?.as_array()?;
        items.iter().map(Value::as_str).collect()
    }

    fn listed(&self, key: &str) -> String {
        self.strings(key)
            .map_or_else(|| "*".to_owned(), |names| names.join(","))
    }

    fn limits(&mut self) -> CallerLimits {
        let Some(value) = self.fields.get("limits") else {
            return CallerLimits::default();
        };
        let Some(limits) = value.as_object() else {
            self.problem("`limits` must be an object");
            return CallerLimits::default();
        };
        for key in limits.keys().filter(|key| !LIMITS.contains(&key.as_str())) {
            let known = LIMITS.join(", ");
            self.problem(format!("`limits` has no `{}`; it has {known}", key.escape_debug()));
        }
        let [in_flight, per_second, burst, sessions] = LIMITS else {
            return CallerLimits::default();
        };
        let read = CallerLimits {
            in_flight: self.number(limits, in_flight),
            per_second: self.number(limits, per_second),
            burst: self.number(limits, burst),
            sessions: self.number(limits, sessions),
        };
        let on = |limit: Option<u32>| limit.is_some_and(|n| n > 0);
        if on(read.per_second) != on(read.burst) {
            self.problem(format!("`{per_second}` and `{burst}` in `limits` go together"));
        }
        read
    }

    fn number<T: TryFrom<u64>>(&mut self, limits: &Map<String, Value>, key: &str) -> Option<T> {
        let value = limits.get(key)?;
        let number = value.as_u64().and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.problem(format!("`{key}` in `limits` must be a number from 0 (no limit) on"));
        }
        number
    }

    fn flag(&mut self, key: &'static str) -> bool {
        match self.fields.get(key) {
            None => false,
            Some(Value::Bool(on)) => *on,
            Some(_) => {
                self.problem(format!("`{key}` must be true or false"));
                false
            }
        }
    }

    fn text(&mut self, key: &'static str) -> Option<&'a str> {
        let value = self.fields.get(key)?;
        if !value.is_string() {
            self.problem(format!("`{key}` must be a string"));
        }
        value.as_str()
    }

    fn time(&mut self, key: &'static str) -> Option<SystemTime> {
        let text = self.text(key)?;
        let time = parse_rfc3339(text).and_then(|since| UNIX_EPOCH.checked_add(since));
        if time.is_none() {
            self.problem(format!("`{key}` is not a date and time such as 2026-01-31T12:00:00Z"));
        }
        time
    }
}

fn nothing() -> Allowed {
    Allowed::names(Vec::<String>::new())
}

/// The field that somebody had in mind.
fn meant(key: &str) -> Option<&'static str> {
    let plain = |key: &str| {
        let letters = key.chars().filter(char::is_ascii_alphanumeric);
        let text: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        text.trim_end_matches('s').to_owned()
    };
    let key = plain(key);
    if key.starts_with("expir") {
        return Some("expires_at");
    }
    FIELDS.iter().copied().find(|field| plain(field) == key)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
