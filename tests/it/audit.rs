//! The record of calls: written before anything is changed, completed after, and nothing is changed without it.

use std::path::PathBuf;

use jmcp::{error::Code, lab::Fault};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::support::{
    bench::{Bench, committed_and_held, hold},
    program::{self, ONE_DEVICE, directory},
    talk::{Era, Talk},
};

const CHANGE: &str = "set interfaces ge-0/0/0 description \"to the test\"";
const ROUTER: &str = "mx-lab-1";

fn change() -> Value {
    json!({ "router_name": ROUTER, "config_text": CHANGE, "commit_comment": "of the test" })
}

fn log(bench: &Bench) -> PathBuf {
    bench.directory.path().join("audit.log")
}

fn events(bench: &Bench) -> Vec<Value> {
    let written = std::fs::read_to_string(log(bench)).unwrap();
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    written.lines().map(read).collect()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// From now on nothing can be written.
fn fill(bench: &Bench) {
    std::fs::rename(log(bench), bench.directory.path().join("before")).unwrap();
    std::os::unix::fs::symlink("/dev/full", log(bench)).unwrap();
    bench.path.audit().reopen();
}

#[tokio::test]
async fn a_change_is_recorded_before_it_acts_and_completed_after() {
    let bench = Bench::start().await;
    let gate = hold(bench.device(ROUTER), "open-configuration");
    let (answered, ()) = tokio::join!(bench.call("load_and_commit_config", change()), async {
        gate.reached().await;
        let events = events(&bench);
        assert_eq!(events.len(), 1, "{events:?}");
        let begin = &events[0];
        assert_eq!(
            (&begin["phase"], &begin["routers"], &begin["action"], &begin["effect"]),
            (&json!("begin"), &json!(ROUTER), &json!("commit"), &json!("write"))
        );
        assert_eq!(begin["metadata"]["config_sha256"], sha256(CHANGE));
        assert_eq!(begin["metadata"]["comment_present"], true);
        assert_eq!(begin["result"], Value::Null);
        gate.open();
    });
    let (answer, events) = (answered.structured.unwrap(), events(&bench));
    assert_eq!(events.len(), 2, "{events:?}");
    let (begin, end) = (&events[0], &events[1]);
    assert_eq!(begin["correlation_id"], end["correlation_id"]);
    assert_eq!(begin["operation_id"], end["operation_id"]);
    assert_eq!(end["operation_id"].as_str(), answered.operation.as_deref());
    assert_eq!(
        (&end["phase"], &end["result"], &end["outcome"]),
        (&json!("end"), &json!("ok"), &json!("committed"))
    );
    assert_eq!(end["diff_sha256"], sha256(answer["diff"].as_str().unwrap()));
    assert_eq!(end["commit"]["token"], answer["commit_token"]);
}

#[tokio::test]
async fn a_call_that_reads_or_is_refused_is_one_event() {
    let bench = Bench::start().await;
    bench
        .text(
            "execute_junos_command",
            json!({"router_name": ROUTER, "command": "show version"}),
        )
        .await;
    bench
        .code(
            "load_and_commit_config",
            json!({"router_name": "nowhere", "config_text": CHANGE}),
        )
        .await;
    bench
        .code(
            "execute_junos_command",
            json!({"router_name": ROUTER, "command": "request system reboot"}),
        )
        .await;
    let events = events(&bench);
    let of: Vec<_> = events
        .iter()
        .map(|event| {
            let words = ["action", "result", "error_kind", "reason", "phase"];
            words.map(|name| event[name].as_str().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        of,
        [
            ["execute", "ok", "-", "-", "end"],
            ["commit", "error", "unknown_router", "-", "end"],
            ["execute", "denied", "blocked", "guardrail", "end"],
        ]
    );
    assert_eq!(events[0]["metadata"]["command"], "show version");
    assert!(events[0]["metadata"]["output_bytes"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn without_a_record_nothing_is_changed_and_reads_go_on() {
    let bench = Bench::start().await;
    fill(&bench);
    let before = bench.device(ROUTER).log().len();
    for _ in 0..2 {
        let refused = bench.call("load_and_commit_config", change()).await;
        assert_eq!(refused.error.as_ref().unwrap().code(), Code::Io);
        assert!(
            refused.text.contains("the audit record cannot be written"),
            "{}",
            refused.text
        );
    }
    assert_eq!(bench.device(ROUTER).log().len(), before, "the device was asked");
    let read = json!({"router_name": ROUTER, "command": "show version"});
    bench.text("execute_junos_command", read).await;
    assert!(bench.path.audit().is_failing());
    // There is room again.
    std::fs::remove_file(log(&bench)).unwrap();
    let answer = bench.structured("load_and_commit_config", change()).await;
    assert_eq!(answer["outcome"], "committed");
    let of: Vec<_> = events(&bench)
        .iter()
        .map(|event| {
            [&event["action"], &event["phase"], &event["error_kind"]]
                .map(|word| word.as_str().unwrap_or("-").to_owned())
        })
        .collect();
    let of: Vec<_> = of.iter().map(|words| words.each_ref().map(String::as_str)).collect();
    assert_eq!(
        of,
        [
            ["commit", "end", "io"],
            ["commit", "end", "io"],
            ["execute", "end", "-"],
            ["commit", "begin", "-"],
            ["commit", "end", "-"],
        ],
        "what was owed comes first"
    );
}

#[tokio::test]
async fn a_change_whose_end_cannot_be_recorded_says_so_and_is_the_last() {
    let bench = Bench::start().await;
    let gate = hold(bench.device(ROUTER), "load-configuration");
    let (answered, ()) = tokio::join!(bench.call("load_and_commit_config", change()), async {
        gate.reached().await;
        fill(&bench);
        gate.open();
    });
    assert!(
        answered.text.contains("could not be written to the audit record"),
        "{}",
        answered.text
    );
    assert_eq!(answered.structured.unwrap()["outcome"], "committed");
    let next = json!({"router_name": ROUTER, "config_text": "delete interfaces ge-0/0/0 description"});
    assert_eq!(bench.code("load_and_commit_config", next.clone()).await, Code::Io);
    std::fs::remove_file(log(&bench)).unwrap();
    bench.text("load_and_commit_config", next).await;
    let events = events(&bench);
    assert_eq!(
        (&events[0]["phase"], &events[0]["outcome"]),
        (&json!("end"), &json!("committed")),
        "the record is whole: {events:?}"
    );
}

#[tokio::test]
async fn what_became_of_a_cancelled_change_is_recorded_as_it_was() {
    let bench = Bench::start().await;
    let device = bench.device(ROUTER);
    let gate = hold(device, "load-configuration");
    let cancel = CancellationToken::new();
    let (_, ()) = tokio::join!(
        bench.cancellable("load_and_commit_config", change(), cancel.clone()),
        async {
            gate.reached().await;
            cancel.cancel();
        }
    );
    gate.open();
    device.faults().clear();
    let cancel = CancellationToken::new();
    let (_, ()) = tokio::join!(
        bench.cancellable("load_and_commit_config", change(), cancel.clone()),
        async {
            let gate = committed_and_held(device).await;
            cancel.cancel();
            gate.open();
        }
    );
    device.faults().once(Fault::CommitEof { committed: false });
    let other = json!({"router_name": ROUTER, "config_text": "delete interfaces ge-0/0/0 description"});
    bench.call("load_and_commit_config", other).await;
    let ends: Vec<Value> = events(&bench)
        .into_iter()
        .filter(|event| event["phase"] == "end")
        .collect();
    assert_eq!(
        (&ends[0]["outcome"], &ends[0]["error_kind"]),
        (&json!("aborted"), &json!("cancelled"))
    );
    assert_eq!(
        (&ends[1]["outcome"], &ends[1]["result"]),
        (&json!("committed"), &json!("ok"))
    );
    assert_ne!(
        (&ends[2]["outcome"], &ends[2]["result"]),
        (&json!("committed"), &json!("ok")),
        "{:?}",
        ends[2]
    );
}

#[tokio::test]
async fn no_event_holds_configuration_or_a_secret() {
    let bench = Bench::start().await;
    let secret = "set system radius-server 192.0.2.7 secret \"$9$invented/for/the/test\"";
    bench
        .call(
            "load_and_commit_config",
            json!({"router_name": ROUTER, "config_text": secret, "config_format": "set"}),
        )
        .await;
    bench.call("load_and_commit_config", change()).await;
    let template = json!({
        "template_content": "set system domain-name {{ name }}.example.net", "vars_content": "name: vars-of-the-test",
        "router_name": ROUTER, "apply_config": true,
    });
    bench.call("render_and_apply_j2_template", template).await;
    let added = json!({
        "device_name": "new-1", "device_ip": "192.0.2.9", "username": "netops",
        "auth": {"type": "password", "password": "password-of-the-test"},
    });
    bench.call("add_device", added).await;
    let written = std::fs::read_to_string(log(&bench)).unwrap();
    for hidden in [
        "$9$",
        "to the test",
        "of the test",
        "domain-name",
        "vars-of-the-test",
        "password-of-the-test",
    ] {
        assert!(!written.contains(hidden), "{hidden}: {written}");
    }
    let events = events(&bench);
    let template = events
        .iter()
        .find(|event| event["action"] == "apply" && event["phase"] == "end")
        .unwrap();
    assert_eq!(template["changes"][0]["router"], ROUTER, "{template}");
    assert!(template["changes"][0]["diff_sha256"].is_string(), "{template}");
    let added = events.iter().find(|event| event["action"] == "add-device").unwrap();
    assert_eq!(
        (
            &added["metadata"]["name"],
            &added["metadata"]["host"],
            &added["metadata"]["auth_kind"]
        ),
        (&json!("new-1"), &json!("192.0.2.9"), &json!("password"))
    );
}

#[tokio::test]
async fn fields_are_covered_and_journald_has_what_the_file_has() {
    let bench = Bench::start().await;
    let home = bench.directory.path();
    let (socket, key) = (home.join("journal"), home.join("key"));
    let journal = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    std::fs::write(&key, "Jefe").unwrap();
    let (socket, key) = (socket.display().to_string(), key.display().to_string());
    let covered = Bench::serve(
        &bench.directory,
        &[
            "--audit-journald",
            "--audit-journald-socket",
            &socket,
            "--audit-redact",
            "routers=hmac,command=drop",
            "--audit-hmac-key-file",
            &key,
        ],
    );
    let bench = Bench { path: covered, ..bench };
    let read = json!({"router_name": ROUTER, "command": "show version"});
    bench.text("execute_junos_command", read).await;
    let mut bytes = vec![0; 65_536];
    let count = journal.recv(&mut bytes).unwrap();
    let message = String::from_utf8(bytes[..count].to_vec()).unwrap();
    for text in [message, std::fs::read_to_string(log(&bench)).unwrap()] {
        assert!(!text.contains(ROUTER) && !text.contains("show version"), "{text}");
        assert!(text.contains("hmac:"), "{text}");
        assert!(text.contains("execute_junos_command"), "{text}");
    }
}

#[tokio::test]
async fn on_stdio_the_file_can_be_moved_away_at_a_signal() {
    let home = directory(ONE_DEVICE);
    let (file, moved) = (home.path().join("audit"), home.path().join("audit.1"));
    for signal in ["-HUP", "-USR1"] {
        let arguments = ["-t", "stdio", "--audit-log-file", "audit"];
        let mut child = program::command(home.path(), &arguments).spawn().unwrap();
        let id = child.id().unwrap().to_string();
        let mut client = Talk::to(Era::PerRequest, &mut child).await;
        client.call("get_router_list", json!({})).await;
        std::fs::rename(&file, &moved).unwrap();
        crate::support::sshd::run("kill", &[signal, &id]);
        // The signal is heard by and by; each call is in one of the files.
        let mut calls = 1;
        while !file.exists() {
            client.call("get_router_list", json!({})).await;
            calls += 1;
        }
        client.call("get_router_list", json!({})).await;
        drop(client);
        assert_eq!(program::ended(child).await.status.code(), Some(0), "{signal}");
        let count = |file| std::fs::read_to_string(file).unwrap().lines().count();
        assert_eq!(count(&moved) + count(&file), calls + 1, "{signal}");
        std::fs::remove_file(&file).unwrap();
    }
}

#[tokio::test]
async fn check_tells_what_is_wrong_with_the_record() {
    let home = directory(ONE_DEVICE);
    let fine = program::run(home.path(), &["check", "--audit-log-file", "audit"]).await;
    assert!(
        fine.stdout.contains("ok    audit log audit: will be made"),
        "{}",
        fine.stdout
    );
    assert!(!home.path().join("audit").exists(), "a check makes nothing");
    let wrong = program::run(home.path(), &["check", "--audit-log-file", "nowhere/audit"]).await;
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        wrong.stdout.contains("wrong audit log nowhere/audit"),
        "{}",
        wrong.stdout
    );
}
