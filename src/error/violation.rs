//! What a peer did wrong. One place maps it to what is sent.

use core::fmt;

/// How the peer violated the protocol, or exceeded a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    // The opening handshake, either side.
    /// A head that is not HTTP: an invalid line, name or byte (RFC 9112 §2.2, §5.1).
    HeadSyntax {
        /// The line of the head, from 1.
        line: u16,
        /// The byte of that line, from 1.
        byte: u16,
    },
    /// A head of more bytes than `Limits::max_head`.
    HeadTooLong,
    /// A head of more header lines than `Limits::max_header_lines`.
    TooManyHeaders,
    /// More than 8 interim responses (1xx, RFC 9110 §15.2) before the final one.
    TooManyInterim,
    /// Not HTTP/1.1 or higher (RFC 6455 §4.1 item 2, §4.2.1 item 1).
    HttpVersion,
    /// `Upgrade` is missing or does not say `websocket` (RFC 6455 §4.1, §4.2.1 item 3).
    Upgrade,
    /// `Connection` does not have the token `Upgrade` (RFC 6455 §4.1, §4.2.1 item 4).
    Connection,
    /// hixie-76, found by a server: a `Sec-WebSocket-Key1` or `-Key2` without spaces, or whose number they do not divide; found
    /// by a client: an answer that does not fit them.
    Challenge,
    /// Found by a server: `Origin` is repeated, or missing where it is required (hixie-75, hixie-76). Found by a client: the
    /// server's `WebSocket-Origin` or `Sec-WebSocket-Origin` is missing, repeated or wrong.
    Origin,
    /// The opening handshake was not finished within `Limits::handshake_timeout`.
    HandshakeTimeout,

    // The server's half of it, found by a client.
    /// `Sec-WebSocket-Accept` is missing, repeated or wrong (RFC 6455 §4.1).
    Accept,
    /// A subprotocol that was not offered with this exact spelling (RFC 6455 §4.1), or two of them.
    Subprotocol,
    /// An extension that was not offered (RFC 6455 §4.1).
    Extension,
    /// The status line is not byte for byte that of hixie-75.
    StatusLine,
    /// `WebSocket-Location` or `Sec-WebSocket-Location` is missing, repeated or not the requested URL (hixie-75, hixie-76).
    Location,
    /// An extension that was offered, with parameters that the offer does not allow (RFC 7692 §7.1).
    ExtensionParameter,

    // The client's half of it, found by a server.
    /// The method of the opening handshake is not `GET` (RFC 6455 §4.2.1 item 1).
    Method,
    /// The request target is neither a path nor an `http` URL without fragment (RFC 6455 §4.2.1 item 1).
    Target,
    /// `Host` is missing, repeated or not a host (RFC 6455 §4.2.1 item 2, RFC 9112 §3.2).
    Host,
    /// `Sec-WebSocket-Key` is missing, repeated or not 16 bytes in base64 (RFC 6455 §4.2.1 item 5).
    Key,
    /// `Sec-WebSocket-Version` is missing, repeated or not one we speak (RFC 6455 §4.4).
    Version,
    /// `Sec-WebSocket-Protocol` lists something that is not a token, or lists one twice (RFC 6455 §4.1 item 10).
    ProtocolList,
    /// `Sec-WebSocket-Extensions` breaks its grammar (RFC 6455 §9.1).
    ExtensionList,
    /// An opening handshake with a body.
    Body,
    /// Frames before the opening handshake was answered, more than `Limits::max_head` bytes of them (RFC 6455 §4.1:
    /// the client "MUST wait for a response from the server before sending any further data").
    EarlyData,

    // Frames.
    /// A reserved bit is set that no extension gave a meaning (RFC 6455 §5.2).
    ReservedBits,
    /// A reserved opcode (RFC 6455 §5.2).
    Opcode,
    /// A length that is not in its shortest form (RFC 6455 §5.2).
    LengthNotMinimal,
    /// A 64-bit length with its highest bit set (RFC 6455 §5.2).
    LengthOverflow,
    /// A client's frame that is not masked (RFC 6455 §5.1).
    Unmasked,
    /// A server's frame that is masked (RFC 6455 §5.1).
    Masked,
    /// A control frame in fragments (RFC 6455 §5.5).
    ControlFragmented,
    /// A control frame of more than 125 bytes (RFC 6455 §5.5).
    ControlTooLong,
    /// A continuation frame with nothing to continue (RFC 6455 §5.4).
    OrphanContinuation,
    /// A new message inside one that is not finished (RFC 6455 §5.4).
    UnfinishedMessage,
    /// A text message that is not UTF-8 (RFC 6455 §8.1).
    Utf8,
    /// A compressed message that is not DEFLATE data (RFC 7692 §7.2.2).
    Deflate,
    /// A Close frame of one byte (RFC 6455 §5.5.1).
    CloseBody,
    /// A close code that must not be sent (RFC 6455 §7.4).
    CloseCode,
    /// A close reason that is not UTF-8 (RFC 6455 §5.5.1).
    CloseReason,

    // Limits of ours.
    /// A frame of more bytes than `Limits::max_frame`.
    FrameTooLong,
    /// A message of more bytes than `Limits::max_message`.
    MessageTooLong,
    /// A message of more fragments than `Limits::max_fragments`.
    TooManyFragments,
}

impl Violation {
    /// The close code for it on an open connection (RFC 6455 §7.4.1). Every close code of a violation comes from here.
    pub fn close_code(self) -> u16 {
        match self {
            // "received data within a message that was not consistent with the type of the message"
            // For compressed data too, as others do: RFC 7692 names no code.
            Violation::Utf8 | Violation::CloseReason | Violation::Deflate => 1007,
            // "a message that violates its policy"
            Violation::TooManyFragments => 1008,
            // "a message that is too big for it to process"
            Violation::FrameTooLong | Violation::MessageTooLong => 1009,
            // "a protocol error"
            _ => 1002,
        }
    }

    /// The HTTP status with which a server answers an opening handshake that is wrong in this way. The only map of its kind.
    pub fn http_status(self) -> u16 {
        match self {
            Violation::Method => 405,
            Violation::HandshakeTimeout => 408,
            // RFC 6455 §4.4 leaves the status open; RFC 9110 §15.5.22 made 426 for this.
            Violation::Version => 426,
            Violation::HeadTooLong | Violation::TooManyHeaders => 431,
            _ => 400,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Violation::HeadSyntax { line, byte } => {
                let (line, byte) = (usize::from(*line), usize::from(*byte));
                return write!(f, "the head is not HTTP: line {line}, byte {byte}");
            }
            Violation::TooManyInterim => "too many interim responses",
            Violation::HeadTooLong => "the head is too long",
            Violation::TooManyHeaders => "the head has too many header lines",
            Violation::HttpVersion => "the HTTP version is not 1.1 or higher",
            Violation::Upgrade => "Upgrade is missing or is not `websocket`",
            Violation::Connection => "Connection lacks the token `Upgrade`",
            Violation::Challenge => "a key of hixie-76 or the answer to it is wrong",
            Violation::Origin => "the origin is missing, repeated or wrong",
            Violation::HandshakeTimeout => "the opening handshake took too long",
            Violation::Accept => "Sec-WebSocket-Accept is missing, repeated or wrong",
            Violation::Subprotocol => "the subprotocol was not offered",
            Violation::Extension => "the extension was not offered",
            Violation::ExtensionList => "Sec-WebSocket-Extensions breaks its grammar",
            Violation::StatusLine => "the status line is not that of hixie-75",
            Violation::Location => "the location is not the requested URL",
            Violation::ExtensionParameter => "the extension has parameters that were not offered",
            Violation::Method => "the method is not GET",
            Violation::Target => "the request target is not a path",
            Violation::Host => "Host is missing, repeated or not a host",
            Violation::Key => "Sec-WebSocket-Key is missing, repeated or not 16 bytes in base64",
            Violation::Version => "Sec-WebSocket-Version is missing or not one of 13, 8, 7",
            Violation::ProtocolList => "Sec-WebSocket-Protocol is not a list of distinct tokens",
            Violation::Body => "an opening handshake must not have a body",
            Violation::EarlyData => "data came before the opening handshake was answered",
            Violation::ReservedBits => "a reserved bit is set",
            Violation::Opcode => "a reserved opcode",
            Violation::LengthNotMinimal => "a length is not in its shortest form",
            Violation::LengthOverflow => "a length has its highest bit set",
            Violation::Unmasked => "a frame from the client is not masked",
            Violation::Masked => "a frame from the server is masked",
            Violation::ControlFragmented => "a control frame is fragmented",
            Violation::ControlTooLong => "a control frame is longer than 125 bytes",
            Violation::OrphanContinuation => "a continuation frame continues nothing",
            Violation::UnfinishedMessage => "a message begins inside another",
            Violation::Utf8 => "a text message is not UTF-8",
            Violation::Deflate => "a compressed message is not DEFLATE data",
            Violation::CloseBody => "a Close frame has a body of one byte",
            Violation::CloseCode => "the close code must not be sent",
            Violation::CloseReason => "a close reason is not UTF-8",
            Violation::FrameTooLong => "a frame is too long",
            Violation::MessageTooLong => "a message is too long",
            Violation::TooManyFragments => "a message has too many fragments",
        })
    }
}

impl core::error::Error for Violation {}
