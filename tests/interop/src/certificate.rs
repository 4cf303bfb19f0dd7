//! A certificate for somebody else's TLS.

use crate::checks::Outcome;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::path::Path;

/// Writes `root.pem`, and `certificate.pem` with `key.pem` for this machine by that root.
pub(crate) fn write(folder: &str) -> Outcome {
    let (root, certificate, key) = make().map_err(|error| error.to_string())?;
    for (name, pem) in [
        ("root.pem", root),
        ("certificate.pem", certificate),
        ("key.pem", key),
    ] {
        std::fs::write(Path::new(folder).join(name), pem).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn make() -> Result<(String, String, String), rcgen::Error> {
    let mut root = CertificateParams::new(Vec::new())?;
    // Another name than the certificate's: OpenSSL takes one whose issuer has its own name for self-signed.
    root.distinguished_name
        .push(DnType::CommonName, "root of the tests");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names)?.signed_by(&key, &root)?;
    Ok((root.pem(), certificate.pem(), key.serialize_pem()))
}
