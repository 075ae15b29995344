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

mod channels;
mod host_keys;
mod logins;
mod ways;

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
        database: None,
        read_only: false,
        mode: None,
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
