//! The rows of collections, made of the world by templates: each writes one JSON object after the other.

use minijinja::{
    AutoEscape, Environment,
    value::{Serde, Value as Data},
};
use serde_json::Value;

use super::world::{self, World};
use crate::error::{Code, Error, Result};

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("data/rows/", $name, ".jinja")))),*]
    };
}

/// Every template by the name of its collection.
const TEMPLATES: &[(&str, &str)] = templates![
    "alarms",
    "alarmtemplates",
    "audit_logs",
    "bgp_peers",
    "clients",
    "config_history",
    "device_events",
    "device_search",
    "device_stats",
    "devices",
    "documents",
    "evpn_topologies",
    "gatewaytemplates",
    "guests",
    "inventory",
    "inventory_search",
    "last_config",
    "maps",
    "msps",
    "mxclusters",
    "mxedge_search",
    "mxedge_stats",
    "mxedges",
    "nac_clients",
    "nac_events",
    "nacrules",
    "nactags",
    "networks",
    "networktemplates",
    "orgs",
    "ospf_peers",
    "ports",
    "psks",
    "rftemplates",
    "secpolicies",
    "servicepolicies",
    "services",
    "settings",
    "site_search",
    "site_stats",
    "sitegroups",
    "sites",
    "sitetemplates",
    "templates",
    "tunnels",
    "vpn_peers",
    "wan_clients",
    "webhooks",
    "wired_clients",
    "wireless_clients",
    "wireless_events",
    "wireless_sessions",
    "wireless_stats",
    "wlans",
];

/// Parts of templates.
const PARTS: &[(&str, &str)] = templates![
    "device_ap",
    "device_gateway",
    "device_stats_ap",
    "device_stats_junos",
    "device_switch",
];

/// The templates with the world that they are about.
pub(super) struct Rows(Environment<'static>);

impl Rows {
    /// Templates about this world at this time (seconds since the epoch).
    ///
    /// # Errors
    /// `internal` where a template is broken.
    pub(super) fn new(world: &World, now: f64) -> Result<Rows> {
        let mut environment = Environment::new();
        // Every value is written as JSON, so no template has to quote.
        environment.set_auto_escape_callback(|_| AutoEscape::Json);
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        for (name, source) in TEMPLATES.iter().chain(PARTS) {
            environment.add_template(name, source).map_err(|e| broken(name, e))?;
        }
        let data = Data::from(Serde(world));
        for name in ["msp", "orgs", "sites", "devices", "kinds"] {
            let part = data.get_attr(name).map_err(|e| broken(name, e))?;
            environment.add_global(name, part);
        }
        environment.add_global("now", now);
        environment.add_function("ago", move |seconds: f64| ((now - seconds) * 1000.0).round() / 1000.0);
        environment.add_function("uuid", |kind: String, n: usize| world::uuid(&kind, n));
        environment.add_function("mac", |kind: String, n: usize| world::mac(&kind, n));
        environment.add_function("noise", |salt: String, n: usize, below: u64| {
            world::noise(&salt, n, below)
        });
        environment.add_function("pick", |n: usize, from: Vec<Data>| {
            n.checked_rem(from.len()).and_then(|at| from.get(at).cloned())
        });
        let mut rows = Rows(environment);
        let clients = rows.render("clients")?;
        rows.0.add_global("clients", Data::from(Serde(clients)));
        Ok(rows)
    }

    /// Whether there is a template of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        TEMPLATES.iter().any(|(known, _)| *known == name)
    }

    /// The rows of a collection.
    ///
    /// # Errors
    /// `internal` where there is no such template, or it fails or writes something other than JSON objects.
    pub(super) fn render(&self, name: &str) -> Result<Vec<Value>> {
        let text = self
            .0
            .get_template(name)
            .and_then(|template| template.render(()))
            .map_err(|e| broken(name, e))?;
        serde_json::Deserializer::from_str(&text)
            .into_iter()
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| broken(name, e))
    }
}

fn broken(name: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        Code::Internal,
        format!("the simulated cloud's rows of `{name}` cannot be made"),
    )
    .caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_writes_objects() {
        let rows = Rows::new(&World::embedded().unwrap(), 1_767_323_045.0).unwrap();
        for (name, _) in TEMPLATES {
            let made = rows.render(name).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            assert!(!made.is_empty(), "{name} is empty");
            assert!(made.iter().all(Value::is_object), "{name}");
        }
    }
}
