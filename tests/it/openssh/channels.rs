//! NETCONF channels, and what breaks them.

use super::*;

#[tokio::test]
async fn a_refused_subsystem_shows_on_the_first_read() {
    if !sshd::available() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let id = keygen(keys.path(), "id", &["-t", "ed25519"], "");
    let broken = Sshd::start(Setup {
        authorized: &[public(&id)],
        subsystem: Some("#!/bin/sh\nexit 1\n"),
        ..Setup::default()
    });
    let without = Sshd::start(Setup {
        authorized: &[public(&id)],
        subsystem: Some(""),
        ..Setup::default()
    });
    for (server, said) in [
        (&without, "refused the NETCONF subsystem"),
        (&broken, "closed the NETCONF session before it said anything"),
    ] {
        let r1 = device(server.port, key(&id));
        let connection = connect(options(HostKeys::strict(server.known_hosts())), &r1)
            .await
            .unwrap();
        let mut stream = connection.open_netconf().await.unwrap();
        let error = stream.read_u8().await.unwrap_err();
        let inner = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
        assert_eq!(inner.code(), Code::NetconfUnavailable);
        assert!(
            inner.message().contains(said) && inner.message().contains("device `r1`"),
            "{inner}"
        );
        assert!(inner.advice().unwrap().contains("set system services netconf ssh"));
    }
}

#[tokio::test]
async fn more_channels_than_allowed_are_refused() {
    if !sshd::available() {
        return;
    }
    let (server, id, _keys) = with_key(&["-t", "ed25519"], "MaxSessions 1\n");
    let r1 = device(server.port, key(&id));
    let connection = connect(options(HostKeys::strict(server.known_hosts())), &r1)
        .await
        .unwrap();
    let _first = netconf(&connection).await;
    let error = connection.open_netconf().await.err().unwrap();
    assert_eq!(error.code(), Code::NetconfUnavailable, "{error}");
}

#[tokio::test]
async fn megabytes_travel_while_the_server_changes_keys() {
    if !sshd::available() {
        return;
    }
    let (server, id, _keys) = with_key(&["-t", "ed25519"], "RekeyLimit 1M\n");
    let r1 = device(server.port, key(&id));
    let connection = connect(options(HostKeys::strict(server.known_hosts())), &r1)
        .await
        .unwrap();
    let idle = netconf(&connection).await;
    let (mut reader, mut writer) = tokio::io::split(netconf(&connection).await);
    let sent: Vec<u8> = (0..8 << 20).map(|index: u32| (index % 251) as u8).collect();
    let expected = sent.clone();
    let writing = tokio::spawn(async move {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
        writer
    });
    let mut received = Vec::new();
    reader.read_to_end(&mut received).await.unwrap();
    assert!(received == expected, "{} bytes came back, or others", received.len());
    writing.await.unwrap();
    drop(idle);
}

#[tokio::test]
async fn a_stream_that_nobody_reads_does_not_stop_the_others() {
    if !sshd::available() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let id = keygen(keys.path(), "id", &["-t", "ed25519"], "");
    let flood = "#!/bin/sh\nprintf '<hello/>]]>]]>'\nread first\n[ \"$first\" = flood ] && exec head -c 30000000 /dev/zero\nexec cat\n";
    let server = Sshd::start(Setup {
        authorized: &[public(&id)],
        subsystem: Some(flood),
        ..Setup::default()
    });
    let r1 = device(server.port, key(&id));
    let connection = connect(options(HostKeys::strict(server.known_hosts())), &r1)
        .await
        .unwrap();
    let mut unread = netconf(&connection).await;
    let mut used = netconf(&connection).await;
    unread.write_all(b"flood\n").await.unwrap();
    for _ in 0..50 {
        used.write_all(b"x\necho\n").await.unwrap();
        let mut echo = [0; 5];
        used.read_exact(&mut echo).await.unwrap();
        if &echo != b"echo\n" {
            // The first line is eaten by the script.
            assert_eq!(&echo[..2], b"x\n");
            used.read_exact(&mut echo[..2]).await.unwrap();
        }
    }
    let mut all = Vec::new();
    unread.read_to_end(&mut all).await.unwrap();
    assert_eq!(all.len(), 30_000_000);
}

#[tokio::test]
async fn a_connection_that_breaks_is_noticed() {
    if !sshd::available() {
        return;
    }
    let (server, id, _keys) = with_key(&["-t", "ed25519"], "");
    let relay = sshd::Relay::to(server.port).await;
    let r1 = device(relay.port, key(&id));
    let file = server.directory.path().join("pinned");
    let connection = connect(options(HostKeys::accept_new(file)), &r1).await.unwrap();
    let mut stream = netconf(&connection).await;
    drop(relay);
    let error = stream.read_u8().await.unwrap_err();
    let inner = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(inner.code(), Code::Transport, "{inner}");
    let error = connection.open_netconf().await.err().unwrap();
    assert_eq!(error.code(), Code::Transport, "{error}");
    assert!(connection.is_closed());
}
