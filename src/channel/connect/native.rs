//! The options that only native programs have.

use super::Connect;
use core::time::Duration;

impl<Tx, Rx> Connect<Tx, Rx> {
    /// Natively: the largest head of the server's response, in bytes. Past it connecting fails. Default 16 KiB.
    pub fn max_head(mut self, bytes: usize) -> Self {
        self.options.limits.max_head = bytes;
        self
    }

    /// Natively: the largest number of header lines in the server's response. Past it connecting fails. Default 128.
    pub fn max_header_lines(mut self, lines: usize) -> Self {
        self.options.limits.max_header_lines = lines;
        self
    }

    /// Natively: the largest number of frames in a message (RFC 6455 §5.4). Past it the connection closes with 1008. Default 131,072.
    pub fn max_fragments(mut self, frames: usize) -> Self {
        self.options.limits.max_fragments = frames;
        self
    }

    /// Natively: keepalive. A ping (RFC 6455 §5.5.2) is sent `interval` after the opening and after each pong. If nothing arrives from the peer for
    /// `timeout` after it, the connection ends with 1006 and the reason "keepalive timeout". `None` sends no pings, or never ends the connection.
    /// Default 20 s and 20 s, as python-websockets. A page cannot send pings.
    pub fn keepalive(
        mut self,
        interval: impl Into<Option<Duration>>,
        timeout: impl Into<Option<Duration>>,
    ) -> Self {
        self.options.limits.ping_interval = interval.into();
        self.options.limits.ping_timeout = timeout.into();
        self
    }

    /// Natively: payload bytes of one frame that we send. A longer message is split into several frames (RFC 6455 §5.4), so that pings and pongs can
    /// go between them, and servers with a limit on frames accept it. 0 never splits. Default 32 KiB.
    pub fn max_send_frame(mut self, bytes: usize) -> Self {
        self.options.limits.max_send_frame = bytes;
        self
    }

    /// Natively: wire format, headers, origin and compression of the handshake. Default: RFC 6455, no more headers, no origin, permessage-deflate
    /// offered.
    pub fn handshake(mut self, handshake: crate::transport::Handshake) -> Self {
        self.options.handshake = handshake;
        self
    }

    /// Natively: the proxy, and the certificates that TLS trusts. Default: the environment's proxy, Mozilla's roots.
    pub fn network(mut self, network: crate::transport::Network) -> Self {
        self.options.network = network;
        self
    }
}
