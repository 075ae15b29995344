//! The SSH client against a real OpenSSH server.

use std::{path::Path, sync::Arc};

use jmcp::{
    error::{Code, Error},
    junos::{
        inventory::{Auth, Device, Framing},
        ssh::{HostKeys, Options, SshConnector},
        transport::{Connect, Connection, Stream},
    },
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::sshd::{self, Setup, Sshd, keygen, public};

const HELLO: &[u8] = b"<hello/>]]>]]>";

fn device(port: u16, auth: Auth) -> Device {
    Device {
        name: "r1".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        username: sshd::user(),
        auth,
        ssh_config: None,
        legacy: false,
        framing: Framing::Auto,
        public: serde_json::Map::new(),
        problem: None,
    }
}

fn key(path: &Path) -> Auth {
    Auth::Key {
        path: path.to_owned(),
        passphrase: None,
    }
}

/// Options that see nothing of the machine's user.
fn options(host_keys: HostKeys) -> Options {
    Options {
        agent: None,
        home: None,
        ..Options::new(host_keys)
    }
}

async fn connect(options: Options, device: &Device) -> Result<Arc<dyn Connection>, Error> {
    SshConnector::new(options).connect(device).await
}

async fn refused(options: Options, device: &Device) -> Error {
    connect(options, device).await.err().expect("the connection is refused")
}

/// Opens a stream and reads the hello.
async fn netconf(connection: &Arc<dyn Connection>) -> Box<dyn Stream> {
    let mut stream = connection.open_netconf().await.unwrap();
    let mut hello = vec![0; HELLO.len()];
    stream.read_exact(&mut hello).await.unwrap();
    assert_eq!(hello, HELLO);
    stream
}

/// A server, and a client key that may log in.
fn with_key(options: &[&str], config: &str) -> (Sshd, std::path::PathBuf, tempfile::TempDir) {
    let keys = tempfile::tempdir().unwrap();
    let key = keygen(keys.path(), "id", options, "");
    let server = Sshd::start(Setup {
        config,
        authorized: &[public(&key)],
        ..Setup::default()
    });
    (server, key, keys)
}

#[tokio::test]
async fn keys_of_every_type_log_in() {
    if !sshd::available() {
        return;
    }
    for kind in [
        &["-t", "ed25519"][..],
        &["-t", "ecdsa", "-b", "256"],
        &["-t", "ecdsa", "-b", "521"],
        &["-t", "rsa"],
    ] {
        let (server, id, _keys) = with_key(kind, "");
        let device = device(server.port, key(&id));
        let connection = connect(options(HostKeys::strict(server.known_hosts())), &device)
            .await
            .unwrap();
        let mut stream = netconf(&connection).await;
        stream.write_all(b"echo").await.unwrap();
        let mut echo = [0; 4];
        stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(&echo, b"echo");
        assert!(!connection.is_closed());
        drop(stream);
        connection.close().await;
        assert!(connection.is_closed());
        assert!(connection.open_netconf().await.is_err());
    }
}

#[tokio::test]
async fn a_key_that_is_not_authorized_is_refused_with_what_was_tried() {
    if !sshd::available() {
        return;
    }
    let (server, _id, keys) = with_key(&["-t", "ed25519"], "");
    let wrong = keygen(keys.path(), "wrong", &["-t", "ed25519"], "");
    let error = refused(
        options(HostKeys::strict(server.known_hosts())),
        &device(server.port, key(&wrong)),
    )
    .await;
    assert_eq!(error.code(), Code::AuthFailed, "{error}");
    for part in [
        "device `r1`",
        &sshd::user(),
        "publickey (ssh-ed25519 SHA256:",
        "it offers `publickey`",
    ] {
        assert!(error.message().contains(part), "{part}: {error}");
    }
}

#[tokio::test]
async fn an_encrypted_key_needs_its_passphrase() {
    if !sshd::available() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let id = keygen(keys.path(), "id", &["-t", "rsa", "-b", "2048"], "open sesame");
    let server = Sshd::start(Setup {
        authorized: &[public(&id)],
        ..Setup::default()
    });
    let trust = || options(HostKeys::strict(server.known_hosts()));
    let with = |passphrase: Option<&str>| {
        device(
            server.port,
            Auth::Key {
                path: id.clone(),
                passphrase: passphrase.map(Into::into),
            },
        )
    };
    netconf(&connect(trust(), &with(Some("open sesame"))).await.unwrap()).await;
    let error = refused(trust(), &with(None)).await;
    assert_eq!(error.code(), Code::AuthFailed);
    assert!(error.message().contains("encrypted"), "{error}");
    let error = refused(trust(), &with(Some("sesame"))).await;
    assert!(
        error.message().contains("cannot be decrypted") && !format!("{error:?}").contains("sesame\""),
        "{error}"
    );
    let missing = refused(trust(), &device(server.port, key(&keys.path().join("none")))).await;
    assert_eq!(missing.code(), Code::NotFound);
}

#[tokio::test]
async fn agents_log_in_and_open_encrypted_keys() {
    if !sshd::available() || sshd::which("ssh-agent").is_none() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let agent = sshd::Agent::start(keys.path());
    for index in 0..2 {
        agent.add(&keygen(keys.path(), &format!("other_{index}"), &["-t", "ed25519"], ""));
    }
    let rsa = keygen(keys.path(), "rsa", &["-t", "rsa", "-b", "2048"], "");
    agent.add(&rsa);
    let server = Sshd::start(Setup {
        authorized: &[public(&rsa)],
        ..Setup::default()
    });
    let with_agent = || Options {
        agent: Some(agent.socket.clone()),
        ..options(HostKeys::strict(server.known_hosts()))
    };
    netconf(&connect(with_agent(), &device(server.port, Auth::Agent)).await.unwrap()).await;

    sshd::run(
        "ssh-keygen",
        &["-q", "-p", "-P", "", "-N", "secret", "-f", rsa.to_str().unwrap()],
    );
    netconf(&connect(with_agent(), &device(server.port, key(&rsa))).await.unwrap()).await;

    let error = refused(
        options(HostKeys::strict(server.known_hosts())),
        &device(server.port, Auth::Agent),
    )
    .await;
    assert_eq!(error.code(), Code::AuthFailed);
    assert!(error.message().contains("no SSH agent"), "{error}");
}

#[tokio::test]
async fn passwords_of_system_users_log_in() {
    if !sshd::available() || !sshd::is_root() || sshd::which("useradd").is_none() {
        eprintln!("skipped: only root can make a user");
        return;
    }
    let account = sshd::Account::create("jmcp-it-user", "corr3ct horse");
    let server = Sshd::start(Setup {
        config: "PasswordAuthentication yes\nMaxAuthTries 2\n",
        ..Setup::default()
    });
    let with = |password: &str| Device {
        username: account.name.to_owned(),
        ..device(server.port, Auth::Password(password.into()))
    };
    let trust = || options(HostKeys::strict(server.known_hosts()));
    netconf(&connect(trust(), &with("corr3ct horse")).await.unwrap()).await;
    let error = refused(trust(), &with("wrong horse")).await;
    assert_eq!(error.code(), Code::AuthFailed);
    assert!(
        error
            .message()
            .contains("tried `password`; it offers `publickey`, `password`"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("wrong horse"));
}

#[tokio::test]
async fn host_keys_unknown_pinned_and_changed() {
    if !sshd::available() {
        return;
    }
    let (server, id, _keys) = with_key(&["-t", "ed25519"], "");
    let r1 = device(server.port, key(&id));
    let file = server.directory.path().join("new/known_hosts");

    let error = refused(options(HostKeys::strict(&file)), &r1).await;
    assert_eq!(error.code(), Code::KnownHostsMissing);
    assert!(error.message().contains(file.to_str().unwrap()), "{error}");

    let empty = server.write("empty", "");
    let error = refused(options(HostKeys::strict(&empty)), &r1).await;
    assert_eq!(error.code(), Code::HostKeyUnknown);
    let print = sshd::run("ssh-keygen", &["-lf", server.host_keys[0].to_str().unwrap()]);
    let print = print.split_whitespace().nth(1).unwrap();
    assert!(error.message().contains(print), "{error}");
    assert_eq!(std::fs::read_to_string(&empty).unwrap(), "");

    for _ in 0..2 {
        netconf(&connect(options(HostKeys::accept_new(&file)), &r1).await.unwrap()).await;
    }
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        written,
        format!("[127.0.0.1]:{} {}\n", server.port, public(&server.host_keys[0]))
    );
    netconf(&connect(options(HostKeys::strict(&file)), &r1).await.unwrap()).await;

    let other = keygen(server.directory.path(), "other", &["-t", "ecdsa"], "");
    let changed = server.write(
        "changed",
        &format!("# x\n[127.0.0.1]:{} {}\n", server.port, public(&other)),
    );
    for trust in [HostKeys::strict(&changed), HostKeys::accept_new(&changed)] {
        let error = refused(options(trust), &r1).await;
        assert_eq!(error.code(), Code::HostKeyMismatch);
        assert!(
            error.message().contains(print) && error.message().contains("changed:2"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn host_keys_revoked_hashed_and_unwritable() {
    if !sshd::available() {
        return;
    }
    let (server, id, _keys) = with_key(&["-t", "ed25519"], "");
    let r1 = device(server.port, key(&id));
    let revoked = server.write("revoked", &format!("@revoked * {}\n", public(&server.host_keys[0])));
    let error = refused(options(HostKeys::accept_new(&revoked)), &r1).await;
    assert_eq!(error.code(), Code::HostKeyMismatch);
    assert!(error.message().contains("revoked:1"), "{error}");

    let hashed = server.known_hosts();
    sshd::run("ssh-keygen", &["-q", "-H", "-f", hashed.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&hashed).unwrap().starts_with("|1|"));
    netconf(&connect(options(HostKeys::strict(&hashed)), &r1).await.unwrap()).await;

    let blocked = server.write("file", "").join("known_hosts");
    let error = refused(options(HostKeys::accept_new(&blocked)), &r1).await;
    assert_eq!(error.code(), Code::KnownHostsMissing, "{error}");
    assert!(!server.log().contains("Accepted publickey for nobody"));
}

#[tokio::test]
async fn the_key_type_on_record_is_asked_for() {
    if !sshd::available() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let id = keygen(keys.path(), "id", &["-t", "ed25519"], "");
    let server = Sshd::start(Setup {
        host_keys: &[&["-t", "ed25519"], &["-t", "rsa", "-b", "2048"]],
        authorized: &[public(&id)],
        ..Setup::default()
    });
    let rsa_only = server.write(
        "rsa",
        &format!("[127.0.0.1]:{} {}\n", server.port, public(&server.host_keys[1])),
    );
    netconf(
        &connect(options(HostKeys::strict(&rsa_only)), &device(server.port, key(&id)))
            .await
            .unwrap(),
    )
    .await;
}

#[tokio::test]
async fn hardened_and_old_algorithms() {
    if !sshd::available() {
        return;
    }
    let suite_b =
        "KexAlgorithms ecdh-sha2-nistp384\nCiphers aes128-gcm@openssh.com\nHostKeyAlgorithms ecdsa-sha2-nistp256";
    let old =
        "KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes256-cbc\nMACs hmac-sha1\nHostKeyAlgorithms ssh-rsa";
    let keys = tempfile::tempdir().unwrap();
    let id = keygen(keys.path(), "id", &["-t", "ecdsa"], "");
    let start = |config| {
        let host_keys: &[&[&str]] = &[&["-t", "ecdsa", "-b", "256"], &["-t", "rsa", "-b", "2048"]];
        Sshd::start(Setup {
            config,
            host_keys,
            authorized: &[public(&id)],
            ..Setup::default()
        })
    };
    let server = start(suite_b);
    netconf(
        &connect(
            options(HostKeys::strict(server.known_hosts())),
            &device(server.port, key(&id)),
        )
        .await
        .unwrap(),
    )
    .await;

    let server = start(old);
    let trust = || options(HostKeys::strict(server.known_hosts()));
    let modern = device(server.port, key(&id));
    let error = refused(trust(), &modern).await;
    assert_eq!(error.code(), Code::NoCommonAlgorithm);
    for part in [
        "key exchange",
        "ours are `mlkem768x25519-sha256,",
        "theirs are `diffie-hellman-group14-sha1`",
    ] {
        assert!(error.message().contains(part), "{part}: {error}");
    }
    assert!(error.advice().unwrap().contains("\"legacy\": true"));
    netconf(&connect(trust(), &Device { legacy: true, ..modern }).await.unwrap()).await;
}

#[tokio::test]
async fn group_exchange_with_2048_bits() {
    if !sshd::available() {
        return;
    }
    let (server, id, _keys) = with_key(
        &["-t", "ed25519"],
        "KexAlgorithms diffie-hellman-group-exchange-sha256\n",
    );
    let r1 = device(server.port, key(&id));
    netconf(
        &connect(options(HostKeys::strict(server.known_hosts())), &r1)
            .await
            .unwrap(),
    )
    .await;
}

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
async fn a_scan_finds_every_host_key_also_behind_a_jump_host() {
    if !sshd::available() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let id = keygen(keys.path(), "id", &["-t", "ed25519"], "");
    let server = Sshd::start(Setup {
        host_keys: &[
            &["-t", "ed25519"],
            &["-t", "ecdsa", "-b", "256"],
            &["-t", "rsa", "-b", "2048"],
        ],
        ..Setup::default()
    });
    let jump = Sshd::start(Setup {
        authorized: &[public(&id)],
        ..Setup::default()
    });
    let config = server.write(
        "config",
        &format!(
            "Host 127.0.0.1\nProxyJump jump\nHost jump\nHostName localhost\nPort {}\nUser {}\nIdentityFile {}\n\
             HostKeyAlias jump\n",
            jump.port,
            sshd::user(),
            id.display()
        ),
    );
    let trusted = server.write("jump_known", &format!("jump {}\n", public(&jump.host_keys[0])));
    let connector = SshConnector::new(options(HostKeys::strict(trusted)));
    let direct = Arc::new(device(server.port, Auth::Password("never shown".into())));
    let behind = Arc::new(Device {
        name: "r2".to_owned(),
        ssh_config: Some(config),
        ..(*direct).clone()
    });
    let closed = Arc::new(Device {
        name: "r3".to_owned(),
        port: 1,
        ..(*direct).clone()
    });
    let found = jmcp::junos::ssh::scan(&connector, [direct, behind, closed]).await;
    let mut expected: Vec<String> = server
        .host_keys
        .iter()
        .map(|key| format!("[127.0.0.1]:{} {}", server.port, public(key)))
        .collect();
    expected.sort();
    for (name, outcome) in &found[..2] {
        let mut lines: Vec<String> = outcome.as_ref().unwrap().iter().map(|key| key.line.clone()).collect();
        lines.sort();
        assert_eq!(lines, expected, "{name}");
        assert!(
            outcome
                .as_ref()
                .unwrap()
                .iter()
                .all(|key| key.fingerprint.starts_with("SHA256:"))
        );
    }
    assert_eq!(found[2].0, "r3");
    assert_eq!(found[2].1.as_ref().unwrap_err().code(), Code::ConnectFailed);
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
        (Some(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Code::ConnectFailed, "SSH"),
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
