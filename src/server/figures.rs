//! Figures for `/metrics`: what the server did and has open, under the names of the earlier Rust server where it had them.

mod devices;
mod mist;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::ConstGauge, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::{junos::Junos, mist::Mist};

/// The content type of [`Figures::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The content type for readers that do not ask for the newer one.
pub const OLDER_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A request was refused.
pub const REQUEST_REJECTED: &str = "request_rejected";
/// A session was refused.
pub const SESSION_REGISTRATION_REJECTED: &str = "session_registration_rejected";

/// The tool of calls that name none.
const UNKNOWN_TOOL: &str = "unknown";
/// Upper bounds of a call's duration, in seconds.
const CALL_SECONDS: [f64; 16] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    tool: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HitLabels {
    limit: &'static str,
    event: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

type Durations = Family<CallLabels, Histogram, fn() -> Histogram>;

/// What one server did and has open. Every label value is one of a few words; those of devices are the inventory's names.
pub struct Figures {
    registry: Registry,
    sessions: Gauge,
    connections: Gauge,
    in_flight: Gauge,
    hits: Family<HitLabels, Counter>,
    durations: Durations,
    reaped: Family<ReasonLabel, Counter>,
    auth_failures: Counter,
    reloads: Family<ResultLabel, Counter>,
}

impl Default for Figures {
    fn default() -> Self {
        let mut figures = Self {
            registry: Registry::default(),
            sessions: Gauge::default(),
            connections: Gauge::default(),
            in_flight: Gauge::default(),
            hits: Family::default(),
            durations: Durations::new_with_constructor(|| Histogram::new(CALL_SECONDS)),
            reaped: Family::default(),
            auth_failures: Counter::default(),
            reloads: Family::default(),
        };
        figures.register_known();
        figures.register_own();
        figures
    }
}

impl Figures {
    /// The figures of the earlier Rust server, by its names and labels.
    fn register_known(&mut self) {
        let known = self.registry.sub_registry_with_label(("server".into(), "junos".into()));
        known.register(
            "junosmcp_active_sessions",
            "MCP sessions over HTTP now",
            self.sessions.clone(),
        );
        known.register(
            "junosmcp_limit_hits",
            "Requests and sessions refused because a limit was reached",
            self.hits.clone(),
        );
        known.register(
            "junosmcp_tool_duration_seconds",
            "How long calls of tools took, by tool and result",
            self.durations.clone(),
        );
        known.register(
            "junosmcp_sessions_reaped",
            "MCP sessions ended by the server for their idleness or age",
            self.reaped.clone(),
        );
    }

    fn register_own(&mut self) {
        let own = &mut self.registry;
        own.register(
            "jmcp_requests_in_flight",
            "Calls that hold a place now",
            self.in_flight.clone(),
        );
        own.register(
            "jmcp_http_connections",
            "HTTP connections open now",
            self.connections.clone(),
        );
        own.register(
            "jmcp_auth_failures",
            "HTTP requests without a valid token",
            self.auth_failures.clone(),
        );
        own.register(
            "jmcp_config_reloads",
            "Reloads of inventory, tokens, rules and certificates, by result",
            self.reloads.clone(),
        );
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        own.register(
            "process_start_time_seconds",
            "When the server was started, in seconds since the epoch",
            ConstGauge::new(started.as_secs_f64()),
        );
        let build = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("os", std::env::consts::OS),
            ("arch", std::env::consts::ARCH),
        ];
        let build = build.map(|(name, value)| (name.into(), value.into()));
        own.sub_registry_with_labels(build.into_iter()).register(
            "jmcp_build_info",
            "The program that runs",
            ConstGauge::new(1_i64),
        );
    }

    /// A call of a tool ended; `None` for a name that no tool has. The result is one of `ok`, `error`, `denied`, `unsettled`.
    pub fn tool_call(&self, tool: Option<&'static str>, result: &'static str, duration: Duration) {
        let labels = CallLabels {
            tool: tool.unwrap_or(UNKNOWN_TOOL),
            result,
        };
        self.durations.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// A limit refused a request ([`REQUEST_REJECTED`]) or a session ([`SESSION_REGISTRATION_REJECTED`]). The refusals of
    /// [`super::path::Limits`] are counted there.
    pub fn limit_hit(&self, limit: &'static str, event: &'static str) {
        self.hits.get_or_create(&HitLabels { limit, event }).inc();
    }

    /// MCP sessions over HTTP now.
    pub fn sessions(&self) -> &Gauge {
        &self.sessions
    }

    /// HTTP connections now.
    pub fn connections(&self) -> &Gauge {
        &self.connections
    }

    /// Calls that hold a place now.
    pub(super) fn in_flight(&self) -> &Gauge {
        &self.in_flight
    }

    /// The server ended a session: `idle` or `lifetime`.
    pub fn session_reaped(&self, reason: &'static str) {
        self.reaped.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// A request came without a valid token.
    pub fn auth_failed(&self) {
        self.auth_failures.inc();
    }

    /// Files were read again, or could not be.
    pub fn reloaded(&self, ok: bool) {
        let result = if ok { "ok" } else { "error" };
        self.reloads.get_or_create(&ResultLabel { result }).inc();
    }

    /// Everything, in the text format of OpenMetrics 1.0, which readers of Prometheus' older format can read too. Of devices only
    /// those of the inventory in force.
    pub fn render(&self, junos: &Junos, cloud: &Mist) -> String {
        let mut devices = Registry::default();
        devices.register_collector(Box::new(devices::Devices::of(junos)));
        devices.register_collector(Box::new(mist::Requests::of(cloud)));
        let mut out = String::new();
        let written = text::encode_registry(&mut out, &self.registry)
            .and_then(|()| text::encode_registry(&mut out, &devices))
            .and_then(|()| text::encode_eof(&mut out));
        if written.is_err() {
            tracing::error!("the figures cannot be written");
        }
        out
    }
}

#[cfg(test)]
mod tests;
