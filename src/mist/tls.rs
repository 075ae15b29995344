//! Whom to trust: the public authorities that come with the program, and those in the file that `SSL_CERT_FILE` names, for networks whose
//! proxies have their own.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::error::{Code, Error, Result};

/// TLS 1.2 and 1.3 with these authorities.
///
/// # Errors
/// `io` where the file of `SSL_CERT_FILE` cannot be read, `internal` where TLS cannot be set up.
pub(super) fn client() -> Result<ClientConfig> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(file) = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()) {
        let wrong = |e: rustls::pki_types::pem::Error| {
            Error::new(
                Code::Io,
                format!("SSL_CERT_FILE `{}` cannot be read: {e}", file.display()),
            )
        };
        for certificate in CertificateDer::pem_file_iter(&file).map_err(wrong)? {
            // An authority that rustls cannot use is none that a server could show.
            let _ = roots.add(certificate.map_err(wrong)?);
        }
    }
    let broken = |e: rustls::Error| Error::new(Code::Internal, format!("TLS cannot be set up: {e}")).caused_by(e);
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(broken)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
