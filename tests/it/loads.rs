//! Every way to load configuration: formats, actions, and what becomes of a load that fails.

use jmcp::lab::config::Action;
use serde_json::{Value, json};

use crate::support::bench::Bench;

async fn load(bench: &Bench, text: &str, format: &str, action: Option<&str>) -> Value {
    let mut arguments = json!({"router_name": "mx-lab-1", "config_text": text, "config_format": format});
    if let Some(action) = action {
        arguments["action"] = action.into();
    }
    let answered = bench.call("load_and_commit_config", arguments).await;
    let code = answered.error.as_ref().map(|error| error.code().as_str());
    answered
        .structured
        .map_or_else(|| json!({"error_code": code, "text": answered.text}), Value::Object)
}

fn running(bench: &Bench) -> String {
    bench.device("mx-lab-1").store(|store| store.running_set())
}

#[tokio::test]
async fn every_format_is_merged() {
    let bench = Bench::start().await;
    for (format, text) in [
        ("set", "set system location building set-b"),
        ("text", "system { location { building text-b; } }"),
        (
            "xml",
            "<configuration><system><location><building>xml-b</building></location></system></configuration>",
        ),
        (
            "json",
            r#"{"configuration": {"system": {"location": {"building": "json-b"}}}}"#,
        ),
    ] {
        let answer = load(&bench, text, format, (format != "set").then_some("merge")).await;
        assert_eq!(answer["outcome"], "committed", "{format}: {answer}");
        let expected = format!("building {format}-b");
        assert!(answer["diff"].as_str().unwrap().contains(&expected), "{answer}");
        assert!(running(&bench).contains(&expected));
        assert_eq!(answer["commit"]["number"], 0, "{answer}");
    }
}

#[tokio::test]
async fn replace_override_and_update_do_what_their_names_say() {
    let mut bench = Bench::start().await;
    // A whole configuration can be loaded back only with its secrets.
    bench.path = Bench::serve(&bench.directory, &["--show-secrets"]);
    let before = bench
        .text(
            "get_junos_config",
            json!({"router_name": "mx-lab-1", "format": "text", "inherit": false}),
        )
        .await;
    load(
        &bench,
        "set system location building a\nset system location floor 1",
        "set",
        None,
    )
    .await;
    let merged = load(&bench, "system { location { building b; } }", "text", Some("merge")).await;
    assert_eq!(merged["outcome"], "committed", "{merged}");
    assert!(
        running(&bench).contains("floor 1"),
        "a merge keeps what it does not name"
    );
    let replaced = load(&bench, "system { replace: location { building c; } }", "text", None).await;
    assert_eq!(replaced["outcome"], "committed", "{replaced}");
    assert!(running(&bench).contains("building c") && !running(&bench).contains("floor 1"));
    let updated = load(&bench, &before, "text", Some("update")).await;
    assert_eq!(updated["outcome"], "committed", "{updated}");
    assert!(!running(&bench).contains("building c"), "{updated}");
    assert!(
        !updated["diff"].as_str().unwrap().contains("interfaces"),
        "only what differs changes: {updated}"
    );
    let overridden = load(&bench, &before, "text", Some("override")).await;
    assert_eq!(overridden["outcome"], "unchanged", "{overridden}");
}

#[tokio::test]
async fn an_action_that_does_not_fit_is_refused_before_the_device_is_touched() {
    let bench = Bench::start().await;
    for (text, format, action) in [
        ("set system location floor 1", "set", "override"),
        ("system { location { floor 1; } }", "text", "set"),
    ] {
        let answer = load(&bench, text, format, Some(action)).await;
        assert_eq!(answer["error_code"], "invalid_input", "{answer}");
    }
    assert_eq!(bench.device("mx-lab-1").counters().ssh_connections, 0);
}

#[tokio::test]
async fn a_load_that_fails_names_the_line_and_leaves_nothing_of_the_part_before_it() {
    let bench = Bench::start().await;
    let before = running(&bench);
    let text = "set system location building half\nset interfacs ge-0/0/0 description x\nset system location floor 2";
    for database in ["private", "exclusive", "shared"] {
        let arguments = json!({"router_name": "mx-lab-1", "config_text": text, "database": database});
        let answer = bench.structured("load_and_commit_config", arguments).await;
        assert_eq!(answer["outcome"], "invalid", "{database}: {answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains("interfacs"), "{error}");
        assert!(error.contains("line 2"), "{error}");
        bench.device("mx-lab-1").store(|store| {
            assert_eq!(
                (store.running_set(), store.candidate_set()),
                (before.clone(), before.clone()),
                "{database}"
            );
            assert!(store.log().iter().all(|event| event.action != Action::Commit));
        });
    }
}

#[tokio::test]
async fn edits_in_the_shared_candidate_are_told_with_what_is_known_of_them() {
    let bench = Bench::start().await;
    let device = bench.device("mx-lab-1");
    device.store(|store| store.dirty_by("anna", "set system domain-name anna.example.net"));
    for database in ["exclusive", "shared", "private"] {
        let arguments =
            json!({"router_name": "mx-lab-1", "config_text": "set system location floor 1", "database": database});
        let answered = bench.call("load_and_commit_config", arguments).await;
        assert!(answered.failed, "{database}: {}", answered.text);
        for part in [
            "candidate_modified",
            "anna.example.net",
            "last edited",
            "nothing of theirs was touched",
        ] {
            let structured = serde_json::to_string(&answered.structured).unwrap();
            assert!(
                answered.text.contains(part) || structured.contains(part),
                "{database}: {part}: {}",
                answered.text
            );
        }
        device.store(|store| {
            assert!(
                store.candidate_set().contains("anna.example.net"),
                "{database}: anna's edits were lost"
            )
        });
    }
}
