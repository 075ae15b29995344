//! Routing engines, from `show chassis routing-engine`.

use serde_json::{Map, Value, json};

use super::{
    super::netconf::xml::Element,
    items::{find_all, parts},
};

/// One routing engine.
#[derive(Debug, Clone)]
struct Engine {
    /// Chassis, member or node it sits in; `None` on devices with one.
    node: Option<String>,
    slot: String,
    mastership: String,
    status: Option<String>,
    model: Option<String>,
    uptime: Option<String>,
    reboot_reason: Option<String>,
    memory: Option<String>,
}

/// The routing engines of a device, in the order reported.
#[derive(Debug, Default)]
pub(super) struct Engines {
    engines: Vec<Engine>,
    /// Whether the device answered at all.
    is_known: bool,
}

/// The key under which the first chassis, and the first engine in it, are found as well.
const DEFAULT: &str = "default";

impl Engines {
    /// Reads the reply. Some platforms leave out the slot or the mastership of their only engine: slot 0, master.
    pub(super) fn read(reply: Option<&Element>) -> Self {
        let Some(reply) = reply else {
            return Self::default();
        };
        let engines = parts(reply).into_iter().flat_map(|(node, part)| {
            find_all(part, "route-engine").into_iter().map(move |engine| Engine {
                node: node.clone(),
                slot: engine.text_at(&["slot"]).unwrap_or_else(|| "0".to_owned()),
                mastership: engine
                    .text_at(&["mastership-state"])
                    .unwrap_or_else(|| "master".to_owned()),
                status: engine.text_at(&["status"]),
                model: engine.text_at(&["model"]),
                uptime: engine.text_at(&["up-time"]),
                reboot_reason: engine.text_at(&["last-reboot-reason"]),
                memory: engine
                    .text_at(&["memory-dram-size"])
                    .or_else(|| engine.text_at(&["memory-system-total"]))
                    .or_else(|| engine.text_at(&["memory-installed-size"])),
            })
        });
        Self {
            engines: engines.collect(),
            is_known: true,
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.engines.len()
    }

    /// Model of the first engine.
    pub(super) fn first_model(&self) -> Option<&str> {
        self.engines.first().and_then(|engine| engine.model.as_deref())
    }

    /// Name of the master: `re0`, or the node on devices with several.
    pub(super) fn master_name(&self) -> Option<String> {
        let master = self.engines.iter().find(|engine| engine.is_master())?;
        Some(master.node.clone().unwrap_or_else(|| format!("re{}", master.slot)))
    }

    /// Whether there is more than one; null where not known.
    pub(super) fn has_two(&self) -> Value {
        if self.is_known {
            json!(self.engines.len() > 1)
        } else {
            Value::Null
        }
    }

    /// The engines as a list, with slot numbers.
    pub(super) fn list(&self) -> Value {
        let entry = |engine: &Engine| {
            let mut entry = json!({
                "slot": engine.slot_number(),
                "status": engine.status,
                "model": engine.model,
                "mastership_state": engine.mastership,
                "uptime": engine.uptime,
                "memory_total": engine.memory,
            });
            if let (Some(node), Some(entry)) = (&engine.node, entry.as_object_mut()) {
                entry.insert("node".to_owned(), json!(node));
            }
            entry
        };
        self.engines.iter().map(entry).collect()
    }

    /// Slot number of the master in the first chassis; null where none is master.
    pub(super) fn master_slot(&self) -> Value {
        let master = self.first_chassis().find(|engine| engine.is_master());
        master.map_or(Value::Null, Engine::slot_number)
    }

    /// The engine in this slot of the first chassis, with its uptime.
    pub(super) fn by_slot(&self, slot: &str) -> Value {
        let found = self.first_chassis().find(|engine| engine.slot == slot);
        found.map_or(Value::Null, |engine| {
            let mut info = engine.info();
            info.insert("up_time".to_owned(), json!(engine.uptime));
            Value::Object(info)
        })
    }

    /// The engines by node and slot; `default` stands for the first node, and in it for the first slot.
    pub(super) fn info(&self) -> Value {
        let Some(first) = self.engines.first() else {
            return Value::Null;
        };
        let mut nodes: Map<String, Value> = Map::new();
        for engine in &self.engines {
            let node = nodes.entry(engine.node_name().to_owned()).or_insert_with(|| json!({}));
            if let Some(node) = node.as_object_mut() {
                node.insert(engine.slot.clone(), Value::Object(engine.info()));
            }
        }
        if let Some(mut default) = nodes.get(first.node_name()).cloned() {
            if let Some(default) = default.as_object_mut() {
                default.insert(DEFAULT.to_owned(), Value::Object(first.info()));
            }
            nodes.insert(DEFAULT.to_owned(), default);
        }
        Value::Object(nodes)
    }

    /// `RE0`; a list where several chassis have a master each; null where there is none.
    pub(super) fn masters(&self) -> Value {
        let names: Vec<String> = self
            .engines
            .iter()
            .filter(|engine| engine.is_master())
            .map(|engine| format!("RE{}", engine.slot))
            .collect();
        match names.as_slice() {
            [] => Value::Null,
            [one] => json!(one),
            several => json!(several),
        }
    }

    /// Slot of the master by node; `default` stands for the first node.
    pub(super) fn master_by_node(&self) -> Value {
        let mut nodes = Map::new();
        for engine in self.engines.iter().filter(|engine| engine.is_master()) {
            nodes.insert(engine.node_name().to_owned(), json!(engine.slot));
        }
        let first = self
            .engines
            .first()
            .and_then(|engine| nodes.get(engine.node_name()).cloned());
        if let Some(first) = first {
            nodes.insert(DEFAULT.to_owned(), first);
        }
        if nodes.is_empty() {
            Value::Null
        } else {
            Value::Object(nodes)
        }
    }

    fn first_chassis(&self) -> impl Iterator<Item = &Engine> {
        let first = self.engines.first().map(Engine::node_name);
        self.engines
            .iter()
            .filter(move |engine| Some(engine.node_name()) == first)
    }
}

impl Engine {
    fn node_name(&self) -> &str {
        self.node.as_deref().unwrap_or(DEFAULT)
    }

    fn is_master(&self) -> bool {
        self.mastership.to_ascii_lowercase().starts_with("master")
    }

    fn slot_number(&self) -> Value {
        self.slot.parse::<u32>().map_or_else(|_| json!(self.slot), Value::from)
    }

    fn info(&self) -> Map<String, Value> {
        let pairs = [
            ("mastership_state", json!(self.mastership)),
            ("status", json!(self.status)),
            ("model", json!(self.model)),
            ("last_reboot_reason", json!(self.reboot_reason)),
        ];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}
