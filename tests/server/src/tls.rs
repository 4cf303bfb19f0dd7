//! The certificate behind `wss://`.

use crate::services::host_names;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The names that the certificate is for, beside the virtual hosts. `*.localhost` would not do: clients take no wildcard that
/// covers a whole top-level domain.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What speaks TLS, and the root that a client has to trust, if we made it.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) root: Option<String>,
}

impl Tls {
    /// A root of our own and a certificate from it, for this run only.
    pub(crate) fn self_signed() -> io::Result<Self> {
        let make = || -> Result<_, rcgen::Error> {
            let mut root = CertificateParams::new(Vec::new())?;
            root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let name = "websocket-channel test root, for one run";
            root.distinguished_name.push(DnType::CommonName, name);
            let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
            let key = KeyPair::generate()?;
            let names: Vec<String> = NAMES
                .map(String::from)
                .into_iter()
                .chain(host_names())
                .collect();
            let leaf = CertificateParams::new(names)?.signed_by(&key, &root)?;
            Ok((root.pem(), leaf.der().clone(), key.serialize_der()))
        };
        let (root, leaf, key) = make().map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
        Ok(Self {
            acceptor: acceptor(vec![leaf], key).map_err(io::Error::other)?,
            root: Some(root),
        })
    }

    /// Somebody's certificate, its chain behind it, and its key, both PEM.
    pub(crate) fn read(certificate: &Path, key: &Path) -> io::Result<Self> {
        let wrong = |path: &Path, error: &dyn Error| {
            let words = format!(
                "{} is no certificate or key that can be used: {error}",
                path.display()
            );
            io::Error::new(io::ErrorKind::InvalidInput, words)
        };
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(certificate, &error))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
        let acceptor = acceptor(chain, secret).map_err(|error| wrong(certificate, &error))?;
        Ok(Self {
            acceptor,
            root: None,
        })
    }
}

fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, rustls::Error> {
    // The provider is named: a process default may be missing, or somebody else's.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
