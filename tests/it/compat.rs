//! What users of the two earlier servers rely on: their parameters, their words, their files and command lines.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jmcp::{
    error::Code,
    lab::LabOptions,
    server::path::{Answered, Call},
    tools::{Ask, Principal, Question, Round},
};
use serde_json::{Map, Value, json};

use crate::support::{
    bench::Bench,
    program::{ONE_DEVICE, command, directory, ended, run},
};

#[tokio::test]
async fn every_spelling_names_the_same_device() {
    let bench = Bench::start().await;
    for arguments in [
        json!({"router_name": "mx-lab-1", "command": "show version", "timeout": "30"}),
        json!({"router": "mx-lab-1", "command": "show version", "max_lines": null}),
        json!({"routers": ["mx-lab-1"], "commands": ["show version"]}),
        json!({"router_names": "mx-lab-1", "commands": "show version", "command_timeout": 30}),
        json!({"router_name": ["mx-lab-1"], "router": "mx-lab-1", "command": "show version"}),
    ] {
        let text = bench.text("execute_junos_command", arguments).await;
        assert!(text.contains("Hostname: mx-lab-1"), "{text}");
    }
    for arguments in [
        json!({"router_name": "mx-lab-1", "target": "fpc0", "command": "show jnh 0 exceptions"}),
        json!({"router": "mx-lab-1", "fpc_target": "fpc0", "pfe_command": "show jnh 0 exceptions"}),
    ] {
        let answer = bench.structured("execute_junos_pfe_command", arguments).await;
        assert_eq!(
            (&answer["target"], &answer["fpc_target"]),
            (&json!("fpc0"), &json!("fpc0"))
        );
    }
}

#[tokio::test]
async fn a_batch_takes_both_forms_and_answers_with_the_keys_of_both() {
    let bench = Bench::start().await;
    for arguments in [
        json!({"router_names": ["mx-lab-1", "ex-lab-1"], "command": "show version", "timeout": 60}),
        json!({"routers": "mx-lab-1, ex-lab-1", "commands": ["show version"], "max_concurrent_routers": "2"}),
    ] {
        let answer = bench.structured("execute_junos_command_batch", arguments).await;
        let summary = &answer["summary"];
        assert_eq!(summary["command"], "show version");
        assert_eq!(
            (&summary["total_routers"], &summary["successful"], &summary["failed"]),
            (&json!(2), &json!(2), &json!(0))
        );
        assert!(summary["total_duration"].is_number());
        for (row, router) in answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .zip(["mx-lab-1", "ex-lab-1"])
        {
            assert_eq!((&row["router_name"], &row["router"]), (&json!(router), &json!(router)));
            assert_eq!((&row["status"], &row["ok"]), (&json!("success"), &json!(true)));
            for key in ["output", "execution_duration", "start_time", "end_time"] {
                assert!(!row[key].is_null(), "{key}");
            }
        }
    }
}

#[tokio::test]
async fn a_comma_in_a_command_does_not_divide_it() {
    let bench = Bench::start().await;
    let commands = async |text: &str| {
        let arguments = json!({"router_name": "mx-lab-1", "command": text});
        let answer = bench.structured("execute_junos_command_batch", arguments).await;
        let rows = answer["results"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["command"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for whole in ["show version | match \"a,b\"", "show version | match a,b"] {
        assert_eq!(commands(whole).await, [whole]);
    }
    for two in [
        "show version, show system uptime",
        "show version\nshow system uptime",
        "[\"show version\", \"show system uptime\"]",
    ] {
        assert_eq!(commands(two).await, ["show version", "show system uptime"], "{two}");
    }
}

#[tokio::test]
async fn an_unknown_router_is_told_in_the_words_of_both() {
    let bench = Bench::start().await;
    let answered = bench
        .call("gather_device_facts", json!({"router_name": "core-9"}))
        .await;
    assert!(answered.failed);
    assert_eq!(answered.error.unwrap().code(), Code::UnknownRouter);
    for words in [
        "router 'core-9' not found in device mapping",
        "Router core-9 not found in the device mapping.",
        "[code=unknown_router]",
    ] {
        assert!(answered.text.contains(words), "{words}\n{}", answered.text);
    }
    let arguments = json!({"router_names": ["mx-lab-1", "a", "b"], "command": "show version"});
    let answered = bench.call("execute_junos_command_batch", arguments).await;
    assert!(
        answered
            .text
            .contains("The following routers not found in device mapping: a, b"),
        "{}",
        answered.text
    );
}

#[tokio::test]
async fn wrong_values_are_refused_in_the_words_that_are_known() {
    let bench = Bench::start().await;
    let on = |more: Value| {
        let mut arguments = json!({"router_name": "mx-lab-1"});
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        arguments
    };
    for (tool, arguments, words) in [
        (
            "junos_config_diff",
            on(json!({"version": 50})),
            "rollback version 50 out of range (0..=49)",
        ),
        (
            "junos_config_diff",
            on(json!({"version": "-1"})),
            "rollback version -1 out of range (0..=49)",
        ),
        (
            "load_and_commit_config",
            on(json!({"config_text": "x", "config_format": "yaml"})),
            "Unsupported config format 'yaml'. Use 'set', 'text', or 'xml'",
        ),
        (
            "load_and_commit_config",
            on(json!({"config_text": "x", "config_format": "yaml"})),
            "invalid config_format 'yaml' (expected set, text,",
        ),
        (
            "render_and_apply_j2_template",
            json!({"template_content": "x", "vars_content": "{}", "config_format": "yaml"}),
            "invalid config_format 'yaml'. Must be 'set', 'text', or 'xml'",
        ),
        (
            "render_and_apply_j2_template",
            json!({"template_content": "x", "vars_content": "{}", "apply_config": true}),
            "router_name or router_names must be provided when apply_config=true",
        ),
        (
            "render_and_apply_j2_template",
            json!({"template_content": "x", "vars_content": ""}),
            "Variables content is empty or invalid",
        ),
        (
            "execute_junos_pfe_command",
            on(json!({"target": "fpc 0", "command": "show x"})),
            "invalid pfe_command: fpc_target contains invalid characters",
        ),
        (
            "execute_junos_pfe_command",
            on(json!({"target": "fpc0", "command": "show \"x\""})),
            "invalid pfe_command: literal '\"' is not allowed (would break the wrapper command)",
        ),
        (
            "add_device",
            json!({"device_name": "x"}),
            r#"missing required arguments: ["device_ip", "username""#,
        ),
        (
            "add_device",
            json!({"device_port": 70000}),
            "invalid device port `70000`: must be in 1..=65535",
        ),
        (
            "get_junos_config",
            on(json!({"format": "yaml"})),
            "invalid format 'yaml' (expected set, text, xml, or json)",
        ),
        (
            "reload_devices",
            json!({"file_name": "none.json"}),
            "File 'none.json' not found",
        ),
    ] {
        let answered = bench.call(tool, arguments).await;
        assert!(answered.failed, "{tool}: {}", answered.text);
        assert!(answered.text.contains(words), "{tool}: {words}\n{}", answered.text);
        assert!(answered.text.contains("[code="), "{tool}: {}", answered.text);
    }
}

#[tokio::test]
async fn changes_are_reported_in_the_words_that_are_known() {
    let bench = Bench::start().await;
    let change = json!({"router": "mx-lab-1", "config": "set system location building north"});
    let text = bench.text("load_and_commit_config", change.clone()).await;
    assert!(
        text.starts_with("Configuration successfully loaded and committed on mx-lab-1. Changes:\n"),
        "{text}"
    );
    assert_eq!(
        bench.text("load_and_commit_config", change).await,
        "No configuration changes detected"
    );
    let pending = json!({
        "router_name": "mx-lab-1", "config_text": "set system location floor 2", "confirm_timeout_mins": "5"
    });
    let answer = bench.structured("load_and_commit_config", pending).await;
    assert_eq!(
        (&answer["success"], &answer["confirmed"], &answer["rollback_in_minutes"]),
        (&json!(true), &json!(true), &json!(5))
    );
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.starts_with("Commit confirmed: auto-rollback in 5 minutes unless confirmed."),
        "{message}"
    );
}

#[tokio::test]
async fn a_held_lock_is_told_in_the_words_that_are_known() {
    let bench = Bench::start().await;
    let arguments =
        json!({"router_name": "mx-lab-1", "config_text": "set system location floor 3", "database": "exclusive"});
    bench
        .device("mx-lab-1")
        .faults()
        .set(jmcp::lab::Fault::LockDenied { pid: 4711 });
    let answered = bench.call("load_and_commit_config", arguments).await;
    assert!(
        answered.text.starts_with("Failed to lock configuration: "),
        "{}",
        answered.text
    );
}

#[tokio::test]
async fn templates_take_yaml_and_json_and_report_as_they_did() {
    let bench = Bench::start().await;
    let template = "set system location building {{ building }}";
    for variables in [
        json!("building: west"),
        json!("{\"building\": \"west\"}"),
        json!({"building": "west"}),
    ] {
        let arguments = json!({"template_content": template, "vars_content": variables});
        let text = bench.text("render_and_apply_j2_template", arguments).await;
        assert!(text.starts_with("✅ Template rendered successfully!"), "{text}");
        assert!(
            text.contains("**Rendered Configuration:**\n```\nset system location building west\n```"),
            "{text}"
        );
    }
    let mut arguments = json!({
        "template_content": template, "vars_content": "building: west", "router_names": ["mx-lab-1", "ex-lab-1"],
        "apply_config": true, "dry_run": true
    });
    let text = bench.text("render_and_apply_j2_template", arguments.clone()).await;
    assert!(
        text.starts_with("🔍 DRY RUN - Configuration preview complete!\n\n**Routers:** mx-lab-1, ex-lab-1"),
        "{text}"
    );
    assert!(
        text.contains("**Results:**\n🔍 mx-lab-1: Configuration check successful. Changes:"),
        "{text}"
    );
    arguments["dry_run"] = json!(false);
    let text = bench.text("render_and_apply_j2_template", arguments.clone()).await;
    assert!(text.starts_with("Configuration application complete!"), "{text}");
    assert!(
        text.contains("✅ ex-lab-1: Configuration committed successfully. Changes:"),
        "{text}"
    );
    let text = bench.text("render_and_apply_j2_template", arguments).await;
    assert!(
        text.contains("ℹ️  mx-lab-1: No configuration changes detected"),
        "{text}"
    );
}

/// A person who fills every form with the same values.
struct Person {
    says: Option<Value>,
    asked: Mutex<Vec<Value>>,
}

#[async_trait]
impl Ask for Person {
    fn can(&self, _question: &Question) -> bool {
        true
    }

    async fn ask(&self, round: Round) -> jmcp::error::Result<Map<String, Value>> {
        let [(name, Question::Form { schema, .. })] = round.questions() else {
            panic!("one form: {round:?}");
        };
        self.asked.lock().unwrap().push(schema.clone());
        let answer = |says| json!({ "action": "accept", "content": says });
        Ok(self.says.iter().map(|says| (name.clone(), answer(says))).collect())
    }
}

async fn add(bench: &Bench, arguments: Value, says: Option<Value>) -> (Answered, Vec<Value>) {
    let person = Arc::new(Person {
        says,
        asked: Mutex::default(),
    });
    let call = Call::new(
        "add_device",
        arguments.as_object().unwrap().clone(),
        Arc::new(Principal::local("test")),
    );
    let call = Call {
        ask: Some(person.clone()),
        ..call
    };
    let answered = bench.path.call(call).await;
    let asked = std::mem::take(&mut *person.asked.lock().unwrap());
    (answered, asked)
}

#[tokio::test]
async fn a_device_is_added_in_either_form_and_only_what_is_missing_is_asked() {
    let bench = Bench::start().await;
    let key = bench.directory.path().join("new_key");
    fs::write(&key, "not read here").unwrap();
    let given = |name: &str| json!({"device_name": name, "device_ip": "192.0.2.7", "username": "netops"});
    let with = |mut arguments: Value, more: Value| {
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        arguments
    };
    let rows = [
        with(given("new-1"), json!({"ssh_key_path": key, "device_port": 0})),
        with(
            given("new-2"),
            json!({"auth": {"type": "ssh_key", "private_key_path": key}, "device_port": "2222"}),
        ),
    ];
    for (arguments, port) in rows.into_iter().zip([22, 2222]) {
        let name = arguments["device_name"].as_str().unwrap().to_owned();
        let (answered, asked) = add(&bench, arguments.clone(), None).await;
        assert!(
            answered
                .text
                .starts_with(&format!("✅ Device '{name}' added successfully!")),
            "{}",
            answered.text
        );
        assert_eq!(asked, Vec::<Value>::new());
        let structured = answered.structured.unwrap();
        assert_eq!(structured["added"], json!(name));
        let list = bench.structured("get_router_list", json!({})).await;
        assert_eq!(list["devices"][&name]["port"], port);
        let (again, asked) = add(&bench, arguments, None).await;
        assert!(
            again
                .text
                .contains(&format!("device `{name}` already exists in the inventory")),
            "{}",
            again.text
        );
        assert!(asked.is_empty());
    }

    let says = json!({"ssh_key_path": key, "username": "somebody-else", "device_port": 8022});
    let (answered, asked) = add(&bench, given("new-3"), Some(says)).await;
    assert!(!answered.failed, "{}", answered.text);
    let fields: Vec<&String> = asked[0]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["ssh_key_path", "device_port", "test_connection"]);
    assert!(
        answered.text.contains("Username: netops") && answered.text.contains("Port: 8022"),
        "{}",
        answered.text
    );

    let (declined, _) = add(&bench, given("new-4"), None).await;
    assert!(
        declined.text.contains("❌ Device addition cancelled."),
        "{}",
        declined.text
    );
    let missing = with(given("new-5"), json!({"ssh_key_path": "/nowhere/key"}));
    let (refused, _) = add(&bench, missing, None).await;
    assert!(
        refused.text.starts_with("❌ Failed to add device: "),
        "{}",
        refused.text
    );
    assert!(refused.text.contains("private key file not found"), "{}", refused.text);
    let unreachable = with(
        given("new-6"),
        json!({"device_ip": "127.0.0.1", "device_port": 1, "ssh_key_path": key, "test_connection": true}),
    );
    let (refused, _) = add(&bench, unreachable, None).await;
    assert!(
        refused.text.starts_with("❌ Connection test failed: "),
        "{}",
        refused.text
    );
    assert!(refused.text.contains("Device not added."), "{}", refused.text);
    let password = with(
        given("new-7"),
        json!({"auth": {"type": "password", "password": "example"}}),
    );
    let (refused, _) = add(&bench, password, None).await;
    assert!(
        refused
            .text
            .contains("password authentication is not allowed for add_device"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn a_reload_says_what_it_did_and_is_all_or_nothing() {
    let bench = Bench::start().await;
    let file = bench.directory.path().join("devices.json");
    let mut devices: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    devices["core 1"] = json!({"ip": "192.0.2.9", "port": 22, "username": "netops@realm", "password": "example"});
    fs::write(&file, devices.to_string()).unwrap();
    for name in [
        json!({}),
        json!({"file_name": "devices.json"}),
        json!({"file_name": file}),
    ] {
        let text = bench.text("reload_devices", name).await;
        let wanted = format!("Successfully reloaded devices from '{}'. Previous: ", file.display());
        assert!(
            text.starts_with(&wanted) && text.contains("Loaded devices: core 1, "),
            "{text}"
        );
    }
    devices["core 1"]["blocklist"] = json!({"commands": "none of the kind"});
    devices["core 2"] = devices["core 1"].clone();
    fs::write(&file, devices.to_string()).unwrap();
    assert_eq!(bench.code("reload_devices", json!({})).await, Code::InventoryInvalid);
    let list = bench.structured("get_router_list", json!({})).await;
    assert_eq!(list["count"], 4);
}

#[tokio::test]
async fn facts_have_the_names_of_both() {
    let bench = Bench::start().await;
    let facts = bench
        .structured("gather_device_facts", json!({"router": "mx-lab-1"}))
        .await;
    for name in [
        "2RE",
        "HOME",
        "RE0",
        "RE1",
        "RE_hw_mi",
        "current_re",
        "domain",
        "fqdn",
        "hostname",
        "hostname_info",
        "ifd_style",
        "junos_info",
        "master",
        "model",
        "model_info",
        "personality",
        "re_info",
        "re_master",
        "serialnumber",
        "srx_cluster",
        "srx_cluster_id",
        "srx_cluster_redundancy_group",
        "switch_style",
        "vc_capable",
        "vc_fabric",
        "vc_master",
        "vc_mode",
        "version",
        "version_RE0",
        "version_RE1",
        "version_info",
        "virtual",
        "vmhost",
        "vmhost_info",
        "serial_number",
        "route_engines",
        "master_re",
        "is_cluster",
    ] {
        assert!(facts.get(name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn limits_of_output_work_on_every_reading_tool() {
    let bench = Bench::with(LabOptions::default(), &[]).await;
    let limits = json!({"router_name": "mx-lab-1", "max_lines": "2", "tail": "true"});
    for (tool, more) in [
        ("execute_junos_command", json!({"command": "show interfaces terse"})),
        ("get_junos_config", json!({})),
        (
            "execute_junos_pfe_command",
            json!({"target": "fpc0", "command": "show jnh 0 exceptions"}),
        ),
    ] {
        let mut arguments = limits.clone();
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let text = bench.text(tool, arguments).await;
        let (shown, marker) = text.trim_end().rsplit_once('\n').unwrap();
        assert_eq!(shown.lines().count(), 2, "{tool}: {text}");
        assert!(marker.starts_with("… (truncated"), "{tool}: {text}");
    }
}

#[tokio::test]
async fn flags_that_must_not_be_passed_over_are_refused_in_one_line() {
    let home = directory(ONE_DEVICE);
    for arguments in [
        &["--audit-redact", "caller=drop"][..],
        &["--audit-redact", "host=hmac"],
        &["--audit-redact", "host=hmac", "--audit-hmac-key-file", "nowhere"],
        &["--audit-journald", "--audit-journald-socket", "nowhere"],
        &["--enable-metrics"],
        &["--max-requests-per-second-per-token", "5"],
        &["-t", "telnet"],
        &["--no-such-flag"],
        &["--inventory-readonly", "--allow-password-auth-add"],
    ] {
        let ended = run(home.path(), arguments).await;
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {}", ended.stderr);
        assert_eq!(
            ended.stderr.trim_end().lines().count(),
            1,
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn the_environment_of_the_earlier_servers_is_harmless() {
    let home = directory(ONE_DEVICE);
    let mut command = command(
        home.path(),
        &["python", "jmcp.py", "-f", "devices.json", "-t", "stdio", "check"],
    );
    command
        .env("RUST_LOG", "warn")
        .env("JUNOS_TIMEOUT", "soon")
        .env("JMCP_STATELESS", "true");
    command
        .env("JMCP_TOKENS_PATH", "")
        .env("JMCP_HTTP_PORT", "")
        .env("JMCP_SRX_HTTP_PORT", "x");
    command
        .env("JMCP_AUDIT_JOURNALD", "false")
        .env("JMCP_ENABLE_METRICS", "0");
    let mut child = command.spawn().unwrap();
    drop(child.stdin.take());
    let ended = ended(child).await;
    assert_eq!(ended.status.code(), Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("JUNOS_TIMEOUT is `soon`"), "{}", ended.stderr);
    let refused = command_with(home.path(), "JMCP_AUDIT_REDACT", "host=hide").await;
    assert_eq!(refused, Some(2));
    let taken = command_with(home.path(), "JMCP_AUDIT_REDACT", "host=drop").await;
    assert_eq!(taken, Some(0));
}

async fn command_with(home: &std::path::Path, name: &str, value: &str) -> Option<i32> {
    let mut command = command(home, &["check"]);
    let mut child = command.env(name, value).spawn().unwrap();
    drop(child.stdin.take());
    ended(child).await.status.code()
}
