//! Collects the host keys of devices, for `jmcp known-hosts scan`.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, stream};
use russh::{
    AlgorithmKind,
    keys::{Algorithm, EcdsaCurve, HashAlg, PublicKey},
};
use tokio::time::{Instant, timeout_at};

use super::{
    Options, SshConnector, algorithms,
    connect::{self, Carrier},
    failure::Attempt,
    handler::{Check, Client, Fault, Server},
    known_hosts,
    route::{Dial, Hop, Route},
    session::Session,
    wire::Wire,
};
use crate::{
    error::{Code, Result},
    junos::inventory::Device,
};

/// How many devices are scanned at a time.
const AT_ONCE: usize = 8;

/// A host key that a server shows. Nobody has vouched for it: compare the fingerprint before you trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedKey {
    /// Whose it is: ``device `r1` (192.0.2.1:22)``, or a jump host on the way.
    pub server: String,
    /// The line for known_hosts, without line end.
    pub line: String,
    /// The type, such as `ssh-ed25519`.
    pub key_type: String,
    /// The fingerprint, as `ssh-keygen -l` prints it: `SHA256:...`.
    pub fingerprint: String,
}

/// Asks devices for all their host keys, through their jump hosts where they have some. Nothing is written, and no
/// credential of a device is used.
///
/// Returns, in the order given, per device its name and its keys, or why there are none. Where a jump host is not on
/// record yet there is no way on from it: then its keys are returned, and the next scan gets further.
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
    let options = &connector.options;
    let route = Route::to_device(options, device).await?;
    let mut below = None;
    for hop in &route.hops {
        if hop.is_device {
            return scan_server(options, &route.dial, below.as_deref(), hop).await;
        }
        match connect::reach(options, &route.dial, below.clone(), hop).await {
            Ok(session) => below = Some(Arc::new(session)),
            Err(error) if matches!(error.code(), Code::HostKeyUnknown | Code::KnownHostsMissing) => {
                return scan_server(options, &route.dial, below.as_deref(), hop).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Vec::new())
}

async fn scan_server(options: &Options, dial: &Dial, below: Option<&Session>, hop: &Hop) -> Result<Vec<ScannedKey>> {
    let mut found = Vec::new();
    let mut offered: Option<Vec<String>> = None;
    for signatures in key_types(hop.legacy) {
        // Every connection counts against the rate limit of the device: none for types it is known not to have.
        let missing = |list: &Vec<String>| !signatures.iter().any(|name| list.contains(&name.to_string()));
        if offered.as_ref().is_some_and(missing) {
            continue;
        }
        let deadline = Instant::now() + hop.timeout;
        let carrier = connect::carrier(dial, below, hop, deadline).await?;
        match ask(options, hop, signatures, carrier, deadline).await? {
            Shown::Key(key) => found.push(ScannedKey {
                server: hop.server.clone(),
                line: known_hosts::line(&hop.names, &key),
                key_type: key.algorithm().to_string(),
                fingerprint: known_hosts::fingerprint(&key),
            }),
            Shown::Others(list) => offered = Some(list),
        }
    }
    Ok(found)
}

/// The key types, each with the signatures it can make. The rarest first: a server without it says what it has instead,
/// which spares the connections for the other types it does not have.
fn key_types(legacy: bool) -> Vec<Vec<Algorithm>> {
    let mut rsa: Vec<_> = [HashAlg::Sha512, HashAlg::Sha256]
        .into_iter()
        .map(|hash| Algorithm::Rsa { hash: Some(hash) })
        .collect();
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

/// One connection for one type of key; it ends when the key is shown.
async fn ask(
    options: &Options,
    hop: &Hop,
    signatures: Vec<Algorithm>,
    carrier: Carrier,
    deadline: Instant,
) -> Result<Shown> {
    let config = Arc::new(algorithms::client_config(options, hop.legacy, signatures));
    let (wire, line) = Wire::new(carrier.stream);
    let _guard = line.guard();
    let noted = Arc::new(Mutex::new(None));
    let client = Client::new(Arc::new(Server::default()), Check::Note(noted.clone()));
    let attempt = Attempt {
        hop,
        line: &line,
        command: carrier.complaint.as_ref(),
    };
    let fault = match timeout_at(deadline, russh::client::connect_stream(config, wire, client)).await {
        Ok(Err(fault)) => fault,
        Ok(Ok(_)) => Fault::Ssh(russh::Error::Inconsistent),
        Err(_) => return Err(attempt.timed_out()),
    };
    if let Some(key) = noted.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Ok(Shown::Key(key));
    }
    match fault {
        Fault::Ssh(russh::Error::NoCommonAlgo {
            kind: AlgorithmKind::Key,
            theirs,
            ..
        }) => Ok(Shown::Others(theirs)),
        fault => Err(attempt.handshake(fault).await),
    }
}
