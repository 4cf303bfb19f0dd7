//! What a caller of the protocol core did wrong. Nothing went on the wire.

use core::fmt;

/// A command that the protocol core did not take. The caller's fault; the connection is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Misuse {
    /// The connection is not open, or no longer.
    NotOpen,
    /// There is no request to answer: none has come, or it was answered.
    NoRequest,
    /// The request is plain HTTP and cannot be accepted as a WebSocket.
    NotWebSocket,
    /// The subprotocol is not one that the client offered (RFC 6455 §4.2.2 item 5).
    Subprotocol,
    /// A status that cannot answer a request: below 200 or above 599.
    Status(u16),
    /// A header name or value, a subprotocol or a host with bytes that would break the head apart.
    Header,
    /// A header that the handshake writes itself, such as `Upgrade`, or one that is given twice and may stand once, such as `Host`.
    ReservedHeader,
    /// A name with a colon, or a name or password with a control character or not in UTF-8 (RFC 7617 §2).
    Credentials,
    /// A close code that must not be sent (RFC 6455 §7.4).
    CloseCode(u16),
    /// A close reason longer than 123 bytes of UTF-8; this is its length.
    CloseReason(usize),
    /// A ping of more than 125 bytes; this is its length (RFC 6455 §5.5).
    PingTooLong(usize),
    /// A ping in a wire format that has none: hixie-75 and hixie-76.
    NoPing,
    /// More than one subprotocol in a wire format that can ask for one only, hixie-75 and hixie-76; this many.
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
            Misuse::Header => {
                f.write_str("a header name or value has a byte that no header may have")
            }
            Misuse::ReservedHeader => {
                f.write_str("a header belongs to the handshake, or is given twice")
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
