//! The opening handshake (RFC 6455 §4): from bytes to an agreed framing, in either role.
//!
//! A client's format is chosen by its offer, a server's by the head of the request. `hixie75.rs` and `hixie76.rs` have the
//! formats of 2009, both sides in one file; RFC 6455 is in [`client`] and [`server`].

pub mod client;
mod expected;
pub(crate) mod extensions;
pub mod head;
mod hixie75;
mod hixie76;
mod key76;
mod repeated;
pub(crate) mod request;
pub(crate) mod response;
pub mod server;

use crate::error::{Cause, HandshakeError};
use crate::message::OpenInfo;
use crate::proto::deflate::Deflate;
use crate::proto::framing::Framing;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use sha1::{Digest as _, Sha1};

/// A client's half: one wire format, waiting for the server's response. Its request was written when it was made.
pub(crate) trait ClientHandshake: Send + fmt::Debug {
    /// Takes the response off the front of `input`; what is left is frames. `None` means: more bytes.
    ///
    /// # Errors
    /// Why there is no connection. Not called again after that.
    fn handle_bytes(&mut self, input: &mut &[u8]) -> Result<Option<Agreed>, HandshakeError>;

    /// Whether the response is a refusal, the rest of which is still to come: that is worth a short wait.
    fn is_refused(&self) -> bool;

    /// No byte will come any more; `ended` if the stream ended, false if the time is over. The refusal as far as it came, if it is one.
    fn refusal(&mut self, ended: bool) -> Option<HandshakeError>;
}

/// A client's error for a response that refuses.
pub(crate) fn refused(refusal: response::Refusal, ended: bool) -> HandshakeError {
    let response = refusal.into_response(ended);
    HandshakeError::new(Cause::Status(response.status), Some(Box::new(response)))
}

/// A server's half: one wire format, a request that is right, waiting for the application's verdict.
pub(crate) trait ServerHandshake: Send + fmt::Debug {
    /// Appends the response that accepts. The arguments have been checked. `deflate` is agreed to if the client offered it.
    fn accept(
        &self,
        protocol: Option<&str>,
        deflate: Option<&Deflate>,
        headers: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Agreed;
}

/// What a handshake ends with.
#[derive(Debug)]
pub(crate) struct Agreed {
    pub(crate) opened: OpenInfo,
    pub(crate) framing: Box<dyn Framing>,
}

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2 item 5.4).
pub fn accept_key(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(hash.finalize())
}
