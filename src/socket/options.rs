//! The options of a connection, checked before a platform sees them.

use crate::error::ConnectErrorKind;
#[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
use crate::transport::Handshake;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use crate::transport::Network;
#[cfg(feature = "websocket-stream")]
use crate::transport::TransportKind;
use crate::transport::{ConnectRequest, Limits, Protocols};
use core::time::Duration;

/// What to ask for when connecting, or accepting. Every option has a default; a method sets it, and so does its field:
///
/// ```
/// use core::time::Duration;
/// use websocket_channel::ConnectionOptions;
///
/// let mut options = ConnectionOptions::default()
///     .protocols(["chat.v2", "chat.v1"])
///     .connect_timeout(Duration::from_secs(5));
/// options.limits.max_message = 64 << 10;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConnectionOptions {
    /// Subprotocols in order of preference, distinct tokens (RFC 6455 §4.1). Default none.
    pub protocols: Protocols,
    /// How long connecting may take, from the first poll until the connection is open. Default 20 s: browsers delay connections themselves, Firefox
    /// by up to seconds after a failure, and phones need time for their radio.
    pub connect_timeout: Duration,
    /// The limits of the connection. Default: those of [`Limits`].
    pub limits: Limits,
    /// Which of a browser's two sockets carries the connection. Default: its `WebSocket`.
    #[cfg(feature = "websocket-stream")]
    pub transport: TransportKind,
    /// Wire format, header lines, origin and compression, where the handshake is ours: natively, and over a stream of bytes. A browser's own WebSocket
    /// does as the browser does. Default: that of [`Handshake`].
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub handshake: Handshake,
    /// Natively: the proxy, and whom TLS trusts. In browsers the user's settings decide. Default: that of [`Network`].
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub network: Network,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            protocols: Protocols::default(),
            connect_timeout: Duration::from_secs(20),
            limits: Limits::default(),
            #[cfg(feature = "websocket-stream")]
            transport: TransportKind::default(),
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            handshake: Handshake::default(),
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            network: Network::default(),
        }
    }
}

impl ConnectionOptions {
    /// Sets the [`protocols`](#structfield.protocols).
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = protocols.into_iter().collect();
        self
    }

    /// Sets the [`connect_timeout`](#structfield.connect_timeout).
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the [`limits`](#structfield.limits).
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the [`transport`](#structfield.transport).
    #[cfg(feature = "websocket-stream")]
    pub fn transport(mut self, transport: TransportKind) -> Self {
        self.transport = transport;
        self
    }

    /// Sets the [`handshake`](#structfield.handshake).
    #[cfg(any(feature = "proto", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub fn handshake(mut self, handshake: Handshake) -> Self {
        self.handshake = handshake;
        self
    }

    /// Sets the [`network`](#structfield.network).
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// The checked request that a transport takes.
    pub(super) fn request(self, url: String) -> Result<ConnectRequest, ConnectErrorKind> {
        // WHATWG WebSockets §3.1: "If urlRecord's fragment is non-null, then throw a SyntaxError". Even an empty one is non-null.
        if url.bytes().any(|byte| byte == b'#') {
            return Err(ConnectErrorKind::UrlFragment);
        }
        self.protocols.check(None)?;
        Ok(ConnectRequest {
            url,
            protocols: self.protocols,
            limits: self.limits,
            #[cfg(feature = "websocket-stream")]
            transport: self.transport,
            #[cfg(any(
                feature = "proto",
                not(all(target_family = "wasm", target_os = "unknown"))
            ))]
            handshake: self.handshake,
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            network: self.network,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), &'static str> {
        let request = ConnectionOptions::default().request(url.into());
        request.map(drop).map_err(|kind| kind.code())
    }

    #[test]
    fn a_fragment_is_refused_even_when_empty() {
        assert_eq!(check("ws://h/#"), Err("URL_FRAGMENT"));
        assert_eq!(check("ws://h/%23"), Ok(()));
    }
}
