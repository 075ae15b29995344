//! Secrets of devices and of the cloud: covered in whatever leaves the server, shown where an operator decided it, never loaded back.

use std::sync::Arc;

use jmcp::{
    error::Code,
    server::path::{Answered, Call},
    tools::Principal,
};
use serde_json::{Value, json};

use crate::support::{
    bench::Bench,
    mist::{MistBench, Setup},
    talk::{ERAS, Served},
};

const MX: &str = "mx-lab-1";

/// What the lab's configuration holds of secrets, by their beginnings.
const SECRETS: &[&str] = &[
    "EXAMPLE-COMMUNITY",
    "EXAMPLE-URL-PASSWORD",
    "$6$EXAMPLE",
    "$9$EXAMPLE",
    "trap-group LAB",
    "<name>LAB</name>",
];

/// What the tests themselves load.
const LOADED: &[&str] = &["new-Comm1", "new-Radius2", "new-Ike3", "new-Url4"];

fn assert_covered(what: &str, text: &str) {
    for secret in SECRETS.iter().chain(LOADED) {
        assert!(!text.contains(secret), "{what}: {secret} in {text}");
    }
}

/// All that a client gets of an answer.
fn whole(answered: &Answered) -> String {
    let structured = answered.structured.clone().map(Value::Object);
    let error = answered.error.as_ref().map(ToString::to_string);
    format!(
        "{}\n{}\n{}",
        answered.text,
        structured.unwrap_or_default(),
        error.unwrap_or_default()
    )
}

async fn covered(bench: &Bench, tool: &str, arguments: Value) -> Answered {
    let answered = bench.call(tool, arguments.clone()).await;
    assert_covered(&format!("{tool} {arguments}"), &whole(&answered));
    answered
}

#[tokio::test]
async fn configuration_is_read_without_its_secrets_in_every_format() {
    let bench = Bench::start().await;
    let parts = [
        "",
        "snmp",
        "system",
        "system root-authentication",
        "snmp community EXAMPLE-COMMUNITY",
        "protocols ospf",
        "policy-options",
    ];
    for format in ["set", "text", "xml", "json"] {
        for path in parts {
            for inherit in [true, false] {
                let mut arguments = json!({"router_name": MX, "format": format, "inherit": inherit});
                if !path.is_empty() {
                    arguments["path"] = path.into();
                }
                let answered = covered(&bench, "get_junos_config", arguments).await;
                assert!(!answered.failed, "{}", answered.text);
                if matches!(path, "" | "policy-options") {
                    assert!(
                        answered.text.contains("CUSTOMER") && answered.text.contains("64500:100"),
                        "{}",
                        answered.text
                    );
                }
                if matches!(path, "" | "system") {
                    assert!(answered.text.contains("AAAAEXAMPLE") && answered.text.contains("***redacted***"));
                }
            }
        }
    }
}

#[tokio::test]
async fn commands_are_answered_without_secrets_whatever_the_pipes_leave() {
    let bench = Bench::start().await;
    let commands = [
        "show configuration",
        "show configuration | display set",
        "show configuration | display xml",
        "show configuration | display json",
        "show configuration | display inheritance",
        "show configuration | match community",
        "show configuration | find EXAMPLE-COMM",
        "show configuration | last 300",
        "show configuration snmp",
        "show configuration snmp | match comm",
        "show conf snmp | display set",
        "show configuration groups",
        "show configuration system | except host",
    ];
    for command in commands {
        for format in ["text", "xml", "json"] {
            covered(
                &bench,
                "execute_junos_command",
                json!({"router_name": MX, "command": command, "format": format}),
            )
            .await;
        }
    }
    let batch = json!({"router_names": [MX, "srx-lab-1", "ex-lab-1"], "commands": commands});
    covered(&bench, "execute_junos_command_batch", batch).await;
    let routes = covered(
        &bench,
        "execute_junos_command",
        json!({"router_name": MX, "command": "show configuration policy-options"}),
    );
    assert!(routes.await.text.contains("community CUSTOMER members 64500:100;"));
}

const CHANGE: &str = "set snmp community new-Comm1 authorization read-only\n\
    set system radius-server 192.0.2.61 secret new-Radius2\n\
    set system archival configuration archive-sites ftp://u:new-Url4@192.0.2.71/x\n\
    set policy-options community EXTRA members 64500:300";

#[tokio::test]
async fn changes_and_errors_are_told_without_secrets_and_so_is_the_record() {
    let bench = Bench::start().await;
    let change =
        json!({"router_name": MX, "config_text": CHANGE, "commit_comment": "delete snmp community new-Comm1 later"});
    let changed = covered(&bench, "load_and_commit_config", change).await;
    assert!(
        !changed.failed && changed.text.contains("EXTRA members 64500:300"),
        "{}",
        changed.text
    );
    let diff = covered(&bench, "junos_config_diff", json!({"router_name": MX})).await;
    assert!(
        diff.text.contains("***redacted***") && diff.text.contains("EXTRA"),
        "{}",
        diff.text
    );
    for wrong in [
        "set snmp community new-Comm1 nonsense",
        "set system radius-server 192.0.2.61 secret new-Radius2 nonsense",
        "set security nonsense pre-shared-key ascii-text new-Ike3",
    ] {
        let failed = covered(
            &bench,
            "load_and_commit_config",
            json!({"router_name": MX, "config_text": wrong}),
        )
        .await;
        assert!(failed.failed, "{}", failed.text);
    }
    covered(
        &bench,
        "execute_junos_command",
        json!({"router_name": MX, "command": "show snmp community new-Comm1 nonsense"}),
    )
    .await;
    covered(
        &bench,
        "get_junos_config",
        json!({"router_name": MX, "path": "snmp community new-Comm1 nonsense"}),
    )
    .await;
}

#[tokio::test]
async fn a_kept_result_is_read_on_without_secrets() {
    let bench = Bench::with(jmcp::lab::LabOptions::default(), &["--max-result-chars", "2000"]).await;
    for format in ["set", "text", "xml"] {
        let cut = covered(&bench, "get_junos_config", json!({"router_name": MX, "format": format})).await;
        let handle = cut
            .text
            .split("handle=")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        let handle = handle.unwrap_or_else(|| panic!("{}", cut.text));
        let arguments = json!({"handle": handle, "search": "communit|password|secret|name|key|trap", "context": 2});
        covered(&bench, "read_result", arguments).await;
        let mut line = 1;
        loop {
            let more = covered(
                &bench,
                "read_result",
                json!({"handle": handle, "from_line": line, "lines": 7}),
            )
            .await;
            line += 7;
            if more.structured.is_none_or(|more| more["output"] == "") {
                break;
            }
        }
        assert!(line > 100);
    }
}

#[tokio::test]
async fn a_resource_is_read_without_secrets() {
    let bench = Bench::start().await;
    for era in ERAS {
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let read = client
            .request("resources/read", json!({"uri": "junos://mx-lab-1/config"}))
            .await;
        let read = read.to_string();
        assert!(read.contains("***redacted***"), "{read}");
        assert_covered("resource", &read);
    }
}

#[tokio::test]
async fn an_operator_and_a_token_can_have_them_shown() {
    let bench = Bench::start().await;
    let arguments = json!({"router_name": MX, "format": "text"});
    let shown = Bench::serve(&bench.directory, &["--show-secrets"]);
    let trusted = Principal {
        show_secrets: true,
        ..Principal::local("trusted")
    };
    let call = |principal| {
        Call::new(
            "get_junos_config",
            arguments.as_object().unwrap().clone(),
            Arc::new(principal),
        )
    };
    for answered in [
        shown.call(call(Principal::local("test"))).await,
        bench.path.call(call(trusted)).await,
    ] {
        for secret in ["EXAMPLE-COMMUNITY", "$9$EXAMPLE", "EXAMPLE-URL-PASSWORD"] {
            assert!(answered.text.contains(secret), "{}", answered.text);
        }
    }
    covered(&bench, "get_junos_config", arguments.clone()).await;
}

#[tokio::test]
async fn what_was_covered_is_not_loaded_back() {
    let bench = Bench::start().await;
    for format in ["set", "text", "xml"] {
        let read = bench
            .text(
                "get_junos_config",
                json!({"router_name": MX, "format": format, "path": "snmp"}),
            )
            .await;
        assert!(read.contains("***redacted***"), "{read}");
        let arguments = json!({"router_name": MX, "config_text": read, "config_format": format});
        let refused = bench.call("load_and_commit_config", arguments).await;
        assert!(refused.text.contains("would overwrite"), "{}", refused.text);
        assert_eq!(refused.error.unwrap().code(), Code::InvalidInput);
    }
    let of_junos = "system { root-authentication { encrypted-password /* SECRET-DATA */; ## SECRET-DATA\n} }";
    let arguments = json!({"router_name": MX, "config_text": of_junos, "config_format": "text"});
    assert_eq!(
        bench.code("load_and_commit_config", arguments).await,
        Code::InvalidInput
    );
    // Put together in a template, it is only seen where it would be loaded.
    let arguments = json!({"router_name": MX, "template_content": "set snmp community {{ '*' * 3 }}redacted{{ '*' * 3 }}", "vars_content": "{}",
        "apply_config": true});
    let refused = bench.call("render_and_apply_j2_template", arguments).await;
    assert!(refused.failed, "{}", refused.text);
    let after = bench
        .text("junos_config_diff", json!({"router_name": MX, "version": 0}))
        .await;
    assert!(after.starts_with("No differences"), "{after}");
}

#[tokio::test]
async fn the_cloud_is_read_without_secrets() {
    let bench = MistBench::start().await;
    let org = bench.lab.org();
    for (tool, arguments) in [
        ("listOrgPsks", json!({ "org_id": org })),
        ("listOrgPsks", json!({ "org_id": org, "summary": "passphrase" })),
        ("listOrgPsks", json!({ "org_id": org, "fields": "name,passphrase" })),
        ("listOrgWlans", json!({ "org_id": org })),
        (
            "listOrgWlans",
            json!({ "org_id": org, "fields": "ssid,auth.psk,auth_servers" }),
        ),
        ("listOrgWebhooks", json!({ "org_id": org })),
        ("listOrgNetworkTemplates", json!({ "org_id": org })),
        ("getOrgSettings", json!({ "org_id": org })),
    ] {
        let answered = bench.call(tool, arguments.clone()).await;
        assert!(!answered.failed, "{tool}: {}", answered.text);
        for secret in ["example-passphrase", "example-secret"] {
            assert!(!answered.text.contains(secret), "{tool} {arguments}: {}", answered.text);
        }
        assert!(
            answered.text.contains("redacted") || tool == "getOrgSettings",
            "{tool}: {}",
            answered.text
        );
    }
    let names = bench.good("listOrgPsks", json!({ "org_id": org })).await.to_string();
    assert!(names.contains("\"name\":\"sensors\""), "{names}");
    let shown = MistBench::with(Setup {
        show_secrets: true,
        ..Setup::writing()
    });
    let shown = shown.await;
    let psks = shown.good("listOrgPsks", json!({ "org_id": shown.lab.org() })).await;
    assert!(psks.to_string().contains("example-passphrase"));
    let body = json!({ "name": "x", "ssid": "IoT", "passphrase": "***redacted***" });
    let (code, words) = shown
        .bad("createOrgPsk", json!({ "org_id": shown.lab.org(), "body": body }))
        .await;
    assert!(code == "invalid_input" && words.contains("would overwrite"), "{words}");
}

#[tokio::test]
async fn the_record_of_a_change_that_fails_holds_no_secret() {
    let bench = Bench::start().await;
    let before = std::fs::read_to_string(bench.directory.path().join("audit.log")).unwrap_or_default();
    let wrong =
        "set snmp community new-Comm1 nonsense\nset system radius-server 192.0.2.61 secret new-Radius2 nonsense";
    let arguments = json!({"router_name": MX, "config_text": wrong, "commit_comment": "set snmp community new-Comm1"});
    let failed = covered(&bench, "load_and_commit_config", arguments).await;
    assert!(
        failed.failed && failed.text.contains("***redacted***"),
        "{}",
        failed.text
    );
    let after = std::fs::read_to_string(bench.directory.path().join("audit.log")).unwrap();
    let written = after.strip_prefix(&before).unwrap();
    assert!(
        written.contains("load_and_commit_config") && written.contains("\"result\":\"error\""),
        "{written}"
    );
    assert_covered("audit", written);
}

#[tokio::test]
async fn a_plan_to_be_confirmed_is_shown_without_secrets() {
    let bench = Bench::with(jmcp::lab::LabOptions::default(), &["--confirm", "write"]).await;
    let arguments = json!({"router_name": MX, "config_text": CHANGE});
    let asked = covered(&bench, "load_and_commit_config", arguments).await;
    assert_eq!(
        asked.error.as_ref().map(jmcp::error::Error::code),
        Some(Code::ConfirmationRequired)
    );
    assert!(
        asked.text.contains("***redacted***") && asked.text.contains("EXTRA"),
        "{}",
        asked.text
    );
    let confirmation = asked.confirmation.unwrap_or_else(|| panic!("{}", asked.text));
    assert!(confirmation["token"].is_string());
    assert_covered("confirmation", &confirmation.to_string());
}
