//! TLS by rustls, natively.

pub(crate) use super::tls_error::With;
use super::tls_error::sentence;
use crate::error::Cause;
use core::fmt;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Which certificates to trust. TLS 1.2 and 1.3 by rustls with ring, whatever the process' default provider is. The host's name is always sent (SNI)
/// and always verified; ALPN offers `http/1.1`.
///
/// Default: Mozilla's roots as of the build, from the crate `webpki-roots`, whatever features are on. Clones share their sessions for resumption.
#[derive(Clone)]
pub struct Tls(Result<Arc<ClientConfig>, String>);

impl Tls {
    /// Trusts the certificates of this PEM text as roots, and no others. For a private authority, or for tests.
    ///
    /// # Errors
    /// [`Cause::Tls`] if it contains no certificate, or an invalid one.
    pub fn with_roots(pem: &[u8]) -> Result<Self, Cause> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| Cause::Tls(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| Cause::Tls(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(Cause::Tls("there is no certificate in the PEM text".into()));
        }
        Ok(Self(config(roots)))
    }

    /// Trusts the roots of the operating system, and no others, including those that its administrator added. If `SSL_CERT_FILE` or `SSL_CERT_DIR` is
    /// set, those certificates instead. This reads files: call it once and clone the result.
    ///
    /// # Errors
    /// [`Cause::Tls`] if none can be read. If only some cannot be read, they are skipped.
    #[cfg(feature = "native-roots")]
    pub fn with_native_roots() -> Result<Self, Cause> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
            return Err(Cause::Tls(format!(
                "the operating system has no root certificate that can be read: {}",
                why.join("; ")
            )));
        }
        Ok(Self(config(roots)))
    }

    /// Uses this configuration of rustls: client certificates, verifiers, versions and ALPN. You are responsible for what its verifier accepts.
    pub fn from_config(config: Arc<ClientConfig>) -> Self {
        Self(Ok(config))
    }

    /// Performs the handshake over `io`. The host is a name or an address, IPv6 without brackets.
    pub(crate) async fn connect<Io: AsyncRead + AsyncWrite + Unpin>(
        &self,
        with: With,
        host: &str,
        io: Io,
    ) -> Result<TlsStream<Io>, Cause> {
        let config = self.0.clone().map_err(Cause::Tls)?;
        let name =
            ServerName::try_from(host.to_owned()).map_err(|error| Cause::Tls(error.to_string()))?;
        let stream = TlsConnector::from(config).connect(name, io).await;
        stream.map_err(|error| Cause::Tls(sentence(with, host, &error)))
    }
}

impl Default for Tls {
    fn default() -> Self {
        static MOZILLA: OnceLock<Tls> = OnceLock::new();
        let mozilla = || {
            let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
            Tls(config(roots.collect()))
        };
        MOZILLA.get_or_init(mozilla).clone()
    }
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // As browsers do: HTTP/2 would be another handshake (RFC 8441).
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}
