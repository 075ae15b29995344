//! The guardrails from end to end: whatever a command is dressed up as, a device that its rules protect never hears of it.

use std::fs;

use jmcp::{
    error::Code,
    lab::{LabDevice, LabOptions},
    settings::Settings,
};
use serde_json::{Value, json};

use crate::support::{
    bench::Bench,
    program::{Ended, directory, run},
    talk::{Era, Served},
};

const ROUTER: &str = "mx-lab-1";

/// The inventory of the lab with something else in it.
fn rewrite(bench: &Bench, edit: impl FnOnce(&mut Value)) {
    let file = bench.directory.path().join("devices.json");
    let mut inventory: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    edit(&mut inventory);
    fs::write(file, inventory.to_string()).unwrap();
}

/// A lab whose inventory was edited, and a server with these arguments.
async fn bench(arguments: &[&str], edit: impl FnOnce(&mut Value)) -> Bench {
    let mut bench = Bench::with(LabOptions::default(), &[]).await;
    rewrite(&bench, edit);
    bench.path = Bench::serve(&bench.directory, arguments);
    bench
}

/// Nobody has even logged in.
fn untouched(device: &LabDevice) {
    assert_eq!(device.log(), Vec::<String>::new());
}

async fn command(bench: &Bench, command: &str) -> Code {
    let arguments = json!({ "router_name": ROUTER, "command": command });
    bench.code("execute_junos_command", arguments).await
}

#[tokio::test]
async fn no_spelling_of_a_forbidden_command_reaches_a_device() {
    let bench = bench(&[], |inventory| {
        inventory[ROUTER]["blocklist"] = json!({
            "commands": [{ "action": "deny", "pattern": "clear bgp *" }],
            "pfe_commands": [{ "action": "deny", "pattern": "set *" }],
        });
    })
    .await;
    for attempt in [
        "request system reboot",
        " request  system   reboot ",
        "req sys reb",
        "REQ SYS REBOOT",
        "Request System Halt in 5",
        "requ syst power-o",
        "r s z",
        "req vmh reb",
        "request system reboot|no-more",
        "request system reboot | display xml",
        "request \"system\" reboot",
        "\"request\" system reboot",
        "request sys\"tem\" reboot",
        "request 'system' reboot",
        "request \\system reboot",
        "request /* quite harmless */ system reboot",
        "request system reboot # quite harmless",
        "request routing-engine execute routing-engine other command \"request system reboot\"",
        "req rou exec comm \"req sys reb\"",
        "request shell execute command \"reboot\"",
        "req sh exec comm reboot",
        "start shell",
        "start shell command \"cli -c 'request system zeroize'\"",
        "sta sh pfe network fpc0 -c \"set debug x\"",
        "op url http://192.0.2.66/x.slax",
        "ssh 192.0.2.66 \"request system reboot\"",
        "telnet 192.0.2.66",
        "clear bgp neighbor all",
        "cle bg nei all",
        "CLEAR BGP NEIGHBOR ALL",
        "request pfe execute target fpc0 command \"set debug x\"",
        "req pf ex com \"set debug x\" tar fpc0",
        "req pf ex tar fpc0 com \"se debug x\"",
        "request pfe execute target fpc0 command set debug x",
        "request pfe execute target command command \"set debug x\"",
        "request pfe execute target fpc0 command \"show x\" command \"set debug x\"",
    ] {
        assert_eq!(command(&bench, attempt).await, Code::Blocked, "{attempt}");
        let all = json!({ "router_names": [ROUTER, "ex-lab-1"], "commands": ["show version", attempt] });
        let code = bench.code("execute_junos_command_batch", all).await;
        assert_eq!(code, Code::Blocked, "{attempt}");
    }
    for attempt in [
        "set debug x",
        "  SET  debug x",
        "se debug x",
        "s debug x",
        "request system reboot",
    ] {
        let arguments = json!({ "router_name": ROUTER, "target": "fpc0", "command": attempt });
        assert_eq!(
            bench.code("execute_junos_pfe_command", arguments).await,
            Code::Blocked,
            "{attempt}"
        );
    }
    untouched(bench.device(ROUTER));
    untouched(bench.device("ex-lab-1"));
}

#[tokio::test]
async fn what_is_not_plainly_one_command_is_not_sent() {
    let bench = Bench::with(LabOptions::default(), &["--no-default-rules"]).await;
    for attempt in [
        "show version\nrequest system reboot",
        "show version\rrequest system reboot",
        "show version\r\nrequest system reboot",
        "show version;request system reboot",
        "show version ; request system reboot",
        "show log \"x\"; request system reboot",
        "show log \"x; request system reboot",
        "show\tversion",
        "show\u{a0}version",
        "show\u{2003}version",
        "show\u{2028}version",
        "sho\u{200b}w version",
        "show version\u{202e}",
        "show\0version",
        "show version\u{1b}[2K",
        "show version\u{85}request system reboot",
    ] {
        assert_eq!(command(&bench, attempt).await, Code::InvalidInput, "{attempt:?}");
        let batch = json!({ "router_names": [ROUTER], "commands": [attempt] });
        assert_eq!(
            bench.code("execute_junos_command_batch", batch).await,
            Code::InvalidInput,
            "{attempt:?}"
        );
        let pfe = json!({ "router_name": ROUTER, "target": "fpc0", "command": attempt });
        assert_eq!(
            bench.code("execute_junos_pfe_command", pfe).await,
            Code::InvalidInput,
            "{attempt:?}"
        );
    }
    for path in [
        "system\nroot-authentication",
        "system; request",
        "system | save /tmp/x",
        "system\u{a0}login",
    ] {
        let part = json!({ "router_name": ROUTER, "path": path });
        assert_eq!(
            bench.code("get_junos_config", part).await,
            Code::InvalidInput,
            "{path:?}"
        );
    }
    for pipe in [
        "show version | save /tmp/x",
        "show version|append x",
        "show version | tee x",
        "show version | req message all message x",
    ] {
        assert_eq!(command(&bench, pipe).await, Code::Unsupported, "{pipe}");
    }
    untouched(bench.device(ROUTER));
    let quoted = json!({ "router_name": ROUTER, "command": "show version | match \"a;b|Junos\"" });
    assert!(bench.text("execute_junos_command", quoted).await.contains("Junos"));
}

#[tokio::test]
async fn a_command_that_changes_is_a_write_whatever_tool_runs_it() {
    let bench = bench(&["--no-default-rules", "--read-only"], |_| ()).await;
    let writes = [
        "request system snapshot",
        "clear bgp neighbor",
        "restart routing",
        "set cli timestamp",
        "set date ntp",
        "start shell",
        "file delete /var/tmp/x",
        "file copy a b",
        "file rename a b",
        "file archive source a destination b",
        "op check",
        "test configuration x",
        "configure",
        "monitor start messages",
        "load merge x",
        "quit",
        "s v",
        "frobnicate",
        "request pfe execute target fpc0 command \"show nhdb\"",
    ];
    for attempt in writes {
        assert_eq!(command(&bench, attempt).await, Code::ReadOnly, "{attempt}");
    }
    untouched(bench.device(ROUTER));
    for read in ["show version", "sh ver", "ping 192.0.2.1 count 1"] {
        bench
            .text(
                "execute_junos_command",
                json!({ "router_name": ROUTER, "command": read }),
            )
            .await;
    }
}

#[tokio::test]
async fn a_device_can_be_read_only() {
    let bench = bench(&[], |inventory| inventory[ROUTER]["read_only"] = json!(true)).await;
    let change = |router: Value| json!({ "router_name": router, "config_text": "set system host-name x" });
    assert_eq!(
        bench.code("load_and_commit_config", change(ROUTER.into())).await,
        Code::ReadOnly
    );
    assert_eq!(command(&bench, "clear bgp neighbor all").await, Code::ReadOnly);
    let batch = |command: &str| json!({ "router_names": ["ex-lab-1", ROUTER], "commands": [command] });
    let answered = bench.call("execute_junos_command_batch", batch("clear arp")).await;
    assert!(
        answered.text.contains("device `mx-lab-1` is read-only"),
        "{}",
        answered.text
    );
    assert_eq!(answered.error.unwrap().code(), Code::ReadOnly);
    let template = json!({ "template_content": "set system host-name x", "vars_content": "{}", "apply_config": true,
        "router_names": ["ex-lab-1", ROUTER] });
    assert_eq!(
        bench.code("render_and_apply_j2_template", template).await,
        Code::ReadOnly
    );
    let confirm = json!({ "router_name": ROUTER });
    assert_eq!(bench.code("confirm_commit", confirm).await, Code::ReadOnly);
    untouched(bench.device(ROUTER));
    untouched(bench.device("ex-lab-1"));
    bench.text("execute_junos_command_batch", batch("show version")).await;
    bench.text("load_and_commit_config", change("ex-lab-1".into())).await;
    let list = bench.structured("get_router_list", json!({})).await;
    assert_eq!(list["devices"][ROUTER]["read_only"], true);
}

#[tokio::test]
async fn only_listed_commands_run_where_that_is_the_mode() {
    let bench = bench(&["--policy-mode", "allow-listed"], |inventory| {
        inventory["ex-lab-1"]["mode"] = json!("deny-listed");
    })
    .await;
    assert_eq!(command(&bench, "clear bgp neighbor all").await, Code::Blocked);
    assert_eq!(command(&bench, "show frobnication").await, Code::Blocked);
    let pfe = json!({ "router_name": ROUTER, "target": "fpc0", "command": "show memory" });
    assert_eq!(bench.code("execute_junos_pfe_command", pfe).await, Code::Blocked);
    untouched(bench.device(ROUTER));
    let run = |router: &str, command: &str| json!({ "router_name": router, "command": command });
    for read in ["show version", "sh chas hard | match FPC", "ping 192.0.2.1 count 2"] {
        bench.text("execute_junos_command", run(ROUTER, read)).await;
    }
    bench
        .text("get_junos_config", json!({ "router_name": ROUTER, "path": "system" }))
        .await;
    bench.call("execute_junos_command", run("ex-lab-1", "clear arp")).await;
    assert!(
        !bench.device("ex-lab-1").log().is_empty(),
        "this device is judged as before"
    );
    // The file counts from the next reload on, and a broken one changes nothing.
    let file = bench.directory.path().join("allow.cmd");
    fs::write(&file, "clear bgp neighbor\n").unwrap();
    bench.text("reload_devices", json!({})).await;
    let answered = bench
        .call("execute_junos_command", run(ROUTER, "cle bgp nei all"))
        .await;
    assert_ne!(answered.error.map(|error| error.code()), Some(Code::Blocked));
    fs::write(&file, "clear (\n").unwrap();
    assert_eq!(bench.code("reload_devices", json!({})).await, Code::InvalidInput);
    let answered = bench
        .call("execute_junos_command", run(ROUTER, "clear bgp neighbor all"))
        .await;
    assert_ne!(answered.error.map(|error| error.code()), Some(Code::Blocked));
}

#[tokio::test]
async fn what_reads_configuration_meets_the_rules_on_commands() {
    let bench = bench(&[], |inventory| {
        inventory["_blocklist_defaults"] = json!({ "commands": [
            { "action": "deny", "pattern": "show configuration system*" },
            { "action": "deny", "pattern": "show configuration | compare rollback 3*" },
        ] });
        inventory["srx-lab-1"]["blocklist"] =
            json!({ "commands": [{ "action": "deny", "pattern": "show configuration*" }] });
    })
    .await;
    let part = |path: &str| json!({ "router_name": ROUTER, "path": path });
    for path in ["system", "system login", "[edit system]", " system", "SYSTEM"] {
        // Keywords of the configuration are written out where a rule names them.
        assert_eq!(
            bench.code("get_junos_config", part(path)).await,
            Code::Blocked,
            "{path}"
        );
    }
    let whole = json!({ "router_name": "srx-lab-1" });
    assert_eq!(bench.code("get_junos_config", whole.clone()).await, Code::Blocked);
    assert_eq!(bench.code("junos_config_diff", whole).await, Code::Blocked);
    let third = json!({ "router_name": ROUTER, "version": 3 });
    assert_eq!(bench.code("junos_config_diff", third).await, Code::Blocked);
    untouched(bench.device(ROUTER));
    let (_served, mut client) = Served::client(&bench.path, Era::Handshake, json!({})).await;
    let refusal = client
        .refusal("resources/read", json!({ "uri": "junos://srx-lab-1/config" }))
        .await;
    assert_eq!(refusal["data"]["code"], "blocked", "{refusal}");
    untouched(bench.device("srx-lab-1"));
    bench.text("get_junos_config", part("interfaces")).await;
}

#[tokio::test]
async fn an_operator_says_which_tools_there_are() {
    let arguments = ["--allow-tools", "get_*,execute_junos_*", "--deny-tools", "*_batch"];
    let bench = bench(&arguments, |_| ()).await;
    let (_served, mut client) = Served::client(&bench.path, Era::Handshake, json!({})).await;
    let listed = client.request("tools/list", json!({})).await;
    let names: Vec<&str> = listed["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    for name in ["get_router_list", "execute_junos_command", "read_result"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for name in ["execute_junos_command_batch", "load_and_commit_config", "call_tool"] {
        assert!(!names.contains(&name), "{names:?}");
        assert_eq!(
            bench.code(name, json!({ "name": "get_router_list" })).await,
            Code::UnknownTool,
            "{name}"
        );
    }
    let hidden = json!({ "name": "getSelf", "arguments": {} });
    assert_eq!(bench.code("call_tool", hidden).await, Code::UnknownTool);
    let line = ["jmcp", "--deny-tools", "load_and_comit_config"];
    let settings = Settings::new(<jmcp::cli::Cli as clap::Parser>::parse_from(line).options).unwrap();
    let error = settings.path().err().unwrap();
    assert_eq!(error.code(), Code::InvalidInput);
    assert!(
        error.message().contains("there is no tool `load_and_comit_config`"),
        "{error}"
    );
}

const RULED: &str = r#"{"_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "clear bgp *"}]},
    "r1": {"ip": "192.0.2.1", "username": "netops", "auth": {"type": "ssh_agent"},
        "blocklist": {"config": [{"action": "deny", "pattern": "delete interfaces*"}], "pfe_commands": [{"action": "deny", "pattern": "set *"}]}},
    "r2": {"ip": "192.0.2.2", "username": "netops", "auth": {"type": "ssh_agent"}, "read_only": true, "mode": "allow-listed"}}"#;

async fn asked(home: &std::path::Path, arguments: &[&str]) -> Ended {
    let mut line = vec!["policy", "test", "-d"];
    line.extend(arguments);
    run(home, &line).await
}

#[tokio::test]
async fn the_rules_can_be_asked_without_a_device() {
    let home = directory(RULED);
    fs::write(
        home.path().join("block.cmd"),
        "# ours\nrequest system (reboot|zeroize)\n",
    )
    .unwrap();
    let diff = "[edit]\n-  interfaces {\n-      ge-0/0/0 {\n-          mtu 9000;\n-      }\n-  }\n";
    let cases: &[(u8, &[&str], &[&str])] = &[
        (
            0,
            &["r1", "show version"],
            &["allowed", "effect:   read", "mode:     deny-listed"],
        ),
        (
            0,
            &["r1", "request system snapshot"],
            &["allowed", "effect:   destroy", "a person is asked first"],
        ),
        (0, &["r1", "clear arp"], &["allowed", "effect:   write"]),
        (0, &["r1", "--pfe", "test x"], &["allowed", "effect:   destroy"]),
        (
            4,
            &["r1", "req sys reb"],
            &[
                "refused:",
                "code=blocked",
                "deny commands `request system (reboot|zeroize)`",
                "block.cmd line 2",
                "read as:  request system reboot",
            ],
        ),
        (
            4,
            &["r1", "cl bgp nei"],
            &["from:     the inventory, `_blocklist_defaults.commands`"],
        ),
        (4, &["r1", "--pfe", "set debug"], &["`blocklist.pfe_commands` of `r1`"]),
        (
            4,
            &["r1", "--config", "delete interfaces ge-0/0/0"],
            &["deny config `delete interfaces*`", "`blocklist.config` of `r1`"],
        ),
        (
            0,
            &["r1", "--config", "--format", "xml", "<configuration/>"],
            &["allowed"],
        ),
        (
            4,
            &["r1", "--change", diff],
            &[
                "read as:  delete interfaces",
                "judged:   delete interfaces ge-0/0/0 mtu 9000",
            ],
        ),
        (2, &["r1", "show version; clear x"], &["code=invalid_input"]),
        (2, &["r1", "--config", "--format", "json", "{"], &["code=invalid_input"]),
        (4, &["r2", "clear arp"], &["code=read_only", "device `r2` is read-only"]),
        (
            4,
            &["r2", "show frobnication"],
            &["code=blocked", "mode:     allow-listed"],
        ),
        (
            0,
            &["r2", "sh vers"],
            &[
                "rule:     allow commands",
                "built-in safe.cmd line",
                "read as:  show version",
            ],
        ),
        (
            0,
            &["r1", "request system snapshot", "--confirm", "write"],
            &["leave:    a person is asked first"],
        ),
        (
            4,
            &["r1", "request system snapshot", "--read-only"],
            &["code=read_only"],
        ),
    ];
    for (status, arguments, parts) in cases {
        let said = asked(home.path(), arguments).await;
        assert_eq!(
            said.status.code(),
            Some(i32::from(*status)),
            "{arguments:?}: {}{}",
            said.stdout,
            said.stderr
        );
        for part in *parts {
            assert!(
                said.stdout.contains(part),
                "{arguments:?}: `{part}` is not in\n{}",
                said.stdout
            );
        }
    }
    let nowhere = asked(home.path(), &["r3", "show version"]).await;
    assert_eq!(nowhere.status.code(), Some(2), "{}", nowhere.stderr);
    let listed = run(home.path(), &["policy", "list", "-d", "r1"]).await;
    for part in [
        "mode: deny-listed",
        "request system (reboot|zeroize)",
        "delete interfaces*",
        "built-in block.cfg line 2",
    ] {
        assert!(listed.stdout.contains(part), "`{part}` is not in\n{}", listed.stdout);
    }
    let checked = run(home.path(), &["check"]).await;
    for part in [
        "1 command rules",
        "block.cmd",
        "3 blocklist rules",
        "deny-listed, but allow-listed: r2",
        "device r2: usable, read-only",
    ] {
        assert!(checked.stdout.contains(part), "`{part}` is not in\n{}", checked.stdout);
    }
    fs::write(home.path().join("allow.cmd"), "show (\n").unwrap();
    let broken = run(home.path(), &["check"]).await;
    assert!(
        broken.stdout.contains("wrong guardrails") && broken.stdout.contains("allow.cmd"),
        "{}",
        broken.stdout
    );
    assert_eq!(
        run(home.path(), &["policy", "list", "-d", "r1"]).await.status.code(),
        Some(2)
    );
}
