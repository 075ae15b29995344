use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn xml(text: &str) -> String {
    Element::parse(text).unwrap().to_xml()
}

fn error(text: &str) -> String {
    Element::parse(text).unwrap_err().to_string()
}

#[test]
fn names_attributes_text_and_order() {
    let root = Element::parse(
        "<?xml version=\"1.0\"?><nc:a xmlns:nc='urn:x' junos:style=\"brief &amp; &#65;\"><b>1</b> <c/>\n<b> 2 </b></nc:a>",
    )
    .unwrap();
    assert_eq!(&*root.name, "a");
    assert_eq!(root.attribute("style"), Some("brief & A"));
    assert_eq!(root.children.len(), 3);
    assert_eq!(
        root.children_named("b").map(Element::text).collect::<Vec<_>>(),
        ["1", " 2 "]
    );
}

#[test]
fn text_is_whole_around_references_comments_and_cdata() {
    let root = Element::parse("<a>x &lt;b&gt; R&D &foo; &#233;<!-- - --><![CDATA[<&amp;>]]>\r\nend & </a>").unwrap();
    assert_eq!(root.text(), "x <b> R&D &foo; é<&amp;>\nend & ");
    assert_eq!(root.children.len(), 1);
}

#[test]
fn white_space_is_kept_only_where_there_are_no_elements() {
    assert_eq!(xml("<a>\n<b> </b>\n<c>\n</c></a>"), "<a><b> </b><c>\n</c></a>");
    assert_eq!(xml("<a>error: x\n<b/>\n</a>"), "<a>error: x\n<b/></a>");
}

#[test]
fn undeclared_prefixes_and_invalid_namespaces() {
    let text = "<rpc-reply xmlns:junos=\"http://xml.juniper.net/junos/24.2R1[LIMITED EVO]/junos\"><x junos:a='1' y:b='2'/></rpc-reply>";
    assert_eq!(
        Element::parse(text).unwrap().child("x").unwrap().attribute("b"),
        Some("2")
    );
}

#[test]
fn bytes_that_are_no_text() {
    let root = Element::parse(b"<a>caf\xe9 \x07\x00CR&#195;&#177;P</a>").unwrap();
    assert_eq!(root.text(), "caf\u{FFFD} CRñP");
}

#[test]
fn noise_around_the_root() {
    let text = "mgd: error: schema: init\n<!-- No zombies --><?pi x?><a/>\n<!-- session end at 2026-01-01 -->\n";
    assert_eq!(xml(text), "<a/>");
}

#[test]
fn errors_name_position_and_cause() {
    assert_eq!(
        error("<a><b></a>"),
        "malformed XML at byte 6: end tag of `a` where `b` is open"
    );
    assert_eq!(
        error("<a/></a>"),
        "malformed XML at byte 4: end tag of `a` where `nothing` is open"
    );
    assert_eq!(
        error("<a><b>"),
        "malformed XML at byte 6: the message ends inside of `b`"
    );
    assert_eq!(error("<a/><b/>"), "malformed XML at byte 4: a second root element `b`");
    assert!(error("").contains("no element"));
    assert!(error("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>").contains("document type"));
    assert!(error("<a b=1/>").contains("in the tag of `a`"));
    assert!(error("<a><b").contains("byte 3"), "{}", error("<a><b"));
    assert!(error("< a/>").contains("no element name"));
}

#[test]
fn what_is_read_can_be_written_and_read_again() {
    for name in ["a/:b:,c", "a:b:c", "a::b", ":a:b", "a:b:", ":", "a:"] {
        let text = format!("<r><{name}/></r>");
        let reason = error(&text);
        assert!(reason.contains(&format!("`{name}` is no element name")), "{reason}");
    }
    for name in ["a:b", ":b", "b.c-d_e"] {
        let read = Element::parse(format!("<r><{name}>x</{name}></r>")).unwrap();
        assert_eq!(Element::parse(read.to_xml()).unwrap(), read, "{name}");
    }
}

#[test]
fn routing_engines_left_open() {
    let repaired = "<rpc-reply><routing-engine><name>node0</name></routing-engine>\
                    <routing-engine><name>node1</name><commit-check-success/></routing-engine><ok/></rpc-reply>";
    for text in [
        "<rpc-reply><routing-engine><name>node0</name><routing-engine><name>node1</name><commit-check-success/><nc:ok/></rpc-reply>",
        "<rpc-reply><routing-engine><name>node0</name></routing-engine><routing-engine><name>node1</name><commit-check-success/><ok/></rpc-reply>",
        "<rpc-reply><routing-engine><name>node0</name><routing-engine><name>node1</name><commit-check-success/></routing-engine><ok/></rpc-reply>",
        "<rpc-reply><routing-engine><name>node0</name>\n<routing-engine><name>node1</name><commit-check-success/>\n</routing-engine>\n</routing-engine><ok/></rpc-reply>",
    ] {
        // The last is well-formed as it stands: nested, and left alone.
        let expected = if text.contains("</routing-engine>\n</routing-engine>") {
            "<rpc-reply><routing-engine><name>node0</name><routing-engine><name>node1</name><commit-check-success/>\
             </routing-engine></routing-engine><ok/></rpc-reply>"
        } else {
            repaired
        };
        assert_eq!(xml(text), expected, "{text}");
    }
    assert_eq!(
        xml("<rpc-reply><commit-results><routing-engine><name>re0</name></commit-results><ok/></rpc-reply>"),
        "<rpc-reply><commit-results><routing-engine><name>re0</name></routing-engine></commit-results><ok/></rpc-reply>"
    );
}

#[test]
fn nothing_else_is_repaired() {
    assert!(
        error("<rpc-reply><commit-results><routing-engine><name>re0</name></rpc-reply>")
            .contains("`routing-engine` is open")
    );
    assert!(error("<rpc-reply><routing-engine><name>re0</rpc-reply>").contains("`name` is open"));
    assert!(error("<rpc-reply><routing-engine><name>re0</name><ok/>").contains("ends inside"));
}

#[test]
fn real_malformed_reply() {
    let Some(data) = std::env::var_os("JMCP_TEST_DATA") else {
        eprintln!("skipped: JMCP_TEST_DATA is not set");
        return;
    };
    let bytes = std::fs::read(std::path::Path::new(&data).join("junos/cluster_validate_success.xml")).unwrap();
    let root = Element::parse(bytes).unwrap();
    assert!(root.child("ok").is_some());
    assert_eq!(root.text_at(&["routing-engine", "name"]).as_deref(), Some("node1"));
}

#[test]
fn every_real_reply_parses() {
    let Some(data) = std::env::var_os("JMCP_TEST_DATA") else {
        eprintln!("skipped: JMCP_TEST_DATA is not set");
        return;
    };
    let mut folders = vec![std::path::Path::new(&data).join("junos")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "xml") && !path.ends_with("_session.raw.xml") {
                let bytes = std::fs::read(&path).unwrap();
                count += 1;
                if let Err(error) = Element::parse(&bytes) {
                    panic!("{}: {error}", path.display());
                }
            }
        }
    }
    assert!(count > 100);
}

#[test]
fn limits() {
    let limits = Limits { depth: 3, elements: 5 };
    let parse = |text: &str| parse(Rope::from(text.as_bytes()), limits);
    assert!(parse("<a><b><c/></b></a>").is_ok());
    assert!(parse("<a><b><c><d/></c></b></a>").is_ok());
    assert!(
        parse("<a><b><c><d></d></c></b></a>")
            .unwrap_err()
            .reason
            .contains("deeper than 3")
    );
    assert!(
        parse("<a><b/><b/><b/><b/><b/></a>")
            .unwrap_err()
            .reason
            .contains("more than 5")
    );
}

#[test]
fn deep_nesting_is_refused_and_dropped_safely() {
    let text = "<a>".repeat(100_000);
    assert!(error(&text).contains("nested deeper"));
}

#[test]
fn the_kind_is_seen_without_reading_on() {
    let kind = |text: &str| super::kind(&Rope::from(text.as_bytes()));
    match kind("<!-- x -->\n<nc:rpc-reply message-id='7'><broken") {
        Kind::Root(root) => assert_eq!(root.attribute("message-id"), Some("7")),
        other => panic!("{other:?}"),
    }
    assert_eq!(kind(" <!-- session end -->\n"), Kind::Nothing);
    assert_eq!(kind("error: x"), Kind::Unreadable);
    assert_eq!(kind("<a b"), Kind::Unreadable);
}

#[test]
fn a_text_of_twelve_mebibytes_in_pieces() {
    let line = "set interfaces ge-0/0/0 description \"a &amp; b &lt;c&gt;\"\n";
    let count = 12 * 1024 * 1024 / line.len();
    let mut rope = Rope::new();
    rope.push(Bytes::from_static(b"<rpc-reply><output>"));
    let text: Bytes = line.repeat(count).into();
    let mut rest = text;
    while !rest.is_empty() {
        rope.push(rest.split_to(rest.len().min(32 * 1024 - 1)));
    }
    rope.push(Bytes::from_static(b"</output></rpc-reply>"));
    let root = parse(rope, Limits::default()).unwrap();
    let Node::Element(output) = &root.children[0] else {
        panic!()
    };
    assert_eq!(output.children.len(), 1);
    assert_eq!(output.text().len(), count * (line.len() - "amp;lt;gt;".len()));
}

/// Random trees of elements.
fn tree() -> impl Strategy<Value = Element> {
    let name = "[a-z][a-z-]{0,8}";
    let leaf = (name, "[^\\p{Cc}\r]{0,20}").prop_map(|(name, text)| {
        if text.is_empty() {
            Element::new(name)
        } else {
            Element::text_element(name, text)
        }
    });
    leaf.prop_recursive(4, 40, 5, move |inner| {
        (name, "[^\\p{Cc}]{0,10}", proptest::collection::vec(inner, 1..5)).prop_map(|(name, value, children)| {
            children
                .into_iter()
                .fold(Element::new(name).with_attribute("x:y", value), Element::with_child)
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(tree in tree(), size in 1usize..50) {
        let text = tree.to_xml();
        let mut rope = Rope::new();
        for piece in text.as_bytes().chunks(size) {
            rope.push(Bytes::copy_from_slice(piece));
        }
        prop_assert_eq!(parse(rope, Limits::default()).unwrap(), tree);
    }

    #[test]
    fn never_panics_on_markup(text in "(<|</|/>|>|a|b|routing-engine|ok|&|;|#|x|=|\"|'|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<\\?|\\?>| |\\n|<!D){0,60}") {
        let _ = Element::parse(text);
    }

    #[test]
    fn never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = Element::parse(bytes);
    }
}
