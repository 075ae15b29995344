//! Events and sinks.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::*;
use crate::tools::{Answer, Effect, OutputLimits, Text};

fn text(event: &Event) -> String {
    String::from_utf8(line::of(event, Phase::End, AuditFormat::Text)).unwrap()
}

fn read(event: &Event, phase: Phase) -> Value {
    serde_json::from_slice(&line::of(event, phase, AuditFormat::Json)).unwrap()
}

fn of(tool: &'static str, effect: Effect, arguments: Value, redaction: &Redaction) -> Event {
    let mut event = Event::new("anna", tool);
    event.tool(tool, effect);
    event.call(&["mx".into()], arguments.as_object().unwrap(), redaction);
    event
}

fn answer(structured: Value) -> Result<Answer> {
    Ok(Answer {
        structured: structured.as_object().unwrap().clone(),
        text: Text::Json,
        blocks: Vec::new(),
        failed: false,
        limits: OutputLimits::default(),
    })
}

#[test]
fn payloads_are_digests() {
    let arguments = json!({
        "config_text": "set system root-authentication x", "config_format": "set", "commit_comment": "for anna",
        "confirm_timeout_mins": 5, "auth": {"type": "password", "password": "of the test"},
    });
    let mut event = of(
        "load_and_commit_config",
        Effect::Write,
        arguments,
        &Redaction::default(),
    );
    event.finish(Duration::from_millis(5), Ended::Well);
    let line = text(&event);
    for hidden in ["root-authentication", "for anna", "of the test"] {
        assert!(!line.contains(hidden), "{line}");
    }
    let fields = read(&event, Phase::End);
    assert_eq!((&fields["routers"], &fields["result"]), (&json!("mx"), &json!("ok")));
    assert_eq!(
        (&fields["action"], &fields["effect"]),
        (&json!("commit"), &json!("write"))
    );
    let metadata = &fields["metadata"];
    assert_eq!(
        metadata["config_sha256"],
        "211d028ceba5f6ef9002d02e41e2279408a792122fbfe84b574750823b3b15f3"
    );
    assert_eq!(
        (
            &metadata["config_bytes"],
            &metadata["comment_present"],
            &metadata["commit_confirmed"],
            &metadata["auth_kind"]
        ),
        (&json!(32), &json!(true), &json!(5), &json!("password"))
    );
}

#[test]
fn an_event_is_one_line_whatever_was_sent() {
    let mut event = Event::new("a b", "no\u{1b}[2J \"tool\"\n");
    event.call(&["mx\u{1b}[2J\r\n".into()], &Map::new(), &Redaction::default());
    let error = Error::new(Code::UnknownTool, "line\nline");
    event.finish(Duration::from_millis(5), Ended::Error(&error));
    let text = text(&event);
    assert!(!text.trim_end_matches('\n').contains(char::is_control), "{text:?}");
    assert!(
        text.starts_with("target=audit time=2") && text.contains(" caller=\"a b\" "),
        "{text:?}"
    );
    assert!(
        text.ends_with(" error_kind=unknown_tool error=\"line\\nline\" metadata={} phase=end\n"),
        "{text:?}"
    );
    let json = String::from_utf8(line::of(&event, Phase::End, AuditFormat::Json)).unwrap();
    assert_eq!(json.matches('\n').count(), 1);
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&read["router_count"], &read["action"]), (&json!(1), &Value::Null));
    assert_eq!((&read["duration_ms"], &read["metadata"]), (&json!(5), &json!({})));
}

#[test]
fn what_is_known_before_a_call_acts_says_nothing_of_its_end() {
    let mut event = of(
        "load_and_commit_config",
        Effect::Write,
        json!({"plan_id": "plan-1"}),
        &Redaction::default(),
    );
    event.operation("op-1");
    event.approved(Some("elicitation"));
    let begin = read(&event, Phase::Begin);
    assert_eq!(
        (
            &begin["phase"],
            &begin["operation_id"],
            &begin["plan_id"],
            &begin["approval"]
        ),
        (
            &json!("begin"),
            &json!("op-1"),
            &json!("plan-1"),
            &json!({"how": "elicitation", "who": "anna"})
        )
    );
    assert_eq!((&begin["result"], &begin["duration_ms"]), (&Value::Null, &Value::Null));
    event.finish(Duration::ZERO, Ended::Well);
    assert_eq!(read(&event, Phase::End)["correlation_id"], begin["correlation_id"]);
}

#[test]
fn what_was_changed_is_a_digest_and_names() {
    let mut event = of(
        "load_and_commit_config",
        Effect::Write,
        json!({}),
        &Redaction::default(),
    );
    event.noted(&answer(json!({
        "outcome": "committed", "diff": "+ host-name x", "commit_token": "jmcp-1",
        "commit": {"number": 0, "time_utc": "2026-01-01", "comment": "of the test"},
    })));
    let fields = read(&event, Phase::End);
    assert_eq!(fields["outcome"], "committed");
    assert_eq!(fields["diff_sha256"], redaction::sha256(b"+ host-name x"));
    assert_eq!(
        fields["commit"],
        json!({"token": "jmcp-1", "number": 0, "time_utc": "2026-01-01"})
    );
    assert!(!fields.to_string().contains("of the test"), "{fields}");
}

#[test]
fn each_device_of_a_change_is_named_unless_devices_are_covered() {
    let rows = json!({ "results": [
        {"router_name": "mx", "outcome": "committed", "diff": "+ a"},
        {"router_name": "ex", "outcome": "invalid", "error_code": "configuration_invalid"},
        {"router_name": "no change here"},
    ]});
    let mut event = of("apply_config_plan", Effect::Write, json!({}), &Redaction::default());
    event.noted(&answer(rows.clone()));
    let fields = read(&event, Phase::End);
    assert_eq!(
        (&fields["outcome"], fields["changes"].as_array().unwrap().len()),
        (&json!("mixed"), 2)
    );
    assert_eq!(
        fields["changes"][0],
        json!({"router": "mx", "outcome": "committed", "diff_sha256": redaction::sha256(b"+ a")})
    );
    let covered = Redaction::parse("routers=drop", None).unwrap();
    let mut event = of("apply_config_plan", Effect::Write, json!({}), &covered);
    event.noted(&answer(rows));
    event.finish(
        Duration::ZERO,
        Ended::Error(&Error::new(Code::Transport, "device `mx` is gone")),
    );
    let fields = read(&event, Phase::End);
    assert_eq!((&fields["routers"], &fields["router_count"]), (&json!(""), &json!(1)));
    assert_eq!(
        (&fields["changes"][0]["router"], &fields["error"]),
        (&json!(""), &json!("device `` is gone"))
    );
}

#[test]
fn a_device_whose_change_was_taken_back_has_both() {
    let mut event = of("apply_config_plan", Effect::Write, json!({}), &Redaction::default());
    event.noted(&answer(json!({ "plan_id": "plan-1", "results": [{
        "router": "mx", "status": "rolled_back",
        "change": {"router_name": "mx", "outcome": "committed", "diff": "+ a", "commit_token": "jmcp-1"},
        "taken_back": {"router_name": "mx", "outcome": "committed", "commit_token": "jmcp-2"},
    }]})));
    let fields = read(&event, Phase::End);
    assert_eq!(
        (&fields["plan_id"], &fields["outcome"]),
        (&json!("plan-1"), &json!("rolled_back"))
    );
    assert_eq!(
        fields["changes"],
        json!([{
            "router": "mx", "outcome": "rolled_back", "diff_sha256": redaction::sha256(b"+ a"), "commit": {"token": "jmcp-1"},
            "taken_back": {"outcome": "committed", "commit": {"token": "jmcp-2"}},
        }])
    );
}

#[test]
fn covered_fields_are_covered_in_errors_too() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key");
    std::fs::write(&key, "of the test").unwrap();
    let redaction = Redaction::parse("command=hmac,host=drop", Some(&key)).unwrap();
    let arguments = json!({"commands": ["show version", "show chassis"], "device_ip": "192.0.2.9"});
    let mut event = of("execute_junos_command_batch", Effect::Read, arguments, &redaction);
    let error = Error::new(Code::Blocked, "`show chassis` on 192.0.2.9 is not for you");
    event.finish(Duration::ZERO, Ended::Error(&error));
    let line = text(&event);
    assert!(!line.contains("show") && !line.contains("192.0.2.9"), "{line}");
    let fields = read(&event, Phase::End);
    assert_eq!(fields["metadata"]["command_count"], 2);
    assert_eq!(fields["metadata"]["commands"].as_array().unwrap().len(), 2);
    assert!(
        fields["metadata"]["commands"][0].as_str().unwrap().starts_with("hmac:"),
        "{fields}"
    );
    assert_eq!(
        (&fields["result"], &fields["reason"]),
        (&json!("denied"), &json!("guardrail"))
    );
}

#[test]
fn lines_of_many_writers_never_mix() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit");
    let audit = Audit::open(AuditFormat::Json, Some(&file)).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (audit, caller) = (&audit, format!("writer-{writer}-{}", "x".repeat(5000)));
            scope.spawn(move || (0..50).for_each(|_| audit.end(&Event::new(&caller, "tool")).unwrap()));
        }
    });
    assert_eq!(lines(&file).len(), 200);
}

fn lines(file: &Path) -> Vec<Value> {
    let written = std::fs::read_to_string(file).unwrap();
    written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[cfg(unix)]
#[test]
fn what_could_not_be_written_is_written_first_when_there_is_room_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit");
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    let audit = Audit::open(AuditFormat::Json, Some(&file)).unwrap();
    assert_eq!(audit.begin(&Event::new("anna", "one")).unwrap_err().code(), Code::Io);
    assert_eq!(audit.end(&Event::new("anna", "two")).unwrap_err().code(), Code::Io);
    assert!(audit.is_failing());
    std::fs::remove_file(&file).unwrap();
    audit.begin(&Event::new("anna", "three")).unwrap();
    assert!(!audit.is_failing());
    let written: Vec<Value> = lines(&file).iter().map(|line| line["tool"].clone()).collect();
    assert_eq!(
        written,
        ["two", "three"],
        "a call that did not begin is not said to have begun"
    );
}

#[test]
fn a_file_that_was_moved_away_is_left_at_the_word() {
    let directory = tempfile::tempdir().unwrap();
    let (file, moved) = (directory.path().join("audit"), directory.path().join("audit.1"));
    let audit = Audit::open(AuditFormat::Json, Some(&file)).unwrap();
    audit.end(&Event::new("anna", "one")).unwrap();
    std::fs::rename(&file, &moved).unwrap();
    audit.end(&Event::new("anna", "two")).unwrap();
    audit.reopen();
    audit.end(&Event::new("anna", "three")).unwrap();
    assert_eq!((lines(&moved).len(), lines(&file).len()), (2, 1));
    // Whoever copies and truncates loses nothing either.
    std::fs::write(&file, "").unwrap();
    audit.end(&Event::new("anna", "four")).unwrap();
    assert_eq!(lines(&file).len(), 1);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    audit.reopen();
    audit
        .end(&Event::new("anna", "five"))
        .expect("the file before stays in use");
}

#[cfg(unix)]
#[test]
fn the_journal_takes_each_field_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let (socket, file) = (directory.path().join("socket"), directory.path().join("audit"));
    let options = AuditOptions {
        file: Some(file.clone()),
        journald: Some(socket.clone()),
        ..AuditOptions::default()
    };
    assert_eq!(Audit::with(&options).err().unwrap().code(), Code::NotFound);
    let journal = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    let audit = Audit::with(&options).unwrap();
    let arguments = json!({"command": "show version", "path": "x".repeat(150)});
    let mut event = of("execute_junos_command", Effect::Read, arguments, &Redaction::default());
    event.finish(Duration::from_millis(7), Ended::Well);
    audit.end(&event).unwrap();
    let mut bytes = vec![0; 65_536];
    let count = journal.recv(&mut bytes).unwrap();
    let message = String::from_utf8(bytes[..count].to_vec()).unwrap();
    for line in [
        "MESSAGE=audit",
        "SYSLOG_IDENTIFIER=jmcp",
        "TARGET=audit",
        "AUDIT_CALLER=anna",
        "AUDIT_TOOL=execute_junos_command",
        "AUDIT_ROUTERS=mx",
        "AUDIT_ACTION=execute",
        "AUDIT_RESULT=ok",
        "AUDIT_DURATION_MS=7",
        "AUDIT_PHASE=end",
    ] {
        assert!(message.lines().any(|found| found == line), "{line}: {message}");
    }
    assert!(
        message.contains("AUDIT_METADATA=command=show version path=xxx"),
        "{message}"
    );
    assert_eq!(lines(&file).len(), 1, "every sink has it");
    drop(journal);
    std::fs::remove_file(&socket).unwrap();
    assert!(audit.begin(&event).is_err(), "one sink that fails is enough");
    let _journal = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    audit.begin(&event).expect("journald was started again");
}

#[cfg(unix)]
#[test]
fn an_event_that_is_long_still_fits_into_the_journal() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let journal = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    let options = AuditOptions {
        journald: Some(socket),
        ..AuditOptions::default()
    };
    let audit = Audit::with(&options).unwrap();
    let mut arguments = Map::new();
    for number in 0..2000 {
        arguments.insert(format!("argument-{number}"), "ä".repeat(90).into());
    }
    let mut event = Event::new("anna", "tool");
    event.tool("tool", Effect::Read);
    event.call(&[], &arguments, &Redaction::default());
    audit.end(&event).unwrap();
    let mut bytes = vec![0; 65_536];
    let count = journal.recv(&mut bytes).unwrap();
    let message = String::from_utf8(bytes[..count].to_vec()).unwrap();
    assert!(message.contains("ä…\nAUDIT_PHASE=end\n"), "it is cut and says so");
}
