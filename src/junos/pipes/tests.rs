//! Tests of pipes.

use super::*;
use crate::error::Code;

fn run(command: &str, text: &str) -> String {
    apply(&split(command).unwrap().pipes, text.to_owned())
}

fn refused(command: &str) -> (Code, String) {
    let error = split(command).unwrap_err();
    (error.code(), error.to_string())
}

const OUTPUT: &str = "\nInterface   Admin Link\nge-0/0/0    up    up\nge-0/0/1    up    down\nxe-0/1/0    down  down\n";

#[test]
fn filters_run_in_the_order_written() {
    assert_eq!(
        run("show interfaces terse | match ^ge", OUTPUT),
        "ge-0/0/0    up    up\nge-0/0/1    up    down\n"
    );
    assert_eq!(run("x | except down | count", OUTPUT), "Count: 2 lines\n");
    assert_eq!(run("x | count", OUTPUT), "Count: 4 lines\n");
    assert_eq!(run("x | last 2 | match up", OUTPUT), "ge-0/0/1    up    down\n");
    assert_eq!(run("x | match up | last 1", OUTPUT), "ge-0/0/1    up    down\n");
    assert_eq!(run("x | find xe", OUTPUT), "xe-0/1/0    down  down\n");
    assert_eq!(run("x | find nothing", OUTPUT), "Pattern not found\n");
    assert_eq!(run("x | find nothing | count", OUTPUT), "Count: 0 lines\n");
    assert_eq!(run("x | match xe | trim 12", OUTPUT), "down  down\n");
    assert_eq!(run("x | count | match 4 | trim 7", OUTPUT), "4 lines\n");
    assert_eq!(run("x | match nothing", OUTPUT), "");
    assert_eq!(run("x | no-more", OUTPUT), OUTPUT);
    assert_eq!(run("x | trim 99 | last", "ä\nbc"), "\n\n");
}

#[test]
fn case_is_ignored_and_columns_are_characters() {
    assert_eq!(run("x | match GE-0/0/0", OUTPUT), "ge-0/0/0    up    up\n");
    assert_eq!(run("x | trim 1", "äö\nü\n"), "ö\n\n");
}

#[test]
fn pipes_inside_quotes_and_escaped_ones_do_not_separate() {
    assert_eq!(run(r#"x | match "0/0/1|xe""#, OUTPUT).lines().count(), 2);
    assert_eq!(run(r"x|match 'xe|ge'|count", OUTPUT), "Count: 3 lines\n");
    assert_eq!(run(r"x | match a\|b", "a|b\nab\n"), "a|b\n");
    assert_eq!(run(r#"x | match "say \"up\"""#, "say \"up\"\nup\n"), "say \"up\"\n");
    assert_eq!(run("x | match don't | count", "I don't\n"), "Count: 1 lines\n");
    let route = split(r#"show route aspath-regex ".*(65001|65002)" | no-more"#).unwrap();
    assert_eq!(route.command, r#"show route aspath-regex ".*(65001|65002)""#);
}

#[test]
fn nothing_hides_a_pipe_from_the_device_but_double_quotes() {
    for hidden in [
        "show log 'x | save /var/tmp/f'",
        r"show log x\| save /var/tmp/f",
        r#"show log "x\" | save /var/tmp/f""#,
        "show configuration | display 'set | save /var/tmp/f'",
        r"show configuration | compare rollback 1\| save /var/tmp/f",
    ] {
        assert_eq!(refused(hidden).0, Code::InvalidInput, "{hidden}");
    }
    assert_eq!(refused(r#"show log \"x | save /var/tmp/f\""#).0, Code::Unsupported);
    assert_eq!(run("x | match 'up    up'", OUTPUT), "ge-0/0/0    up    up\n");
    let route = split(r#"show route aspath-regex "a\|b""#).unwrap();
    assert_eq!(route.command, r#"show route aspath-regex "a\|b""#);
}

#[test]
fn names_may_be_shortened() {
    assert_eq!(run("x | mat ge | COU", OUTPUT), "Count: 2 lines\n");
    let line = split("show configuration | comp rollback 1 | disp set | exc foo").unwrap();
    assert_eq!(line.command, "show configuration | compare rollback 1 | display set");
    assert!(refused("x | co foo").1.contains("ambiguous: compare, count"));
    assert!(refused("x | re 5").1.contains("refresh, request, resolve"));
}

#[test]
fn display_goes_to_the_device_but_json_does_not() {
    let json = split("show version | display json | match mx").unwrap();
    assert_eq!(
        (json.command.as_str(), json.display, json.pipes.len()),
        ("show version", Display::Json, 1)
    );
    let json = split("show configuration|dis inheritance|dis j").unwrap();
    assert_eq!(
        (json.command.as_str(), json.display),
        ("show configuration | display inheritance", Display::Json)
    );
    let xml = split("show version | display xml rpc").unwrap();
    assert_eq!(
        (xml.command.as_str(), xml.display),
        ("show version | display xml rpc", Display::Xml)
    );
    assert!(refused("x | display xml | display json").1.contains("exclude"));
    let (code, text) = refused("show configuration | match ge | display set");
    assert_eq!(code, Code::InvalidInput);
    assert!(text.contains("`| display set` stands behind `| match ge`"), "{text}");
}

#[test]
fn what_cannot_be_done_is_refused() {
    for writing in ["save /var/tmp/x", "append x", "tee x", "request message all y", "sav x"] {
        assert_eq!(
            refused(&format!("show version | {writing}")).0,
            Code::Unsupported,
            "{writing}"
        );
    }
    for command in [
        "",
        "  ",
        "| match x",
        "show version |",
        "show version | | count",
        "x | nonsense",
        "x | match",
        "x | match \"a",
        "x | match \"a\" b",
        "x | last many",
        "x | last 0",
        "x | trim",
        "x | count all",
        "x | match [",
        "x | display",
        "show version\nrequest system reboot",
        "show\u{7}version",
        "x | hold 5",
        "x | match \"\"",
    ] {
        assert_eq!(refused(command).0, Code::InvalidInput, "{command:?}");
    }
    assert!(refused("x | grep y").1.contains("`| match`"));
    assert!(refused("x | match (").1.contains("invalid regular expression `(`"));
}

#[test]
fn pipes_without_effect_are_told() {
    let line = split("show version | refresh 5 | resolve full-names | hold | no-more").unwrap();
    assert_eq!(
        (line.command.as_str(), line.pipes.len(), line.notes.len()),
        ("show version", 0, 2)
    );
}

#[test]
fn a_brace_is_literal_where_it_opens_no_repetition() {
    assert_eq!(run("x | match {", "system {\n  a;\n}\n"), "system {\n");
    assert_eq!(run("x | match \"s{2}\"", "class\nas\n"), "class\n");
}

#[test]
fn large_texts_take_linear_time() {
    let text = "ge-0/0/0.100 up up inet 192.0.2.1/24\n".repeat(50_000);
    assert_eq!(
        run("x | match inet | except lo0 | trim 3 | last 40000 | count", &text),
        "Count: 40000 lines\n"
    );
}

proptest::proptest! {
    #[test]
    fn nothing_makes_it_panic(command in "[ -~]{0,40}", text in ".{0,80}") {
        if let Ok(line) = split(&command) {
            apply(&line.pipes, text);
        }
    }

    #[test]
    fn without_pipes_the_text_is_untouched(text in "(?s).{0,80}") {
        assert_eq!(apply(&[], text.clone()), text);
    }
}
