//! Host name, model and release of every routing engine, from `show version`.

use serde_json::{Map, Value, json};

use super::{
    super::netconf::xml::Element,
    items::{find, parts},
    version::Version,
};

/// What one engine reports.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Engine {
    name: String,
    hostname: Option<String>,
    model: Option<String>,
    version: Option<String>,
}

/// What all engines report, and what holds for the one that answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Software {
    engines: Vec<Engine>,
    /// Host name of the answering engine.
    pub(super) hostname: Option<String>,
    /// Model in upper case.
    pub(super) model: Option<String>,
    /// Release of the answering engine.
    pub(super) version: Option<String>,
}

impl Software {
    /// Reads the reply of all engines where it came, else that of the answering one. `current` are the names of the answering
    /// engine, `master` the name of the one that is master, for devices that do not tell which one answers.
    pub(super) fn read(
        all: Option<&Element>,
        own: Option<&Element>,
        current: &[String],
        master: Option<String>,
    ) -> Self {
        let all = all.filter(|reply| find(reply, "software-information").is_some());
        let Some(reply) = all.or(own) else {
            return Self::default();
        };
        let own_name = current.iter().find(|name| matches!(name.as_str(), "re0" | "re1"));
        let default = own_name.map_or("re0", String::as_str);
        let engines: Vec<Engine> = parts(reply)
            .into_iter()
            .filter_map(|(name, part)| {
                let info = find(part, "software-information")?;
                Some(Engine::read(name.unwrap_or_else(|| default.to_owned()), info))
            })
            .collect();
        let answering = engines
            .iter()
            .find(|engine| current.iter().any(|name| is_same(&engine.name, name)))
            .or_else(|| engines.iter().find(|engine| Some(&engine.name) == master.as_ref()))
            .or_else(|| engines.first())
            .cloned();
        let (hostname, model, version) = answering.map(|e| (e.hostname, e.model, e.version)).unwrap_or_default();
        Self {
            engines,
            hostname,
            model: model.map(|m| m.to_uppercase()),
            version,
        }
    }

    /// Whether the reply came from the nodes of a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        self.engines.len() > 1 && self.engines.iter().all(|engine| engine.name.starts_with("node"))
    }

    /// Host name by engine.
    pub(super) fn hostname_info(&self) -> Value {
        self.by_name(|engine| engine.hostname.as_ref().map(|name| json!(name)))
    }

    /// Model by engine, in upper case.
    pub(super) fn model_info(&self) -> Value {
        self.by_name(|engine| engine.model.as_ref().map(|model| json!(model.to_uppercase())))
    }

    /// Release by engine, as text and taken apart.
    pub(super) fn junos_info(&self) -> Value {
        self.by_name(|engine| {
            let text = engine.version.as_ref()?;
            Some(json!({ "text": text, "object": Version::parse(text) }))
        })
    }

    /// The release of the engine (or node, or server) in slot 0 or 1. With node slicing the engines of a guest come before
    /// those of the base system, unless the base system itself answers for several guests.
    pub(super) fn version_of_slot(&self, slot: char) -> Option<&str> {
        let exact = |name: String| self.engines.iter().find(|engine| engine.name == name);
        let end = format!("-re{slot}");
        let guest = self
            .engines
            .iter()
            .find(|e| e.name.starts_with("gnf") && e.name.ends_with(&end));
        let base = exact(format!("bsys-re{slot}"));
        let sliced = if self.engines.len() > 4 {
            base.or(guest)
        } else {
            guest.or(base)
        };
        let found = exact(format!("re{slot}"))
            .or_else(|| exact(format!("node{slot}")))
            .or(sliced);
        found
            .or_else(|| exact(format!("server{slot}")))
            .and_then(|engine| engine.version.as_deref())
    }

    fn by_name(&self, value: impl Fn(&Engine) -> Option<Value>) -> Value {
        let map: Map<String, Value> = self
            .engines
            .iter()
            .filter_map(|engine| Some((engine.name.clone(), value(engine)?)))
            .collect();
        if map.is_empty() {
            Value::Null
        } else {
            Value::Object(map)
        }
    }
}

/// `re0` answers for itself, as `lcc1-re0` in a routing matrix and as `bsys-re0` with node slicing.
fn is_same(engine: &str, current: &str) -> bool {
    engine == current
        || current.strip_suffix(engine).is_some_and(|before| before.ends_with('-'))
        || engine.strip_prefix("bsys-") == Some(current)
}

impl Engine {
    fn read(name: String, info: &Element) -> Self {
        Self {
            name,
            hostname: info.text_at(&["host-name"]),
            model: info.text_at(&["product-model"]),
            version: info.text_at(&["junos-version"]).or_else(|| older_version(info)),
        }
    }
}

/// Where releases before 15.1, the node slicing manager and the NFX device manager have it.
fn older_version(info: &Element) -> Option<String> {
    let package = |name: &str| {
        let package = info
            .children_named("package-information")
            .find(|p| p.text_at(&["name"]).as_deref() == Some(name));
        package.and_then(|p| p.text_at(&["comment"]))
    };
    if let Some(comment) = package("junos") {
        let (_, behind) = comment.split_once('[')?;
        return behind.rsplit_once(']').map(|(version, _)| version.to_owned());
    }
    if let Some(comment) = package("JUNOS version") {
        return comment.split_whitespace().last().map(str::to_owned);
    }
    let manager = info
        .children_named("version-information")
        .find(|v| v.text_at(&["component"]).as_deref() == Some("MGD"));
    let release = manager.and_then(|v| v.text_at(&["release"]))?;
    release
        .split_once(".secure")
        .map(|(version, _)| version.to_owned())
        .or(Some(release))
}
