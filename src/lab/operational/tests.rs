//! Every command of every device has an answer in every format, and answers follow the configuration.

use tokio_util::sync::CancellationToken;

use super::*;
use crate::lab::{
    ManualClock,
    config::{Clock, Store},
    device::Identity,
    keys,
};

fn device(kind: Kind) -> Arc<Shared> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    let store = Store::new(kind.initial_configuration(), kind.style(), Arc::clone(&clock)).unwrap();
    let key = keys::generate().unwrap();
    let identity = Identity {
        name: "lab".to_owned(),
        kind,
        host_key: key.clone(),
        other_key: key.clone(),
        user_key: key.public_key().clone(),
        max_sessions: 1,
    };
    Arc::new(Shared::new(identity, store, clock, CancellationToken::new()))
}

fn who() -> Who {
    Who {
        session: 7,
        user: "lab".to_owned(),
        pid: 7,
        terminal: String::new(),
    }
}

fn ask(device: &Arc<Shared>, line: &str, format: Format) -> Answer {
    device
        .operational
        .answer(device, &who(), &Query::of_command(line, format))
}

fn text(device: &Arc<Shared>, line: &str) -> String {
    match ask(device, line, Format::Text) {
        Answer::Text(text) => text,
        Answer::Texts(texts) => texts
            .into_iter()
            .map(|(engine, text)| format!("{engine}:\n{text}"))
            .collect(),
        Answer::Xml(other) | Answer::Json(other) | Answer::Error(other) => panic!("{line}: {other}"),
    }
}

fn change(device: &Arc<Shared>, set_lines: &str) {
    device.store(|store| {
        store.dirty_by("lab", set_lines);
        let commit = Element::new("commit-configuration");
        let reply = store.handle(&who(), &commit).unwrap();
        assert!(!reply.contains("<rpc-error>"), "{reply}");
    });
}

/// A command line that fits a line of the table, with options left out.
fn sample(pattern: &str) -> String {
    let words = pattern.split('[').next().unwrap().split_whitespace();
    let value = |word: &str| match word {
        "{filename}" => "messages",
        "{hostname}" | "{host}" => "192.0.2.53",
        "{mebibytes}" => "1",
        "{invoke-on}" => "all-routing-engines",
        "{node}" => "0",
        "{interface-device}" => "xe-0/1/0",
        "{target}" => "fpc0",
        "{command}" => "\"show version\"",
        "{command...}" => "uname",
        "{path}" => "/var/tmp/x",
        "{daemon}" => "routing",
        other => panic!("no sample for {other}"),
    };
    words
        .map(|w| if w.starts_with('{') { value(w) } else { w })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_command_has_an_answer_in_every_format() {
    for kind in Kind::ALL {
        let device = device(kind);
        for line in include_str!("../replies/commands.txt")
            .lines()
            .filter(|l| l.contains("->") && !l.starts_with('#'))
        {
            let pattern = line.split("->").next().unwrap();
            let (kinds, pattern) = pattern.split_once(": ").unwrap_or((kind.word(), pattern));
            if kinds != kind.word() || pattern.contains("show lab huge") {
                continue;
            }
            let command = sample(pattern);
            let Answer::Xml(xml) = ask(&device, &command, Format::Xml) else {
                let Answer::Error(error) = ask(&device, &command, Format::Xml) else {
                    panic!("{kind:?} {command}")
                };
                let expected = ["not configured", "will be rebooted", "could not resolve file"];
                let expected = expected.iter().any(|words| error.contains(words));
                assert!(expected, "{kind:?} {command}: {error}");
                continue;
            };
            let reply =
                Element::parse(format!("<reply>{xml}</reply>")).unwrap_or_else(|e| panic!("{command}: {e}\n{xml}"));
            assert!(reply.elements().next().is_some(), "{kind:?} {command}: {xml}");
            text(&device, &command);
            assert!(
                matches!(ask(&device, &command, Format::Json), Answer::Json(_) | Answer::Xml(_)),
                "{command}"
            );
        }
    }
}

#[test]
fn answers_follow_the_configuration() {
    let device = device(Kind::Mx);
    assert!(text(&device, "show bgp summary").contains("Down peers: 0"));
    assert!(text(&device, "show interfaces terse xe-0/0/0").contains("203.0.113.1/30"));
    change(
        &device,
        "set interfaces xe-0/0/0 disable\nset interfaces xe-0/0/2 description \"new line\"\n\
         set protocols bgp group TRANSIT neighbor 203.0.113.99 description new\n\
         set routing-options static route 203.0.113.240/28 next-hop 198.51.100.0\n",
    );
    assert!(text(&device, "show interfaces descriptions").contains("new line"));
    assert!(text(&device, "show interfaces terse xe-0/0/0").contains("down"));
    let summary = text(&device, "show bgp summary");
    assert!(summary.contains("Down peers: 2") && summary.contains("Idle") && summary.contains("203.0.113.99"));
    let routes = text(&device, "show route 203.0.113.240/28");
    assert!(routes.contains("to 198.51.100.0 via ae0.0"), "{routes}");
    assert!(
        !text(&device, "show route protocol bgp").contains("64496"),
        "routes of the lost peer are gone"
    );
}

#[test]
fn clusters_answer_once_per_node() {
    let device = device(Kind::Srx);
    let version = text(&device, "show version");
    assert!(version.starts_with("node0:\nHostname"), "{version}");
    assert!(version.contains("Hostname: srx-lab-1-node0") && version.contains("Hostname: srx-lab-1-node1"));
    let Answer::Xml(xml) = ask(&device, "show version node 1", Format::Xml) else {
        panic!()
    };
    assert!(
        xml.contains("<re-name>node1</re-name>") && !xml.contains("node0"),
        "{xml}"
    );
    assert!(text(&device, "show chassis cluster status").starts_with("Monitor Failure codes"));
}

#[test]
fn pipes_other_than_display_do_nothing() {
    let device = device(Kind::Mx);
    assert_eq!(
        text(&device, "show version | match Kernel"),
        text(&device, "show version")
    );
    assert_eq!(
        text(&device, "show version | display json"),
        text(&device, "show version")
    );
    assert!(matches!(
        ask(&device, "show version | display xml", Format::Text),
        Answer::Xml(_)
    ));
    let Answer::Xml(rpc) = ask(&device, "show bgp neighbor 203.0.113.2 | display xml rpc", Format::Xml) else {
        panic!()
    };
    assert!(
        rpc.contains("<neighbor-address>203.0.113.2</neighbor-address>"),
        "{rpc}"
    );
}
