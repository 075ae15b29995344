//! An operator's rules: by tool, effect, device and place in the configuration.

use jmcp::{server::path::Call, tools::Principal};

use super::*;
use crate::support::program;

/// Whether a call is asked about under these rules, where nothing else asks.
async fn asks(scene: &Scene, tool: &str, arguments: Value) -> bool {
    let arguments = arguments.as_object().unwrap().clone();
    let call = Call::new(tool, arguments, Arc::new(Principal::local("test")));
    let answered = scene.path.call(call).await;
    assert_eq!(answered.failed, answered.confirmation.is_some(), "{}", answered.text);
    answered.failed
}

#[tokio::test]
async fn rules_speak_of_tools_effects_and_devices() {
    let both = json!({ "router_names": ["core-1", "edge-1"] });
    let edge = json!({ "router_name": "edge-1" });
    let scene = Scene::ruled(json!([{ "tool": "ch*", "device": "core-*", "confirm": true }]));
    assert!(asks(&scene, "change", arguments()).await);
    assert!(asks(&scene, "change", both).await);
    assert!(!asks(&scene, "change", edge).await);
    assert!(!asks(&scene, "wipe", arguments()).await);
    let scene = Scene::ruled(json!([{ "effect": "destroy", "confirm": true }]));
    assert!(asks(&scene, "wipe", arguments()).await);
    assert!(!asks(&scene, "change", arguments()).await);
}

#[tokio::test]
async fn rules_speak_of_places_in_the_configuration() {
    let scene = Scene::ruled(json!([{ "path": "protocols bgp", "confirm": true }]));
    assert!(asks(&scene, "change", arguments()).await);
    assert!(scene.thing.planned.load(Ordering::SeqCst) > 0);
    scene.thing.would_change("set interfaces ge-0/0/0 description x");
    assert!(!asks(&scene, "change", arguments()).await);
    assert_eq!(scene.thing.done().len(), 1);
    assert!(asks(&scene, "blind", arguments()).await, "what it changes is not known");
    assert!(!asks(&scene, "wipe", arguments()).await, "it changes no configuration");
}

#[tokio::test]
async fn a_rule_that_lets_pass_has_to_hold_all_of_the_change() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("rules.json");
    let rules = json!({ "rules": [{ "tool": "change", "path": "interfaces * description", "confirm": false }] });
    std::fs::write(&file, rules.to_string()).unwrap();
    let options = ApprovalOptions {
        rules: Some(file),
        ..ApprovalOptions::default()
    };
    let scene = Scene::with(Confirm::Write, Approval::open(options).unwrap());
    scene
        .thing
        .would_change("set interfaces ge-0/0/0 description x\nset system host-name y");
    assert!(asks(&scene, "change", arguments()).await);
    scene.thing.would_change("set interfaces ge-0/0/0 description x");
    assert!(!asks(&scene, "change", arguments()).await);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_stops_the_start_and_check_says_why() {
    let home = directory(DEVICES);
    let write = |text: &str| std::fs::write(home.path().join("rules.json"), text).unwrap();
    write(r#"{"rules": [{"router": "core-1", "confirm": true}]}"#);
    let rules = ["--confirm-rules", "rules.json"];
    let served = program::run(home.path(), &["-t", "stdio", rules[0], rules[1]]).await;
    assert_eq!(served.status.code(), Some(2), "{}", served.stderr);
    assert!(served.stderr.contains("router"), "{}", served.stderr);
    let checked = program::run(home.path(), &["check", rules[0], rules[1]]).await;
    assert_eq!(checked.status.code(), Some(1), "{}", checked.stdout);
    assert!(
        checked.stdout.contains("wrong confirmation rules rules.json"),
        "{}",
        checked.stdout
    );
    write(r#"{"rules": [{"tool": "rolback_*", "confirm": true}, {"tool": "add_*", "confirm": true}]}"#);
    let checked = program::run(home.path(), &["check", rules[0], rules[1]]).await;
    assert!(
        checked.stdout.contains("ok    confirmation rules rules.json: 2 rules"),
        "{}",
        checked.stdout
    );
    assert!(
        checked.stdout.contains("note  confirmation rule 1 names no tool"),
        "{}",
        checked.stdout
    );
    std::fs::write(home.path().join("key"), "short").unwrap();
    let served = program::run(home.path(), &["-t", "stdio", "--confirm-key-file", "key"]).await;
    assert_eq!(served.status.code(), Some(2), "{}", served.stderr);
    assert!(served.stderr.contains("has 5 bytes"), "{}", served.stderr);
}
