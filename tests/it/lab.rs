//! The lab from outside: what a client sees over SSH.

mod changes;
mod client;
mod commits;
mod faults;
mod operators;

use std::{sync::Arc, time::Duration};

use jmcp::lab::{Fault, Gate, Kind, Lab, LabDevice, LabOptions, ManualClock};

use self::client::{Client, Login};

pub(crate) async fn lab() -> Lab {
    Lab::start(LabOptions::default()).await.unwrap()
}

fn device<'a>(lab: &'a Lab, name: &str) -> &'a LabDevice {
    lab.device(name).unwrap()
}

#[tokio::test]
async fn each_device_speaks_its_dialect() {
    let lab = lab().await;
    for (name, prefix, chunked, host) in [
        ("mx-lab-1", "", false, "mx-lab-1"),
        ("srx-lab-1", "", false, "node1"),
        ("ex-lab-1", "nc:", true, "ex-lab-1"),
    ] {
        let client = Client::password(device(&lab, name)).await;
        let mut session = client.netconf().await;
        assert!(session.hello.contains(&format!("<{prefix}hello")), "{}", session.hello);
        assert!(session.hello.starts_with("<!-- No zombies"));
        assert_eq!(session.is_chunked(), chunked, "{name}");
        let reply = session.rpc("<get-software-information/>").await;
        assert!(
            reply.contains(&format!("<{prefix}rpc-reply")) && reply.contains("message-id=\"1\""),
            "{reply}"
        );
        assert!(reply.contains(host), "{reply}");
        assert_eq!(
            reply.contains("<multi-routing-engine-results>"),
            name != "mx-lab-1",
            "{name}"
        );
        let closed = session.rpc("<close-session/>").await;
        assert!(closed.contains(&format!("<{prefix}ok/>")), "{closed}");
    }
}

#[tokio::test]
async fn candidates_can_be_loaded_compared_committed() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let mut session = Client::password(mx).await.netconf().await;
    session.rpc("<open-configuration><private/></open-configuration>").await;
    let set = "<load-configuration action=\"set\" format=\"text\"><configuration-set>\
               set interfaces xe-0/0/3 description \"rack &amp; roll\"</configuration-set></load-configuration>";
    assert!(session.rpc(set).await.contains("<ok/>"));
    let diff = session
        .rpc("<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>")
        .await;
    assert!(diff.contains("rack &amp; roll"), "{diff}");
    let committed = session
        .rpc("<commit-configuration><log>by the test</log></commit-configuration>")
        .await;
    assert!(
        committed.contains("<commit-success/>") && committed.contains("re1"),
        "{committed}"
    );
    let shown = session
        .rpc("<command format=\"text\">show interfaces descriptions</command>")
        .await;
    assert!(shown.contains("rack &amp; roll"), "{shown}");
    assert_eq!(
        mx.store(|s| s.value("interfaces xe-0/0/3 description")).as_deref(),
        Some("rack & roll")
    );
    assert!(
        mx.log()
            .iter()
            .any(|line| line.starts_with("configuration: Commit by lab")),
        "{:#?}",
        mx.log()
    );
}

#[tokio::test]
async fn unconfirmed_commits_go_when_their_time_is_over() {
    let clock = Arc::new(ManualClock::default());
    let options = LabOptions {
        clock: Some(Arc::clone(&clock)),
        ..LabOptions::default()
    };
    let lab = Lab::start(options).await.unwrap();
    let ex = device(&lab, "ex-lab-1");
    let mut session = Client::password(ex).await.netconf().await;
    session.rpc("<lock-configuration/>").await;
    let text = "<load-configuration format=\"text\"><configuration-text>system { location { building b7; } }\
                </configuration-text></load-configuration>";
    session.rpc(text).await;
    session
        .rpc("<commit-configuration><confirmed/><confirm-timeout>5</confirm-timeout></commit-configuration>")
        .await;
    let building = || ex.store(|s| s.value("system location building"));
    assert_eq!(building().as_deref(), Some("b7"));
    clock.advance(Duration::from_secs(299));
    assert!(building().is_some());
    clock.advance(Duration::from_secs(2));
    assert_eq!(building(), None);
}

#[tokio::test]
async fn every_way_to_log_in_works() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    for login in [
        Login::Password,
        Login::Key(Box::new(lab.private_key().clone())),
        Login::Keyboard(vec!["lab-password"]),
    ] {
        Client::login(mx, login).await.unwrap();
    }
    assert!(Client::login(mx, Login::Wrong).await.is_none());
    assert_eq!(mx.counters().ssh_connections, 4);
    assert_eq!(mx.counters().auth_attempts, 4);
    assert!(
        mx.log().contains(&"login lab by publickey".to_owned()),
        "{:#?}",
        mx.log()
    );
}

#[tokio::test]
async fn a_connection_has_several_sessions_up_to_its_limit() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    mx.faults().once(Fault::MaxSessions(2));
    let client = Client::password(mx).await;
    let (mut one, mut two) = (client.netconf().await, client.netconf().await);
    assert!(one.rpc("<get-system-information/>").await.contains("mx-lab-1"));
    assert!(two.rpc("<get-system-information/>").await.contains("mx-lab-1"));
    assert!(client.try_netconf().await.is_err());
    let counters = mx.counters();
    assert_eq!((counters.channels, counters.rpcs), (2, 2));
}

#[tokio::test]
async fn closing_the_channel_aborts_what_is_going_on() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let gate = Gate::new();
    mx.faults().once(Fault::Hold {
        on: "show version".to_owned(),
        gate: gate.clone(),
    });
    let client = Client::password(mx).await;
    let mut session = client.netconf().await;
    session.send("<rpc><command>show version</command></rpc>").await;
    gate.reached().await;
    session.close().await;
    assert!(mx.logged("aborted").await.contains("command `show version`"));
    mx.logged("closed").await;
}

#[tokio::test]
async fn a_session_can_be_killed_from_another() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let client = Client::password(mx).await;
    let (mut one, mut two) = (client.netconf().await, client.netconf().await);
    one.rpc("<lock-configuration/>").await;
    assert!(
        two.rpc("<lock-configuration/>")
            .await
            .contains(&format!("pid {}", one.id()))
    );
    let kill = format!("<kill-session><session-id>{}</session-id></kill-session>", one.id());
    assert!(two.rpc(&kill).await.contains("<ok/>"));
    mx.logged(&format!("session {} closed", one.id())).await;
    assert!(!two.rpc("<lock-configuration/>").await.contains("rpc-error"));
}

#[tokio::test]
async fn the_cli_works_over_plain_ssh() {
    let lab = lab().await;
    let client = Client::password(device(&lab, "srx-lab-1")).await;
    let version = client.exec("show version | match Junos:").await;
    assert_eq!(version, "Junos: 23.4R2.13\n".repeat(2));
    assert!(
        client
            .exec("show configuration system ntp | display set")
            .await
            .contains("set system ntp server")
    );
    assert!(client.exec("frobnicate").await.contains("unknown command"));
}

#[tokio::test]
async fn round_trips_are_counted() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    mx.faults().set(Fault::OneWayDelay(Duration::from_millis(40)));
    let mut session = Client::password(mx).await.netconf().await;
    let before = mx.counters().flights;
    for _ in 0..3 {
        session.rpc("<get-system-information/>").await;
    }
    assert_eq!(mx.counters().flights - before, 3);
    session.send("<rpc><get-system-information/></rpc>").await;
    session.send("<rpc><get-system-information/></rpc>").await;
    session.receive().await.unwrap();
    session.receive().await.unwrap();
    assert_eq!(mx.counters().flights - before, 4, "two requests in one flight");
    assert!((5..20).contains(&before), "{before}");
}

#[tokio::test]
async fn files_and_keys_outlive_the_lab() {
    let dir = tempfile::tempdir().unwrap();
    let options = LabOptions {
        key_dir: Some(dir.path().to_owned()),
        devices: 4,
        ..LabOptions::default()
    };
    let lab = Lab::start(options.clone()).await.unwrap();
    assert_eq!(
        lab.devices().iter().map(LabDevice::kind).collect::<Vec<_>>(),
        [Kind::Mx, Kind::Srx, Kind::Ex, Kind::Mx]
    );
    assert_eq!(
        device(&lab, "mx-lab-2")
            .store(|s| s.value("system host-name"))
            .as_deref(),
        Some("mx-lab-2")
    );
    let files = lab.write_files(dir.path()).unwrap();
    let text = std::fs::read_to_string(&files.inventory).unwrap();
    let inventory: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(inventory["mx-lab-1"]["port"], device(&lab, "mx-lab-1").port);
    assert_eq!(inventory["ex-lab-1"]["auth"]["type"], "ssh_key");
    assert_eq!(std::fs::read_to_string(&files.known_hosts).unwrap(), lab.known_hosts());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&files.inventory), mode(&files.private_key)), (0o600, 0o600));
    }
    let keys = |lab: &Lab| lab.devices().iter().map(LabDevice::host_key).collect::<Vec<_>>();
    let (before, address) = (
        keys(&lab),
        (device(&lab, "mx-lab-1").address.clone(), device(&lab, "mx-lab-1").port),
    );
    drop(lab);
    let gone = async {
        while tokio::net::TcpStream::connect((address.0.as_str(), address.1))
            .await
            .is_ok()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    let again = Lab::start(options).await.unwrap();
    assert_eq!(keys(&again), before);
}
