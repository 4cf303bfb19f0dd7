//! Why a handshake failed.

use super::Violation;
use crate::http::{self, HttpResponse, MaybeResponse};
use core::fmt;

/// Why a handshake failed, and the response, if one refused it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandshakeError {
    /// The cause.
    pub cause: Cause,
    /// The response of the server or proxy that refused.
    pub response: MaybeResponse,
}

impl HandshakeError {
    /// A failure with this response.
    pub fn new(cause: Cause, response: MaybeResponse) -> Self {
        Self { cause, response }
    }
}

impl<C: Into<Cause>> From<C> for HandshakeError {
    fn from(cause: C) -> Self {
        Self::new(cause.into(), None)
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.tell(http::refused(&self.response), f)
    }
}

impl core::error::Error for HandshakeError {}

/// Why connecting failed. Browsers never say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The platform does not say.
    Hidden,
    /// No connection to the host: name not found, refused, unreachable, or lost; the text is the operating system's. Or the request could not be
    /// written, for example because of a line break in a header; the text is a [`Misuse`](super::Misuse).
    Transport(String),
    /// TLS failed: no common version, or a certificate that is not trusted or does not match the host. The text is the TLS library's.
    Tls(String),
    /// The proxy requires credentials, or other ones (407, RFC 9110 §15.5.8). The text is its `Proxy-Authenticate`, which names the schemes; empty if
    /// it sent none.
    ProxyAuthentication(String),
    /// The proxy did not open a tunnel. It answered with this HTTP status (RFC 9110 §9.3.6).
    Proxy(u16),
    /// The server answered the handshake with an HTTP status other than 101 (RFC 6455 §4.1).
    Status(u16),
    /// The peer violated the protocol.
    Violation(Violation),
}

impl From<Violation> for Cause {
    fn from(violation: Violation) -> Self {
        Cause::Violation(violation)
    }
}

impl core::error::Error for Cause {}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(None, f)
    }
}

impl Cause {
    /// The error text, with what the response adds to it.
    pub(super) fn tell(
        &self,
        response: Option<&HttpResponse>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        // In browsers no other cause can be known, so their texts are not linked.
        if !http::IS_KNOWN {
            return f.write_str("connecting failed");
        }
        match self {
            Cause::Hidden => f.write_str("connecting failed"),
            Cause::Transport(words) => write!(f, "connecting failed: {words}"),
            Cause::Tls(words) => write!(f, "TLS failed: {words}"),
            Cause::ProxyAuthentication(_) => {
                f.write_str("the proxy requires credentials, or other ones (407)")
            }
            Cause::Proxy(status) => {
                let status = usize::from(*status);
                write!(f, "the proxy refused the tunnel with status {status}")
            }
            Cause::Status(status) => {
                let status = usize::from(*status);
                write!(f, "the server answered the handshake with status {status}")?;
                match response {
                    Some(response) => http::explain(response, f),
                    None => Ok(()),
                }
            }
            Cause::Violation(violation) => write!(f, "the handshake failed: {violation}"),
        }
    }
}
