//! Logging in.

use super::*;

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
async fn rsa_keys_fall_back_to_what_the_server_takes() {
    if !sshd::available() {
        return;
    }
    let cases = [
        ("rsa-sha2-512", false, true),
        ("ssh-rsa", true, true),
        ("ssh-rsa", false, false),
    ];
    for (accepted, legacy, works) in cases {
        let config = format!("PubkeyAcceptedAlgorithms {accepted}\n");
        let (server, id, _keys) = with_key(&["-t", "rsa", "-b", "2048"], &config);
        let r1 = Device {
            legacy,
            ..device(server.port, key(&id))
        };
        let outcome = connect(options(HostKeys::strict(server.known_hosts())), &r1).await;
        assert_eq!(outcome.is_ok(), works, "{accepted} {legacy}");
    }
}
