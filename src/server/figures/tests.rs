//! What a reader of `/metrics` sees, read with a small parser of the text format.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use async_trait::async_trait;

use super::*;
use crate::{
    error::{Code, Error, Result},
    junos::{
        inventory::{Device, Inventory},
        pool::{self, Pool},
        transport::{Connect, Connection},
    },
    mist::{Mist, MistOptions},
};

struct Nowhere;

#[async_trait]
impl Connect for Nowhere {
    async fn connect(&self, _: &Device) -> Result<Arc<dyn Connection>> {
        Err(Error::new(Code::ConnectFailed, "nowhere"))
    }
}

/// Devices of these names.
fn junos(names: &[&str]) -> Junos {
    let device = |name: &&str| {
        let entry = r#"{"ip": "192.0.2.1", "username": "u", "auth": {"type": "password", "password": "p"}}"#;
        format!("\"{name}\": {entry}")
    };
    let devices: Vec<String> = names.iter().map(device).collect();
    let inventory = Inventory::parse(&format!("{{{}}}", devices.join(",")), Path::new("."), "test").unwrap();
    Junos::new(inventory, Pool::new(pool::Options::default(), Arc::new(Nowhere)))
}

fn cloud() -> Arc<Mist> {
    Mist::new(MistOptions::default()).unwrap()
}

/// One line of the format: name, labels, value.
#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// Reads the text format; panics at what no reader would take.
fn samples(text: &str) -> Vec<Sample> {
    let (body, end) = text.split_at(text.len() - "# EOF\n".len());
    assert_eq!(end, "# EOF\n");
    let mut families: BTreeMap<&str, &str> = BTreeMap::new();
    let mut samples = Vec::new();
    for line in body.lines() {
        if let Some(meta) = line.strip_prefix("# ") {
            let mut words = meta.splitn(3, ' ');
            let (kind, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            match kind {
                "TYPE" => assert!(families.insert(name, rest).is_none(), "{name} is there twice"),
                "HELP" => assert!(rest.ends_with('.') && !rest.ends_with(".."), "{line}"),
                other => panic!("{other}"),
            }
            continue;
        }
        samples.push(sample(line));
        let name = &samples.last().unwrap().name;
        let known = |suffix: &str, of: &[&str]| {
            let family = name.strip_suffix(suffix).and_then(|family| families.get(family));
            family.is_some_and(|family| of.contains(family))
        };
        let histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .any(|suffix| known(suffix, &["histogram"]));
        assert!(
            known("", &["gauge"]) || known("_total", &["counter"]) || histogram,
            "{line}"
        );
    }
    samples
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
        None => (series, ""),
    };
    assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
    let label = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap();
        let value = value.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        (key.to_owned(), value.to_owned())
    };
    Sample {
        name: name.into(),
        labels: labels.split(',').filter(|pair| !pair.is_empty()).map(label).collect(),
        value: value.parse().unwrap(),
    }
}

/// The value of the one sample with exactly these labels.
fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let labels: BTreeMap<String, String> = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let found: Vec<f64> = samples(text)
        .into_iter()
        .filter(|sample| sample.name == name && sample.labels == labels)
        .map(|sample| sample.value)
        .collect();
    assert_eq!(found.len(), 1, "{name} {labels:?} in\n{text}");
    found[0]
}

#[test]
fn the_earlier_servers_names_and_labels_are_there() {
    let figures = Figures::default();
    figures.sessions().inc();
    figures.sessions().inc();
    figures.limit_hit("global_concurrency", REQUEST_REJECTED);
    figures.limit_hit("session_cap", SESSION_REGISTRATION_REJECTED);
    figures.session_reaped("idle");
    figures.tool_call(Some("get_router_list"), "ok", Duration::from_millis(250));
    figures.tool_call(None, "error", Duration::from_millis(1));
    let text = figures.render(&junos(&[]), &cloud());
    let server = ("server", "junos");
    assert_eq!(value(&text, "junosmcp_active_sessions", &[server]), 2.0);
    let hits = "junosmcp_limit_hits_total";
    for (limit, event) in [
        ("global_concurrency", "request_rejected"),
        ("session_cap", "session_registration_rejected"),
    ] {
        assert_eq!(value(&text, hits, &[server, ("limit", limit), ("event", event)]), 1.0);
    }
    assert_eq!(
        value(&text, "junosmcp_sessions_reaped_total", &[server, ("reason", "idle")]),
        1.0
    );
    let call = [server, ("tool", "get_router_list"), ("result", "ok")];
    let bucket = |le: &'static str| {
        let labels = [&call[..], &[("le", le)]].concat();
        value(&text, "junosmcp_tool_duration_seconds_bucket", &labels)
    };
    assert_eq!(
        (bucket("0.1"), bucket("0.25"), bucket("1800.0"), bucket("+Inf")),
        (0.0, 1.0, 1.0, 1.0)
    );
    assert_eq!(value(&text, "junosmcp_tool_duration_seconds_sum", &call), 0.25);
    let unknown = [server, ("tool", "unknown"), ("result", "error")];
    assert_eq!(value(&text, "junosmcp_tool_duration_seconds_count", &unknown), 1.0);
}

#[test]
fn our_own_are_there() {
    let figures = Figures::default();
    figures.connections().inc();
    figures.auth_failed();
    figures.reloaded(true);
    figures.reloaded(false);
    let text = figures.render(&junos(&[]), &cloud());
    assert_eq!(value(&text, "jmcp_http_connections", &[]), 1.0);
    assert_eq!(value(&text, "jmcp_requests_in_flight", &[]), 0.0);
    assert_eq!(value(&text, "jmcp_auth_failures_total", &[]), 1.0);
    assert_eq!(value(&text, "jmcp_config_reloads_total", &[("result", "ok")]), 1.0);
    assert_eq!(value(&text, "jmcp_config_reloads_total", &[("result", "error")]), 1.0);
    assert!(value(&text, "process_start_time_seconds", &[]) > 1.7e9);
    let build = samples(&text)
        .into_iter()
        .find(|sample| sample.name == "jmcp_build_info")
        .unwrap();
    assert_eq!(
        (build.labels["version"].as_str(), build.value),
        (env!("CARGO_PKG_VERSION"), 1.0)
    );
}

#[tokio::test]
async fn a_device_has_figures_while_it_is_in_the_inventory() {
    let figures = Figures::default();
    let junos = junos(&["mx"]);
    let elsewhere = Arc::new(Device {
        name: "ex".into(),
        ..(**junos.inventory().device("mx").unwrap()).clone()
    });
    for device in [junos.device("mx").unwrap(), elsewhere] {
        assert!(
            junos
                .pool()
                .read(&device, "<x/>", Duration::from_secs(5))
                .await
                .is_err()
        );
    }
    let text = figures.render(&junos, &cloud());
    for name in [
        "jmcp_device_sessions",
        "jmcp_device_requests_total",
        "jmcp_device_connections_opened_total",
    ] {
        assert_eq!(value(&text, name, &[("device", "mx")]), 0.0);
    }
    assert_eq!(
        value(
            &text,
            "jmcp_device_round_trip_seconds_bucket",
            &[("device", "mx"), ("le", "+Inf")]
        ),
        0.0
    );
    assert!(!text.contains("\"ex\""), "{text}");
}

#[test]
fn the_cloud_has_figures_also_before_anything_was_asked() {
    let text = Figures::default().render(&junos(&[]), &cloud());
    assert_eq!(value(&text, "jmcp_mist_retries_total", &[]), 0.0);
    assert_eq!(value(&text, "jmcp_mist_cache_hits_total", &[]), 0.0);
    assert_eq!(value(&text, "jmcp_mist_request_seconds_bucket", &[("le", "+Inf")]), 0.0);
    assert!(
        !text.contains("jmcp_mist_budget_left "),
        "there is no account whose budget it could be"
    );
}
