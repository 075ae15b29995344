//! What a tool answers fits the schema that it published, on success and on failure.

use std::collections::{BTreeMap, BTreeSet};

use jmcp::lab::{Fault, Spoil};
use serde_json::{Value, json};

use super::{CHANGE, change};
use crate::support::{
    bench::Bench,
    talk::{ERAS, Served, Talk, text},
};

/// Calls tools and checks what comes back; remembers which tools it has seen succeed.
struct Checked {
    client: Talk,
    schemas: BTreeMap<String, jsonschema::Validator>,
    succeeded: BTreeSet<String>,
}

impl Checked {
    async fn new(mut client: Talk) -> Self {
        let listed = client.request("tools/list", json!({})).await;
        let tools = listed["tools"].as_array().unwrap().iter();
        let schemas = tools.map(|tool| {
            let schema = jsonschema::validator_for(&tool["outputSchema"]).unwrap();
            (tool["name"].as_str().unwrap().to_owned(), schema)
        });
        Self {
            schemas: schemas.collect(),
            client,
            succeeded: BTreeSet::new(),
        }
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.client.call(tool, arguments).await;
        assert!(result["content"][0]["text"].is_string(), "{tool}: {result}");
        if let Some(structured) = result.get("structuredContent") {
            let problems: Vec<String> = self.schemas[tool]
                .iter_errors(structured)
                .map(|e| format!("{}: {e}", e.instance_path()))
                .collect();
            assert_eq!(problems, Vec::<String>::new(), "{tool}: {structured:#}");
        }
        result
    }

    async fn succeeds(&mut self, tool: &str, arguments: Value) -> Value {
        let mut result = self.call(tool, arguments).await;
        assert_ne!(result["isError"], true, "{tool}: {}", text(&result));
        assert!(result["structuredContent"].is_object(), "{tool}: {result}");
        self.succeeded.insert(tool.to_owned());
        result["structuredContent"].take()
    }

    /// A failure that has something to tell in its structure.
    async fn fails(&mut self, tool: &str, arguments: Value) -> Value {
        let mut result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{tool}: {result}");
        assert!(result["structuredContent"].is_object(), "{tool}: {result}");
        result["structuredContent"].take()
    }
}

#[tokio::test]
async fn every_tool_keeps_to_its_schema() {
    for era in ERAS {
        let bench = Bench::start().await;
        let (_served, client) = Served::client(&bench.path, era, json!({})).await;
        let mut checked = Checked::new(client).await;
        let key = bench.directory.path().join("id_ed25519");
        let router = |name: &str| json!({ "router_name": name });
        checked.succeeds("get_router_list", json!({})).await;
        for name in ["mx-lab-1", "srx-lab-1", "ex-lab-1"] {
            checked.succeeds("gather_device_facts", router(name)).await;
            checked.succeeds("get_junos_config", router(name)).await;
            for format in ["text", "xml", "json"] {
                let command = json!({ "router_name": name, "command": "show interfaces terse", "format": format });
                checked.succeeds("execute_junos_command", command).await;
            }
        }
        for format in ["text", "xml", "json"] {
            let batch =
                json!({ "router_names": ["mx-lab-1", "ex-lab-1"], "commands": ["show version"], "format": format });
            checked.succeeds("execute_junos_command_batch", batch).await;
        }
        let cut = json!({ "router_name": "mx-lab-1", "command": "show configuration | display set", "max_lines": 2 });
        let cut = checked.succeeds("execute_junos_command", cut).await;
        let (_, rest) = cut["output"].as_str().unwrap().split_once("handle=").unwrap();
        let handle = rest.split_whitespace().next().unwrap();
        checked.succeeds("read_result", json!({ "handle": handle })).await;
        let pfe = json!({ "router_name": "mx-lab-1", "target": "fpc0", "command": "show version" });
        let answered = checked.call("execute_junos_pfe_command", pfe).await;
        if answered["isError"] != true {
            checked.succeeded.insert("execute_junos_pfe_command".into());
        }
        let pending = json!({ "router_name": "mx-lab-1", "config_text": CHANGE, "confirm_timeout_mins": 5 });
        checked.succeeds("load_and_commit_config", pending).await;
        checked.succeeds("get_commit_status", router("mx-lab-1")).await;
        checked.succeeds("confirm_commit", router("mx-lab-1")).await;
        let pending = json!({
            "router_name": "mx-lab-1", "config_text": "set system location floor 7", "confirm_timeout_mins": 5,
        });
        checked.succeeds("load_and_commit_config", pending).await;
        checked.succeeds("cancel_commit", router("mx-lab-1")).await;
        let preview = json!({ "router_name": "mx-lab-1", "version": 1 });
        checked.succeeds("rollback_config", preview).await;
        let other = json!({ "router_name": "mx-lab-1", "config_text": "set system domain-name checked.example.net" });
        checked.succeeds("commit_check_config", other).await;
        checked.succeeds("save_rescue_config", router("mx-lab-1")).await;
        checked.succeeds("get_rollback_list", router("mx-lab-1")).await;
        let compared = json!({ "router_name": "mx-lab-1", "from": "running", "to": "rollback 1" });
        checked.succeeds("compare_configs", compared).await;
        checked.succeeds("discard_candidate", router("mx-lab-1")).await;
        let plan = json!({
            "router_names": ["mx-lab-1", "ex-lab-1"], "config_text": "set system domain-name planned.example.net",
        });
        let plan = checked.succeeds("plan_config_change", plan).await;
        let apply = json!({ "plan_id": plan["plan_id"], "strategy": "canary" });
        checked.succeeds("apply_config_plan", apply).await;
        checked.succeeds("load_and_commit_config", change()).await;
        checked.succeeds("junos_config_diff", router("mx-lab-1")).await;
        let listed = checked.succeeds("list_operations", json!({})).await;
        let last = json!({ "operation_id": listed["operations"][0]["operation_id"] });
        checked.succeeds("get_operation", last).await;
        let template = json!({
            "template_content": "set system domain-name {{ name }}", "vars_content": "name: example.net",
            "router_names": ["mx-lab-1", "ex-lab-1"], "apply_config": true,
        });
        checked.succeeds("render_and_apply_j2_template", template).await;
        let only =
            json!({ "template_content": "set system domain-name {{ name }}", "vars_content": "name: example.net" });
        checked.succeeds("render_and_apply_j2_template", only).await;
        let device = json!({
            "device_name": "new-1", "device_ip": "192.0.2.9", "username": "netops", "ssh_key_path": key, "persist": false,
        });
        checked.succeeds("add_device", device).await;
        checked.succeeds("reload_devices", json!({})).await;

        let all: BTreeSet<String> = checked.schemas.keys().cloned().collect();
        let missing: Vec<&String> = all.difference(&checked.succeeded).collect();
        assert_eq!(missing, Vec::<&String>::new(), "no successful call of these tools");
    }
}

#[tokio::test]
async fn failures_keep_to_the_schema_too() {
    for era in ERAS {
        let bench = Bench::start().await;
        let (_served, client) = Served::client(&bench.path, era, json!({})).await;
        let mut checked = Checked::new(client).await;
        let invalid = json!({ "router_name": "mx-lab-1", "config_text": "set nonsense here" });
        let invalid = checked.fails("load_and_commit_config", invalid).await;
        assert_eq!(invalid["outcome"], "invalid");
        bench
            .device("mx-lab-1")
            .faults()
            .once(Fault::CommitEof { committed: true });
        assert_eq!(
            checked.succeeds("load_and_commit_config", change()).await["outcome"],
            "committed"
        );
        let nothing = json!({ "router_names": ["mx-lab-1"], "commands": ["show no such thing"] });
        let nothing = checked.fails("execute_junos_command_batch", nothing).await;
        assert_eq!(nothing["summary"]["failed"], 1);
        let partly = json!({ "router_names": ["mx-lab-1"], "commands": ["show no such thing", "show version"] });
        let partly = checked.succeeds("execute_junos_command_batch", partly).await;
        assert_eq!(partly["summary"]["successful"], 1);
        let template = json!({
            "template_content": "set nonsense {{ x }}", "vars_content": "x: 1", "router_name": "mx-lab-1", "apply_config": true,
        });
        checked.call("render_and_apply_j2_template", template).await;
        for how in [
            Spoil::Empty,
            Spoil::TextOnly,
            Spoil::XnmError,
            Spoil::PermissionDenied,
            Spoil::ControlBytes,
        ] {
            let faults = bench.device("ex-lab-1").faults();
            faults.set(Fault::Reply {
                on: String::new(),
                how: how.clone(),
            });
            for (tool, arguments) in [
                ("gather_device_facts", json!({ "router_name": "ex-lab-1" })),
                ("get_junos_config", json!({ "router_name": "ex-lab-1" })),
                ("junos_config_diff", json!({ "router_name": "ex-lab-1" })),
                (
                    "execute_junos_command",
                    json!({ "router_name": "ex-lab-1", "command": "show version" }),
                ),
                (
                    "execute_junos_command_batch",
                    json!({ "router_names": ["ex-lab-1"], "commands": ["show version"] }),
                ),
            ] {
                checked.call(tool, arguments).await;
            }
            faults.clear();
        }
    }
}
