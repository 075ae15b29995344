//! Logins against a russh server in memory: what OpenSSH in a test cannot be made to do.

use std::{
    borrow::Cow,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use russh::{
    MethodKind, MethodSet,
    keys::{
        Algorithm, PrivateKey,
        ssh_key::{LineEnding, private::RsaKeypair},
    },
    server::{self, Auth, PublicKeyOffer, Response, VerifiedPublicKey},
};

use super::*;
use crate::{
    junos::ssh::{
        HostKeys, Options, algorithms,
        handler::Check,
        known_hosts::HostNames,
        route::{self, KeyFile},
        wire::Wire,
    },
    secret::Secret,
};

/// A server that follows a script.
#[derive(Clone, Default)]
struct Script {
    password: bool,
    /// Per round the prompts (text, echo); an empty round is a mere message.
    rounds: Vec<Vec<(&'static str, bool)>>,
    /// What must be answered in each round.
    answers: Vec<Vec<&'static str>>,
    key: bool,
    banner: Option<&'static str>,
    seen: Arc<Mutex<Vec<String>>>,
    round: usize,
}

impl Script {
    fn note(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }

    fn reject(&self) -> Auth {
        let mut methods = MethodSet::empty();
        if self.key {
            methods.push(MethodKind::PublicKey);
        }
        if self.password {
            methods.push(MethodKind::Password);
        }
        if !self.rounds.is_empty() {
            methods.push(MethodKind::KeyboardInteractive);
        }
        Auth::Reject {
            proceed_with_methods: Some(methods),
            partial_success: false,
        }
    }

    fn ask(&self) -> Auth {
        let prompts = &self.rounds[self.round];
        let prompts = prompts
            .iter()
            .map(|(text, echo)| (Cow::Borrowed(*text), *echo))
            .collect::<Vec<_>>();
        Auth::Partial {
            name: "".into(),
            instructions: "".into(),
            prompts: prompts.into(),
        }
    }
}

impl server::Handler for Script {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, russh::Error> {
        self.note(format!("password {password}"));
        Ok(if self.password && password == "right" {
            Auth::Accept
        } else {
            self.reject()
        })
    }

    async fn auth_publickey_offered(&mut self, _: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        self.note(format!("offer {}", offer.algorithm));
        Ok(if self.key { Auth::Accept } else { self.reject() })
    }

    async fn auth_publickey(&mut self, _: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        self.note(format!("signed {}", key.algorithm));
        Ok(Auth::Accept)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Some(response) = response else {
            self.round = 0;
            return Ok(if self.rounds.is_empty() {
                self.reject()
            } else {
                self.ask()
            });
        };
        let given: Vec<String> = response
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
        self.note(format!("answers {given:?}"));
        if self.answers.get(self.round).is_some_and(|expected| *expected != given) {
            return Ok(self.reject());
        }
        self.round += 1;
        Ok(if self.round == self.rounds.len() {
            Auth::Accept
        } else {
            self.ask()
        })
    }

    async fn authentication_banner(&mut self) -> Result<Option<String>, russh::Error> {
        Ok(self.banner.map(str::to_owned))
    }
}

fn hop(login: route::Login) -> Hop {
    Hop {
        server: "device `r1` (192.0.2.1:22)".to_owned(),
        host: "192.0.2.1".to_owned(),
        port: 22,
        user: "netops".to_owned(),
        login,
        names: HostNames::new(["192.0.2.1"], 22),
        known_hosts: Vec::new(),
        timeout: Duration::from_secs(30),
        legacy: false,
        is_device: true,
    }
}

fn with_password(password: &str) -> Hop {
    hop(route::Login {
        password: Some(Secret::new(password)),
        ..route::Login::default()
    })
}

/// Logs in; returns the outcome and what the server saw.
async fn log_in(script: Script, hop: &Hop, ident: &'static str) -> (Result<()>, Vec<String>) {
    let host_key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("known_hosts");
    let config = server::Config {
        server_id: russh::SshId::Standard(ident.into()),
        keys: vec![host_key],
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        ..server::Config::default()
    };
    let (near, far) = tokio::io::duplex(1 << 16);
    let seen = script.seen.clone();
    tokio::spawn(async move {
        if let Ok(running) = server::run_stream(Arc::new(config), far, script).await {
            let _ = running.await;
        }
    });
    let options = Options::new(HostKeys::accept_new(file));
    let verifier =
        crate::junos::ssh::host_keys::Verifier::read(&options.host_keys, &[], hop.names.clone(), hop.server.clone());
    let client = algorithms::client_config(&options, hop.legacy, algorithms::host_key_algorithms(false, &[]));
    let state = Arc::new(Server::default());
    let (wire, line) = Wire::new(Box::new(near));
    let handler = Client::new(state.clone(), Check::Verify(verifier.await.unwrap()));
    let mut handle = russh::client::connect_stream(Arc::new(client), wire, handler)
        .await
        .unwrap();
    let outcome = Login::new(&mut handle, &state, hop).run(None).await;
    line.cut();
    let seen = seen.lock().unwrap().clone();
    (outcome, seen)
}

const MODERN: &str = "SSH-2.0-OpenSSH_9.7";

#[tokio::test]
async fn a_password_that_is_accepted_is_asked_for_once() {
    let (outcome, seen) = log_in(
        Script {
            password: true,
            ..Script::default()
        },
        &with_password("right"),
        MODERN,
    )
    .await;
    outcome.unwrap();
    assert_eq!(seen, ["password right"]);
}

#[tokio::test]
async fn keyboard_interactive_follows_where_the_server_offers_it() {
    let script = Script {
        rounds: vec![vec![], vec![("Username:", true), ("Password:", false)], vec![]],
        answers: vec![vec![], vec!["netops", "right"], vec![]],
        ..Script::default()
    };
    let (outcome, seen) = log_in(script, &with_password("right"), MODERN).await;
    outcome.unwrap();
    assert_eq!(
        seen,
        [
            "password right",
            "answers []",
            r#"answers ["netops", "right"]"#,
            "answers []"
        ]
    );
}

#[tokio::test]
async fn a_wrong_password_is_shown_once_per_method() {
    let script = Script {
        password: true,
        rounds: vec![vec![("Password:", false)]],
        answers: vec![vec!["right"]],
        banner: Some("Authorized\r\nuse \x1b[31monly\n"),
        ..Script::default()
    };
    let (outcome, seen) = log_in(script, &with_password("s3cret"), MODERN).await;
    let error = outcome.unwrap_err();
    assert_eq!(seen, ["password s3cret", r#"answers ["s3cret"]"#]);
    assert_eq!(error.code(), Code::AuthFailed);
    for part in [
        "device `r1`",
        "`netops`",
        "`password`, `keyboard-interactive`",
        "its banner: `Authorized use [31monly`",
    ] {
        assert!(error.message().contains(part), "{part}: {error}");
    }
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_server_that_asks_again_gets_no_second_password() {
    let script = Script {
        rounds: vec![vec![("Password:", false)], vec![("Enter the one-time code:", false)]],
        ..Script::default()
    };
    let (outcome, seen) = log_in(script, &with_password("right"), MODERN).await;
    let error = outcome.unwrap_err();
    assert_eq!(seen, ["password right", r#"answers ["right"]"#]);
    assert!(
        error
            .message()
            .contains("asks again after the password: `Enter the one-time code:`"),
        "{error}"
    );
}

#[tokio::test]
async fn endless_messages_end() {
    let script = Script {
        rounds: vec![vec![]; 20],
        ..Script::default()
    };
    let (outcome, _) = log_in(script, &with_password("right"), MODERN).await;
    assert!(outcome.unwrap_err().message().contains("rounds of questions"));
}

fn key_hop(directory: &tempfile::TempDir, key: PrivateKey) -> Hop {
    let path: PathBuf = directory.path().join("id");
    std::fs::write(&path, key.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
    hop(route::Login {
        files: vec![KeyFile {
            path,
            passphrase: None,
            required: true,
        }],
        ..route::Login::default()
    })
}

#[tokio::test]
async fn a_server_that_takes_no_keys_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let script = Script {
        password: true,
        ..Script::default()
    };
    let (outcome, seen) = log_in(
        script,
        &key_hop(
            &directory,
            PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap(),
        ),
        MODERN,
    )
    .await;
    let error = outcome.unwrap_err();
    assert_eq!(seen, ["offer ssh-ed25519"]);
    assert!(error.message().contains("it offers `password`"), "{error}");
    assert_eq!(error.advice(), Some("the server takes no keys: configure a password"));
}

#[tokio::test(start_paused = true)]
async fn an_old_server_gets_sha1_without_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let pair = RsaKeypair::random(&mut rand::rng(), 2048).unwrap();
    let hop = key_hop(&directory, PrivateKey::from(pair));
    let before = tokio::time::Instant::now();
    let script = Script {
        key: true,
        ..Script::default()
    };
    let (outcome, seen) = log_in(script.clone(), &hop, "SSH-2.0-OpenSSH_6.9").await;
    outcome.unwrap();
    assert_eq!(seen, ["offer ssh-rsa", "signed ssh-rsa"]);
    assert!(before.elapsed() < Duration::from_millis(900), "{:?}", before.elapsed());
    let (outcome, seen) = log_in(
        Script {
            seen: Arc::default(),
            ..script
        },
        &hop,
        MODERN,
    )
    .await;
    outcome.unwrap();
    assert_eq!(seen, ["offer rsa-sha2-512", "signed rsa-sha2-512"]);
}

#[test]
fn versions() {
    for (ident, version) in [
        ("SSH-2.0-OpenSSH_7.1", Some((7, 1))),
        ("SSH-2.0-OpenSSH_6.6.1p1 Ubuntu", Some((6, 6))),
        ("SSH-2.0-OpenSSH_10.2", Some((10, 2))),
        ("SSH-2.0-dropbear_2022.83", None),
        ("SSH-2.0-OpenSSH_x", None),
    ] {
        assert_eq!(openssh_version(ident), version, "{ident}");
    }
}
