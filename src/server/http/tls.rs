//! TLS with a certificate and key from files, which can be renewed while the server runs.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

use crate::error::{Code, Error, Result};

/// The files of a certificate, and what of them is in use.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    used: Arc<Used>,
}

#[derive(Debug)]
struct Used(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Used {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// `io` for a file that cannot be read, `invalid_input` for what is no certificate or key, or not of one pair.
    pub fn open(certificate: PathBuf, key: PathBuf) -> Result<Self> {
        let pair = read(&certificate, &key)?;
        Ok(Self {
            certificate,
            key,
            used: Arc::new(Used(ArcSwap::from_pointee(pair))),
        })
    }

    /// The files.
    pub fn files(&self) -> [PathBuf; 2] {
        [self.certificate.clone(), self.key.clone()]
    }

    /// Reads both files again, without using them yet.
    ///
    /// # Errors
    /// As `open`; the present certificate stays in use.
    pub fn read(&self) -> Result<Renewed> {
        read(&self.certificate, &self.key).map(|pair| Renewed(Arc::new(pair)))
    }

    /// Uses what was read for connections from now on; whether it is another certificate than before.
    pub fn install(&self, renewed: Renewed) -> bool {
        let before = self.used.0.swap(renewed.0.clone());
        before.cert != renewed.0.cert
    }

    /// Takes connections with TLS 1.2 and 1.3, HTTP/2 where the client knows it.
    ///
    /// # Errors
    /// `internal` where the TLS library has no protocol version.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::new(Code::Internal, format!("no TLS: {e}")).caused_by(e))?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(self.used.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// A certificate that was read and is not in use yet.
#[derive(Debug)]
pub struct Renewed(Arc<CertifiedKey>);

fn read(certificate: &PathBuf, key: &PathBuf) -> Result<CertifiedKey> {
    let unusable = |what: &str, file: &PathBuf, why: String| {
        let is_file = why.contains("os error");
        Error::new(
            if is_file { Code::Io } else { Code::InvalidInput },
            format!("TLS {what} `{}` cannot be used: {why}", file.display()),
        )
        .advise("a PEM file that the server's user may read is needed")
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|e| unusable("certificate", certificate, e.to_string()))?;
    if chain.is_empty() {
        return Err(unusable(
            "certificate",
            certificate,
            "there is no certificate in it".into(),
        ));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| unusable("key", key, e.to_string()))?;
    CertifiedKey::from_der(chain, private, &ring::default_provider())
        .map_err(|e| unusable("key", key, format!("{e} (certificate `{}`)", certificate.display())))
}
