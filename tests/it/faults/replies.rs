//! Replies as they should not be, to commands that read.

use jmcp::{
    error::Code,
    lab::{Fault, Spoil},
};
use serde_json::json;

use super::{MX, ROUTERS, assert_failed, assert_read, lines, show, version};
use crate::support::bench::Bench;

async fn spoilt(bench: &Bench, router: &str, how: Spoil) -> jmcp::server::path::Answered {
    bench.device(router).faults().once(Fault::Reply {
        on: "show version".into(),
        how,
    });
    version(bench, router).await
}

async fn spoilt_as(bench: &Bench, how: Spoil, format: &str) -> jmcp::server::path::Answered {
    bench.device(MX).faults().once(Fault::Reply {
        on: "show version".into(),
        how,
    });
    let arguments = json!({"router_name": MX, "command": "show version", "format": format});
    bench.call("execute_junos_command", arguments).await
}

#[tokio::test]
async fn sixty_mebibytes_in_one_text_are_kept_and_shown_in_part() {
    let bench = Bench::start().await;
    let answered = spoilt(&bench, MX, Spoil::HugeText(60)).await;
    assert_read(&answered, &["line          1 of a very long answer", "handle="]);
    assert!(answered.text.len() < 100_000, "{} bytes shown", answered.text.len());
    assert_read(&version(&bench, MX).await, &["Junos:"]);
}

#[tokio::test]
async fn many_small_elements() {
    let bench = Bench::start().await;
    let answered = spoilt_as(&bench, Spoil::HugeXml(4), "json").await;
    assert_read(&answered, &["198.18.0.1/32"]);
    let answered = spoilt_as(&bench, Spoil::HugeXml(4), "xml").await;
    assert_read(&answered, &["<rt-destination>198.18.0.1/32</rt-destination>"]);
}

#[tokio::test]
async fn errors_in_every_shape_name_device_and_cause() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        for (how, code, words) in [
            (Spoil::TextOnly, Code::DeviceError, "device ge-9/9/9 not found"),
            (
                Spoil::XnmError,
                Code::DeviceError,
                "the chassis-control subsystem is not running",
            ),
            (Spoil::PermissionDenied, Code::PermissionDenied, "permission denied"),
            (Spoil::WarningThenError, Code::DeviceError, "statement creation failed"),
        ] {
            let answered = spoilt(&bench, router, how.clone()).await;
            assert_failed(&answered, code, &[router, words]);
            assert_read(&version(&bench, router).await, &["Junos:"]);
        }
    }
}

#[tokio::test]
async fn text_only_replies_that_are_no_errors_are_output() {
    let bench = Bench::start().await;
    let answered = spoilt(&bench, MX, Spoil::Content("\nnothing to see\n".into())).await;
    assert_read(&answered, &["nothing to see"]);
}

#[tokio::test]
async fn an_empty_reply_is_an_empty_answer() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let answered = spoilt(&bench, router, Spoil::Empty).await;
        assert_read(&answered, &[]);
        assert_eq!(answered.structured.unwrap()["output"], "", "{router}");
    }
}

#[tokio::test]
async fn a_warning_beside_the_answer_does_not_fail_it() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let answered = spoilt(&bench, router, Spoil::WarningBeside).await;
        assert_read(&answered, &["Junos:"]);
        let warnings = answered.structured.unwrap()["warnings"].to_string();
        assert!(
            warnings.contains("uncommitted changes will be discarded on exit"),
            "{router}: {warnings}"
        );
    }
}

#[tokio::test]
async fn an_engine_that_failed_does_not_hide_the_other() {
    let bench = Bench::start().await;
    let answered = spoilt(&bench, "srx-lab-1", Spoil::OneEngineFailed).await;
    assert_read(
        &answered,
        &["node0", "all is well", "node1", "could not connect to node1"],
    );
    let warnings = answered.structured.unwrap()["warnings"].to_string();
    assert!(warnings.contains("node1: could not connect"), "{warnings}");
}

#[tokio::test]
async fn bytes_that_xml_forbids() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let bare = spoilt(&bench, router, Spoil::BareAmpersand).await;
        assert_read(&bare, &["research & development, AT&T; R&"]);
        let control = spoilt(&bench, router, Spoil::ControlBytes).await;
        assert_read(&control, &["bell ", " null ", " escape ", " latin-1 M"]);
        assert!(
            !control.text.contains(['\u{7}', '\u{0}', '\u{1b}']),
            "{:?}",
            control.text
        );
        assert!(
            control.text.contains("Mü") || control.text.contains("M\u{fffd}"),
            "{:?}",
            control.text
        );
        let references = spoilt(&bench, router, Spoil::ByteReferences).await;
        assert_read(&references, &["España"]);
    }
}

#[tokio::test]
async fn namespaces_that_are_none() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let undeclared = spoilt(&bench, router, Spoil::UndeclaredPrefix).await;
        assert_read(&undeclared, &["/* kept */"]);
        let invalid = spoilt(&bench, router, Spoil::InvalidNamespace).await;
        assert_read(&invalid, &["Junos:"]);
    }
}

#[tokio::test]
async fn an_engine_that_is_never_closed() {
    let bench = Bench::start().await;
    let answered = spoilt_as(&bench, Spoil::UnclosedRoutingEngine, "xml").await;
    assert_read(&answered, &["<name>node0</name>", "<name>node1</name>"]);
}

#[tokio::test]
async fn a_configuration_in_several_parts_is_whole() {
    let bench = Bench::start().await;
    for format in ["text", "set"] {
        bench.device(MX).faults().once(Fault::Reply {
            on: "show configuration".into(),
            how: Spoil::SplitConfiguration,
        });
        let answered = bench
            .call("get_junos_config", json!({"router_name": MX, "format": format}))
            .await;
        assert_read(&answered, &["host-name split", "## requires 'bgp' license", "lldp"]);
    }
}

#[tokio::test]
async fn json_with_a_key_twice_is_never_asked_for() {
    let bench = Bench::start().await;
    // The device would answer `format="json"` with arrays of `data`; what is made of its XML has none.
    let arguments = json!({"router_name": MX, "command": "show version | display json"});
    let data = bench.structured("execute_junos_command", arguments).await["data"].to_string();
    assert!(data.contains("junos-version"), "{data}");
    assert!(!data.contains("\"data\":"), "{data}");
    // Sent in place of XML it is text.
    let answered = spoilt(&bench, MX, Spoil::DuplicateKeys).await;
    assert_read(&answered, &["first", "second"]);
}

#[tokio::test]
async fn a_device_that_ignores_minified_answers_alike() {
    let bench = Bench::start().await;
    let ask = || {
        bench.call(
            "execute_junos_command",
            json!({"router_name": MX, "command": "show version", "format": "xml"}),
        )
    };
    let plain = ask().await.text;
    bench.device(MX).faults().set(Fault::MinifiedIgnored);
    assert_eq!(ask().await.text, plain);
}

#[tokio::test]
async fn pipes_never_reach_the_device() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let all = show(&bench, router, "show version").await.text;
        let some = show(&bench, router, "show version | match Junos | count").await;
        let wanted = all
            .lines()
            .filter(|line| line.contains("Junos") || line.contains("JUNOS") || line.contains("junos"))
            .count();
        assert_read(&some, &[&format!("Count: {wanted} lines")]);
        assert_eq!(lines(bench.device(router), "|"), 0, "{:?}", bench.device(router).log());
    }
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_no_answer() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let answered = spoilt(&bench, router, Spoil::CutOff).await;
        assert_failed(&answered, Code::Transport, &[router, "in the middle of the reply"]);
        assert_read(&version(&bench, router).await, &["Junos:"]);
    }
}

#[tokio::test]
async fn a_reply_beyond_repair_is_a_protocol_error() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let answered = spoilt(&bench, router, Spoil::Content("<output>never closed".into())).await;
        assert_failed(&answered, Code::Protocol, &[router]);
        assert_read(&version(&bench, router).await, &["Junos:"]);
    }
}
