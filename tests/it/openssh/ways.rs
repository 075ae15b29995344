//! The way to a server: TCP, jump hosts, proxy commands.

use super::*;

#[tokio::test]
async fn jump_hosts_one_and_nested() {
    if !sshd::available() {
        return;
    }
    let (server, id, _keys) = with_key(&["-t", "ed25519"], "");
    let jump = |name: &str, port: u16| {
        format!(
            "Host {name}\nHostName 127.0.0.1\nPort {port}\nUser {}\nIdentityFile {}\n",
            sshd::user(),
            id.display()
        )
    };
    let authorized = [public(&id)];
    let start = || {
        Sshd::start(Setup {
            authorized: &authorized,
            ..Setup::default()
        })
    };
    let (first, second) = (start(), start());
    let hosts = format!("{}{}", jump("j1", first.port), jump("j2", second.port));
    let known: String = [&server, &first, &second]
        .iter()
        .map(|server| std::fs::read_to_string(server.known_hosts()).unwrap())
        .collect();
    let known = server.write("all_known", &known);
    for (index, way) in ["ProxyJump j1", "ProxyJump j1,j2"].into_iter().enumerate() {
        let config = server.write(&format!("config_{index}"), &format!("Host 127.0.0.1\n{way}\n{hosts}"));
        let r1 = Device {
            ssh_config: Some(config),
            ..device(server.port, key(&id))
        };
        let connection = connect(options(HostKeys::strict(&known)), &r1).await.unwrap();
        let mut stream = netconf(&connection).await;
        stream.write_all(b"through").await.unwrap();
        let mut echo = [0; 7];
        stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, b"through");
        connection.close().await;
    }
    assert!(second.log().contains("Accepted publickey"), "{}", second.log());

    // The host key of a jump host is checked like any other.
    let config = server.write("config_unknown", &format!("Host 127.0.0.1\nProxyJump j1\n{hosts}"));
    let r1 = Device {
        ssh_config: Some(config),
        ..device(server.port, key(&id))
    };
    let error = refused(options(HostKeys::strict(server.known_hosts())), &r1).await;
    assert_eq!(error.code(), Code::HostKeyUnknown);
    assert!(
        error.message().contains("jump host `j1`") && error.message().contains("device `r1`"),
        "{error}"
    );

    // And what it cannot reach is told apart from what it refuses.
    let config = server.write(
        "config_closed",
        &format!("Host 127.0.0.1\nProxyJump j1\nPort 1\n{hosts}"),
    );
    let r1 = Device {
        ssh_config: Some(config),
        ..device(server.port, key(&id))
    };
    let error = refused(options(HostKeys::strict(&known)), &r1).await;
    assert_eq!(error.code(), Code::ConnectFailed);
    assert!(error.message().contains("does not connect to `127.0.0.1:1`"), "{error}");
}

#[tokio::test]
async fn a_proxy_command_carries_the_connection() {
    if !sshd::available() || sshd::which("ssh").is_none() {
        return;
    }
    let (server, id, _keys) = with_key(&["-t", "ed25519"], "");
    let known = server.known_hosts();
    let command = format!(
        "ssh -F none -i {} -o BatchMode=yes -o UserKnownHostsFile={} -p {} %r@127.0.0.1 -W %h:%p",
        id.display(),
        known.display(),
        server.port
    );
    let config = server.write(
        "config",
        &format!("Host alias\nHostName 127.0.0.1\nProxyCommand {command}\n"),
    );
    let r1 = Device {
        host: "alias".to_owned(),
        ssh_config: Some(config),
        ..device(server.port, key(&id))
    };
    netconf(&connect(options(HostKeys::strict(&known)), &r1).await.unwrap()).await;

    let config = server.write("broken", "ProxyCommand sh -c 'echo the proxy is down >&2'\n");
    let r1 = Device {
        ssh_config: Some(config),
        ..r1
    };
    let error = refused(options(HostKeys::strict(&known)), &r1).await;
    assert_eq!(error.code(), Code::ConnectFailed);
    assert!(error.message().contains("the proxy is down"), "{error}");
}

#[tokio::test]
async fn closed_ports_silent_and_chatty_servers() {
    let directory = tempfile::tempdir().unwrap();
    let trust = || Options {
        connect_timeout: std::time::Duration::from_millis(300),
        ..options(HostKeys::accept_new(directory.path().join("known_hosts")))
    };
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = refused(trust(), &device(free, Auth::Password("x".into()))).await;
    assert_eq!(error.code(), Code::ConnectFailed);
    assert!(
        error
            .message()
            .contains(&format!("device `r1` (127.0.0.1:{free}) refused")),
        "{error}"
    );

    for (says, code, part) in [
        (Some(&b""[..]), Code::ConnectFailed, "before it said anything"),
        (
            Some(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            Code::ConnectFailed,
            "it said `HTTP/1.1 400 Bad Request`",
        ),
        (None, Code::ConnectTimeout, "send its SSH identification"),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            match says {
                Some(text) => stream.write_all(text).await.unwrap(),
                None => std::future::pending().await,
            }
        });
        let error = refused(trust(), &device(port, Auth::Password("x".into()))).await;
        assert_eq!(error.code(), code, "{error}");
        assert!(error.message().contains(part), "{part}: {error}");
        server.abort();
    }
}

#[tokio::test]
async fn a_connection_that_nobody_waits_for_any_more_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let r1 = device(listener.local_addr().unwrap().port(), Auth::Password("x".into()));
    let trust = options(HostKeys::accept_new(directory.path().join("known_hosts")));
    let connecting = tokio::spawn(async move { connect(trust, &r1).await.map(drop) });
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.write_all(b"SSH-2.0-OpenSSH_9.7\r\n").await.unwrap();
    // Its identification and its key exchange proposal are here: russh's own task runs.
    let mut some = [0; 64];
    stream.read_exact(&mut some).await.unwrap();
    connecting.abort();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}
