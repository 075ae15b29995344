//! Tests of what event policies would run.

use super::*;

/// A line that is typed.
fn set(inner: &str) -> String {
    format!("set event-options policy p then {inner}")
}

/// A difference with one command more.
fn diff(outer: &str, inner: &str) -> String {
    format!("[edit event-options policy p then {outer}]\n+   commands {{\n+       \"{inner}\";\n+   }}\n")
}

/// Rules on commands alone.
const COMMANDS: &str = r#"{"_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "request system *"}]}}"#;

#[test]
fn event_policies_run_nothing_that_is_forbidden() {
    let (commands, all, listed) = (policy(COMMANDS, false), built_in(), policy(LISTED, true));
    for inner in [
        "request system reboot",
        "req sys zero",
        "request {$$.x}",
        "request system halt | no-more",
    ] {
        refused(commands.judge_change("t", "r1", &diff("execute-commands", inner)));
        refused(all.judge_change("t", "r1", &diff("execute-commands", inner)));
        refused(listed.judge_change("t", "r1", &diff("execute-commands", inner)));
        let typed = set(&format!("execute-commands commands \"{inner}\""));
        refused(commands.judge_config("t", "r1", Some("set"), &typed));
        refused(all.judge_config("t", "r1", None, &typed.replace("then execute-commands", "th exec")));
    }
    for inner in [
        "set system root-authentication encrypted-password x",
        "set sys root-auth x",
        "set groups g system root-authentication x",
        "set gr g system root-authentication x",
        "activate system",
        "set system {$$.x} encrypted-password x",
        "edit system",
        "rollback 1",
        "run request system reboot",
        "set event-o policy q then execute-commands commands x",
    ] {
        refused(all.judge_change("t", "r1", &diff("change-configuration", inner)));
        refused(all.judge_config(
            "t",
            "r1",
            Some("set"),
            &set(&format!("change-configuration commands \"{inner}\"")),
        ));
    }
}

#[test]
fn event_policies_that_are_not_shown_do_not_come_to_count() {
    let (commands, all, listed) = (policy(COMMANDS, false), built_in(), policy(LISTED, true));
    for hidden in [
        "[edit event-options]\n!   active: policy p { ... }\n",
        "[edit]\n!   active: event-options { ... }\n",
        "[edit event-options policy p then]\n!   active: execute-commands { ... }\n",
    ] {
        refused(all.judge_change("t", "r1", hidden));
        refused(commands.judge_change("t", "r1", hidden));
    }
    for (outer, inner) in [
        ("execute-commands", "show interfaces {$$.name} terse"),
        ("execute-commands", "clear arp"),
        ("change-configuration", "set interfaces {$$.name} disable"),
        ("change-configuration", "deactivate protocols bgp"),
    ] {
        all.judge_change("t", "r1", &diff(outer, inner)).unwrap();
        all.judge_config("t", "r1", Some("set"), &set(&format!("{outer} commands \"{inner}\"")))
            .unwrap();
    }
    all.judge_change("t", "r1", "[edit event-options]\n!   inactive: policy p { ... }\n")
        .unwrap();
    all.judge_change(
        "t",
        "r1",
        &diff("execute-commands", "request system halt").replace("\n+", "\n-"),
    )
    .unwrap();
    listed
        .judge_config("t", "r2", None, &set("execute-commands commands \"show version\""))
        .unwrap();
    policy("{}", false)
        .judge_change("t", "r1", &diff("execute-commands", "request system halt"))
        .unwrap();
}
