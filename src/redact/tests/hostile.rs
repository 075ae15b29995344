//! Texts that a device could write to keep the server busy: each takes time that grows with its length.

use super::*;

/// A quarter of a megabyte: with time that grows with the square of the length these tests take many minutes.
const LENGTH: usize = 1 << 18;

/// Pieces that are repeated, each after a beginning of its own.
const PIECES: &[(&str, &str)] = &[
    // Names with values that do not end.
    ("", "password="),
    ("", "password=/"),
    ("", "password:\\\""),
    ("-----------", "password="),
    ("login ", "x=password: "),
    // Quotes that do not end.
    ("password ", "'a "),
    ("password ", "`a "),
    ("password ", "\\\"a \\\\\\\"b "),
    ("password ", "&quot;a\\"),
    ("snmp password \"", "\\\" \\\\\" "),
    ("set snmp community \"", "\\\"a "),
    // Lists and words.
    ("password ", "[ x "),
    ("password ", "[snmp key "),
    ("set snmp ", "community a "),
    ("set snmp ", "key [ a "),
    ("[edit snmp ", "community a "),
    ("", "community a { "),
    ("", "community a {\n"),
    ("", "community a {\n}\n \n"),
    ("", "key a;"),
    ("", "x { secret a; /* "),
    ("", "## 'password "),
    // Elements.
    ("", "<secret>"),
    ("password ", "<secret>"),
    ("", "<secret/>"),
    ("", "<secret></other>"),
    ("", "<secret>a</secret>"),
    ("<community>", "<name>a</name>"),
    ("", "<secret a=\""),
    ("", "<secret '"),
    ("", "<secret \"'\n"),
    ("", "<a><![CDATA["),
    ("", "<!-- password "),
    ("", "<!-- x --> password "),
    ("", "<?xml ?>\npassword\n"),
    // Objects.
    ("{\"community\":{", "\"name\":\"a\","),
    ("", "{\"secret\":"),
    ("", "[\"secret\""),
    ("", "[\"secret\"]"),
    ("", "[\"\\secret\n"),
    ("", "{\n \n"),
    // Shapes.
    ("", "://"),
    ("", "ftp://a:b/"),
    ("", "ftp://a:b@c/"),
    ("", "-----BEGIN PRIVATE KEY-----!"),
    ("", "-----BEGIN "),
    ("", "$9$$9$"),
    ("", "$9$abc"),
    ("", "authorization=basic "),
    ("", "authorization\\"),
    // Nothing but marks.
    ("password ", "\\"),
    ("password ", "\""),
    ("password ", "<"),
    ("password ", "["),
    ("password ", "{"),
    ("password ", "}"),
    ("password ", "="),
    ("password ", " :"),
];

fn repeated(begin: &str, piece: &str, length: usize) -> String {
    format!("{begin}{}", piece.repeat(length / piece.len()))
}

#[test]
fn a_text_of_one_piece_is_done_soon() {
    for (begin, piece) in PIECES {
        text(&repeated(begin, piece, LENGTH));
    }
}

#[test]
fn lines_that_are_just_short_enough_are_done_soon() {
    for (begin, piece) in PIECES {
        let line = repeated(begin, piece, limits::LONGEST_LINE - begin.len());
        let lines = vec![line; 2];
        text(&lines.join("\n"));
    }
}

#[test]
fn what_opens_in_one_half_and_closes_in_the_other_is_done_soon() {
    for (opens, closes) in [
        ("<a>", "</b>"),
        ("<a>", "<secret>a</secret>"),
        ("x {\n", "secret a;\n"),
        ("{\"a\":", "{\"secret\":\"a\",\"b\":1,"),
        ("[", "\"secret\","),
        ("- ", "password: a "),
        ("ftp://a:b", "@c"),
    ] {
        for begin in ["", "password "] {
            let (first, second) = (repeated(begin, opens, LENGTH / 2), repeated("", closes, LENGTH / 2));
            text(&format!("{first}{second}"));
        }
    }
}

#[test]
fn of_a_line_that_is_too_long_all_is_covered_from_the_first_keyword_on() {
    let long = "x ".repeat(limits::LONGEST_LINE);
    let line = format!("first {long} password {long} aB3");
    assert_eq!(covered(&line), format!("first {long} {PLACEHOLDER}"));
    assert_eq!(
        covered(&format!("{line}\nlast")),
        format!("first {long} {PLACEHOLDER}\nlast")
    );
    stays(&long);
}

#[test]
fn what_is_in_too_many_others_is_covered() {
    let deep = "<a><![CDATA[".repeat(100);
    let covered = covered(&format!("{deep}<secret>aB3</secret>"));
    assert!(!covered.contains("aB3"), "{covered}");
}

#[test]
fn a_value_is_covered_with_the_names_in_it() {
    assert_eq!(
        covered("login password=a=aB3= x"),
        format!("login password={PLACEHOLDER} x")
    );
    assert_eq!(
        covered("login password=/secret=aB3 x"),
        format!("login password=/secret={PLACEHOLDER} x")
    );
    let quoted = covered("login password=secret=\"a B3\" x");
    assert!(!quoted.contains("B3"), "{quoted}");
}

#[test]
fn quotes_are_found_behind_apostrophes() {
    let line = "it's the devices' own `fault: invalid password \"aB3 cD4\" near 'set snmp community eF5'";
    let covered = covered(line);
    for secret in ["aB3", "cD4", "eF5"] {
        assert!(!covered.contains(secret), "{secret} in {covered}");
    }
}

#[test]
fn between_remarks_of_xml_text_is_looked_at() {
    let covered = covered("<!-- a -->\nset snmp community aB3\n<!-- b -->\n<x>1</x>");
    assert!(!covered.contains("aB3"), "{covered}");
}
