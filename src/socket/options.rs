//! What a connection is asked for, checked before any platform sees it.

use crate::error::ConnectErrorKind;
#[cfg(feature = "web-stream")]
use crate::transport::Carrier;
#[cfg(not(target_family = "wasm"))]
use crate::transport::native::Network;
#[cfg(any(feature = "proto", not(target_family = "wasm")))]
use crate::transport::pipe::Handshake;
use crate::transport::{Limits, Protocols, Request};
use core::time::Duration;

/// What to ask for when connecting. Every knob has a default.
#[derive(Debug, Clone)]
pub struct Options {
    /// Subprotocols in order of preference, distinct tokens (RFC 6455 §4.1). Default none.
    pub protocols: Protocols,
    /// How long connecting may take, from when it is first polled until it is open. Default 20 s: browsers delay a connection on their own, Firefox
    /// by up to seconds after a failure, and a phone's radio takes its time.
    pub connect_timeout: Duration,
    /// The bounds of the connection. Default: those of [`Limits`].
    pub limits: Limits,
    /// Which of a browser's two sockets carries the connection. Default: its `WebSocket`.
    #[cfg(feature = "web-stream")]
    pub carrier: Carrier,
    /// Wire format, header lines, origin and compression, where the handshake is ours: natively, and over a stream of bytes. A browser's own WebSocket
    /// does as the browser does. Default: that of [`Handshake`].
    #[cfg(any(feature = "proto", not(target_family = "wasm")))]
    pub handshake: Handshake,
    /// Natively: the proxy, and whom TLS trusts. In browsers the user's settings decide. Default: that of [`Network`].
    #[cfg(not(target_family = "wasm"))]
    pub network: Network,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocols: Protocols::default(),
            connect_timeout: Duration::from_secs(20),
            limits: Limits::default(),
            #[cfg(feature = "web-stream")]
            carrier: Carrier::default(),
            #[cfg(any(feature = "proto", not(target_family = "wasm")))]
            handshake: Handshake::default(),
            #[cfg(not(target_family = "wasm"))]
            network: Network::default(),
        }
    }
}

impl Options {
    /// The checked request that a transport takes.
    pub(super) fn request(self, url: String) -> Result<Request, ConnectErrorKind> {
        // WHATWG WebSockets §3.1: "If urlRecord's fragment is non-null, then throw a SyntaxError". Even an empty one is non-null.
        if url.bytes().any(|byte| byte == b'#') {
            return Err(ConnectErrorKind::UrlFragment);
        }
        self.protocols.check()?;
        Ok(Request {
            url,
            protocols: self.protocols,
            limits: self.limits,
            #[cfg(feature = "web-stream")]
            carrier: self.carrier,
            #[cfg(any(feature = "proto", not(target_family = "wasm")))]
            handshake: self.handshake,
            #[cfg(not(target_family = "wasm"))]
            network: self.network,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), &'static str> {
        let request = Options::default().request(url.into());
        request.map(drop).map_err(|kind| kind.code())
    }

    #[test]
    fn a_fragment_is_refused_even_when_empty() {
        assert_eq!(check("ws://h/#"), Err("URL_FRAGMENT"));
        assert_eq!(check("ws://h/%23"), Ok(()));
    }
}
