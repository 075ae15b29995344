//! Differences as devices print them.

use super::*;

fn lines(diff: &str) -> Vec<String> {
    statements_of(diff)
}

#[test]
fn a_changed_value_is_gone_and_new() {
    let diff = "[edit system]\n-  host-name r1;\n+  host-name r2;\n";
    assert_eq!(lines(diff), ["delete system host-name r1", "set system host-name r2"]);
    assert_eq!(lines(""), Vec::<String>::new());
    assert_eq!(lines("\n[edit]\n"), Vec::<String>::new());
}

#[test]
fn what_is_deleted_is_named_to_the_leaf() {
    let diff = "[edit]\n-  protocols {\n-      bgp {\n-          group x {\n-              peer-as 64500;\n-          }\n-      }\n-  }\n";
    let expected = [
        "delete protocols",
        "delete protocols bgp",
        "delete protocols bgp group x",
        "delete protocols bgp group x peer-as 64500",
    ];
    assert_eq!(lines(diff), expected);
}

#[test]
fn a_list_changes_by_its_values() {
    let diff = "[edit policy-options policy-statement p term a from]\n-     protocol [ bgp static ];\n+     protocol [ bgp direct static ];\n";
    assert_eq!(
        lines(diff),
        ["set policy-options policy-statement p term a from protocol direct"]
    );
    let diff = "[edit protocols bgp]\n-   export a;\n+   export [ a \"b c\" ];\n";
    assert_eq!(lines(diff), ["set protocols bgp export \"b c\""]);
    let turned = "[edit protocols bgp]\n-   export [ a b ];\n+   export [ b a ];\n";
    assert_eq!(lines(turned).len(), 4, "the order is what changed");
    let same = "[edit protocols bgp]\n-   export a;\n+   export a;\n";
    assert_eq!(
        lines(same),
        ["delete protocols bgp export a", "set protocols bgp export a"]
    );
}

#[test]
fn marks_places_and_comments() {
    let diff = "[edit interfaces]\n!   inactive: ge-0/0/0 { ... }\n!   active: ge-0/0/1 { ... }\n[edit]\n!   protect: system { ... }\n!   unprotect: snmp { ... }
[edit policy-options policy-statement p]
     term z { ... }\n!    term b { ... }\n+    inactive: term c {\n+        then accept;\n+    }\n+    /* two\n+       lines */\n-    inactive: term d;\n";
    let expected = [
        "deactivate interfaces ge-0/0/0",
        "activate interfaces ge-0/0/1",
        "protect system",
        "unprotect snmp",
        "insert policy-options policy-statement p term b",
        "set policy-options policy-statement p term c",
        "deactivate policy-options policy-statement p term c",
        "set policy-options policy-statement p term c then accept",
        "annotate policy-options policy-statement p",
        "delete policy-options policy-statement p term d",
    ];
    assert_eq!(lines(diff), expected);
    let again = "[edit system]\n-   inactive: services {\n-       ssh;\n-   }\n+   services {\n+       ssh;\n+   }\n";
    assert_eq!(lines(again), ["activate system services"]);
    assert_eq!(changes(again).unwrap()[0].extent, Extent::Hidden);
}

/// Each statement is looked up among the others, not compared with each of them: this would take minutes.
#[test]
fn many_statements_that_are_printed_twice_take_no_longer_than_many() {
    let users = |sign: &str, class: &str| -> String {
        let user = |n| format!("{sign}   inactive: user u{n} {{\n{sign}       class {class};\n{sign}   }}\n");
        (0..5_000).map(user).collect()
    };
    let diff = format!("[edit system login]\n{}{}", users("-", "a"), users("+", "b"));
    let found = changes(&diff).unwrap();
    assert_eq!(found.len(), 10_000);
    assert_eq!(found[0].to_string(), "delete system login user u0 class a");
}

#[test]
fn words_in_quotes_are_one_word() {
    let diff = "[edit system login]\n+   message \"a; { } [edit]\\n\\\"b\\\"\"; ## SECRET-DATA\n+   announcement \"first\n-   user root;\nlast\";\n\
                [edit groups \"a b\" interfaces <ge-[01]/*>]\n+  mtu 9000;\n";
    let expected = [
        "set system login message \"a; { } [edit]\\n\\\"b\\\"\"",
        "set system login announcement \"first\\n-   user root;\\nlast\"",
        "set groups \"a b\" interfaces \"<ge-[01]/*>\" mtu 9000",
    ];
    assert_eq!(lines(diff), expected);
}

#[test]
fn engines_have_headings_of_their_own() {
    let rule = "-".repeat(74);
    let diff =
        format!("node0:\n{rule}\n[edit system]\n+  host-name r2;\n\nnode1:\n{rule}\n[edit system]\n+  host-name r2;\n");
    assert_eq!(lines(&diff), ["set system host-name r2"]);
}

#[test]
fn a_context_block_only_says_where() {
    let diff = "[edit interfaces]\n    ge-0/0/0 {\n+       mtu 9000;\n    }\n    ge-0/0/1 { ... }\n";
    assert_eq!(lines(diff), ["set interfaces ge-0/0/0 mtu 9000"]);
}

#[test]
fn nothing_is_guessed() {
    for diff in [
        "+  host-name r1;\n",
        "[edit system]\n+  host-name r1\n",
        "[edit system]\n+  services {\n",
        "[edit system]\n+  }\n",
        "[edit system]\n+  a { b; }\n",
        "[edit system]\n+  a; b;\n",
        "[edit system]\n+  services {\n-      ssh;\n+  }\n",
        "[edit system]\n+  services {\n+      ssh;\n-  }\n",
        "[edit system]\n+  message \"open;\n",
        "[edit system]\n+  message foo\"bar;\n",
        "[edit system]\n+  message \"foo\"bar;\n",
        "[edit system]\n+  replace: a;\n",
        "[edit system]\n+  a [ b ] c;\n",
        "[edit system]\n+  a [ b;\n",
        "[edit system]\n+  a /* b */ c;\n",
        "[edit system\n+  a;\n",
        "[edit inactive: system]\n+  a;\n",
        "[edit system]\n!  a {\n!    b;\n!  }\n",
        "[edit system]\n+  a {\n[edit]\n+  }\n",
        "[edit system]\n?  a;\n",
        "error: syntax\n",
        "---(more)---\n[edit]\n",
    ] {
        let error = changes(diff).unwrap_err();
        assert_eq!(error.code(), Code::Blocked);
        assert!(error.message().contains("cannot be judged"), "{error}");
        assert_eq!(statements_of(diff), [UNREADABLE]);
    }
}

proptest::proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "([-+! ]|\\[edit a\\]\n)([a-c{};\\[\\] \"/*#\\\\\n+!.:-]{0,40})") {
        let _ = changes(&text);
    }
}
