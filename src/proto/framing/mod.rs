//! Framing: messages to bytes and back. One wire format per file, behind one trait, chosen once, by the handshake.

mod assembly;
pub(crate) mod hixie75;
pub(crate) mod hixie76;
pub mod mask;
pub(crate) mod rfc6455;
mod utf8;

use crate::error::Violation;
use crate::message::Message;
use crate::proto::close::CloseFrame;
use core::fmt;

/// One wire format of an open connection, in one role.
pub(crate) trait Framing: Send + fmt::Debug {
    /// Takes bytes off the front of `input` until one thing is whole or the input is used up. `None` means: more bytes.
    ///
    /// # Errors
    /// What the peer did wrong, at the first byte that shows it. Not called again after that.
    fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Violation>;

    /// Appends a message.
    fn encode_message(&mut self, message: &Message, out: &mut Vec<u8>);

    /// Appends a ping of at most 125 bytes; nothing if the format has none.
    fn encode_ping(&mut self, payload: &[u8], out: &mut Vec<u8>);

    /// Appends a pong of at most 125 bytes; nothing if the format has none.
    fn encode_pong(&mut self, payload: &[u8], out: &mut Vec<u8>);

    /// Appends a Close frame with this body, or none; nothing if the format has none.
    fn encode_close(&mut self, body: Option<&CloseFrame>, out: &mut Vec<u8>);

    /// Appends what tells the peer that the connection fails for what it did; nothing if the format has no words for it.
    fn encode_failure(&mut self, violation: Violation, out: &mut Vec<u8>) {
        // RFC 6455 §7.1.7: "the client SHOULD send a Close frame with an appropriate status code"
        let body = CloseFrame {
            code: violation.close_code(),
            reason: String::new(),
        };
        self.encode_close(Some(&body), out);
    }

    /// Whether the format has a frame for this kind of message.
    fn carries(&self, _message: &Message) -> bool {
        true
    }

    /// Whether the format has pings.
    fn has_ping(&self) -> bool {
        true
    }

    /// Who ends the stream, and when.
    fn ending(&self) -> Ending {
        Ending::ServerFirst
    }
}

/// How a wire format ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// RFC 6455 §7.1.1: behind both Close frames the server ends the stream, and the client waits for that.
    ServerFirst,
    /// hixie-76: behind both Close frames either side ends the stream.
    EitherSide,
    /// hixie-75: there is no Close frame. Who closes ends the stream.
    NoFrame,
}

/// What a decoder found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A whole message.
    Message(Message),
    /// A ping's payload.
    Ping(Vec<u8>),
    /// A pong's payload.
    Pong(Vec<u8>),
    /// A Close frame's body, `None` if empty.
    Close(Option<CloseFrame>),
}
