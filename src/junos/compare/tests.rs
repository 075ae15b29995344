//! Trees of statements, how they differ, and how that is told.

use proptest::prelude::*;

use super::*;

fn compared(old: &str, new: &str) -> (String, String) {
    let changes = difference::between(&text::parse(old).unwrap(), &text::parse(new).unwrap());
    (print::hunks(&changes), print::commands(&changes))
}

fn commands(old: &str, new: &str) -> Vec<String> {
    compared(old, new).1.lines().map(str::to_owned).collect()
}

#[test]
fn what_is_gone_new_and_other_is_told_at_its_place() {
    let old = "system { host-name a; services { ftp; } }\ninterfaces { ge-0/0/0 { unit 0 { family inet; } } }";
    let new = "interfaces { ge-0/0/0 { description \"to b; c\"; unit 0 { family inet; } } }\nsystem { host-name b; }";
    let (hunks, commands) = compared(old, new);
    assert_eq!(
        hunks,
        "[edit interfaces ge-0/0/0]\n+   description \"to b; c\";\n[edit system]\n-   host-name a;\n-   services {\n-       ftp;\n-   }\n\
         +   host-name b;\n"
    );
    assert_eq!(
        commands,
        "set interfaces ge-0/0/0 description \"to b; c\"\ndelete system host-name a\ndelete system services\nset system host-name b\n"
    );
}

#[test]
fn the_order_of_siblings_means_nothing_but_where_junos_goes_by_it() {
    assert_eq!(
        compared("a { x; y; } b;", "b; a { y; x; }"),
        (String::new(), String::new())
    );
    let old = "filter f { term a { then accept; } term b { then reject; } term c { then log; } }";
    let new = "filter f { term b { then reject; } term c { then log; } term a { then accept; } }";
    let (hunks, moved) = compared(old, new);
    assert_eq!(moved, "insert filter f term a after term c\n");
    assert_eq!(hunks, "[edit filter f]\n    term c { ... }\n!   term a { ... }\n");
    assert_eq!(
        commands("import [ a b c ];", "import [ c a b ];"),
        ["insert import c before a"]
    );
    assert_eq!(
        commands("import a;", "import [ n a ];"),
        ["set import n", "insert import n before a"]
    );
    assert_eq!(
        commands("filter f { term a; term c; }", "filter f { term a; term b; term c; }"),
        ["set filter f term b", "insert filter f term b after term a"]
    );
}

#[test]
fn a_statement_on_one_line_is_the_one_in_braces() {
    assert_eq!(commands("then accept;", "then { accept; }"), [] as [&str; 0]);
    assert_eq!(
        commands("then accept;", "then { metric 10; accept; }"),
        ["set then metric 10"]
    );
    assert_eq!(
        commands("from { protocol [ bgp ospf ]; tag 1; }", "from protocol bgp;"),
        ["delete from protocol ospf", "delete from tag 1"]
    );
    assert_eq!(
        commands("interface a { metric 5; }", "interface a;"),
        ["delete interface a metric 5"]
    );
}

#[test]
fn what_does_not_count_is_told_apart() {
    assert_eq!(commands("a { b; }", "inactive: a { b; }"), ["deactivate a"]);
    assert_eq!(
        commands("protect: inactive: a { b; }", "a { b; }"),
        ["activate a", "unprotect a"]
    );
    assert_eq!(
        commands("", "inactive: a { b; inactive: c; }"),
        ["set a b", "set a c", "deactivate a c", "deactivate a"]
    );
    let (hunks, _) = compared("a { b; }", "inactive: a { b; }");
    assert_eq!(hunks, "[edit]\n!   inactive: a { ... }\n");
}

#[test]
fn comments_and_secrets_marks_are_no_statements() {
    let text = "## Last commit: x by y\n/* { */ system { /* } */ secret \"$9$a\\\"b\"; ## SECRET-DATA\n# }\n}";
    let read = text::parse(text).unwrap();
    assert_eq!(read[0].children[0].words, ["secret", "$9$a\\\"b"]);
    assert_eq!(commands("", text), ["set system secret \"$9$a\\\"b\""]);
}

#[test]
fn what_is_no_configuration_is_refused() {
    for text in [
        "a {",
        "a",
        "}",
        "a } b",
        "a [ b",
        "a { b }",
        "\"a",
        "/* a",
        "{ a; }",
        "a [ b [ c ] ];",
        "a ] b;",
    ] {
        assert!(text::parse(text).is_err(), "{text}");
    }
    assert!(text::parse(&"a {".repeat(500)).is_err());
}

#[test]
fn a_path_names_one_statement_or_a_list() {
    let text =
        "protocols { ospf { area 0; } bgp { group x; } } interfaces { ge-0/0/0 { unit 0 { vlan-id 1; } unit 1; } }";
    let at = |path: &str| {
        let found = text::at(text::parse(text).unwrap(), &words_of(path).unwrap());
        found.iter().map(|s| s.words.join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(at("protocols bgp"), ["protocols bgp"]);
    assert_eq!(at("[edit protocols bgp group]"), ["protocols bgp group x"]);
    assert_eq!(
        at("interfaces ge-0/0/0 unit"),
        ["interfaces ge-0/0/0 unit 0", "interfaces ge-0/0/0 unit 1"]
    );
    assert_eq!(at("protocols rip"), [] as [&str; 0]);
    for path in ["", "a | b", "a; b", "[edit]", "a {"] {
        assert!(words_of(path).is_err(), "{path}");
    }
}

#[test]
fn configurations_are_named_as_people_name_them() {
    for (name, point) in [
        ("candidate", Point::Candidate),
        ("Running", Point::Running),
        ("0", Point::Running),
        ("rollback 0", Point::Running),
        ("rollback 3", Point::Rollback(3)),
        ("rollback-3", Point::Rollback(3)),
        ("3", Point::Rollback(3)),
        ("rescue", Point::Rescue),
    ] {
        assert_eq!(Point::of(name).unwrap(), point, "{name}");
    }
    for name in ["", "50", "rollback", "rollback x", "-1", "startup"] {
        assert!(Point::of(name).is_err(), "{name}");
    }
}

/// What the commands make of an ordered list.
fn moved(old: &[u8], new: &[u8]) -> Vec<u8> {
    let text = |list: &[u8]| list.iter().map(|n| format!("term t{n};")).collect::<String>();
    let mut list: Vec<u8> = old.to_vec();
    for line in commands(&text(old), &text(new)) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].trim_start_matches('t').parse::<u8>().unwrap();
        match words[0] {
            "delete" => list.retain(|n| *n != number(2)),
            "set" => list.push(number(2)),
            _ => {
                list.retain(|n| *n != number(2));
                let at = list.iter().position(|n| *n == number(5)).unwrap();
                list.insert(at + usize::from(words[3] == "after"), number(2));
            }
        }
    }
    list
}

proptest! {
    #[test]
    fn commands_lead_from_any_order_to_any_other(
        old in Just((0..9_u8).collect::<Vec<_>>()).prop_shuffle(),
        new in Just((3..12_u8).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        prop_assert_eq!(moved(&old, &new), new);
    }

    #[test]
    fn nothing_makes_it_panic(old in "[a-c{};\"\\[\\] #/*\n:]{0,40}", new in "[a-c{};\\[\\] ]{0,40}") {
        if let (Ok(old), Ok(new)) = (text::parse(&old), text::parse(&new)) {
            let changes = difference::between(&old, &new);
            print::hunks(&changes);
            print::commands(&changes);
            prop_assert!(difference::between(&new, &new).is_empty());
        }
    }
}
