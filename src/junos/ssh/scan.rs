//! Collects the host keys of devices, for `jmcp known-hosts scan`.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, stream};
use russh::{
    AlgorithmKind,
    keys::{Algorithm, EcdsaCurve, HashAlg, PublicKey},
};
use tokio::time::{Instant, timeout_at};

use super::{
    SshConnector, algorithms, connect,
    failure::{self, Attempt},
    handler::{Check, Client, Fault, Server},
    known_hosts,
    proxy_command::Complaint,
    route::{Hop, Route},
    session::Session,
    wire::Wire,
};
use crate::{error::Result, junos::inventory::Device};

/// How many devices are scanned at a time.
const AT_ONCE: usize = 8;

/// A host key that a device shows. Nobody has vouched for it: compare the fingerprint before you trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedKey {
    /// The line for known_hosts, without line end.
    pub line: String,
    /// The type, such as `ssh-ed25519`.
    pub key_type: String,
    /// The fingerprint, as `ssh-keygen -l` prints it: `SHA256:...`.
    pub fingerprint: String,
}

/// Asks devices for all their host keys, through their jump hosts where they have some. Nothing is written, and no
/// credential of a device is used. Per device its name and its keys, or why there are none, in the order given.
pub async fn scan(
    connector: &SshConnector,
    devices: impl IntoIterator<Item = Arc<Device>>,
) -> Vec<(String, Result<Vec<ScannedKey>>)> {
    stream::iter(devices)
        .map(|device| async move { (device.name.clone(), scan_device(connector, &device).await) })
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn scan_device(connector: &SshConnector, device: &Device) -> Result<Vec<ScannedKey>> {
    let mut route = Route::to_device(&connector.options, device).await?;
    let Some(hop) = route.hops.pop() else {
        return Ok(Vec::new());
    };
    let dial = route.dial.clone();
    let below = if route.hops.is_empty() {
        None
    } else {
        Some(connect::climb(&connector.options, route).await?)
    };
    let mut found = Vec::new();
    let mut offered: Option<Vec<String>> = None;
    for signatures in key_types(hop.legacy) {
        // Every connection counts against the rate limit of the device: none for types it is known not to have.
        if offered
            .as_ref()
            .is_some_and(|list| !signatures.iter().any(|name| list.contains(&name.to_string())))
        {
            continue;
        }
        let deadline = Instant::now() + hop.timeout;
        let (stream, complaint) = connect::carrier(&dial, below.as_deref(), &hop, deadline).await?;
        let (wire, line) = Wire::new(stream);
        let _guard = line.guard();
        let ask = Ask {
            connector,
            hop: &hop,
            signatures,
            deadline,
        };
        match ask.ask(wire, &complaint, &line).await? {
            Shown::Key(key) => found.push(scanned(&hop, &key)),
            Shown::Others(list) => offered = Some(list),
        }
    }
    drop::<Option<Arc<Session>>>(below);
    Ok(found)
}

fn scanned(hop: &Hop, key: &PublicKey) -> ScannedKey {
    ScannedKey {
        line: known_hosts::line(&hop.names, key),
        key_type: key.algorithm().to_string(),
        fingerprint: known_hosts::fingerprint(key),
    }
}

/// The key types, each with the signatures it can make. The rarest first: a server without it says what it has instead,
/// which spares the connections for the other types it does not have.
fn key_types(legacy: bool) -> Vec<Vec<Algorithm>> {
    let mut rsa = vec![
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        },
    ];
    if legacy {
        rsa.push(Algorithm::Rsa { hash: None });
    }
    let curves = [EcdsaCurve::NistP521, EcdsaCurve::NistP384, EcdsaCurve::NistP256];
    let mut types: Vec<_> = curves
        .into_iter()
        .map(|curve| vec![Algorithm::Ecdsa { curve }])
        .collect();
    types.push(rsa);
    types.push(vec![Algorithm::Ed25519]);
    types
}

enum Shown {
    Key(PublicKey),
    /// Not this type, but these signatures.
    Others(Vec<String>),
}

/// One question for one type of key.
struct Ask<'a> {
    connector: &'a SshConnector,
    hop: &'a Hop,
    signatures: Vec<Algorithm>,
    deadline: Instant,
}

impl Ask<'_> {
    async fn ask(self, wire: Wire, complaint: &Complaint, line: &super::wire::Line) -> Result<Shown> {
        let config = algorithms::client_config(&self.connector.options, self.hop.legacy, self.signatures);
        let noted = Arc::new(Mutex::new(None));
        let client = Client::new(Arc::new(Server::default()), Check::Note(noted.clone()));
        let connecting = russh::client::connect_stream(Arc::new(config), wire, client);
        let fault = match timeout_at(self.deadline, connecting).await {
            Ok(Err(fault)) => Some(fault),
            Ok(Ok(_)) => None,
            Err(_) => {
                return Err(failure::timed_out(
                    &self.hop.server,
                    "show its host key",
                    self.hop.timeout,
                ));
            }
        };
        if let Some(key) = noted.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(Shown::Key(key));
        }
        match fault {
            Some(Fault::Ssh(russh::Error::NoCommonAlgo {
                kind: AlgorithmKind::Key,
                theirs,
                ..
            })) => Ok(Shown::Others(theirs)),
            fault => {
                let attempt = Attempt {
                    server: &self.hop.server,
                    heard: line.heard(),
                    may_be_legacy: self.hop.is_device && !self.hop.legacy,
                    said: complaint.text(),
                };
                Err(attempt.handshake(fault.unwrap_or(Fault::Ssh(russh::Error::Disconnect))))
            }
        }
    }
}
