//! Algorithms and limits that the SSH server offers, spoilt where a fault says so.

use std::{borrow::Cow, time::Duration};

use russh::{Limits, MethodKind, MethodSet, Preferred, SshId, cipher, kex, keys::Algorithm, mac, server::Config};

use crate::lab::{device::Shared, faults::Fault};

/// How much a client may send ahead on a channel, in bytes: no test should wait for the device's window.
const WINDOW: u32 = 16 << 20;

const STRICT: &[kex::Name] = &[
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];

/// The configuration of one new connection.
pub(super) fn server_config(shared: &Shared) -> Config {
    let faults = &shared.faults;
    let mut preferred = modern();
    let mut ident = shared.kind.ident();
    if faults.hit(|f| matches!(f, Fault::NistKexOnly)) {
        preferred.kex = with_extensions(&[
            kex::ECDH_SHA2_NISTP256,
            kex::ECDH_SHA2_NISTP384,
            kex::ECDH_SHA2_NISTP521,
        ]);
    }
    if faults.hit(|f| matches!(f, Fault::OldAlgorithmsOnly)) {
        preferred.kex = with_extensions(&[kex::DH_G14_SHA1, kex::DH_GEX_SHA1]);
        preferred.cipher = Cow::Borrowed(&[cipher::AES_256_CBC, cipher::AES_128_CBC]);
        preferred.mac = Cow::Borrowed(&[mac::HMAC_SHA1]);
    }
    // Peeked at here and taken by the login, so that both see the same occurrence.
    if faults.is_on(|f| matches!(f, Fault::NoServerSigAlgs)) {
        preferred.key = Cow::Borrowed(&[Algorithm::Ed25519]);
        ident = "SSH-2.0-OpenSSH_6.9";
    }
    let key = if faults.hit(|f| matches!(f, Fault::OtherHostKey)) {
        &shared.other_key
    } else {
        &shared.host_key
    };
    let rekey = faults.take(|f| match f {
        Fault::RekeyEvery(bytes) => Some(*bytes),
        _ => None,
    });
    Config {
        server_id: SshId::Standard(Cow::Borrowed(ident)),
        methods: MethodSet::from(
            [
                MethodKind::PublicKey,
                MethodKind::Password,
                MethodKind::KeyboardInteractive,
            ]
            .as_slice(),
        ),
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![key.clone()],
        window_size: WINDOW,
        preferred,
        limits: rekey.map_or_else(Limits::default, |bytes| {
            Limits::new(bytes.min(1 << 30), 1 << 30, Duration::from_secs(3600))
        }),
        inactivity_timeout: None,
        nodelay: true,
        ..Config::default()
    }
}

/// What current Junos releases offer, and a little more for clients that know better.
fn modern() -> Preferred {
    let mut preferred = Preferred::DEFAULT;
    let names: Vec<kex::Name> = Preferred::DEFAULT
        .kex
        .iter()
        .copied()
        .chain([
            kex::ECDH_SHA2_NISTP256,
            kex::ECDH_SHA2_NISTP384,
            kex::ECDH_SHA2_NISTP521,
        ])
        .collect();
    preferred.kex = Cow::Owned(names);
    preferred
}

fn with_extensions(names: &[kex::Name]) -> Cow<'static, [kex::Name]> {
    Cow::Owned(names.iter().chain(STRICT).copied().collect())
}
