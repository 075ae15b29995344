//! Which rule decides.

use super::*;
use crate::{
    error::Result,
    tools::{Context, Typed},
};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Said {}

fn tool(name: &'static str) -> Tool {
    Tool::new(name, Effect::Write, "T", "T.", |_: Context, _: Nothing| async {
        Result::Ok(Typed::json(Said {}))
    })
}

/// Whether these rules ask about a change of these statements on these devices; `None` where `--confirm` decides.
fn decided(rules: &str, effect: Effect, devices: &[&str], statements: &[&str]) -> Option<bool> {
    let rules = ConfirmRules::parse(rules).unwrap();
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let (devices, statements) = (owned(devices), owned(statements));
    let changes = match statements.as_slice() {
        [] => Changes::Nothing,
        [only] if only == "?" => Changes::Unknown,
        statements => Changes::Statements(statements),
    };
    let tool = tool("load_and_commit_config");
    let facts = Facts {
        tool: &tool,
        effect,
        devices: &devices,
        changes,
    };
    let (yes, no) = (rules.ask(&facts, true), rules.ask(&facts, false));
    (yes == no).then_some(yes)
}

fn writes(rule: &str, devices: &[&str], statements: &[&str]) -> Option<bool> {
    decided(&format!(r#"{{"rules": [{rule}]}}"#), Effect::Write, devices, statements)
}

#[test]
fn a_rule_speaks_of_its_tools() {
    for (pattern, expected) in [
        ("load_*", Some(true)),
        ("*", Some(true)),
        ("rollback_*", None),
        ("load", None),
    ] {
        let rule = format!(r#"{{"tool": "{pattern}", "confirm": true}}"#);
        assert_eq!(writes(&rule, &["core-1"], &[]), expected, "{pattern}");
    }
    assert_eq!(
        writes(r#"{"confirm": false}"#, &["core-1"], &["set system host-name x"]),
        Some(false)
    );
    assert_eq!(writes("", &["core-1"], &[]), None);
}

#[test]
fn a_rule_that_lets_writes_pass_does_not_let_pass_what_cannot_be_undone() {
    let of = |rule: &str, effect| decided(&format!(r#"{{"rules": [{rule}]}}"#), effect, &["core-1"], &[]);
    let lets = r#"{"effect": "write", "confirm": false}"#;
    assert_eq!(
        (of(lets, Effect::Write), of(lets, Effect::Destroy)),
        (Some(false), None)
    );
    let asks = r#"{"effect": "write", "confirm": true}"#;
    assert_eq!(
        (of(asks, Effect::Write), of(asks, Effect::Destroy)),
        (Some(true), Some(true))
    );
    let only = r#"{"effect": "destroy", "confirm": true}"#;
    assert_eq!((of(only, Effect::Write), of(only, Effect::Destroy)), (None, Some(true)));
}

#[test]
fn one_device_that_wants_it_is_enough() {
    let asks = r#"{"device": "core-*", "confirm": true}"#;
    assert_eq!(writes(asks, &["edge-1", "core-1"], &[]), Some(true));
    assert_eq!(writes(asks, &["edge-1"], &[]), None);
    assert_eq!(writes(asks, &[], &[]), None, "it is about no device");
    let lets = r#"{"device": "lab-*", "confirm": false}"#;
    assert_eq!(writes(lets, &["lab-1", "lab-2"], &[]), Some(false));
    assert_eq!(
        writes(lets, &["lab-1", "core-1"], &[]),
        None,
        "it lets not all of it pass"
    );
    let both = r#"{"device": "lab-*", "confirm": false}, {"device": "core-*", "confirm": true}"#;
    assert_eq!(writes(both, &["lab-1", "core-1"], &[]), Some(true));
}

#[test]
fn a_path_is_words_from_the_beginning() {
    let asks = r#"{"path": "protocols bgp", "confirm": true}"#;
    for (statement, expected) in [
        ("set protocols bgp group x neighbor 192.0.2.1", Some(true)),
        ("deactivate protocols bgp", Some(true)),
        ("delete protocols", Some(true)),
        ("delete", Some(true)),
        ("delete groups", Some(true)),
        ("set groups g protocols bgp group x", Some(true)),
        ("set protocols bgp-like x", None),
        ("set protocols ospf area 0", None),
        ("set routing-instances r protocols bgp", None),
    ] {
        assert_eq!(writes(asks, &["core-1"], &[statement]), expected, "{statement}");
    }
    let any = r#"{"path": "routing-instances * protocols bgp", "confirm": true}"#;
    assert_eq!(
        writes(any, &[], &["set routing-instances r protocols bgp group x"]),
        Some(true)
    );
    assert_eq!(writes(any, &[], &["set routing-instances r protocols ospf"]), None);
}

#[test]
fn a_path_that_lets_pass_has_to_hold_all_that_changes() {
    let lets = r#"{"path": "interfaces", "confirm": false}"#;
    let set = "set interfaces ge-0/0/0 description x";
    assert_eq!(writes(lets, &["core-1"], &[set]), Some(false));
    assert_eq!(writes(lets, &["core-1"], &[set, "set system host-name x"]), None);
    assert_eq!(writes(lets, &["core-1"], &["delete"]), None);
    assert_eq!(writes(lets, &["core-1"], &["?"]), None, "what changes is not known");
    assert_eq!(
        writes(
            r#"{"path": "interfaces ge-0/0/0", "confirm": false}"#,
            &[],
            &["delete interfaces"]
        ),
        None
    );
    assert_eq!(writes(lets, &["core-1"], &[]), None, "nothing there");
    assert_eq!(
        writes(r#"{"path": "protocols bgp", "confirm": true}"#, &["core-1"], &["?"]),
        Some(true)
    );
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = r#"{"tool": "load_*", "path": "interfaces * description", "confirm": false}, {"path": "interfaces", "confirm": true}"#;
    let description = "set interfaces ge-0/0/0 description x";
    assert_eq!(writes(rules, &["core-1"], &[description]), Some(false));
    assert_eq!(
        writes(rules, &["core-1"], &["set interfaces ge-0/0/0 disable"]),
        Some(true)
    );
    assert_eq!(
        writes(rules, &["core-1"], &[description, "set interfaces ge-0/0/0 disable"]),
        Some(true)
    );
}

#[test]
fn a_plan_is_needed_only_where_it_would_say_something() {
    let needs = |rule: &str, devices: &[&str]| {
        let rules = ConfirmRules::parse(&format!(r#"{{"rules": [{rule}]}}"#)).unwrap();
        let devices: Vec<String> = devices.iter().map(|&device| device.to_owned()).collect();
        rules.need_plan(&Facts {
            tool: &tool("load_and_commit_config"),
            effect: Effect::Write,
            devices: &devices,
            changes: Changes::Nothing,
        })
    };
    let path = r#"{"tool": "load_*", "device": "core-*", "path": "protocols", "confirm": true}"#;
    assert!(needs(path, &["core-1"]) && needs(path, &[]));
    assert!(!needs(path, &["edge-1"]));
    assert!(!needs(
        r#"{"tool": "rollback_*", "path": "protocols", "confirm": true}"#,
        &["core-1"]
    ));
    let device = r#"{"device": "core-*", "confirm": true}"#;
    assert!(needs(device, &[]) && !needs(device, &["core-1"]));
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    for (text, part) in [
        ("", "EOF"),
        (r#"{"rule": []}"#, "rule"),
        (r#"{"rules": [{"confirm": true}], "more": 1}"#, "more"),
        (r#"{"rules": [{"tool": "x"}]}"#, "confirm"),
        (r#"{"rules": [{"router": "x", "confirm": true}]}"#, "router"),
        (
            r#"{"rules": [{"confirm": true}, {"effect": "read", "confirm": true}]}"#,
            "rule 2: `effect`",
        ),
        (r#"{"rules": [{"tool": "[", "confirm": true}]}"#, "rule 1: `tool`"),
        (r#"{"rules": [{"device": " ", "confirm": true}]}"#, "`device` is empty"),
        (
            r#"{"rules": [{"path": "set protocols", "confirm": true}]}"#,
            "`path` begins",
        ),
        (r#"{"rules": [{"confirm": "yes"}]}"#, "yes"),
    ] {
        let why = ConfirmRules::parse(text).unwrap_err();
        assert!(why.contains(part), "{text}: {why}");
    }
}
