//! What a caller of the protocol core did wrong. Nothing was sent.

use core::fmt;

/// A command that the protocol core did not accept. The caller's mistake; the connection is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// The connection is not open, or no longer.
    NotOpen,
    /// There is no request to answer: none has arrived, or it was answered.
    NoRequest,
    /// The request is plain HTTP and cannot be accepted as a WebSocket.
    NotWebSocket,
    /// The subprotocol is not one that the client offered (RFC 6455 §4.2.2 item 5).
    Subprotocol,
    /// A status that cannot answer a request: below 200 or above 599.
    Status(u16),
    /// A header name or value, a subprotocol or a host contains bytes that would break the head.
    Header,
    /// A header that the handshake writes itself, such as `Upgrade`, or one that appears twice but may appear once, such as `Host`.
    ReservedHeader,
    /// A name with a colon, or a name or password with a control character or not in UTF-8 (RFC 7617 §2).
    Credentials,
    /// A close code that must not be sent (RFC 6455 §7.4).
    CloseCode(u16),
    /// A close reason longer than 123 bytes of UTF-8. The value is its length.
    CloseReason(usize),
    /// A ping of more than 125 bytes (RFC 6455 §5.5). The value is its length.
    PingTooLong(usize),
    /// A ping in a wire format that has none: hixie-75 and hixie-76.
    NoPing,
    /// More than one subprotocol in a wire format that can name only one: hixie-75 and hixie-76. The value is their number.
    Subprotocols(usize),
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misuse::NotOpen => f.write_str("the connection is not open"),
            Misuse::NoRequest => f.write_str("there is no request to answer"),
            Misuse::NotWebSocket => f.write_str("the request does not ask for a WebSocket"),
            Misuse::Subprotocol => f.write_str("the client did not offer this subprotocol"),
            Misuse::Status(status) => write!(f, "status {status} cannot answer a request"),
            Misuse::Header => f.write_str("a header name or value has an invalid byte"),
            Misuse::ReservedHeader => {
                f.write_str("a header belongs to the handshake, or appears twice")
            }
            Misuse::Credentials => f.write_str("these credentials cannot be sent as Basic"),
            Misuse::CloseCode(code) => write!(f, "close code {code} must not be sent"),
            Misuse::CloseReason(len) => {
                write!(f, "the close reason has {len} bytes, more than 123")
            }
            Misuse::NoPing => f.write_str("the wire format has no ping"),
            Misuse::Subprotocols(count) => write!(
                f,
                "the wire format can ask for one subprotocol only, not for {count}"
            ),
            Misuse::PingTooLong(len) => write!(f, "the ping has {len} bytes, more than 125"),
        }
    }
}

impl core::error::Error for Misuse {}
