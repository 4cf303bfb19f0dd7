//! What one connection may cost us, whatever the peer sends.

use crate::shared::{Last, Shared, shared};
use core::cell::Cell;
use core::time::Duration;

/// Limits of one connection. Zero means zero, and everything that a peer can cost is limited. Only for `max_send_frame` zero means no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProtocolLimits {
    /// Bytes of a request's or response's head. Default 16 KiB, as common HTTP servers; a browser's handshake with its cookies is far below.
    pub max_head: usize,
    /// Bytes kept of the body of a response that refuses a client's handshake. Default 4 KiB, enough for an error page. 0 keeps none, and does not
    /// wait for it.
    pub max_body: usize,
    /// Header lines of a head. Default 128: a browser sends about 15, a proxy adds a few.
    pub max_header_lines: usize,
    /// Payload bytes of one frame, checked when its header is read, before memory is used. Default 64 MiB, as `max_message`, because many peers send
    /// a message as one frame.
    pub max_frame: usize,
    /// Payload bytes of one message, all fragments together. Default 64 MiB, as `transport::Limits::max_message`.
    pub max_message: usize,
    /// Frames of one message. Default 131,072: fragments cost time, not memory; conformance suites send 65,536.
    pub max_fragments: usize,
    /// Payload bytes of one frame that we send. A longer message is split into several frames (RFC 6455 §5.4), so that pings and pongs can go between
    /// them, and peers with a limit on frames accept it. 0 and `usize::MAX` never split. Default 32 KiB, half of the lowest limit of common peers.
    /// The formats of 2009 have no fragments.
    pub max_send_frame: usize,
    /// Unsent bytes at which `send` accepts no further message; one message may exceed it. Default 64 MiB, one message of the largest size.
    pub max_unsent: usize,
    /// The cost of messages and pongs that were not polled: their bytes, plus the size of a `Message` for each. From there on
    /// [`Connection::wants_read`](super::Connection::wants_read) is false; one message may exceed it. 0 is treated as 1. Default 64 MiB.
    pub receive_buffer: usize,
    /// Keepalive: the time from the opening, and from each pong, to the next ping (RFC 6455 §5.5.2). `None` sends none. Default none; a transport has
    /// its own.
    pub ping_interval: Option<Duration>,
    /// Keepalive: how long the peer may stay silent after a ping was written. Then the connection is lost: 1006, "keepalive timeout". `None` never
    /// ends it. Default 20 s.
    pub ping_timeout: Option<Duration>,
    /// The time from construction to the end of the opening handshake. Default 60 s: longer than any connect timeout, so that the caller's own
    /// applies.
    pub handshake_timeout: Duration,
    /// The time from when our Close frame was written, or from the last progress of what is queued before it, to the end of the connection. Default
    /// 10 s: several round trips of a bad network.
    pub close_timeout: Duration,
}

impl ProtocolLimits {
    /// Connections mostly have the same: each keeps a pointer.
    pub(super) fn shared(self) -> Shared<Self> {
        thread_local! {
            static LAST: Last<ProtocolLimits> = const { Cell::new(None) };
        }
        shared(&LAST, self)
    }
}

impl Default for ProtocolLimits {
    fn default() -> Self {
        Self {
            max_head: 16 << 10,
            max_body: 4 << 10,
            max_header_lines: 128,
            max_frame: 64 << 20,
            max_message: 64 << 20,
            max_fragments: 1 << 17,
            max_send_frame: 32 << 10,
            max_unsent: 64 << 20,
            receive_buffer: 64 << 20,
            ping_interval: None,
            ping_timeout: Some(Duration::from_secs(20)),
            handshake_timeout: Duration::from_secs(60),
            close_timeout: Duration::from_secs(10),
        }
    }
}
