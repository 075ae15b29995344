use super::*;

#[test]
fn set_lines_before_an_error_stay() {
    let mut device = device();
    let reply = device.set(
        1,
        "set system host-name r2\nset system hots-name r3\nset system domain-name example.net",
    );
    assert!(reply.contains("<bad-element>hots-name</bad-element>"), "{reply}");
    assert!(reply.contains("<error-message>syntax error</error-message>"), "{reply}");
    assert!(reply.contains("<error-path>[edit system]</error-path>"), "{reply}");
    assert!(reply.contains("<load-error-count>1</load-error-count>"), "{reply}");
    assert!(!reply.contains("<ok/>"), "{reply}");
    assert!(device.diff(1).contains("+  host-name r2;"));
    assert!(!device.store.candidate_set().contains("domain-name"));
    assert!(device.store.running_set().contains("set system host-name r1"));
}

#[test]
fn deleting_what_is_not_there_is_a_warning() {
    let mut device = device();
    let reply = device.set(1, "delete system domain-name\nset system host-name r2");
    assert!(
        reply.contains("<error-severity>warning</error-severity>\n<error-message>statement not found<"),
        "{reply}"
    );
    assert!(reply.contains("<ok/>"), "{reply}");
    assert!(device.diff(1).contains("+  host-name r2;"));
}

#[test]
fn verbs_of_set_format() {
    let mut device = device();
    let lines = "edit interfaces ge-0/0/0\nset mtu 9000\nup\nset ge-0/0/1 unit 0 family inet\ntop\n\
                 rename interfaces ge-0/0/1 to ge-0/0/7\ncopy interfaces ge-0/0/7 to ge-0/0/8\n\
                 deactivate interfaces ge-0/0/8\nannotate system \"be careful\"\nset system name-server [ 192.0.2.1 192.0.2.2 ]";
    let reply = device.set(1, lines);
    assert!(reply.contains("bad-element"), "a list takes one key: {reply}");
    let candidate = device.store.candidate_set();
    assert!(candidate.contains("set interfaces ge-0/0/0 mtu 9000\n"), "{candidate}");
    assert!(!candidate.contains("ge-0/0/1 "), "{candidate}");
    assert!(
        candidate.contains("set interfaces ge-0/0/7 unit 0 family inet\n"),
        "{candidate}"
    );
    assert!(candidate.contains("deactivate interfaces ge-0/0/8\n"), "{candidate}");
    let text = device.rpc(1, "<get-configuration format=\"text\"/>");
    assert!(text.contains("/* be careful */\nsystem {"), "{text}");
    device.set(1, "wildcard delete interfaces ge-0/0/[78]");
    assert!(!device.store.candidate_set().contains("ge-0/0/7"));
}

#[test]
fn values_are_checked() {
    let mut device = device();
    for (line, words) in [
        (
            "set interfaces ge-0/0/0 unit 0 vlan-id 5000",
            "Value 5000 is not within range (0..4094)",
        ),
        (
            "set system name-server 192.0.2.999",
            "invalid ip address or hostname: 192.0.2.999",
        ),
        ("set system host-name", "missing argument"),
        ("frobnicate system", "unknown command"),
        ("replace pattern a by b", "syntax error"),
        ("replace pattern ( with b", "invalid regular expression"),
    ] {
        let reply = device.set(1, line);
        assert!(reply.contains(words), "{line}: {reply}");
    }
    assert_eq!(device.store.candidate_set(), device.store.running_set());
}

#[test]
fn text_with_tags() {
    let mut device = device();
    let text = "system { host-name r2; delete: services; }\ninterfaces { replace: ge-0/0/0 { mtu 1500; } inactive: ge-0/0/1 { unit 0; } }";
    let reply = device.rpc(1, &format!("<load-configuration format=\"text\" action=\"replace\"><configuration-text>{text}</configuration-text></load-configuration>"));
    assert!(reply.contains("<load-configuration-results>\n<ok/>"), "{reply}");
    assert_eq!(
        device.store.candidate_set(),
        "set system host-name r2\nset interfaces ge-0/0/0 mtu 1500\nset interfaces ge-0/0/1 unit 0\ndeactivate interfaces ge-0/0/1\n"
    );
}

#[test]
fn an_override_takes_the_place_of_everything_or_nothing() {
    let mut device = device();
    let load = |text: &str| {
        format!(
            "<load-configuration format=\"text\" action=\"override\"><configuration-text>{text}</configuration-text></load-configuration>"
        )
    };
    assert!(
        device
            .rpc(1, &load("system { host-name r9; } nonsense;"))
            .contains("<bad-element>nonsense</bad-element>")
    );
    assert_eq!(device.store.candidate_set(), device.store.running_set());
    assert!(device.rpc(1, &load("system { host-name r9; }")).contains("<ok/>"));
    assert_eq!(device.store.candidate_set(), "set system host-name r9\n");
}

#[test]
fn broken_text_is_refused_where_it_breaks() {
    let mut device = device();
    for text in [
        "system { host-name r2;",
        "system { host-name r2 domain-name x; }",
        "}",
        "system { host-name \"r2; }",
        "system host-name r2",
    ] {
        let reply = device.rpc(1, &format!("<load-configuration format=\"text\"><configuration-text>{text}</configuration-text></load-configuration>"));
        assert!(
            reply.contains("<load-error-count>1</load-error-count>"),
            "{text}: {reply}"
        );
    }
}

#[test]
fn xml_and_json() {
    let mut device = device();
    let xml = "<load-configuration><configuration><system><host-name>r&amp;2</host-name><services operation=\"delete\"/></system>\
               <interfaces><interface inactive=\"inactive\"><name>ge-0/0/0</name><disable/></interface></interfaces></configuration></load-configuration>";
    assert!(device.rpc(1, xml).contains("<ok/>"));
    let candidate = device.store.candidate_set();
    assert!(
        candidate.starts_with("set system host-name \"r&2\"\nset interfaces ge-0/0/0 description up\n"),
        "{candidate}"
    );
    assert!(candidate.contains("set interfaces ge-0/0/0 disable\n"), "{candidate}");
    assert!(candidate.ends_with("deactivate interfaces ge-0/0/0\n"), "{candidate}");
    device.rpc(1, "<load-configuration rollback=\"0\"/>");
    let json = "{\"configuration\": {\"system\": {\"host-name\": \"r3\", \"services\": {\"telnet\": [null], \"@telnet\": {\"inactive\": true}}}}}";
    let reply = device.rpc(
        1,
        &format!(
            "<load-configuration format=\"json\"><configuration-json>{json}</configuration-json></load-configuration>"
        ),
    );
    assert!(reply.contains("<ok/>"), "{reply}");
    assert!(
        device
            .store
            .candidate_set()
            .contains("set system services telnet\ndeactivate system services telnet\n")
    );
    let unknown = device.rpc(
        1,
        "<load-configuration><configuration><system><nonsense/></system></configuration></load-configuration>",
    );
    assert!(unknown.contains("<bad-element>nonsense</bad-element>"), "{unknown}");
}

#[test]
fn edit_config_keeps_to_the_rfc() {
    let mut device = device();
    let edit = |more: &str, config: &str| {
        format!(
            "<edit-config><target><candidate/></target>{more}<config><configuration>{config}</configuration></config></edit-config>"
        )
    };
    assert_eq!(
        device.rpc(1, &edit("", "<system><domain-name>example.net</domain-name></system>")),
        "<ok/>\n"
    );
    let twice = device.rpc(
        1,
        &edit(
            "",
            "<system><domain-name operation=\"create\">example.org</domain-name></system>",
        ),
    );
    assert!(twice.contains("<error-tag>data-exists</error-tag>"), "{twice}");
    let gone = device.rpc(1, &edit("", "<system><time-zone operation=\"delete\"/></system>"));
    assert!(gone.contains("<error-tag>data-missing</error-tag>"), "{gone}");
    assert_eq!(
        device.rpc(1, &edit("", "<system><time-zone operation=\"remove\"/></system>")),
        "<ok/>\n"
    );
    let none = "<default-operation>none</default-operation>";
    assert_eq!(
        device.rpc(
            1,
            &edit(
                none,
                "<system><host-name>x</host-name><domain-name operation=\"delete\"/></system>"
            )
        ),
        "<ok/>\n"
    );
    assert_eq!(device.store.candidate_set(), device.store.running_set());
    let replace = "<default-operation>replace</default-operation>";
    assert_eq!(
        device.rpc(1, &edit(replace, "<system><host-name>r4</host-name></system>")),
        "<ok/>\n"
    );
    assert_eq!(device.store.candidate_set(), "set system host-name r4\n");
    let running = device.rpc(1, "<edit-config><target><running/></target><config/></edit-config>");
    assert!(running.contains("operation-not-supported"), "{running}");
}

#[test]
fn protected_statements_stay() {
    let mut device = device();
    device.set(1, "protect system services");
    let reply = device.set(1, "delete system services");
    assert!(reply.contains("is protected"), "{reply}");
    assert!(device.store.candidate_set().contains("set system services ssh\n"));
}

#[test]
fn only_one_action_can_stand() {
    let mut device = device();
    device.set(
        1,
        "set policy-options policy-statement p then accept\nset policy-options policy-statement p then reject",
    );
    assert!(!device.store.candidate_set().contains("accept"));
}
