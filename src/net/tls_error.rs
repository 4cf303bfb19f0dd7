//! What is wrong when TLS fails, and what to do about it, in front of the library's own words.

use rustls::{AlertDescription, CertificateError, Error};
use std::io;

/// With whom.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum With {
    Server,
    Proxy,
}

/// A sentence for a failed handshake with this host.
pub(super) fn sentence(with: With, host: &str, error: &io::Error) -> String {
    let sentence = about(with, host, error);
    match with {
        With::Server => sentence,
        With::Proxy => sentence.replace("the server", "the proxy"),
    }
}

fn about(with: With, host: &str, error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner.and_then(|inner| advice(with, host, inner)) {
        Some(advice) => format!("{advice} ({error})"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("the server ended the connection inside the TLS handshake ({error})")
        }
        None => error.to_string(),
    }
}

fn advice(with: With, host: &str, error: &Error) -> Option<String> {
    Some(match error {
        Error::InvalidCertificate(certificate) => return of_certificate(host, certificate),
        Error::InvalidMessage(_) => match with {
            With::Server => "the server does not speak TLS on this port: use ws, or the port for wss",
            With::Proxy => "the proxy does not speak TLS on this port: use http in the proxy's URL",
        }
        .into(),
        Error::PeerIncompatible(_)
        | Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ) => "the server and this client have no version or cipher of TLS in common: the server needs TLS 1.2 or 1.3".into(),
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            format!("the server has no certificate for `{host}`")
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server requires a client certificate: set one with `Tls::from_config`".into()
        }
        Error::AlertReceived(AlertDescription::NoApplicationProtocol)
        | Error::NoApplicationProtocol => {
            "the server does not speak HTTP/1.1 on this port".into()
        }
        _ => return None,
    })
}

fn of_certificate(host: &str, error: &CertificateError) -> Option<String> {
    Some(match error {
        CertificateError::UnknownIssuer => {
            "the server's certificate is not signed by an authority that is trusted here: trust its root with `Tls::with_roots`, or have the server send its intermediate certificates".into()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it, or set this machine's clock right".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet: set this machine's clock right".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the server's certificate is not for `{host}`: connect to a name that it has, or add this one to its subject alternative names")
        }
        CertificateError::Revoked => "the server's certificate was revoked: it needs another".into(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not meant for servers: its extended key usage needs serverAuth".into()
        }
        CertificateError::BadEncoding => "the server's certificate cannot be read".into(),
        // webpki's error for it is not among those that rustls names.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server's certificate is that of an authority: make one for the server with CA:FALSE, signed by the authority, and trust the authority".into()
        }
        _ => return None,
    })
}
