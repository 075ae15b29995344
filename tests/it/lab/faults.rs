//! Each fault of a lab device, seen by a client.

use std::time::Duration;

use jmcp::lab::{Fault, Gate, LabDevice, Spoil};
use russh::{Preferred, kex};

use super::{
    client::{Client, Login},
    device, lab,
};

async fn spoilt(device: &LabDevice, how: Spoil) -> Vec<u8> {
    device.faults().once(Fault::Reply {
        on: "show version".to_owned(),
        how,
    });
    let mut session = Client::password(device).await.netconf().await;
    session.request("<command format=\"text\">show version</command>").await;
    session.receive_bytes().await.unwrap()
}

#[tokio::test]
async fn connections_fail_as_told() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    mx.faults().once(Fault::EofAtIdent);
    assert!(Client::connect(mx, Preferred::DEFAULT).await.is_err());
    mx.faults().once(Fault::OtherHostKey);
    assert!(Client::connect(mx, Preferred::DEFAULT).await.is_err());
    mx.faults().once(Fault::NistKexOnly);
    let curve = Preferred {
        kex: vec![kex::CURVE25519].into(),
        ..Preferred::DEFAULT
    };
    assert!(Client::connect(mx, curve).await.is_err());
    mx.faults().once(Fault::OldAlgorithmsOnly);
    assert!(Client::connect(mx, Preferred::DEFAULT).await.is_err());
    mx.faults().once(Fault::NistKexOnly);
    let nist = Preferred {
        kex: vec![kex::ECDH_SHA2_NISTP384].into(),
        ..Preferred::DEFAULT
    };
    assert!(Client::connect(mx, nist).await.is_ok());
}

#[tokio::test]
async fn logins_are_refused_as_told() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    mx.faults().times(Fault::KeyboardInteractiveOnly, 2);
    assert!(Client::login(mx, Login::Password).await.is_none());
    assert!(Client::login(mx, Login::Keyboard(vec!["lab-password"])).await.is_some());
    mx.faults().times(Fault::TwoPrompts, 2);
    assert!(Client::login(mx, Login::Keyboard(vec!["lab-password"])).await.is_none());
    assert!(
        Client::login(mx, Login::Keyboard(vec!["lab-password", "123456"]))
            .await
            .is_some()
    );
    mx.faults().once(Fault::AuthRefused);
    assert!(Client::login(mx, Login::Password).await.is_none());
    assert!(Client::login(mx, Login::Password).await.is_some());
}

#[tokio::test]
async fn the_subsystem_can_be_refused() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    mx.faults().once(Fault::RefuseSubsystem);
    let client = Client::password(mx).await;
    assert!(client.try_netconf().await.is_err());
    let mut session = client.netconf_by_exec("xml-mode netconf need-trailer").await.unwrap();
    assert!(session.rpc("<get-system-information/>").await.contains("mx-lab-1"));
}

#[tokio::test]
async fn hellos_are_spoilt_as_told() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    mx.faults()
        .once(Fault::NoiseBeforeHello("mgd: error: schema: init\n".to_owned()));
    assert!(
        Client::password(mx)
            .await
            .netconf()
            .await
            .hello
            .starts_with("mgd: error")
    );
    mx.faults().once(Fault::NcPrefixes);
    assert!(
        Client::password(mx)
            .await
            .netconf()
            .await
            .hello
            .contains("<nc:capability>")
    );
    mx.faults().once(Fault::ErrorInHello(
        "user lab does not have access privileges.".to_owned(),
    ));
    let hello = Client::password(mx).await.netconf().await.hello;
    assert!(
        hello.contains("<rpc-error>") && hello.contains("access privileges"),
        "{hello}"
    );
    mx.faults().once(Fault::FramingMismatch);
    let mut session = Client::password(mx).await.netconf().await;
    assert!(session.is_chunked());
    let reply = session.rpc("<get-system-information/>").await;
    assert!(reply.contains("mx-lab-1"), "chunks in, `]]>]]>` out: {reply}");
}

#[tokio::test]
async fn writes_are_split_as_told() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let mut session = Client::password(mx).await.netconf().await;
    for first in 1..6 {
        mx.faults().once(Fault::SplitDelimiter(first));
        session.rpc("<get-system-information/>").await;
        assert_eq!(session.packets.last(), Some(&(7 - first)), "{:?}", session.packets);
    }
    mx.faults().once(Fault::TinyWrites(1));
    let reply = session.rpc("<get-system-information/>").await;
    assert!(session.packets.len() > reply.len() && reply.contains("mx-lab-1"));
}

#[tokio::test]
async fn replies_are_spoilt_as_told() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for (how, part) in [
        (Spoil::TextOnly, &b"device ge-9/9/9 not found"[..]),
        (Spoil::XnmError, b"<xnm:error"),
        (Spoil::PermissionDenied, b"permission denied"),
        (Spoil::BareAmpersand, b"research & development"),
        (Spoil::ControlBytes, b"null \x00 escape"),
        (Spoil::ControlBytes, b"M\xfcnchen"),
        (Spoil::ByteReferences, b"&#195;&#177;"),
        (Spoil::InvalidNamespace, b"%zz"),
        (
            Spoil::SplitConfiguration,
            b"</configuration-detail>\n<configuration-output>",
        ),
        (Spoil::OneEngineFailed, b"could not connect to node1"),
        (Spoil::UnclosedRoutingEngine, b"<commit-success/>\n<routing-engine"),
        (Spoil::DuplicateKeys, b"\"host-name\" : \"second\""),
        (Spoil::WarningBeside, b"<error-severity>warning</error-severity>"),
        (Spoil::Content("<lab/>".to_owned()), b"<lab/>"),
    ] {
        let reply = spoilt(mx, how.clone()).await;
        assert!(has(&reply, part), "{how:?}: {}", String::from_utf8_lossy(&reply));
    }
    let reply = spoilt(mx, Spoil::Empty).await;
    assert!(
        reply.ends_with(b"message-id=\"1\"/>\n"),
        "{}",
        String::from_utf8_lossy(&reply)
    );
    let reply = String::from_utf8(spoilt(mx, Spoil::WarningThenError).await).unwrap();
    assert!(reply.find("warning<").unwrap() < reply.find("error</error-severity").unwrap());
    let reply = String::from_utf8(spoilt(mx, Spoil::UndeclaredPrefix).await).unwrap();
    assert!(reply.contains("junos:style") && !reply.contains("xmlns:junos"));
}

#[tokio::test]
async fn huge_replies_survive_new_keys() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    mx.faults().once(Fault::RekeyEvery(1 << 20));
    let mut session = Client::password(mx).await.netconf().await;
    let reply = session.rpc("<command format=\"text\">show lab huge 4</command>").await;
    assert!(reply.len() > 4 << 20 && reply.contains("</output>"));
    assert!(spoilt(mx, Spoil::HugeXml(1)).await.len() > 1 << 20);
}

#[tokio::test]
async fn locks_and_private_copies_are_refused_as_told() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let mut session = Client::password(mx).await.netconf().await;
    mx.faults().once(Fault::LockDenied { pid: 4711 });
    assert!(
        session
            .rpc("<lock><target><candidate/></target></lock>")
            .await
            .contains("(pid 4711)")
    );
    mx.faults().once(Fault::DatabaseModified);
    assert!(
        session
            .rpc("<lock-configuration/>")
            .await
            .contains("configuration database modified")
    );
    mx.faults().once(Fault::PrivateRefused);
    assert!(
        session
            .rpc("<open-configuration><private/></open-configuration>")
            .await
            .contains("<rpc-error>")
    );
    mx.faults().once(Fault::PrivateConfirmedRefused);
    session.rpc("<open-configuration><private/></open-configuration>").await;
    let confirmed = "<commit-configuration><confirmed/><confirm-timeout>5</confirm-timeout></commit-configuration>";
    assert!(session.rpc(confirmed).await.contains("not supported for private"));
}

#[tokio::test]
async fn a_commit_can_take_the_connection_with_it() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    for (committed, building) in [(false, "one"), (true, "two")] {
        mx.faults().once(Fault::CommitEof { committed });
        let mut session = Client::password(mx).await.netconf().await;
        session.rpc("<open-configuration><private/></open-configuration>").await;
        let load = format!(
            "<load-configuration action=\"set\" format=\"text\"><configuration-set>set system location building {building}\
             </configuration-set></load-configuration>"
        );
        session.rpc(&load).await;
        assert_eq!(session.try_rpc("<commit-configuration/>").await, None);
        assert!(session.partial().contains("<commit-results>"), "{}", session.partial());
        let now = mx.store(|s| s.value("system location building"));
        assert_eq!(now.as_deref(), committed.then_some(building));
    }
}

#[tokio::test]
async fn connections_are_dropped_as_told() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let mut session = Client::password(mx).await.netconf().await;
    mx.faults().once(Fault::DropOnRequest);
    assert_eq!(session.try_rpc("<get-system-information/>").await, None);
    mx.faults().once(Fault::Reply {
        on: String::new(),
        how: Spoil::CutOff,
    });
    let mut session = Client::password(mx).await.netconf().await;
    assert_eq!(session.try_rpc("<get-system-information/>").await, None);
    assert!(session.partial().contains("<rpc-reply"));
    mx.faults().set(Fault::DropWhenIdle(Duration::from_millis(1)));
    let mut session = Client::password(mx).await.netconf().await;
    assert_eq!(session.receive().await, None);
    mx.faults().clear();
    let mut session = Client::password(mx).await.netconf().await;
    mx.drop_connections();
    assert_eq!(session.receive().await, None);
}

#[tokio::test]
async fn requests_wait_at_gates() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let gate = Gate::new();
    mx.faults().once(Fault::HoldReply {
        on: "commit-configuration".to_owned(),
        gate: gate.clone(),
    });
    mx.faults().once(Fault::Slow {
        on: "get-system".to_owned(),
        time: Duration::from_millis(1),
    });
    let mut session = Client::password(mx).await.netconf().await;
    session.rpc("<get-system-information/>").await;
    session.request("<commit-configuration/>").await;
    gate.reached().await;
    assert!(
        mx.log()
            .iter()
            .any(|line| line.contains("commit-configuration commit begun"))
    );
    gate.open();
    assert!(session.receive().await.unwrap().contains("commit-success"));
}
