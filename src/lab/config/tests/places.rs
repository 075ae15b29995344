use super::*;

fn load(device: &mut Device, kind: &str, action: &str, text: &str) -> String {
    let format = if kind == "json" { "json" } else { "text" };
    device.rpc(
        1,
        &format!("<load-configuration action=\"{action}\" format=\"{format}\"><configuration-{kind}>{text}</configuration-{kind}></load-configuration>"),
    )
}

#[test]
fn errors_name_line_column_and_word() {
    for (kind, action, text, line, column, token) in [
        (
            "set",
            "set",
            "set system host-name r2\nset system hots-name r3",
            2,
            12,
            "hots-name",
        ),
        ("set", "set", "frobnicate system", 1, 1, "frobnicate"),
        (
            "text",
            "merge",
            "system {\n    host-name r2;\n    hots-name r3;\n}",
            3,
            5,
            "hots-name",
        ),
        (
            "text",
            "replace",
            "system {\n    services {\n        ssh;\n        no-such;\n    }\n}",
            4,
            9,
            "no-such",
        ),
        (
            "text",
            "merge",
            "interfaces {\n    ge-0/0/0 {\n        mtu x;\n    }\n}",
            3,
            13,
            "x",
        ),
    ] {
        let reply = load(&mut device(), kind, action, text);
        let place = format!(
            "<line-number>{line}</line-number>\n<column>{column}</column>\n<token>{token}</token>\n<error-info>\n<bad-element>{token}<"
        );
        assert!(reply.contains(&place), "{text}: {reply}");
        assert!(
            reply.contains("<load-error-count>1</load-error-count>"),
            "{text}: {reply}"
        );
    }
    let unclosed = load(&mut device(), "text", "merge", "system {\n    host-name r2;\n");
    assert!(unclosed.contains("<line-number>2</line-number>"), "{unclosed}");
}

#[test]
fn entries_are_moved_and_renamed_in_xml() {
    let policy = "policy-options { policy-statement p { term a { then accept; } term b { then reject; } term c { then accept; } } }";
    let terms = |device: &Device| -> String {
        let set = device.store.candidate_set();
        let terms = set.lines().filter_map(|l| l.split("term ").nth(1)?.split(' ').next());
        terms.collect::<Vec<_>>().join("")
    };
    for (term, expected) in [
        ("<term insert=\"before\" name=\"a\"><name>c</name></term>", "cab"),
        ("<term insert=\"after\" name=\"b\"><name>a</name></term>", "bac"),
        ("<term insert=\"first\"><name>c</name></term>", "cab"),
        ("<term rename=\"rename\" name=\"z\"><name>b</name></term>", "azc"),
        ("<term insert=\"after\" name=\"nowhere\"><name>a</name></term>", "abc"),
        ("<term insert=\"first\"><name>nowhere</name></term>", "abc"),
    ] {
        let mut device = device_with(policy, Style::default());
        let reply = device.rpc(1, &format!(
            "<load-configuration><configuration><policy-options><policy-statement><name>p</name>{term}</policy-statement></policy-options></configuration></load-configuration>"
        ));
        assert_eq!(terms(&device), expected, "{term}: {reply}");
        assert_eq!(
            reply.contains("statement not found"),
            term.contains("nowhere"),
            "{reply}"
        );
    }
}

#[test]
fn patterns_are_replaced_at_and_below_the_level() {
    let mut device = device();
    device.set(
        1,
        "set interfaces ge-0/0/1 description up\nset system domain-name up.example.net",
    );
    assert!(
        device
            .set(1, "edit interfaces\nreplace pattern ^up$ with down upto 1\ntop")
            .contains("<ok/>")
    );
    let candidate = device.store.candidate_set();
    assert!(candidate.contains("ge-0/0/0 description down\n"), "{candidate}");
    assert!(candidate.contains("ge-0/0/1 description up\n"), "{candidate}");
    device.set(1, "replace pattern ge-0/0 with xe-1/1");
    assert!(
        device
            .store
            .candidate_set()
            .contains("set interfaces xe-1/1/1 description up\n")
    );
    assert!(device.store.candidate_set().contains("domain-name up.example.net"));
    assert!(
        device
            .set(1, "replace pattern nowhere with x")
            .contains("pattern not found")
    );
}

#[test]
fn every_action_in_every_format() {
    let text = "system { host-name r2; replace: services { telnet; } }";
    let xml = "<system><host-name>r2</host-name><services replace=\"replace\"><telnet/></services></system>";
    let json = "{\"configuration\": {\"system\": {\"host-name\": \"r2\", \"services\": {\"@\": {\"replace\": true}, \"telnet\": [null]}}}}";
    let interface =
        "set interfaces ge-0/0/0 description up\nset interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24\n";
    for action in ["merge", "replace", "override", "update"] {
        for format in ["text", "xml", "json"] {
            let mut device = device();
            let body = match format {
                "text" => format!("<configuration-text>{text}</configuration-text>"),
                "xml" => format!("<configuration>{xml}</configuration>"),
                _ => format!("<configuration-json>{json}</configuration-json>"),
            };
            let reply = device.rpc(
                1,
                &format!("<load-configuration action=\"{action}\" format=\"{format}\">{body}</load-configuration>"),
            );
            assert!(reply.contains("<ok/>"), "{action} {format}: {reply}");
            let kept = if matches!(action, "merge" | "replace") {
                interface
            } else {
                ""
            };
            let expected = format!("set system host-name r2\nset system services telnet\n{kept}");
            assert_eq!(device.store.candidate_set(), expected, "{action} {format}");
        }
    }
}
