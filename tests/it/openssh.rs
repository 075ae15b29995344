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
