//! Tests of the guardrails as a whole.

use std::path::Path;

use super::*;
use crate::error::Code;

fn policy_of(inventory: &str, options: Options) -> Policy {
    let inventory = Inventory::parse(inventory, Path::new(""), "test").unwrap();
    Policy::of(Files::read(&[], options.default_rules).unwrap(), &inventory, options).unwrap()
}

fn policy(inventory: &str, default_rules: bool) -> Policy {
    let options = Options {
        default_rules,
        mode: None,
    };
    policy_of(inventory, options)
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
fn built_in_rules_hold_for_what_is_typed() {
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
            "<configuration><system><root-authentication><encrypted-password>x</encrypted-password></root-authentication></system></configuration>",
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
fn inventory_rules_on_configuration_hold_for_lines() {
    let policy = globs();
    policy.judge_config("t", "r1", Some("xml"), "<configuration/>").unwrap();
    let unreadable = policy.judge_config("t", "r1", Some("xml"), "<configuration>");
    assert_eq!(unreadable.unwrap_err().code(), Code::InvalidInput);
    for text in [
        "# c\nset system host-name r1\nset protocols bgp group x",
        "set prot bg group x",
        "edit protocols\nset bgp group x",
        "delete interfaces",
        "delete int ge-0/0/0",
        "set groups G protocols bgp group x",
        "set groups G logical-systems L protocols bgp group x",
        "protocols { bgp { group x; } }",
        "delete: interfaces;",
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
fn commands_within_commands_and_what_opens_a_shell() {
    let policy = built_in();
    let judge = |command: &str| policy.judge_command("t", "r1", command);
    for command in [
        "request routing-engine execute routing-engine other command \"request system reboot\"",
        "req rout exec comm \"req sys reb\"",
        "request routing-engine execute command request system reboot",
        "start shell",
        "start sh",
        "start shell command \"reboot\"",
        "start shell pfe network fpc0",
        "request shell execute command \"cli -c 'request system reboot'\"",
        "req sh exec comm reboot",
        "op url http://192.0.2.1/x.slax",
        "ssh 192.0.2.2",
        "tel 192.0.2.2",
        "request system reboot # harmless",
        "request /* harmless */ system reboot",
        "request sys\"tem\" reboot",
        "request \\system reboot",
        "request system 'reboot'",
        "request\u{a0}system\u{2003}reboot",
    ] {
        assert!(judge(command).is_err(), "{command}");
    }
    for command in [
        "op my-script",
        "request pfe execute target fpc0 command \"show nhdb\"",
        "show cli",
    ] {
        judge(command).unwrap();
    }
    self::policy("{}", false)
        .judge_command("t", "r1", "start shell")
        .unwrap();
    let allowed = self::policy(
        r#"{"r1": {"ip": "r1", "username": "u", "password": "p", "blocklist": {"commands": [{"action": "allow", "pattern": "*"},
            {"action": "allow", "pattern": "request shell execute *"}]}}}"#,
        true,
    );
    allowed.judge_command("t", "r1", "req sh exec command \"ls\"").unwrap();
    refused(allowed.judge_command("t", "r1", "start shell"));
}

#[test]
fn a_shell_is_only_allowed_by_its_own_words() {
    let with = |pattern: &str| {
        let rules = format!(
            r#"{{"r1": {{"ip": "r1", "username": "u", "password": "p", "blocklist": {{"commands": [{{"action": "allow", "pattern": "{pattern}"}}]}}}}}}"#
        );
        policy(&rules, true)
    };
    let shell = "req sh exec command \"ls\"";
    for pattern in ["request *", "request s*", "request ?hell *", "*"] {
        refused(with(pattern).judge_command("t", "r1", shell));
    }
    for pattern in ["request shell*", "request shell execute *", "request {shell,pfe} *"] {
        with(pattern).judge_command("t", "r1", shell).unwrap();
    }
    refused(with("op *").judge_command("t", "r1", "op url http://192.0.2.1/x"));
    with("ssh *").judge_command("t", "r1", "ssh 192.0.2.2").unwrap();
}

#[test]
fn rules_with_alternatives_hold_for_short_forms() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    file(
        "block.cmd",
        "request dhcp (server|relay)\n(frobnicate|defrobnicate) all\n",
    );
    file(
        "block.cfg",
        "set (poe|protocols) (bgp|ospf)\nset vlans|bridge-domains x\n",
    );
    let files = Files::read(&[directory.path().to_owned()], true).unwrap();
    let inventory = Inventory::parse(
        r#"{"_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "request {foo,bar} *"}]}}"#,
        Path::new(""),
        "test",
    );
    let policy = Policy::of(files, &inventory.unwrap(), Options::default()).unwrap();
    for command in ["request dhcp serv", "req dhcp rel x", "frob all", "request fo x"] {
        refused(policy.judge_command("t", "r1", command));
    }
    policy.judge_command("t", "r1", "request dhcp client").unwrap();
    for line in ["set prot bg x", "set po os", "set vl x", "set bridge x"] {
        refused(policy.judge_config("t", "r1", Some("set"), line));
    }
    policy.judge_config("t", "r1", Some("set"), "set prot isis").unwrap();
}

const LISTED: &str = r#"{"_mode_default": "allow-listed",
    "r1": {"ip": "r1", "username": "u", "password": "p", "blocklist": {
        "commands": [{"action": "allow", "pattern": "clear bgp neighbor *"}, {"action": "deny", "pattern": "show log *"}],
        "pfe_commands": [{"action": "allow", "pattern": "show nhdb*"}],
        "config": [{"action": "allow", "pattern": "* interfaces *"}, {"action": "deny", "pattern": "{set,delete,deactivate} interfaces fxp0*"}]}},
    "r2": {"ip": "r2", "username": "u", "password": "p", "mode": "deny-listed"}}"#;

#[test]
fn only_what_is_listed_is_allowed_where_that_is_the_mode() {
    let policy = policy(LISTED, true);
    assert_eq!(
        (policy.mode("r1"), policy.mode("r2")),
        (Mode::AllowListed, Mode::DenyListed)
    );
    assert_eq!(policy.mode("from the cloud"), Mode::AllowListed);
    for command in [
        "show version",
        "sh int terse | match up",
        "show bgp summary",
        "SHOW configuration | display set",
        "ping 192.0.2.1 count 5",
        "ping 192.0.2.1 rapid source 192.0.2.2 count 50 size 1400",
        "traceroute 192.0.2.1 no-resolve",
        "clear bgp neighbor 192.0.2.1",
        "cle bgp nei 192.0.2.1",
    ] {
        policy.judge_command("t", "r1", command).unwrap();
    }
    for command in [
        "show log messages",
        "show system license keys",
        "show nonsense",
        "ping 192.0.2.1",
        "ping 192.0.2.1 count 51",
        "ping 192.0.2.1 count 5 count 50000",
        "ping 192.0.2.1 source count count 99",
        "traceroute monitor 192.0.2.1 count 10",
        "clear bgp neighbor",
        "clear ospf neighbor",
        "request system snapshot",
        "request system reboot",
        "file show /etc/master.passwd",
        "s version",
        "frobnicate",
    ] {
        refused(policy.judge_command("t", "r1", command));
    }
    policy.judge_command("t", "r2", "request system snapshot").unwrap();
    policy.judge_pfe("t", "r1", "show nhdb zones").unwrap();
    refused(policy.judge_pfe("t", "r1", "show memory"));
    let flag = Options {
        default_rules: true,
        mode: Some(Mode::DenyListed),
    };
    let by_flag = policy_of(LISTED, flag);
    by_flag.judge_command("t", "r1", "request system snapshot").unwrap();
    assert!(
        policy.summary().ends_with("; allow-listed, but deny-listed: r2"),
        "{}",
        policy.summary()
    );
}

#[test]
fn changes_are_judged_by_the_same_rules() {
    let policy = globs();
    let judge = |diff: &str| policy.judge_change("t", "r1", diff);
    for diff in [
        "[edit protocols]\n+   bgp {\n+       group x;\n+   }\n",
        "[edit protocols bgp]\n+    group x;\n",
        "[edit protocols]\n!    active: bgp { ... }\n",
        "[edit]\n!  active: protocols { ... }\n",
        "[edit protocols bgp]\n!    group x { ... }\n",
        "[edit]\n-  inactive: protocols {\n-      bgp {\n-          group x;\n-      }\n-  }\n+  protocols {\n+      bgp {\n+          group x;\n+      }\n+  }\n",
        "[edit]\n-  interfaces {\n-      ge-0/0/0 {\n-          mtu 9000;\n-      }\n-  }\n",
        "[edit interfaces ge-0/0/0]\n-   mtu 9000;\n",
        "[edit interfaces]\n!   inactive: ge-0/0/0 { ... }\n",
        "[edit groups G]\n+   protocols {\n+       bgp {\n+           group x;\n+       }\n+   }\n",
        "[edit groups G logical-systems L protocols bgp]\n+   group x;\n",
        "[edit groups]\n!   active: G { ... }\n",
        "[edit groups G interfaces]\n-    <ge-*> {\n-        mtu 9000;\n-    }\n",
        "no difference",
        "[edit system]\n+  host-name \"open;\n",
    ] {
        refused(judge(diff));
    }
    for diff in [
        "",
        "[edit system]\n-  host-name r1;\n+  host-name r2;\n",
        "[edit interfaces]\n+   ge-0/0/1 {\n+       mtu 9000;\n+   }\n",
        "[edit protocols]\n-   bgp {\n-       group x;\n-   }\n",
        "[edit protocols]\n!    inactive: bgp { ... }\n",
        "[edit]\n!  active: system { ... }\n",
        "[edit interfaces]\n+   inactive: ge-0/0/1 {\n+       mtu 9000;\n+   }\n",
    ] {
        judge(diff).unwrap();
    }
    policy.judge_change("t", "r2", "no difference, and no rules").unwrap();
    let text = refused(judge("[edit protocols bgp]\n+    group x;\n"));
    assert_eq!(
        text,
        "denied by blocklist: t on 'r1' matched rule 'set protocols bgp *' (action=deny, source=device); input: set protocols bgp group x"
    );
}

#[test]
fn built_in_rules_hold_for_changes() {
    let policy = built_in();
    for diff in [
        "[edit system]\n+   root-authentication {\n+       encrypted-password \"$6$EXAMPLE\"; ## SECRET-DATA\n+   }\n",
        "[edit system login]\n+    user bob {\n+        authentication {\n+            ssh-rsa \"ssh-rsa x\";\n+        }\n+    }\n",
        "[edit groups G system root-authentication]\n+    encrypted-password x;\n",
        "[edit groups G system login user <*> authentication]\n+    encrypted-password x;\n",
        "[edit system login]\n!   active: user bob { ... }\n",
    ] {
        let message = refused(policy.judge_change("t", "r1", diff));
        assert!(
            message.starts_with("Blocked configuration rejected: line '"),
            "{message}"
        );
        assert!(!message.contains("$6$"), "{message}");
    }
    policy
        .judge_change(
            "t",
            "r1",
            "[edit system login]\n+    user bob {\n+        class operator;\n+    }\n",
        )
        .unwrap();
}

#[test]
fn only_listed_changes_are_allowed_where_that_is_the_mode() {
    let policy = policy(LISTED, false);
    let judge = |diff: &str| policy.judge_change("t", "r1", diff);
    for diff in [
        "[edit interfaces ge-0/0/0]\n+   mtu 9000;\n",
        "[edit interfaces]\n+   /* new */\n+   ge-0/0/1 {\n+       unit 0 {\n+           family inet;\n+       }\n+   }\n",
        "[edit interfaces]\n!   inactive: ge-0/0/0 { ... }\n",
    ] {
        judge(diff).unwrap();
    }
    for diff in [
        "[edit system]\n+  host-name r2;\n",
        "[edit interfaces]\n-   fxp0 {\n-       mtu 9000;\n-   }\n",
        "[edit]\n!  inactive: interfaces { ... }\n",
        "[edit interfaces ge-0/0/0]\n+   mtu 9000;\n[edit snmp]\n-  location x;\n",
    ] {
        refused(judge(diff));
    }
    let explained = policy.explain_change("t", "r1", "[edit interfaces ge-0/0/0]\n+   mtu 9000;\n");
    let rule = explained.rule.unwrap();
    assert_eq!((rule.what, rule.pattern.as_str()), ("allow config", "* interfaces *"));
    assert_eq!(rule.origin, "the inventory, `blocklist.config` of `r1`");
}

#[test]
fn every_rule_can_be_listed() {
    let policy = policy(LISTED, true);
    let rules = policy.rules("r1");
    assert!(
        rules.iter().any(|rule| rule.origin == "built-in block.cmd line 2"),
        "{rules:?}"
    );
    assert!(
        rules
            .iter()
            .any(|rule| rule.what == "allow pfe_commands" && rule.pattern == "show nhdb*")
    );
    assert!(rules.iter().any(|rule| rule.origin.starts_with("built-in safe.cmd")));
    assert!(
        !policy
            .rules("r2")
            .iter()
            .any(|rule| rule.origin.starts_with("built-in safe.cmd"))
    );
}

#[test]
fn another_inventory_brings_its_own_rules() {
    let present = globs();
    let inventory = Inventory::parse("{}", Path::new(""), "test").unwrap();
    let next = present.reread(&inventory).unwrap();
    next.judge_command("t", "r2", "clear bgp neighbor").unwrap();
    assert!(present.summary().contains("5 blocklist rules"));
}

mod events;
