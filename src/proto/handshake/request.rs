//! Reads a request of whatever wire format: one port serves them all, and the head decides.

use super::head::{HeadReader, Syntax};
use super::server::{self, Read, Request};
use super::{ServerHandshake, hixie76};
use crate::error::Violation;
use crate::proto::Random;
use crate::proto::limits::ProtocolLimits;

/// A request, and the half that can accept it, if it asks for a WebSocket.
pub(crate) type Whole = (Request, Option<Box<dyn ServerHandshake>>);

/// Collects the bytes of a request, however they are cut.
#[derive(Debug)]
pub(crate) struct RequestReader {
    head: HeadReader,
    /// Whether the stream is encrypted, so that our URL begins with `wss`.
    pub(crate) secure: bool,
    /// Whether the formats of 2009 are accepted.
    pub(crate) legacy: bool,
    limits: ProtocolLimits,
    random: Random,
    /// The method is HEAD.
    is_head: bool,
    waiting: Option<Box<Waiting>>,
}

/// hixie-76: the head was right, and the eight bytes behind it are awaited.
#[derive(Debug)]
struct Waiting {
    request: Request,
    head: hixie76::Head,
    key3: Vec<u8>,
}

/// hixie-76, "/key_3/": no Content-Length announces it.
const KEY3: usize = 8;

impl RequestReader {
    pub(crate) fn new(limits: &ProtocolLimits, random: Random) -> Self {
        Self {
            head: HeadReader::new(limits, Syntax::Request),
            secure: false,
            legacy: true,
            limits: limits.clone(),
            random,
            is_head: false,
            waiting: None,
        }
    }

    /// Whether the answer has no body (RFC 9110 §9.3.2).
    pub(crate) fn is_head(&self) -> bool {
        self.is_head || self.head.begins_with("HEAD ")
    }

    /// Takes a request off the front of `input`. `None` means: more bytes.
    ///
    /// # Errors
    /// What is wrong with it; `Response::refusing` answers it.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Whole>, Violation> {
        if self.waiting.is_none() {
            let Some(head) = self.head.read(input)? else {
                return Ok(None);
            };
            self.is_head = head.start.starts_with("HEAD ");
            match server::read(head, self.secure, self.legacy, &self.limits, self.random)? {
                Read::Whole(request, handshake) => return Ok(Some((request, handshake))),
                Read::Hixie76(request, head) => {
                    let key3 = Vec::with_capacity(KEY3);
                    self.waiting = Some(Box::new(Waiting {
                        request,
                        head,
                        key3,
                    }));
                }
            }
        }
        let Some(mut waiting) = self.waiting.take() else {
            return Ok(None);
        };
        let missing = KEY3.saturating_sub(waiting.key3.len()).min(input.len());
        let (piece, rest) = input.split_at(missing);
        waiting.key3.extend_from_slice(piece);
        *input = rest;
        match <[u8; KEY3]>::try_from(waiting.key3.as_slice()) {
            Ok(key3) => {
                let handshake = waiting.head.complete(key3, &self.limits);
                Ok(Some((waiting.request, Some(Box::new(handshake)))))
            }
            Err(_) => {
                self.waiting = Some(waiting);
                Ok(None)
            }
        }
    }
}
