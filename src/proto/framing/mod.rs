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
use crate::proto::outgoing::Outgoing;
use core::fmt;

/// One wire format of an open connection, in one role.
pub(crate) trait Framing: Send + fmt::Debug {
    /// Takes bytes off the front of `input` until one thing is whole or the input is used up. `None` means: more bytes.
    ///
    /// # Errors
    /// What the peer did wrong, at the first byte that shows it. Not called again after that.
    fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Violation>;

    /// Takes a message off the front of `input` if one lies there whole, alone and right, or all of `input` if that is the beginning of a long one:
    /// the common cases, and nothing but that, so that they are fast. `None`, always right, leaves what is left of `input` to `decode`.
    fn take_message(&mut self, _input: &mut &[u8]) -> Option<Message> {
        None
    }

    /// Where the next bytes of the peer belong, if they are nothing but a long payload. `None`, always right: give them to `decode`.
    fn vacancy(&mut self) -> Option<Vacancy<'_>> {
        None
    }

    /// So many bytes were appended to the [`vacancy`](Self::vacancy) just asked for. Gives the message that they end, and appends to `surplus` what
    /// lay behind it.
    ///
    /// # Errors
    /// As for [`decode`](Self::decode).
    fn decode_filled(
        &mut self,
        _filled: usize,
        _surplus: &mut Vec<u8>,
    ) -> Result<Option<Message>, Violation> {
        Ok(None)
    }

    /// Appends a message.
    ///
    /// # Errors
    /// The message, if the format has no frame for its kind.
    fn encode_message(&mut self, message: Message, out: &mut Outgoing) -> Result<(), Message>;

    /// Appends a ping of at most 125 bytes; nothing if the format has none.
    fn encode_ping(&mut self, payload: &[u8], out: &mut Vec<u8>);

    /// Appends a pong of at most 125 bytes; nothing if the format has none.
    fn encode_pong(&mut self, payload: &[u8], out: &mut Vec<u8>);

    /// Appends a Close frame with this body, or none; nothing if the format has none.
    fn encode_close(&mut self, body: Option<&CloseFrame>, out: &mut Vec<u8>);

    /// Appends a frame that tells the peer why the connection fails; nothing if the format has none.
    fn encode_failure(&mut self, violation: Violation, out: &mut Vec<u8>) {
        // RFC 6455 §7.1.7: "the client SHOULD send a Close frame with an appropriate status code"
        let body = CloseFrame {
            code: violation.close_code(),
            reason: String::new(),
        };
        self.encode_close(Some(&body), out);
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

/// Memory for bytes in their final place, so that they need not be copied.
#[derive(Debug)]
pub struct Vacancy<'a> {
    /// To be appended to.
    pub bytes: &'a mut Vec<u8>,
    /// How many bytes at the most. There is capacity for them.
    pub len: usize,
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
