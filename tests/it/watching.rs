//! What an operator sees of a server at work: commits under way, figures.

use jmcp::{
    error::Code,
    lab::{Fault, Gate},
};
use serde_json::json;

use crate::support::bench::Bench;

const ROUTER: &str = "mx-lab-1";

fn hold_reply(bench: &Bench) -> Gate {
    let gate = Gate::new();
    bench.device(ROUTER).faults().once(Fault::HoldReply {
        on: "commit-configuration".into(),
        gate: gate.clone(),
    });
    gate
}

/// The value of this series; `None` where it is not there.
fn value(bench: &Bench, series: &str) -> Option<f64> {
    let path = &bench.path;
    let text = path.figures().render(&path.services().junos, &path.services().mist);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[tokio::test]
async fn a_commit_is_under_way_until_its_reply_has_come() {
    let bench = Bench::start().await;
    let junos = &bench.path.services().junos;
    let check = hold_reply(&bench);
    let change = json!({
        "router_name": ROUTER,
        "config_text": "set interfaces ge-0/0/0 description \"to the test\"",
        "confirm_timeout_mins": 5,
    });
    let (answer, mark) = tokio::join!(bench.structured("load_and_commit_config", change), async {
        check.reached().await;
        assert_eq!(junos.commits_under_way(), [], "a check is no commit");
        let commit = hold_reply(&bench);
        check.open();
        commit.reached().await;
        let under_way = junos.commits_under_way();
        assert_eq!(under_way.len(), 1);
        assert_eq!(under_way[0].device, ROUTER);
        assert!(under_way[0].since.elapsed().unwrap().as_secs() < 60);
        commit.open();
        under_way[0].mark.clone()
    });
    assert_eq!(answer["commit_token"], mark, "{answer}");
    assert_eq!(junos.commits_under_way(), []);
    let confirmed = hold_reply(&bench);
    let confirm = json!({"router_name": ROUTER, "commit_comment": "it holds"});
    let (text, ()) = tokio::join!(bench.text("confirm_commit", confirm), async {
        confirmed.reached().await;
        assert!(junos.commits_under_way()[0].mark.starts_with("jmcp-"));
        confirmed.open();
    });
    assert_eq!(junos.commits_under_way(), [], "{text}");
}

#[tokio::test]
async fn a_device_that_was_reached_has_figures_until_it_leaves_the_inventory() {
    let bench = Bench::start().await;
    assert_eq!(value(&bench, "jmcp_device_sessions{device=\"mx-lab-1\"}"), None);
    let version = json!({"router_name": ROUTER, "command": "show version"});
    for _ in 0..3 {
        bench.text("execute_junos_command", version.clone()).await;
    }
    for (series, expected) in [
        ("jmcp_device_sessions{device=\"mx-lab-1\"}", 1.0),
        ("jmcp_device_requests_total{device=\"mx-lab-1\"}", 3.0),
        ("jmcp_device_connections_opened_total{device=\"mx-lab-1\"}", 1.0),
        ("jmcp_device_round_trip_seconds_count{device=\"mx-lab-1\"}", 3.0),
        (
            "junosmcp_tool_duration_seconds_count{server=\"junos\",tool=\"execute_junos_command\",result=\"ok\"}",
            3.0,
        ),
        ("jmcp_requests_in_flight", 0.0),
    ] {
        assert_eq!(value(&bench, series), Some(expected), "{series}");
    }
    let sum = value(&bench, "jmcp_device_round_trip_seconds_sum{device=\"mx-lab-1\"}").unwrap();
    assert!(sum > 0.0 && sum < 30.0, "{sum}");
    let file = bench.directory.path().join("devices.json");
    let mut devices: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    devices.as_object_mut().unwrap().remove(ROUTER);
    std::fs::write(&file, devices.to_string()).unwrap();
    bench.text("reload_devices", json!({})).await;
    assert_eq!(bench.code("execute_junos_command", version).await, Code::UnknownRouter);
    assert_eq!(value(&bench, "jmcp_device_requests_total{device=\"mx-lab-1\"}"), None);
}
