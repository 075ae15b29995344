//! Which SSH algorithms are offered, in which order.
//!
//! The default is what current OpenSSH offers plus what supported Junos releases need: releases in FIPS or Suite-B mode
//! speak only NIST curves and AES-GCM. `legacy` adds SHA-1 and CBC for Junos releases with OpenSSH before 7.2.

use std::borrow::Cow;

use russh::{
    Preferred, cipher,
    client::{Config, GexParams},
    compression, kex,
    keys::{Algorithm, EcdsaCurve, HashAlg},
    mac,
};

use super::Options;

/// The receive window of a channel, bytes. A window bounds throughput to window / round-trip time; 16 MiB let a device
/// 200 ms away send at 80 MB/s.
const WINDOW: u32 = 16 << 20;

/// The largest packet accepted, bytes; russh allows no more.
const PACKET: u32 = 65_535;

/// How many received packets may wait for a slow reader of one channel. When they are used up the whole connection
/// waits for this reader, so it is far more than the window holds in full packets; memory is taken only when needed.
const WAITING_PACKETS: usize = 2048;

const ELLIPTIC: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
];

// Fixed groups before group exchange: the exchange costs one more round trip.
const FINITE_FIELD: &[kex::Name] = &[
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_G14_SHA256,
    kex::DH_GEX_SHA256,
];

const LEGACY_KEX: &[kex::Name] = &[kex::DH_G14_SHA1, kex::DH_GEX_SHA1];

// Not algorithms: announcements (RFC 8308; strict key exchange, OpenSSH PROTOCOL 1.10).
const EXTENSIONS: &[kex::Name] = &[
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

const CIPHERS: &[cipher::Name] = &[
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

const LEGACY_CIPHERS: &[cipher::Name] = &[cipher::AES_256_CBC, cipher::AES_192_CBC, cipher::AES_128_CBC];

const MACS: &[mac::Name] = &[
    mac::HMAC_SHA512_ETM,
    mac::HMAC_SHA256_ETM,
    mac::HMAC_SHA512,
    mac::HMAC_SHA256,
];

const LEGACY_MACS: &[mac::Name] = &[mac::HMAC_SHA1_ETM, mac::HMAC_SHA1];

/// The host key algorithms, best first, with those first whose keys are on record: as OpenSSH does, so that a server with
/// several keys shows the known one.
pub(super) fn host_key_algorithms(legacy: bool, on_record: &[Algorithm]) -> Vec<Algorithm> {
    let mut all = vec![
        Algorithm::Ed25519,
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP256,
        },
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP384,
        },
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP521,
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        },
    ];
    if legacy {
        all.push(Algorithm::Rsa { hash: None });
    }
    // The sort is stable: within both groups the order stays.
    all.sort_by_key(|algorithm| !on_record.iter().any(|known| same_key_type(known, algorithm)));
    all
}

/// Whether two algorithms use the same type of key: the three RSA signatures do.
pub(super) fn same_key_type(one: &Algorithm, other: &Algorithm) -> bool {
    let rsa = |algorithm: &Algorithm| matches!(algorithm, Algorithm::Rsa { .. });
    one == other || (rsa(one) && rsa(other))
}

/// The russh configuration of a connection.
pub(super) fn client_config(options: &Options, legacy: bool, host_keys: Vec<Algorithm>) -> Config {
    Config {
        client_id: russh::SshId::Standard(Cow::Borrowed(concat!("SSH-2.0-jmcp_", env!("CARGO_PKG_VERSION")))),
        window_size: WINDOW,
        maximum_packet_size: PACKET,
        channel_buffer_size: WAITING_PACKETS,
        preferred: preferred(legacy, host_keys),
        keepalive_interval: Some(options.keepalive),
        keepalive_max: options.keepalive_max,
        // 2048 bits are what group14 has; 8192, which russh prefers, takes an old routing engine seconds.
        gex: GexParams::new(2048, 3072, 8192).unwrap_or_default(),
        ..Config::default()
    }
}

fn preferred(legacy: bool, host_keys: Vec<Algorithm>) -> Preferred {
    fn with<T: Clone>(modern: &[&[T]], old: &[T], legacy: bool) -> Vec<T> {
        let mut all = modern.concat();
        if legacy {
            all.extend_from_slice(old);
        }
        all
    }
    let mut kex = with(&[ELLIPTIC, FINITE_FIELD], LEGACY_KEX, legacy);
    kex.extend_from_slice(EXTENSIONS);
    Preferred {
        kex: Cow::Owned(kex),
        key: Cow::Owned(host_keys),
        host_key_certificates: Cow::Borrowed(&[]),
        cipher: Cow::Owned(with(&[CIPHERS], LEGACY_CIPHERS, legacy)),
        mac: Cow::Owned(with(&[MACS], LEGACY_MACS, legacy)),
        compression: Cow::Borrowed(&[compression::NONE]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<T: AsRef<str>>(list: &[T]) -> Vec<&str> {
        list.iter().map(AsRef::as_ref).collect()
    }

    #[test]
    fn the_default_has_what_hardened_junos_needs_and_no_sha1() {
        let modern = preferred(false, host_key_algorithms(false, &[]));
        assert!(names(&modern.kex).contains(&"ecdh-sha2-nistp384"));
        assert!(names(&modern.cipher).contains(&"aes128-gcm@openssh.com"));
        let all = [names(&modern.kex), names(&modern.cipher), names(&modern.mac)].concat();
        assert!(
            !all.iter()
                .any(|name| name.ends_with("sha1") || name.contains("cbc") || name.contains("sha1-"))
        );
        assert!(!modern.key.contains(&Algorithm::Rsa { hash: None }));
    }

    #[test]
    fn legacy_only_appends() {
        let modern = preferred(false, host_key_algorithms(false, &[]));
        let legacy = preferred(true, host_key_algorithms(true, &[]));
        assert!(names(&legacy.cipher).starts_with(&names(&modern.cipher)));
        assert!(names(&legacy.mac).starts_with(&names(&modern.mac)));
        assert!(names(&legacy.kex).contains(&"diffie-hellman-group14-sha1"));
        assert_eq!(legacy.key.last(), Some(&Algorithm::Rsa { hash: None }));
    }

    #[test]
    fn key_types_on_record_come_first() {
        let order = host_key_algorithms(false, &[Algorithm::Rsa { hash: None }]);
        assert_eq!(
            order.first(),
            Some(&Algorithm::Rsa {
                hash: Some(HashAlg::Sha512)
            })
        );
        assert_eq!(order.get(2), Some(&Algorithm::Ed25519));
    }
}
