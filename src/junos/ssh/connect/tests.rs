//! What a login costs a distant device, counted in round trips on a line with a known delay.

use russh::{
    Channel, ChannelId,
    keys::{
        Algorithm, PrivateKey,
        ssh_key::{LineEnding, private::RsaKeypair},
    },
    server::{self, Auth, ChannelOpenHandle, Msg, VerifiedPublicKey},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

use super::*;
use crate::{
    junos::{
        ssh::{
            HostKeys,
            known_hosts::HostNames,
            route::{self, KeyFile},
            session::SshConnection,
        },
        transport::Connection,
    },
    secret::Secret,
};

const ONE_WAY: Duration = Duration::from_millis(500);

/// Passes bytes on after a delay, as a long line does.
async fn delayed(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let (queue, mut waiting) = tokio::sync::mpsc::unbounded_channel();
    let reading = async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let _ = queue.send((Instant::now() + ONE_WAY, buffer[..count].to_vec()));
        }
    };
    let writing = async move {
        while let Some((due, bytes)) = waiting.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(reading, writing);
}

fn long_line() -> (DuplexStream, DuplexStream) {
    let (near, near_end) = tokio::io::duplex(1 << 20);
    let (far_end, far) = tokio::io::duplex(1 << 20);
    let (near_read, near_write) = tokio::io::split(near_end);
    let (far_read, far_write) = tokio::io::split(far_end);
    tokio::spawn(delayed(near_read, far_write));
    tokio::spawn(delayed(far_read, near_write));
    (near, far)
}

/// Accepts everything and greets on the subsystem.
struct Device;

impl server::Handler for Device {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, _: &str) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut server::Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut server::Session,
    ) -> Result<(), russh::Error> {
        assert_eq!(name, "netconf");
        session.channel_success(channel)?;
        session.data(channel, b"<hello/>".to_vec())
    }
}

/// How many round trips pass until the subsystem is asked for, and until its first byte is here; without TCP.
async fn round_trips(login: route::Login) -> (f64, f64) {
    let hop = Hop {
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
    };
    let directory = tempfile::tempdir().unwrap();
    let options = Options::new(HostKeys::accept_new(directory.path().join("known_hosts")));
    let verifier = Verifier::read(&options.host_keys, &[], hop.names.clone(), hop.server.clone())
        .await
        .unwrap();
    let config = server::Config {
        server_id: russh::SshId::Standard("SSH-2.0-OpenSSH_9.7".into()),
        keys: vec![PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap()],
        ..server::Config::default()
    };
    let (near, far) = long_line();
    tokio::spawn(async move { server::run_stream(Arc::new(config), far, Device).await.unwrap().await });
    let start = Instant::now();
    let deadline = start + hop.timeout;
    let session = log_in(&options, &hop, verifier, Carrier::new(near), deadline, None)
        .await
        .unwrap();
    let connection = SshConnection::new(Arc::new(session));
    let mut stream = connection.open_netconf().await.unwrap();
    let asked = start.elapsed();
    stream.write_all(b"<hello/>").await.unwrap();
    stream.read_u8().await.unwrap();
    let round_trip = ONE_WAY.as_secs_f64() * 2.0;
    let count = |elapsed: Duration| (elapsed.as_secs_f64() / round_trip * 100.0).round() / 100.0;
    (count(asked), count(start.elapsed()))
}

fn key(key: PrivateKey) -> (tempfile::TempDir, route::Login) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("id");
    std::fs::write(&path, key.to_openssh(LineEnding::LF).unwrap().as_bytes()).unwrap();
    let files = vec![KeyFile {
        path,
        passphrase: None,
        required: true,
    }];
    (
        directory,
        route::Login {
            files,
            ..route::Login::default()
        },
    )
}

#[tokio::test(start_paused = true)]
async fn a_password_costs_five_round_trips_and_the_hello_one_more() {
    let login = route::Login {
        password: Some(Secret::new("pw")),
        ..route::Login::default()
    };
    let (asked, answered) = round_trips(login).await;
    assert_eq!((asked, answered), (5.0, 6.0));
}

#[tokio::test(start_paused = true)]
async fn a_key_costs_one_more_whatever_its_type() {
    let ed25519 = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    let rsa = PrivateKey::from(RsaKeypair::random(&mut rand::rng(), 2048).unwrap());
    for private in [ed25519, rsa] {
        let (_directory, login) = key(private);
        let (asked, answered) = round_trips(login).await;
        assert_eq!((asked, answered), (6.0, 7.0));
    }
}
