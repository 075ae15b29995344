//! Host keys, algorithms and scanning.

use super::*;

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
    let found = jmcp::junos::ssh::scan(&connector, [direct, behind.clone(), closed]).await;
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
    // A jump host that is not on record shows its own keys first.
    let connector = SshConnector::new(options(HostKeys::strict(server.write("empty", ""))));
    let stuck = Arc::new(Device {
        name: "r4".to_owned(),
        ..(*behind).clone()
    });
    let jump_keys = jmcp::junos::ssh::scan(&connector, [stuck]).await.remove(0).1.unwrap();
    assert_eq!(jump_keys.len(), 1);
    assert!(
        jump_keys[0].server.starts_with("jump host `jump`"),
        "{}",
        jump_keys[0].server
    );
    assert_eq!(jump_keys[0].line, format!("jump {}", public(&jump.host_keys[0])));

    assert_eq!(found[2].0, "r3");
    assert_eq!(found[2].1.as_ref().unwrap_err().code(), Code::ConnectFailed);
}
