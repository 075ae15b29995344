//! Tests of the guardrails as a whole.

use std::path::Path;

use super::*;

fn policy(inventory: &str, default_rules: bool) -> Policy {
    let inventory = Inventory::parse(inventory, Path::new(""), "test").unwrap();
    Policy::of(Files::read(&[], default_rules).unwrap(), &inventory).unwrap()
}

fn built_in() -> Policy {
    policy("{}", true)
}

fn globs() -> Policy {
    policy(
        r#"{"_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "clear bgp *"}, {"action": "deny", "pattern": "request system reboot"}],
            "pfe_commands": [{"action": "deny", "pattern": "set *"}]},
            "r1": {"ip": "r1", "username": "u", "password": "p", "blocklist": {"config": [{"action": "deny", "pattern": "set protocols bgp *"},
            {"action": "deny", "pattern": "delete interfaces*"}]}}}"#,
        false,
    )
}

fn refused(result: Result<()>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::Blocked, "{error}");
    error.message().to_owned()
}

#[test]
fn built_in_rules_hold_in_any_spelling() {
    let policy = built_in();
    for command in [
        "request system reboot",
        "  request   system\treboot  ",
        "req sys reb",
        "REQ SYS REB",
        "request system reboot | no-more",
        "request system power-off at now",
        "requ sys zero media",
        "r sys hal",
        "req vmh reb",
        "show version\nrequest system halt",
        "request system power-c",
        "request \"system\" reb",
    ] {
        refused(policy.judge_command("execute_junos_command", "r1", command));
    }
    for command in [
        "show version",
        "show log messages | match \"request system reboot\"",
        "request system snapshot",
        "clear system reboot",
        "request support information",
    ] {
        policy.judge_command("execute_junos_command", "r1", command).unwrap();
    }
    let text = refused(policy.judge_command("t", "r1", "req sys reb"));
    assert!(text.starts_with("Blocked command rejected: command 'req sys reb' (read as 'request system reboot') matches blocked pattern 'request system ("), "{text}");
}

#[test]
fn without_rules_everything_is_allowed() {
    let policy = policy("{}", false);
    policy.judge_command("t", "r1", "request system zeroize").unwrap();
    policy.judge_config("t", "r1", Some("xml"), "<not xml").unwrap();
    assert!(policy.summary().contains("no files"));
}

#[test]
fn built_in_rules_hold_in_any_format() {
    let policy = built_in();
    let cases = [
        (
            "set",
            "set system host-name r1\nset system root-authentication encrypted-password \"$6$x\"",
        ),
        (
            "set",
            "set system login user bob authentication plain-text-password-value hunter2",
        ),
        ("set", "edit system login user bob\nset authentication no-public-keys"),
        ("set", "set sys root-auth encrypted-password x"),
        ("set", "set system l u bob auth x"),
        ("set", "set groups G system root-authentication x"),
        ("set", "set system \"root-authentication\" x"),
        ("text", "system { root-authentication { encrypted-password \"x\"; } }"),
        (
            "text",
            "replace: system {\n login {\n  user bob {\n   class c;\n   authentication { ssh-rsa \"x\"; }\n} } }",
        ),
        ("text", "groups { G { system { root-authentication; } } }"),
        (
            "xml",
            "<configuration><system><root-authentication><encrypted-password>x</encrypted-password></root-authentication></system></configuration>",
        ),
        (
            "xml",
            "<system><login><user><name>bob</name><authentication><ssh-rsa><name>k</name></ssh-rsa></authentication></user></login></system>",
        ),
        (
            "json",
            r#"{"configuration": {"system": {"login": {"user": [{"name": "bob", "authentication": {}}]}}}}"#,
        ),
    ];
    for (format, text) in cases {
        let message = refused(policy.judge_config("t", "r1", Some(format), text));
        assert!(
            message.starts_with("Blocked configuration rejected: line '"),
            "{message}"
        );
        assert!(!message.contains("hunter2") && !message.contains("$6$"), "{message}");
        refused(policy.judge_config("t", "r1", None, text));
    }
}

#[test]
fn harmless_configuration_passes_in_any_format() {
    let policy = built_in();
    let harmless = [
        (
            "set",
            "set system login user bob class operator\nset interfaces ge-0/0/0 description \"set system root-authentication\"",
        ),
        (
            "text",
            "system { login { user bob { class operator; } } host-name r1; }",
        ),
        (
            "xml",
            "<configuration><system><host-name>r1</host-name></system><protocols><bgp><authentication-key>x</authentication-key></bgp></protocols></configuration>",
        ),
        ("json", r#"{"configuration": {"system": {"host-name": "r1"}}}"#),
    ];
    for (format, text) in harmless {
        policy.judge_config("t", "r1", Some(format), text).unwrap();
    }
    assert_eq!(
        policy
            .judge_config("t", "r1", Some("xml"), "<system>")
            .unwrap_err()
            .code(),
        Code::InvalidInput
    );
    assert_eq!(
        policy.judge_config("t", "r1", Some("yaml"), "x").unwrap_err().code(),
        Code::InvalidInput
    );
}

#[test]
fn inventory_rules_keep_their_message_and_hold_for_short_forms() {
    let policy = globs();
    let text = refused(policy.judge_command("execute_junos_command", "r2", "clear bgp neighbor 192.0.2.1"));
    assert_eq!(
        text,
        "denied by blocklist: execute_junos_command on 'r2' matched rule 'clear bgp *' (action=deny, source=defaults); \
         input: clear bgp neighbor 192.0.2.1"
    );
    refused(policy.judge_command("t", "r2", "cle bg nei all"));
    refused(policy.judge_command("t", "r2", "request system reboot | no-more"));
    policy.judge_command("t", "r2", "clear ospf neighbor").unwrap();
}

#[test]
fn pfe_rules_hold_for_both_ways() {
    let policy = globs();
    refused(policy.judge_pfe("execute_junos_pfe_command", "r1", "set  debug x"));
    policy
        .judge_pfe("execute_junos_pfe_command", "r1", "show syslog messages")
        .unwrap();
    refused(policy.judge_command("t", "r1", "request pfe execute target fpc0 command \"set debug x\""));
    refused(policy.judge_command("t", "r1", "req pf exec comm \"set debug x\" targ fpc0"));
    policy
        .judge_command("t", "r1", "request pfe execute target fpc0 command \"show nhdb\"")
        .unwrap();
}

#[test]
fn inventory_rules_on_configuration_want_set_lines() {
    let policy = globs();
    let error = policy
        .judge_config("t", "r1", Some("xml"), "<configuration/>")
        .unwrap_err();
    assert_eq!(error.code(), Code::InvalidInput);
    assert_eq!(
        error.message(),
        "config blocklist rules require config_format=set; got 'xml'"
    );
    policy.judge_config("t", "r2", Some("xml"), "<configuration/>").unwrap();
    for text in [
        "# c\nset system host-name r1\nset protocols bgp group x",
        "set prot bg group x",
        "edit protocols\nset bgp group x",
        "delete interfaces",
        "delete int ge-0/0/0",
        "set groups G protocols bgp group x",
    ] {
        refused(policy.judge_config("t", "r1", None, text));
    }
    policy
        .judge_config(
            "t",
            "r1",
            Some("set"),
            "set protocols ospf area 0\nset interfaces ge-0/0/0 mtu 9000",
        )
        .unwrap();
}

#[test]
fn another_inventory_brings_its_own_rules() {
    let present = globs();
    let inventory = Inventory::parse("{}", Path::new(""), "test").unwrap();
    let next = present.with_inventory(&inventory).unwrap();
    next.judge_command("t", "r2", "clear bgp neighbor").unwrap();
    assert!(present.summary().contains("5 blocklist rules"));
}
