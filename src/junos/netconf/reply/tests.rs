use super::*;
use crate::error::Code;

fn reply(inner: &str) -> Reply {
    let text = format!(
        "<nc:rpc-reply xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\">{inner}</nc:rpc-reply>"
    );
    Reply::parse(Rope::from(text.as_bytes())).unwrap()
}

fn rpc_error(severity: &str, message: &str) -> String {
    format!(
        "<nc:rpc-error><nc:error-severity>{severity}</nc:error-severity><nc:error-message>\n{message}\n</nc:error-message></nc:rpc-error>"
    )
}

fn code(inner: &str) -> Code {
    reply(inner).into_result("r1").unwrap_err().code()
}

#[test]
fn all_fields_of_an_error() {
    let reply = reply(
        "<rpc-error><error-type>protocol</error-type><error-tag>operation-failed</error-tag><error-severity>error</error-severity>
         <source-daemon>mgd</source-daemon><error-path>[edit system]</error-path>
         <error-message>\nsyntax error\n</error-message><error-info><bad-element>hots-name</bad-element></error-info></rpc-error>",
    );
    let [error] = reply.errors() else { panic!() };
    assert_eq!(error.severity, Severity::Error);
    assert_eq!(error.error_type.as_deref(), Some("protocol"));
    assert_eq!(error.tag.as_deref(), Some("operation-failed"));
    assert_eq!(error.path.as_deref(), Some("[edit system]"));
    assert_eq!(error.message, "syntax error");
    assert_eq!(error.bad_element.as_deref(), Some("hots-name"));
    assert_eq!(error.source.as_deref(), Some("mgd"));
    let report = reply.into_result("r1").unwrap_err();
    assert_eq!(
        report.message(),
        "device `r1` answered: syntax error (at `[edit system]`) (near `hots-name`)"
    );
}

#[test]
fn the_worst_severity_decides_at_any_depth() {
    let warning = rpc_error("warning", "statement not found");
    let error = rpc_error("error", "commit failed");
    assert!(reply(&format!("<ok/>{warning}")).into_result("r1").is_ok());
    assert_eq!(
        code(&format!(
            "{warning}<commit-results><routing-engine><name>re1</name>{error}</routing-engine></commit-results>"
        )),
        Code::DeviceError
    );
    assert_eq!(code(&format!("<ok/>{error}")), Code::DeviceError);
    let both = reply(&format!("{warning}{error}"));
    assert_eq!((both.errors().len(), both.warnings().len()), (1, 1));
    let deep = reply(&format!(
        "<commit-results><routing-engine><name>\nre1\n</name>{error}</routing-engine></commit-results>"
    ));
    assert_eq!(deep.errors()[0].routing_engine.as_deref(), Some("re1"));
}

#[test]
fn errors_in_the_older_form() {
    let xnm = "xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\" xmlns:xnm=\"http://xml.juniper.net/xnm/1.1/xnm\"";
    let reply = reply(&format!(
        "<xnm:error {xnm}><source-daemon>jsrpd</source-daemon><token>foo</token><message>error: Chassis cluster is not enabled</message></xnm:error>
         <xnm:warning {xnm}><message>late</message></xnm:warning>"
    ));
    assert_eq!((reply.errors().len(), reply.warnings().len()), (1, 1));
    assert_eq!(reply.errors()[0].source.as_deref(), Some("jsrpd"));
    let message = reply.into_result("r1").unwrap_err().message().to_owned();
    assert_eq!(
        message,
        "device `r1` answered: Chassis cluster is not enabled (near `foo`)"
    );
}

#[test]
fn the_older_form_without_its_declaration() {
    assert_eq!(code("<xnm:error><message>bad</message></xnm:error>"), Code::DeviceError);
}

#[test]
fn data_called_error_is_data() {
    let reply = reply("<x><error><message>input errors</message></error><warning>w</warning></x>");
    assert!(reply.errors().is_empty() && reply.warnings().is_empty());
}

#[test]
fn text_only_replies() {
    let both = reply("\nprotocol: operation-failed\nerror: device asdf not found\n");
    assert_eq!(both.errors()[0].message, "device asdf not found");
    assert_eq!(both.errors()[0].tag.as_deref(), Some("operation-failed"));
    assert_eq!(code("error: command is not valid"), Code::DeviceError);
    assert!(reply("{ \"a\": \"error: x\" }").into_result("r1").is_ok());
    assert!(reply("").into_result("r1").is_ok());
    assert!(
        Reply::parse(Rope::from(&b"<rpc-reply/>"[..]))
            .unwrap()
            .into_result("r1")
            .is_ok()
    );
}

#[test]
fn counted_load_errors() {
    assert!(
        reply("<load-configuration-results><load-error-count>0</load-error-count><ok/></load-configuration-results>")
            .errors()
            .is_empty()
    );
    let failed =
        reply("<load-configuration-results><load-error-count>2</load-error-count></load-configuration-results>");
    assert!(failed.errors()[0].message.contains("2 errors"));
}

#[test]
fn codes() {
    let locked = "configuration database locked by:\n  alice terminal pts/0 (pid 4711) on since 2026-01-02 03:04:05 UTC, idle 00:04:10\n      exclusive [edit]";
    for (message, expected) in [
        ("permission denied", Code::PermissionDenied),
        (locked, Code::ConfigurationLocked),
        ("configuration database modified", Code::CandidateModified),
        (
            "private edits in use. Try 'configure private' or 'configure exclusive'.",
            Code::CandidateModified,
        ),
        ("commit confirmed is pending", Code::CommitConfirmedActive),
        (
            "commit confirmed not supported for private configuration",
            Code::DeviceError,
        ),
        ("syntax error, expecting &lt;command&gt;", Code::DeviceError),
        ("unknown command", Code::DeviceError),
    ] {
        assert_eq!(code(&rpc_error("error", message)), expected, "{message}");
    }
    let report = reply(&rpc_error("error", locked)).into_result("r1").unwrap_err();
    assert!(
        report
            .message()
            .contains("alice terminal pts/0 (pid 4711) on since 2026-01-02 03:04:05 UTC, idle 00:04:10 exclusive")
    );
    let several = [
        rpc_error("error", "one"),
        rpc_error("error", "permission denied"),
        rpc_error("error", "one"),
    ]
    .concat();
    let report = reply(&several).into_result("r1").unwrap_err();
    assert_eq!(report.message(), "device `r1` answered: permission denied; one");
}

const TWO_ENGINES: &str = "<multi-routing-engine-results>
    <multi-routing-engine-item><re-name>node0</re-name><output>\nHostname: a\n</output></multi-routing-engine-item>
    <multi-routing-engine-item><re-name>\nnode1\n</re-name>ITEM</multi-routing-engine-item></multi-routing-engine-results>";

#[test]
fn routing_engines_made_alike() {
    let two = reply(&TWO_ENGINES.replace("ITEM", "<output>\nHostname: b\n</output>"));
    let engines = two.routing_engines();
    assert_eq!(
        engines
            .iter()
            .map(|(name, _)| name.as_deref().unwrap())
            .collect::<Vec<_>>(),
        ["node0", "node1"]
    );
    assert_eq!(engines[1].1.text().trim(), "Hostname: b");
    let rule = "-".repeat(74);
    assert_eq!(
        two.cli_text(),
        format!("node0:\n{rule}\nHostname: a\n\nnode1:\n{rule}\nHostname: b\n")
    );
    let one = reply("<software-information><host-name>a</host-name></software-information>");
    assert_eq!(one.routing_engines()[0].0, None);
    assert_eq!(&*one.routing_engines()[0].1.name, "software-information");
}

#[test]
fn one_engine_failed() {
    let half = reply(&TWO_ENGINES.replace("ITEM", &rpc_error("error", "no route to host")));
    assert_eq!(half.errors()[0].routing_engine.as_deref(), Some("node1"));
    assert!(half.clone().into_result("r1").is_err());
    assert!(half.cli_text().contains("error: no route to host"));
    assert_eq!(half.routing_engines().len(), 2);
    assert_eq!(half.into_read_result("r1").unwrap().errors().len(), 1);

    let outside = reply(&format!(
        "{}{}",
        rpc_error("error", "could not connect to re1"),
        TWO_ENGINES.replace("ITEM", "")
    ));
    assert!(outside.into_read_result("r1").is_ok());
    let none = TWO_ENGINES
        .replace("ITEM", &rpc_error("error", "x"))
        .replace("<output>\nHostname: a\n</output>", &rpc_error("error", "y"));
    assert!(reply(&none).into_read_result("r1").is_err());
}

#[test]
fn configuration_output_in_several_pieces() {
    let text = reply(
        "<configuration-information><configuration-output>\nsystem {\n</configuration-output>
         <configuration-detail><xnm:warning><message>\nrequires 'bgp' license\n</message></xnm:warning><m>unsupported platform</m></configuration-detail>
         <configuration-output>\n}\n</configuration-output></configuration-information><cli><banner>{master}</banner></cli>",
    );
    let expected = "system {\n## unsupported platform\n}\n";
    let shown = text.cli_text();
    assert!(shown.starts_with("system {\n## "), "{shown}");
    assert!(
        shown.contains("## requires 'bgp' license\n") && shown.contains("## unsupported platform\n"),
        "{shown}"
    );
    assert!(
        shown.ends_with("}\n") && shown.lines().count() == expected.lines().count() + 1,
        "{shown}"
    );
    assert_eq!(text.into_cli_text(), shown);
}

#[test]
fn outputs_of_all_kinds() {
    for (inner, text) in [
        ("<output>\na\nb\n</output>", "a\nb\n"),
        ("<output>a</output><output>b\n</output>", "a\nb\n"),
        ("<configuration-text>\nsystem;\n</configuration-text>", "system;\n"),
        ("<configuration-set>\nset system\n</configuration-set>", "set system\n"),
        ("{ \"a\": [] }", "{ \"a\": [] }"),
        ("<ok/>", ""),
        ("<output></output>", ""),
        ("<a><b>1</b></a><cli><banner/></cli>", "<a>\n  <b>1</b>\n</a>\n"),
    ] {
        assert_eq!(reply(inner).cli_text(), text, "{inner}");
        assert_eq!(reply(inner).into_cli_text(), text, "{inner}");
    }
    let warned = reply(&format!("{}<output>\na\n</output>", rpc_error("warning", "old")));
    assert_eq!(warned.cli_text(), "## warning: old\na\n");
    assert_eq!(warned.into_cli_text(), "## warning: old\na\n");
}

#[test]
fn a_large_text_is_moved() {
    let text = "x".repeat(8 * 1024 * 1024);
    let reply = Reply::new(Element::new("rpc-reply").with_child(Element::text_element("output", text)));
    let at = match &reply.root().elements().next().unwrap().children[0] {
        Node::Text(text) => text.as_ptr(),
        Node::Element(_) => panic!(),
    };
    let text = reply.into_cli_text();
    assert_eq!(text.as_ptr(), at);
}

#[test]
fn payload() {
    let reply = reply(&format!("{}<ok/><data><a/></data>", rpc_error("warning", "w")));
    assert_eq!(&*reply.payload_element().unwrap().name, "data");
    assert!(reply.into_payload().unwrap().child("a").is_some());
}

#[test]
fn something_else_is_no_reply() {
    assert!(
        Reply::parse(Rope::from(&b"<notification/>"[..]))
            .unwrap_err()
            .reason
            .contains("notification")
    );
}

proptest::proptest! {
    #[test]
    fn whatever_comes_can_be_shown_and_written(
        text in "(<rpc-error>|</rpc-error>|<output>|</output>|<ok/>|<a:b x='1'>|</b>|<multi-routing-engine-results>|\
                 </multi-routing-engine-results>|<multi-routing-engine-item>|</multi-routing-engine-item>|<routing-engine>|\
                 <re-name>re0</re-name>|<configuration-output>|</configuration-output>|error: x|\\n| |&amp;|&|<error xmlns='/xnm/'>|\
                 </error>|<message>m</message>){0,14}"
    ) {
        let text = format!("<rpc-reply>{text}</rpc-reply>");
        if let Ok(reply) = Reply::parse(Rope::from(text.as_bytes())) {
            proptest::prop_assert!(Element::parse(reply.root().to_xml()).is_ok());
            reply.routing_engines();
            let shown = reply.cli_text();
            proptest::prop_assert_eq!(reply.clone().into_cli_text(), shown);
            let _ = reply.into_read_result("r1");
        }
    }
}
