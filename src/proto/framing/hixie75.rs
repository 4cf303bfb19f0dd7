//! The frames of draft-hixie-thewebsocketprotocol-75, section "Data framing", both roles.
//!
//! A frame that may be sent is `00`, text in UTF-8, `FF`: UTF-8 has no byte `FF`, so that nothing is escaped. Every other
//! frame is read and dropped, whatever it carries:
//!
//! | type | ends |
//! |---|---|
//! | `00`-`7F` | with the first `FF` |
//! | `80`-`FF` | behind as many bytes as its length says, seven bits of it a byte, the highest first |
//!
//! There is no ping, and no Close frame: either side ends the stream. What an unfinished frame had is lost.

use super::utf8::Text;
use super::{Ending, Framing, Incoming};
use crate::error::Violation;
use crate::message::Message;
use crate::proto::close::CloseFrame;
use crate::proto::limits::ProtocolLimits;
use crate::proto::outgoing::Outgoing;
use crate::proto::role::Role;

/// The decoder and encoder of one connection.
#[derive(Debug)]
pub(crate) struct Hixie75 {
    frames: Frames,
}

impl Hixie75 {
    pub(crate) fn new(role: Role, limits: &ProtocolLimits) -> Self {
        Self {
            frames: Frames::new(role, limits),
        }
    }
}

impl Framing for Hixie75 {
    fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Violation> {
        loop {
            match self.frames.read(input)? {
                None => return Ok(None),
                Some(Frame::Text(text)) => return Ok(Some(Incoming::Message(Message::Text(text)))),
                // "FF 00" is one of these, too: it became a Close frame with hixie-76.
                Some(Frame::Dropped { .. }) => {}
            }
        }
    }

    fn encode_message(&mut self, message: Message, out: &mut Outgoing) -> Result<(), Message> {
        encode_text(message, out)
    }

    fn encode_ping(&mut self, _payload: &[u8], _out: &mut Vec<u8>) {}

    fn encode_pong(&mut self, _payload: &[u8], _out: &mut Vec<u8>) {}

    fn encode_close(&mut self, _body: Option<&CloseFrame>, _out: &mut Vec<u8>) {}

    fn encode_failure(&mut self, _violation: Violation, _out: &mut Vec<u8>) {}

    fn has_ping(&self) -> bool {
        false
    }

    fn ending(&self) -> Ending {
        Ending::NoFrame
    }
}

/// "Send a 0x00 byte [...], data encoded as UTF-8 [...], a 0xFF byte".
///
/// DIFFERENCE: the paper sends binary messages as `80`, a length, the bytes. No draft lets anybody send that, and every
/// receiver drops it in silence, so that we refuse to.
pub(super) fn encode_text(message: Message, out: &mut Outgoing) -> Result<(), Message> {
    let Message::Text(text) = message else {
        return Err(message);
    };
    let out = out.append(text.len());
    out.reserve(text.len() + 2);
    out.push(0x00);
    out.extend_from_slice(text.as_bytes());
    out.push(0xFF);
    Ok(())
}

/// What was read whole.
#[derive(Debug)]
pub(super) enum Frame {
    /// A frame of type `00`.
    Text(String),
    /// A frame of any other type.
    Dropped { kind: u8, len: u64 },
}

/// Reads frames, however they are cut.
#[derive(Debug)]
pub(super) struct Frames {
    role: Role,
    max_frame: u64,
    max_message: usize,
    state: State,
}

/// Where in a frame the next byte is.
#[derive(Debug)]
enum State {
    Type,
    Text(Payload),
    /// Inside a frame of an unknown type that ends with `FF`, after this many bytes.
    Unknown {
        kind: u8,
        len: u64,
    },
    /// Inside the length of a binary frame: what its bytes say so far.
    Length {
        kind: u8,
        len: u64,
    },
    /// Inside a binary frame, with this many bytes left.
    Binary {
        kind: u8,
        len: u64,
        left: u64,
    },
}

/// Text that is not whole yet.
#[derive(Debug)]
enum Payload {
    /// A client takes what is not UTF-8, too: it is replaced when the frame is whole.
    Any(Vec<u8>),
    /// A server fails at the first byte that cannot be UTF-8.
    Checked(Text),
}

impl Frames {
    pub(super) fn new(role: Role, limits: &ProtocolLimits) -> Self {
        Self {
            role,
            max_frame: limits.max_frame as u64,
            max_message: limits.max_message,
            state: State::Type,
        }
    }

    /// Takes bytes off the front of `input` up to the end of a frame. `None` means: more bytes.
    ///
    /// # Errors
    /// [`Violation::FrameTooLong`] and [`Violation::MessageTooLong`] before the byte that would be too many is kept;
    /// [`Violation::Utf8`] on a server.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Violation> {
        let max_frame = usize::try_from(self.max_frame).unwrap_or(usize::MAX);
        while !input.is_empty() {
            // "-75: Client out of buffer or over an artificial limit MUST fail": dropped frames cost no memory, but time.
            match &mut self.state {
                State::Type => self.state = Self::begin(self.role, take(input)),
                State::Text(payload) => {
                    let (piece, ended) = up_to_ff(input);
                    let room = self
                        .max_message
                        .min(max_frame)
                        .saturating_sub(payload.len());
                    // What may still come is looked at first: were it not, the cut of the pieces would decide what is found.
                    payload.push(piece.get(..room).unwrap_or(piece))?;
                    if piece.len() > room {
                        return Err(if self.max_message < max_frame {
                            Violation::MessageTooLong
                        } else {
                            Violation::FrameTooLong
                        });
                    }
                    if ended && let State::Text(payload) = self.end() {
                        return Ok(Some(Frame::Text(payload.finish(self.max_message)?)));
                    }
                }
                State::Unknown { kind, len } => {
                    let (piece, ended) = up_to_ff(input);
                    *len += piece.len() as u64;
                    if *len > self.max_frame {
                        return Err(Violation::FrameTooLong);
                    }
                    let (kind, len) = (*kind, *len);
                    if ended {
                        self.end();
                        return Ok(Some(Frame::Dropped { kind, len }));
                    }
                }
                State::Length { kind, len } => {
                    let byte = take(input);
                    // "length = length * 128 + b_v", b_v being the byte's lower seven bits. Lengths need not be minimal.
                    *len = len
                        .checked_mul(128)
                        .map(|high| high | u64::from(byte & 0x7F))
                        .filter(|len| *len <= self.max_frame)
                        .ok_or(Violation::FrameTooLong)?;
                    let (kind, len) = (*kind, *len);
                    if byte & 0x80 == 0 {
                        // A frame without a payload ends here, not with the next byte.
                        if len == 0 {
                            self.end();
                            return Ok(Some(Frame::Dropped { kind, len }));
                        }
                        let left = len;
                        self.state = State::Binary { kind, len, left };
                    }
                }
                State::Binary { kind, len, left } => {
                    let piece = input
                        .len()
                        .min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *input = input.get(piece..).unwrap_or_default();
                    *left -= piece as u64;
                    if *left == 0 {
                        let (kind, len) = (*kind, *len);
                        self.end();
                        return Ok(Some(Frame::Dropped { kind, len }));
                    }
                }
            }
        }
        Ok(None)
    }

    fn begin(role: Role, kind: u8) -> State {
        match (kind, role) {
            (0x00, Role::Client) => State::Text(Payload::Any(Vec::new())),
            (0x00, Role::Server) => State::Text(Payload::Checked(Text::default())),
            (0x01..=0x7F, _) => State::Unknown { kind, len: 0 },
            (0x80.., _) => State::Length { kind, len: 0 },
        }
    }

    /// The next byte begins a frame.
    fn end(&mut self) -> State {
        core::mem::replace(&mut self.state, State::Type)
    }
}

impl Payload {
    fn len(&self) -> usize {
        match self {
            Payload::Any(bytes) => bytes.len(),
            Payload::Checked(text) => text.len(),
        }
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), Violation> {
        match self {
            Payload::Any(bytes) => bytes.extend_from_slice(piece),
            Payload::Checked(text) => text.push(piece)?,
        }
        Ok(())
    }

    fn finish(self, max_message: usize) -> Result<String, Violation> {
        match self {
            // hixie-75, server: what to do with text that is not UTF-8 is left undefined. Ours fails the connection, as RFC
            // 6455 §8.1 came to have it.
            Payload::Checked(text) => text.finish(),
            // hixie-75, client: "Bytes or sequences of bytes that are not valid UTF-8 sequences must be interpreted as a
            // U+FFFD REPLACEMENT CHARACTER." Where one such sequence ends the draft leaves open: here as in WHATWG Encoding.
            Payload::Any(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(text),
                Err(error) => {
                    let bytes = error.as_bytes();
                    // A replacement is longer than what it replaces.
                    if replaced_len(bytes) > max_message {
                        return Err(Violation::MessageTooLong);
                    }
                    Ok(String::from_utf8_lossy(bytes).into_owned())
                }
            },
        }
    }
}

/// The length of the text after everything that is not UTF-8 was replaced.
fn replaced_len(bytes: &[u8]) -> usize {
    bytes
        .utf8_chunks()
        .map(|chunk| {
            let replacement = if chunk.invalid().is_empty() {
                0
            } else {
                char::REPLACEMENT_CHARACTER.len_utf8()
            };
            chunk.valid().len() + replacement
        })
        .sum()
}

/// Takes one byte; there is one.
fn take(input: &mut &[u8]) -> u8 {
    let Some((byte, rest)) = input.split_first() else {
        return 0;
    };
    *input = rest;
    *byte
}

/// Takes what is before the first `FF`, and that byte. Whether there was one comes with it.
fn up_to_ff<'a>(input: &mut &'a [u8]) -> (&'a [u8], bool) {
    let bytes: &'a [u8] = input;
    let end = bytes.iter().position(|byte| *byte == 0xFF);
    let (piece, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    *input = rest.get(1..).unwrap_or_default();
    (piece, end.is_some())
}
