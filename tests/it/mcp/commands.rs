//! `jmcp call` and `jmcp check` before simulated devices: what they print and how they end.

use jmcp::lab::{Fault, Spoil};
use serde_json::Value;

use super::CHANGE;
use crate::support::{
    bench::Bench,
    program::{Ended, directory, run},
};

async fn call(bench: &Bench, arguments: &[&str]) -> Ended {
    let mut line = vec!["--known-hosts-file", "known_hosts", "call"];
    line.extend(arguments);
    run(bench.directory.path(), &line).await
}

#[tokio::test]
async fn an_answer_is_on_stdout_and_the_status_is_0() {
    let bench = Bench::start().await;
    let said = call(
        &bench,
        &["execute_junos_command", "router_name=mx-lab-1", "command=show version"],
    )
    .await;
    assert_eq!(said.status.code(), Some(0), "{}", said.stderr);
    assert!(said.stdout.contains("Junos:"), "{}", said.stdout);
    let json = r#"{"router_name": "ex-lab-1", "command": "show version"}"#;
    let said = call(
        &bench,
        &["execute_junos_command", "--json", json, "router_name=srx-lab-1"],
    )
    .await;
    assert_eq!(said.status.code(), Some(0), "{}", said.stderr);
    assert!(
        said.stdout.contains("srx-lab-1"),
        "key=value goes on top: {}",
        said.stdout
    );
    let batch = [
        "execute_junos_command_batch",
        "router_names=[\"mx-lab-1\",\"ex-lab-1\"]",
        "commands=show version",
        "--structured",
    ];
    let said = call(&bench, &batch).await;
    assert_eq!(said.status.code(), Some(0), "{}", said.stderr);
    let structured: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(structured["summary"]["successful"], 2, "{structured}");
}

#[tokio::test]
async fn the_status_of_a_failure_says_whose_it_is() {
    let bench = Bench::start().await;
    let text = format!("config_text={CHANGE}");
    bench.device("srx-lab-1").faults().set(Fault::AuthRefused);
    bench.device("ex-lab-1").faults().set(Fault::Reply {
        on: "show version".into(),
        how: Spoil::PermissionDenied,
    });
    let cases: &[(u8, &str, &[&str])] = &[
        (2, "unknown_tool", &["no_such_tool"]),
        (2, "unknown_router", &["gather_device_facts", "router_name=nowhere"]),
        (2, "invalid_input", &["gather_device_facts", "rooter=mx-lab-1"]),
        (2, "invalid_input", &["gather_device_facts", "mx-lab-1"]),
        (2, "invalid_input", &["gather_device_facts", "--json", "[1]"]),
        (2, "invalid_input", &["gather_device_facts", "--json", "{"]),
        (3, "auth_failed", &["gather_device_facts", "router_name=srx-lab-1"]),
        (
            3,
            "permission_denied",
            &["execute_junos_command", "router_name=ex-lab-1", "command=show version"],
        ),
        (
            3,
            "configuration_invalid",
            &[
                "load_and_commit_config",
                "router_name=mx-lab-1",
                "config_text=set nonsense here",
            ],
        ),
        (
            4,
            "blocked",
            &[
                "execute_junos_command",
                "router_name=mx-lab-1",
                "command=request system reboot",
            ],
        ),
        (
            4,
            "read_only",
            &["load_and_commit_config", "router_name=mx-lab-1", &text, "--read-only"],
        ),
    ];
    for (status, code, arguments) in cases {
        let said = call(&bench, arguments).await;
        assert_eq!(
            said.status.code(),
            Some(i32::from(*status)),
            "{arguments:?}: {}{}",
            said.stdout,
            said.stderr
        );
        assert!(
            said.stderr.contains(&format!("code={code}")),
            "{arguments:?}: {}",
            said.stderr
        );
        assert_eq!(said.stdout, "", "{arguments:?}");
    }
    bench.device("mx-lab-1").faults().once(Fault::LockDenied { pid: 4711 });
    let locked = [
        "load_and_commit_config",
        "router_name=mx-lab-1",
        &text,
        "database=exclusive",
    ];
    let said = call(&bench, &locked).await;
    assert_eq!(said.status.code(), Some(3), "{}", said.stderr);
    assert!(said.stderr.contains("4711"), "{}", said.stderr);
}

#[tokio::test]
async fn the_lab_needs_nothing() {
    let home = tempfile::tempdir().unwrap();
    let said = run(
        home.path(),
        &["call", "--lab", "gather_device_facts", "router_name=mx-lab-1"],
    )
    .await;
    assert_eq!(said.status.code(), Some(0), "{}", said.stderr);
    let facts: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {}", said.stdout));
    assert_eq!(facts["hostname"], "mx-lab-1", "{facts}");
}

#[tokio::test]
async fn a_check_says_all_that_is_wrong() {
    let home = directory(
        r#"{" a b": {"ip": "192.0.2.1", "username": "u", "auth": {"type": "ssh_agent"}},
            "r2": {"ip": "192.0.2.2", "port": 70000, "username": "u", "auth": {"type": "ssh_agent"}},
            "r3": {"username": "u", "auth": {"type": "kerberos"}},
            "r4": {"ip": "192.0.2.4", "username": "u", "auth": {"type": "ssh_key", "private_key_path": "nowhere"}}}"#,
    );
    let said = run(home.path(), &["check"]).await;
    assert_eq!(said.status.code(), Some(1), "{}{}", said.stdout, said.stderr);
    for part in ["a b", "`r2`", "port", "`r3`", "`ip`", "kerberos"] {
        assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
    }
}

#[tokio::test]
async fn a_check_of_good_files_can_log_in_too() {
    let bench = Bench::start().await;
    bench.device("srx-lab-1").faults().set(Fault::AuthRefused);
    let said = run(bench.directory.path(), &["--known-hosts-file", "known_hosts", "check"]).await;
    assert_eq!(said.status.code(), Some(0), "{}{}", said.stdout, said.stderr);
    assert!(!said.stdout.contains("wrong"), "{}", said.stdout);
    assert_eq!(
        bench.device("mx-lab-1").counters().ssh_connections,
        0,
        "a check without --connect touches no device"
    );
    let said = run(
        bench.directory.path(),
        &["--known-hosts-file", "known_hosts", "check", "--connect"],
    )
    .await;
    assert_eq!(said.status.code(), Some(1), "{}{}", said.stdout, said.stderr);
    let line = |device: &str| {
        said.stdout
            .lines()
            .find(|line| line.contains(&format!("login to {device}")))
            .unwrap()
    };
    assert!(
        line("mx-lab-1").starts_with("ok") && line("ex-lab-1").starts_with("ok"),
        "{}",
        said.stdout
    );
    assert!(
        line("srx-lab-1").starts_with("wrong") && line("srx-lab-1").contains("auth_failed"),
        "{}",
        said.stdout
    );
}

#[tokio::test]
async fn a_key_that_is_not_there_is_a_finding() {
    let home = directory(
        r#"{"r1": {"ip": "192.0.2.4", "username": "u", "auth": {"type": "ssh_key", "private_key_path": "nowhere"}},
            "r2": {"ip": "192.0.2.5", "username": "u", "auth": {"type": "ssh_agent"}}}"#,
    );
    let said = run(home.path(), &["check"]).await;
    assert_eq!(said.status.code(), Some(1), "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("nowhere"), "{}", said.stdout);
    assert!(
        said.stdout
            .lines()
            .any(|line| line.starts_with("ok") && line.contains("r2")),
        "{}",
        said.stdout
    );
}
