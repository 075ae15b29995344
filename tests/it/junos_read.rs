//! Reading from devices: commands, pipes, formats, configuration, facts.

use jmcp::error::Code;
use serde_json::json;

use crate::support::bench::Bench;

#[tokio::test]
async fn commands_answer_as_the_cli_does_on_every_kind_of_device() {
    let bench = Bench::start().await;
    for router in ["mx-lab-1", "srx-lab-1", "ex-lab-1"] {
        let text = bench.text("execute_junos_command", json!({"router_name": router, "command": "show version"})).await;
        assert!(text.contains("Junos:"), "{router}: {text}");
        assert!(text.contains(router), "{router}: {text}");
    }
}

#[tokio::test]
async fn pipes_are_done_in_order() {
    let bench = Bench::start().await;
    let run = |command: &'static str| bench.text("execute_junos_command", json!({"router_name": "mx-lab-1", "command": command}));
    let all = run("show interfaces terse").await;
    let up: Vec<&str> = all.lines().filter(|line| line.contains("ge-")).collect();
    assert!(up.len() > 1, "{all}");
    assert_eq!(run("show interfaces terse | match ge-").await.lines().collect::<Vec<_>>(), up);
    assert_eq!(run("show interfaces terse | match ge- | count").await.trim(), format!("Count: {} lines", up.len()));
    assert_eq!(run("show interfaces terse | match ge- | last 1").await.trim_end(), up.last().unwrap().trim_end());
    let refused = bench.code(
        "execute_junos_command",
        json!({"router_name": "mx-lab-1", "command": "show version | save /tmp/x"}),
    );
    assert_eq!(refused.await, Code::Unsupported);
}

#[tokio::test]
async fn json_is_made_from_xml() {
    let bench = Bench::start().await;
    let arguments = json!({"router": "mx-lab-1", "command": "show interfaces terse | display json"});
    let piped = bench.structured("execute_junos_command", arguments).await;
    let asked =
        bench.structured("execute_junos_command", json!({"router": "mx-lab-1", "command": "show interfaces terse", "format": "json"}));
    let data = &asked.await["data"];
    assert_eq!(piped["data"], *data);
    assert!(data["interface-information"]["physical-interface"].is_array(), "{data}");
}

#[tokio::test]
async fn both_engines_of_a_cluster_are_told_apart() {
    let bench = Bench::start().await;
    let text = bench.text("execute_junos_command", json!({"router": "srx-lab-1", "command": "show system uptime"})).await;
    assert!(text.contains("node0:") && text.contains("node1:"), "{text}");
}

#[tokio::test]
async fn configuration_in_every_format_and_in_part() {
    let bench = Bench::start().await;
    let config = |arguments: serde_json::Value| bench.structured("get_junos_config", arguments);
    let set = config(json!({"router_name": "mx-lab-1"})).await;
    assert!(set["config"].as_str().unwrap().contains("set system host-name mx-lab-1"), "{set}");
    let part = config(json!({"router_name": "mx-lab-1", "path": "protocols bgp", "format": "text"})).await;
    let part = part["config"].as_str().unwrap();
    assert!(part.contains("group ") && !part.contains("host-name"), "{part}");
    let xml = config(json!({"router_name": "mx-lab-1", "format": "xml"})).await;
    assert!(xml["config"].as_str().unwrap().contains("<host-name>mx-lab-1</host-name>"), "{xml}");
    let data = config(json!({"router_name": "mx-lab-1", "format": "json"})).await;
    assert_eq!(data["data"]["configuration"]["system"]["host-name"], "mx-lab-1");
}

#[tokio::test]
async fn facts_have_the_keys_of_both_servers() {
    let bench = Bench::start().await;
    for (router, model) in [("mx-lab-1", "MX"), ("srx-lab-1", "SRX"), ("ex-lab-1", "EX")] {
        let facts = bench.structured("gather_device_facts", json!({"router_name": router})).await;
        assert!(facts["model"].as_str().unwrap().starts_with(model), "{facts}");
        for key in ["serialnumber", "serial_number", "version_info", "route_engines", "2RE", "is_cluster", "vc_capable"] {
            assert!(facts.get(key).is_some(), "{router} has no {key}");
        }
    }
}

#[tokio::test]
async fn what_is_too_long_is_cut_and_read_on() {
    let bench = Bench::with(jmcp::lab::LabOptions::default(), &["--max-result-chars", "2000"]).await;
    let text = bench.text("get_junos_config", json!({"router_name": "mx-lab-1"})).await;
    assert!(text.len() < 2300, "{}", text.len());
    let handle = text.split("handle=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let found = bench.structured("read_result", json!({"handle": handle, "search": "host-name"})).await;
    assert!(found["output"].as_str().unwrap().contains("set system host-name mx-lab-1"), "{found}");
    assert_eq!(bench.code("read_result", json!({"handle": "r-0"})).await, Code::NotFound);
}

#[tokio::test]
async fn a_batch_keeps_what_came_in() {
    let bench = Bench::start().await;
    let gate = jmcp::lab::Gate::new();
    bench.device("srx-lab-1").faults().set(jmcp::lab::Fault::Hold { on: "show system uptime".into(), gate: gate.clone() });
    let arguments = json!({
        "routers": ["mx-lab-1", "srx-lab-1"], "commands": ["show version", "show system uptime"], "batch_timeout": 3
    });
    let answer = bench.structured("execute_junos_command_batch", arguments).await;
    let rows: Vec<(&str, &str, &str)> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["router_name"].as_str().unwrap(), row["command"].as_str().unwrap(), row["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        rows,
        [
            ("mx-lab-1", "show version", "success"),
            ("mx-lab-1", "show system uptime", "success"),
            ("srx-lab-1", "show version", "success"),
            ("srx-lab-1", "show system uptime", "failed"),
        ]
    );
    assert_eq!(answer["summary"]["timed_out"], true);
    gate.open();
}
